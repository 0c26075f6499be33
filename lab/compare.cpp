#include "lab/compare.h"

#include <fmt/core.h>

#include <cmath>
#include <filesystem>

#include "lab/baselines.h"
#include "lab/evaluate.h"
#include "models/run_folder.h"
#include "tensor/error.h"
#include "tensor/file.h"
#include "tensor/json.h"

namespace elbo::lab {
namespace fs = std::filesystem;
namespace {

std::string read_text(const std::string& path) {
  const std::vector<std::byte> bytes = read_file(path, 64 << 20);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// What must be the same for a comparison to be continued.
Json options_json(const CompareOptions& o) {
  return Json::object({{"presets", o.presets},
                       {"data", o.data},
                       {"seeds", o.seeds},
                       {"seed", o.first_seed},
                       {"set", o.set},
                       {"sweep", o.sweep},
                       {"baselines", o.baselines}});
}

void check_folder(const CompareOptions& options, const Dataset& data) {
  const std::string file = options.out + "/compare.json";
  if (!fs::exists(options.out)) return;
  if (!fs::is_directory(options.out)) fail("compare", fmt::format("{}: exists and is no folder", options.out));
  if (!fs::exists(file)) {
    if (fs::is_empty(options.out)) return;
    fail("compare", fmt::format("{}: exists and holds no comparison", options.out));
  }
  const std::optional<Json> before = Json::try_parse(read_text(file));
  const Json* then = before ? before->find("options") : nullptr;
  if (!then || !then->is_object() || !before->contains("data")) fail("compare", fmt::format("{}: not a comparison of elbo", file));
  for (const Json now = options_json(options); const auto& [key, value] : now.members()) {
    const Json* was = then->find(key);
    if (!was || *was != value)
      fail("compare",
           fmt::format("{}: holds a comparison with other options: --{} was {}, is {}; choose another --out, or --force replaces it",
                       options.out, key, was ? was->dump() : "missing", value.dump()));
  }
  if ((*before)["data"].string_or("checksum", "") != fmt::format("{:016x}", data.checksum))
    fail("compare", fmt::format("{}: the data have changed since this comparison was begun: {}", options.out, options.data));
}

// For --force: throws where the folder holds what no comparison writes, or a run that is being trained.
void remove_comparison(const std::string& out) {
  if (!fs::exists(out)) return;
  if (!fs::is_directory(out)) fail("compare", fmt::format("{}: exists and is no folder", out));
  for (const auto& entry : fs::directory_iterator(out)) {
    const std::string name = entry.path().filename().string();
    const bool file = entry.is_regular_file() && (name == "compare.json" || name == "index.html" || is_temporary_name(name));
    if (!file && !(name == "runs" && entry.is_directory()))
      fail("compare", fmt::format("{}: holds {}, which no comparison writes; --force replaces comparisons alone", out, name));
  }
  if (fs::exists(out + "/runs"))
    for (const auto& entry : fs::directory_iterator(out + "/runs")) RunFolder::check_replaceable(entry.path().string());
  fs::remove_all(out);
}

// Data by what decides how they are divided, so that runs of one kind share them.
class DataCache {
 public:
  explicit DataCache(const OnRead& on_read) : on_read_(on_read) {}

  const Dataset& get(const Config& config) {
    std::string key = config.model.kind == "text" ? "text" : "numbers";
    for (const char* name : {"data.spec", "data.valid", "data.use_test", "data.exclude_labels", "data.tokenizer", "data.lower_case",
                             "data.max_tokens", "data.overlong", "data.min_count", "data.max_vocabulary"})
      key += " " + get_key(config, name);
    if (const auto it = data_.find(key); it != data_.end()) return it->second;
    return data_.emplace(key, load_data(config, on_read_)).first->second;
  }

 private:
  const OnRead& on_read_;
  std::map<std::string, Dataset> data_;
};

Json run_json(const ComparedRun& run) {
  Json all = Json::object({{"name", run.name},
                           {"seed", run.seed ? Json(*run.seed) : Json()},
                           {"set", run.set},
                           {"folder", run.folder.empty() ? Json() : Json(run.folder)},
                           {"figures", Json::parse(run.figures.json, run.name)}});
  if (run.sharpness)
    for (const auto& [figure, value] : sharpness_figures(*run.sharpness)) all["sharpness"][figure] = value;
  for (const auto& [figure, value] : run.texts) all["texts"][figure] = value;
  return all;
}

Json spread_json(const Spread& s) { return Json::object({{"mean", s.mean}, {"sd", s.sd}, {"n", s.n}}); }

void save(const Comparison& c) {
  Json all = Json::object({{"program", fmt::format("elbo {}", program_version)},
                           {"options", options_json(c.options)},
                           {"command", command_line(c.options)},
                           {"data", Json::object({{"spec", c.options.data},
                                                  {"examples", c.data.examples},
                                                  {"checksum", fmt::format("{:016x}", c.data.checksum)},
                                                  {"train", c.data.train.size()},
                                                  {"valid", c.data.valid.size()},
                                                  {"test", c.data.test.size()}})}});
  all["runs"] = Json::array();
  all["summary"] = Json::object();
  for (const ComparedRun& run : c.runs) {
    all["runs"].push_back(run_json(run));
    for (const auto& [figure, value] : run.figures.numbers)
      if (Json& spread = all["summary"][run.name][figure]; spread.is_null()) spread = spread_json(c.spread(run.name, figure));
  }
  write_file_atomically(c.options.out + "/compare.json", bytes_of(all.dump(2) + "\n"));
}

std::vector<std::string> all_settings(const CompareOptions& options, const Entry& entry) {
  std::vector<std::string> all = options.set;
  all.insert(all.end(), entry.set.begin(), entry.set.end());
  return all;
}

// Trains a run, or what is left of it, and measures it. False: stopped.
bool finish_run(const std::string& folder, Config config, std::uint64_t seed, const Dataset& data, const CompareHooks& hooks) {
  TrainOptions options{.out = folder, .data = &data};
  options.on_epoch = hooks.on_epoch;
  options.on_progress = hooks.on_progress;
  options.on_note = hooks.on_note;
  options.stop_signal = hooks.stop_signal;
  config.train.seed = seed;
  const TrainResult result = fs::exists(folder) ? resume(options, {}) : train(config, options);
  if (result.stopped) return false;
  write_summary(folder, &data);
  return true;
}

void add_sharpness(ComparedRun& to, const Run& run, const Dataset& data) {
  if (!SharpnessMeter::measures(run.example_shape)) return;
  const Index pixels = run.example_shape[0] * run.example_shape[1];
  to.sharpness = run_sharpness(run, data, std::clamp<Index>((1 << 22) / pixels, 50, 1000));
  to.figures.numbers.merge(sharpness_figures(*to.sharpness));
}

void add_text_figures(ComparedRun& to, const Run& run, const Dataset& data) {
  if (!run.codec) return;
  const Index examples = std::min(text_examples, data.test.size());
  const Figures f =
      evaluate(run, data, {.importance_samples = text_importance_samples, .examples = examples, .information = true, .decode = false});
  to.texts = {{"examples", double(f.examples)}, {"importance_samples", double(f.importance_samples)}};
  for (const auto& [name, value] : {std::pair("nll", f.nll), std::pair("mutual_information", f.mutual_information),
                                    std::pair("shuffled_reconstruction", f.shuffled_reconstruction)})
    if (to.texts[name] = value; !std::isnan(value)) to.figures.numbers[name] = value;
}

void add_principal_components(Comparison& c) {
  std::vector<Index> sizes;
  for (const Entry& e : c.entries) {
    const Index latent = std::min(e.config.model.latent, c.data.example_shape.numel());
    if (std::find(sizes.begin(), sizes.end(), latent) == sizes.end()) sizes.push_back(latent);
  }
  for (const Index latent : sizes) {
    const LinearBaseline baseline = fit_linear_baseline(c.data.train, latent);
    const std::string name = fmt::format("principal-components-{}", latent);
    c.runs.push_back({.name = name, .figures = read_figures(to_json(measure(baseline, c.data.test)), name)});
  }
}

std::string quoted(const std::string& word) {
  const bool plain =
      word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:,=+@%") == std::string::npos;
  if (plain && !word.empty()) return word;
  std::string text = "'";
  for (const char ch : word) text += ch == '\'' ? std::string("'\\''") : std::string(1, ch);
  return text + "'";
}

}  // namespace

std::map<std::string, double> sharpness_figures(const RunSharpness& s) {
  std::map<std::string, double> all;
  const auto add = [&](const char* what, const Sharpness& pictures) {
    all[fmt::format("laplacian_ratio_{}", what)] = pictures.laplacian_variance / std::max(s.data.laplacian_variance, 1e-30);
    all[fmt::format("laplacian_distance_{}", what)] = laplacian_distance(pictures, s.data);
    all[fmt::format("spectrum_distance_{}", what)] = spectrum_distance(pictures, s.data);
  };
  add("reconstructions", s.reconstructions);
  add("samples", s.samples);
  add("training", s.training);
  return all;
}

RunFigures read_figures(std::string_view json, std::string_view source) {
  const std::optional<Json> parsed = Json::try_parse(json);
  if (!parsed || !parsed->is_object()) fail("compare", fmt::format("{}: expected a JSON object of figures", source));
  RunFigures f{.json = parsed->dump()};
  for (const auto& [key, value] : parsed->members()) {
    if (value.is_number()) f.numbers[key] = value.number();
    if (key == "kl_per_unit" && value.is_array())
      for (const Json& v : value.elements()) f.kl_per_unit.push_back(v.is_number() ? v.number() : no_figure);
  }
  return f;
}

std::vector<const ComparedRun*> Comparison::runs_of(std::string_view name) const {
  std::vector<const ComparedRun*> found;
  for (const ComparedRun& run : runs)
    if (run.name == name) found.push_back(&run);
  return found;
}

Spread Comparison::spread(std::string_view name, const std::string& figure) const {
  std::vector<double> values;
  for (const ComparedRun* run : runs_of(name))
    if (const auto it = run->figures.numbers.find(figure); it != run->figures.numbers.end()) values.push_back(it->second);
  return spread_of(values);
}

Comparison compare(const CompareOptions& given, const CompareHooks& hooks) {
  if (given.out.empty()) throw UsageError("--out FOLDER is missing");
  Comparison c{.options = given};
  c.entries = plan(given);
  c.options.data = c.entries[0].config.data.spec;
  DataCache cache(hooks.on_read);
  c.data = cache.get(c.entries[0].config);
  if (given.replace) remove_comparison(given.out);  // now that options and data are known to be good
  check_folder(c.options, c.data);
  fs::create_directories(c.options.out + "/runs");
  save(c);

  const Index count = Index(c.entries.size()) * c.options.seeds;
  Index number = 0;
  for (std::uint64_t seed = c.options.first_seed; seed < c.options.first_seed + std::uint64_t(c.options.seeds); seed++)
    for (const Entry& entry : c.entries) {
      const std::string name = run_name(entry, seed), folder = c.options.out + "/runs/" + name;
      number++;
      if (!fs::exists(folder + "/summary.json")) {
        if (hooks.on_run) hooks.on_run(entry, seed, number, count);
        if (!finish_run(folder, entry.config, seed, cache.get(entry.config), hooks)) {
          c.stopped = true;
          return c;
        }
      }
      c.runs.push_back({.name = entry.name,
                        .seed = seed,
                        .set = all_settings(c.options, entry),
                        .folder = "runs/" + name,
                        .figures = read_figures(read_text(folder + "/summary.json"), folder + "/summary.json")});
      add_sharpness(c.runs.back(), open_run(folder), cache.get(entry.config));
      add_text_figures(c.runs.back(), open_run(folder), cache.get(entry.config));
      save(c);
    }
  if (c.options.baselines && !c.data.texts) {
    add_principal_components(c);
    save(c);
  }
  return c;
}

std::string command_line(const CompareOptions& o) {
  std::string text = fmt::format("elbo-compare --presets {} --data {} --seeds {}", quoted(o.presets), quoted(o.data), o.seeds);
  if (o.first_seed != 1) text += fmt::format(" --seed {}", o.first_seed);
  for (const std::string& s : o.set) text += " --set " + quoted(s);
  if (!o.sweep.empty()) text += " --sweep " + quoted(o.sweep);
  if (o.baselines) text += " --baselines";
  return text + " --out " + quoted(o.out);
}

}  // namespace elbo::lab
