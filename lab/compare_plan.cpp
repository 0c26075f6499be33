#include "lab/compare_plan.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>

#include "data/spec.h"
#include "tensor/error.h"
#include "tensor/file.h"

namespace elbo::lab {
namespace {

constexpr Index unlimited_steps = 1000000000;  // of a run that the clock ends
constexpr std::string_view twin_setting = "objective.likelihood=gaussian-optimal";

std::string key_of(std::string_view setting) { return std::string(setting.substr(0, setting.find('='))); }

bool sets(const std::vector<std::string>& settings, std::string_view key) {
  return std::any_of(settings.begin(), settings.end(), [&](const std::string& s) { return key_of(s) == key; });
}

// "objective.adversarial.weight=1" as "adversarial.weight=1"; a likelihood's name speaks for itself.
std::string short_setting(std::string_view setting) {
  if (key_of(setting) == "objective.likelihood") return std::string(setting.substr(setting.find('=') + 1));
  const std::size_t dot = setting.substr(0, setting.find('=')).find('.');
  return std::string(dot == std::string_view::npos ? setting : setting.substr(dot + 1));
}

bool is_file(const std::string& name) { return name.ends_with(".json"); }

// "runs/a.json" as "a".
std::string base_name(const std::string& name) { return is_file(name) ? std::filesystem::path(name).stem().string() : name; }

Config config_of_file(const std::string& path) {
  const std::vector<std::byte> bytes = read_file(path, 1 << 20);
  return config_from_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path);
}

class Planner {
 public:
  explicit Planner(const CompareOptions& options) : options_(options) {}

  std::vector<Entry> entries() {
    for (const auto& [name, settings] : named()) {
      const std::vector<std::string> values = sweep_values(preset_config(name, settings));
      for (const std::string& value : values) {
        std::vector<std::string> all = settings;
        if (!value.empty()) all.push_back(value);
        add(name, all);
      }
    }
    if (entries_.empty()) throw UsageError("--presets: expected names, got nothing");
    return std::move(entries_);
  }

 private:
  // Names with their settings: a piece with '=' and no preset before it belongs to the entry before.
  std::vector<std::pair<std::string, std::vector<std::string>>> named() const {
    std::vector<std::pair<std::string, std::vector<std::string>>> all;
    for (const std::string& piece : split_list(options_.presets)) {
      const std::size_t colon = piece.find(':'), equals = piece.find('=');
      if (equals < colon) {
        if (all.empty()) throw UsageError(fmt::format("--presets {}: expected NAME or NAME:KEY=VALUE", piece));
        all.back().second.push_back(piece);
      } else {
        all.emplace_back(piece.substr(0, colon), std::vector<std::string>());
        if (colon != std::string::npos) all.back().second.push_back(piece.substr(colon + 1));
      }
    }
    return all;
  }

  Config preset_config(const std::string& name, const std::vector<std::string>& settings) const {
    Config c = is_file(name) ? config_of_file(name) : preset(name).config;
    for (const std::string& s : options_.set) set_key(c, s);
    const auto data_options = c.data.options;
    for (const std::string& s : settings) {
      set_key(c, s);
      if (key_of(s) == "train.seed" || key_of(s) == "data.spec" || c.data.options != data_options)
        throw UsageError(fmt::format("--presets {}:{}: every entry has the same seeds and data", name, s));
    }
    if (!options_.data.empty()) give_data(c, options_.data);
    if (options_.seconds > 0) give_seconds(c, name, settings);
    settle(c);
    if (!is_file(name)) check_preset(name, c);
    return c;
  }

  // The clock ends the training, so nothing in it may depend on its length.
  void give_seconds(Config& c, const std::string& name, const std::vector<std::string>& settings) const {
    const auto share = [&](const char* key, const std::string& what) {
      throw UsageError(fmt::format("--seconds: {} has {}, which depends on how long training is; --set {}", name, what, key));
    };
    if (c.train.steps != 0 || sets(options_.set, "train.epochs") || sets(settings, "train.epochs"))
      throw UsageError("--seconds: the budget is given twice, by train.epochs or train.steps as well");
    const ObjectiveConfig& o = c.objective;
    if (o.anneal_shape != "none" && o.anneal_steps > 0 && o.anneal_steps < 1)
      share("objective.anneal.steps=UPDATES", "an annealing over a share of its updates");
    if (o.capacity > 0 && o.capacity_steps > 0 && o.capacity_steps < 1)
      share("objective.capacity_steps=UPDATES", "a capacity that rises over a share of its updates");
    if (c.optimizer.schedule.name == "cosine") share("optimizer.schedule.name=constant", "a cosine schedule");
    c.train.epochs = 0;
    c.train.steps = unlimited_steps;
  }

  // "" once where nothing is swept, or where the key means nothing to this entry.
  std::vector<std::string> sweep_values(const Config& config) const {
    if (options_.sweep.empty()) return {""};
    const std::size_t equals = options_.sweep.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == options_.sweep.size())
      throw UsageError(fmt::format("--sweep {}: expected KEY=VALUE,VALUE,...", options_.sweep));
    const std::string key = options_.sweep.substr(0, equals);
    const bool of_kl = key.starts_with("objective.") && !key.starts_with("objective.likelihood") &&
                       !key.starts_with("objective.variance") && !key.starts_with("objective.adversarial");
    if (of_kl && !config.model.variational) return {""};
    std::vector<std::string> settings;
    for (const std::string& value : split_list(options_.sweep.substr(equals + 1))) settings.push_back(key + "=" + value);
    return settings;
  }

  void add(const std::string& name, const std::vector<std::string>& settings) {
    const Entry& entry = append(name, settings, false);
    if (!entry.variational()) return;
    const bool squared = entry.config.objective.likelihood == "squared-error";
    const bool has_weight = entry.config.objective.beta > 0;
    if (squared) {
      std::vector<std::string> twin = settings;
      std::erase_if(twin, [](const std::string& s) { return key_of(s) == "objective.likelihood"; });
      twin.emplace_back(twin_setting);
      if (!find(name, twin)) append(name, twin, true);
    }
    if (options_.baselines && has_weight && !sets(settings, "objective.beta")) {
      std::vector<std::string> no_weight = settings;
      no_weight.emplace_back("objective.beta=0");
      if (!find(name, no_weight)) append(name, no_weight, false);
    }
  }

  const Entry* find(const std::string& preset_name, const std::vector<std::string>& settings) const {
    for (const Entry& e : entries_)
      if (e.preset == preset_name && e.set == settings) return &e;
    return nullptr;
  }

  const Entry& append(const std::string& preset_name, const std::vector<std::string>& settings, bool twin) {
    const std::string base = base_name(preset_name);
    Entry e{.name = base, .label = base, .preset = preset_name, .set = settings, .twin = twin};
    for (const std::string& s : settings) {
      e.name += "-" + s;
      e.label += ", " + short_setting(s);
    }
    e.config = preset_config(preset_name, settings);
    if (!entries_.empty())
      for (const std::string_view key : budget_keys)
        if (!sets(settings, key)) set_key(e.config, fmt::format("{}={}", key, get_key(entries_[0].config, key)));
    check_config(e.config);
    for (Entry& other : entries_) {
      if (other.name != e.name) continue;
      if (!other.twin) throw UsageError(fmt::format("--presets: {} stands there twice", e.label));
      other.twin = false;  // asked for by name after its VAE had brought it
      return other;
    }
    return entries_.emplace_back(std::move(e));
  }

  const CompareOptions& options_;
  std::vector<Entry> entries_;
};

}  // namespace

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> pieces;
  std::string piece;
  int depth = 0;
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == '[' || c == '{')) depth++;
    if (!quoted && (c == ']' || c == '}')) depth--;
    if (c == ',' && depth == 0 && !quoted) {
      pieces.push_back(std::move(piece));
      piece.clear();
    } else {
      piece += c;
    }
  }
  pieces.push_back(std::move(piece));
  std::erase_if(pieces, [](const std::string& p) { return p.empty(); });
  return pieces;
}

std::vector<Entry> plan(const CompareOptions& options) {
  if (options.seeds < 1 || options.seeds > 1000) throw UsageError(fmt::format("--seeds {}: expected 1 to 1000", options.seeds));
  if (options.data.empty()) throw UsageError("--data SPEC is missing");
  if (!(options.seconds >= 0)) throw UsageError(fmt::format("--seconds {}: expected a positive number", options.seconds));
  CompareOptions absolute = options;
  absolute.data = parse_data_spec(options.data).str();
  return Planner(absolute).entries();
}

std::string run_name(const Entry& entry, std::uint64_t seed) {
  std::string name = fmt::format("{}-seed{}", entry.name, seed);
  for (char& c : name)
    if (c == '/' || static_cast<unsigned char>(c) < 32) c = '_';
  return name;
}

}  // namespace elbo::lab
