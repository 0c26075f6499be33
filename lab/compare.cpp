#include "lab/compare.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>

#include "lab/compare_folder.h"
#include "lab/compare_train.h"
#include "tensor/error.h"
#include "tensor/json.h"

namespace elbo::lab {
namespace fs = std::filesystem;
namespace {

std::vector<std::string> all_settings(const CompareOptions& options, const Entry& entry) {
  std::vector<std::string> all = options.set;
  all.insert(all.end(), entry.set.begin(), entry.set.end());
  return all;
}

void add_sharpness(ComparedRun& to, const Run& run, const Dataset& data) {
  if (!SharpnessMeter::measures(run.example_shape)) return;
  const Index pixels = run.example_shape[0] * run.example_shape[1];
  to.sharpness = run_sharpness(run, data, std::clamp<Index>((1 << 22) / pixels, 50, 1000));
  to.figures.numbers.merge(sharpness_figures(*to.sharpness));
}

void add_principal_components(Comparison& c) {
  std::vector<Index> sizes;
  for (const Entry& e : c.entries) {
    const Index latent = std::min(e.config.model.latent, c.data.example_shape.numel());
    if (std::find(sizes.begin(), sizes.end(), latent) == sizes.end()) sizes.push_back(latent);
  }
  for (const Index latent : sizes) {
    const LinearBaseline baseline = fit_linear_baseline(c.data.train, latent);
    const std::string name = linear_baseline_name(latent);
    c.runs.push_back({.name = name, .figures = read_figures(to_json(measure(baseline, c.data.test)), name)});
    c.runs.back().measured.examples = example_figures(baseline, c.data.test);
  }
}

// The run as it stands in its folder, measured.
void add_run(Comparison& c, const Entry& entry, std::uint64_t seed, const Dataset& data, const CompareHooks& hooks) {
  const std::string name = run_name(entry, seed), folder = c.options.out + "/runs/" + name;
  c.runs.push_back({.name = entry.name,
                    .seed = seed,
                    .set = all_settings(c.options, entry),
                    .folder = "runs/" + name,
                    .figures = read_figures(read_text_file(folder + "/summary.json"), folder + "/summary.json")});
  ComparedRun& run = c.runs.back();
  const bool dear = !c.options.quick, first = seed == c.options.first_seed && &entry == &c.entries[0];
  run.measured = measure_run(
      folder, data, {.dear = dear, .baselines = dear && first, .importance_samples = c.importance_samples, .on_note = hooks.on_note});
  const Json measured = Json::parse(run.measured.json, folder);
  add_measured(run.figures, measured["figures"].dump(), folder);
  add_sharpness(run, open_run(folder), data);
  const TrainingTime time = training_time(folder);
  run.seconds = time.seconds, run.updates = time.updates;
}

ExpectedData expected_data(const Dataset& data) {
  const bool pictures = data.example_shape.rank() == 3 && !data.texts;
  return {.pictures = pictures, .texts = bool(data.texts), .labels = data.classes > 1, .numbers = data.example_shape.numel()};
}

// As stated before training; what is there is not rewritten afterwards. What this program states besides is marked as added later where
// anything is trained already.
std::vector<Expectation> stated(const Comparison& c) {
  std::vector<Expectation> all = stated_before(c.options.out);
  bool trained = false;
  for (const Entry& e : c.entries)
    for (std::uint64_t s = 0; s < std::uint64_t(c.options.seeds); s++)
      trained |= is_finished(c.options.out + "/runs/" + run_name(e, c.options.first_seed + s));
  for (Expectation& e : expectations(c.entries, c.options.baselines, expected_data(c.data))) {
    const bool known = std::any_of(all.begin(), all.end(), [&](const Expectation& before) {
      return before.figure == e.figure && before.lower == e.lower && before.higher == e.higher;
    });
    e.added_later = trained;
    if (!known) all.push_back(std::move(e));
  }
  return all;
}

// The same for all lines: an nll of fewer samples is higher.
Index importance_samples(const Comparison& c) {
  if (c.options.importance_samples > 0) return c.options.importance_samples;
  if (c.data.texts) return text_importance_samples;
  double most = 0;
  for (const Entry& e : c.entries) {
    if (!e.variational()) continue;
    ParamStore store(store_options(e.config));
    most = std::max(most, make_model(e.config, c.data.example_shape, store)->step_flops(1));
  }
  return affordable_samples(most);
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
  NamedFigures named = named_figures(json, source);
  const Json parsed = Json::parse(json, source);
  RunFigures f{
      .json = parsed.dump(), .numbers = std::move(named.numbers), .bounds = std::move(named.bounds), .doubtful = std::move(named.doubtful)};
  if (const Json* kl = parsed.find("kl_per_unit"); kl && kl->is_array())
    for (const Json& v : kl->elements()) f.kl_per_unit.push_back(v.is_number() ? v.number() : no_figure);
  return f;
}

void add_measured(RunFigures& to, std::string_view json, std::string_view source) {
  NamedFigures f = named_figures(json, source);
  if (f.numbers.contains("entropy_gap")) to.numbers.erase("entropy_gap");
  to.numbers.merge(f.numbers);
  to.bounds.merge(f.bounds);
  to.doubtful.merge(f.doubtful);
}

std::vector<const ComparedRun*> Comparison::runs_of(std::string_view name) const {
  std::vector<const ComparedRun*> found;
  for (const ComparedRun& run : runs)
    if (run.name == name) found.push_back(&run);
  return found;
}

Spread Comparison::spread(std::string_view name, const std::string& figure) const {
  if (bound(name, figure)) return spread_of({});  // a mean over the runs that have more than a bound would be none of all
  std::vector<double> values;
  for (const ComparedRun* run : runs_of(name))
    if (const auto it = run->figures.numbers.find(figure); it != run->figures.numbers.end()) values.push_back(it->second);
  return spread_of(values);
}

std::optional<double> Comparison::bound(std::string_view name, const std::string& figure) const {
  std::vector<double> values;
  for (const ComparedRun* run : runs_of(name))
    if (const auto it = run->figures.bounds.find(figure); it != run->figures.bounds.end()) values.push_back(it->second);
  return values.empty() ? std::optional<double>() : spread_of(values).mean;
}

bool Comparison::doubtful(std::string_view name, const std::string& figure) const {
  for (const ComparedRun* run : runs_of(name))
    if (run->figures.doubtful.contains(figure)) return true;
  return false;
}

const Entry* Comparison::entry(std::string_view name) const {
  const auto it = std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.name == name; });
  return it == entries.end() ? nullptr : &*it;
}

std::vector<std::string> Comparison::names() const {
  std::vector<std::string> all;
  for (const Entry& e : entries) all.push_back(e.name);
  for (const ComparedRun& run : runs)
    if (!run.seed) all.push_back(run.name);
  return all;
}

Comparison compare(const CompareOptions& given, const CompareHooks& hooks) {
  if (given.out.empty()) throw UsageError("--out FOLDER is missing");
  Comparison c{.options = given};
  c.entries = plan(given);
  c.options.data = c.entries[0].config.data.spec;
  DataCache cache(hooks.on_read);
  c.data = cache.get(c.entries[0].config);
  if (given.replace)
    remove_runs("compare", given.out, "comparison",
                {"compare.json", "index.html", ".lock"});  // now that options and data are known to be good
  check_comparison_folder(c.options, c.data);
  c.stated = stated(c);
  c.importance_samples = importance_samples(c);
  fs::create_directories(c.options.out + "/runs");
  std::optional<ComparisonLock> lock;
  if (given.only.empty()) lock.emplace(c.options.out);  // single runs of it may be trained elsewhere at the same time
  const std::size_t kept = runs_kept(c.options.out);    // a whole file is not replaced by one with fewer runs
  if (!fs::exists(c.options.out + "/compare.json")) write_compare_json(c);
  if (given.jobs > 1 && given.only.empty() && !train_beside(c, hooks)) {
    c.stopped = true;
    return c;
  }

  const auto stopped = [&] { return c.stopped = c.stopped || (hooks.stop_signal && hooks.stop_signal() != 0); };
  const Index count = Index(c.entries.size()) * c.options.seeds;
  Index number = 0;
  bool found = false;
  for (std::uint64_t seed = c.options.first_seed; seed < c.options.first_seed + std::uint64_t(c.options.seeds); seed++)
    for (const Entry& entry : c.entries) {
      const std::string name = run_name(entry, seed), folder = c.options.out + "/runs/" + name;
      number++;
      if (!given.only.empty() && given.only != name) continue;
      found = true;
      Config config = entry.config;
      config.train.seed = seed;
      if (fs::exists(folder)) check_run(folder, config);
      if (!is_finished(folder)) {
        if (hooks.on_run) hooks.on_run(entry, seed, number, count);
        if (!train_run(folder, config, cache.get(config), c.options.seconds, hooks)) {
          c.stopped = true;
          return c;
        }
      }
      if (!given.only.empty()) continue;
      if (stopped()) return c;
      add_run(c, entry, seed, cache.get(config), hooks);
      if (c.runs.size() >= kept) write_compare_json(c);
    }
  if (!given.only.empty()) {
    if (!found) throw UsageError(fmt::format("--only {}: no run of this comparison", given.only));
    return c;
  }
  if (stopped()) return c;
  if (c.options.baselines && !c.data.texts) add_principal_components(c);
  compute_statistics(c);
  write_compare_json(c);
  return c;
}

std::vector<std::string> command_words(const CompareOptions& o) {
  std::vector<std::string> words = {"elbo-compare", "--presets", o.presets, "--data", o.data, "--seeds", std::to_string(o.seeds)};
  const auto add = [&](const char* option, const std::string& value) { words.emplace_back(option), words.push_back(value); };
  if (o.first_seed != 1) add("--seed", std::to_string(o.first_seed));
  for (const std::string& s : o.set) add("--set", s);
  if (!o.sweep.empty()) add("--sweep", o.sweep);
  if (o.baselines) words.emplace_back("--baselines");
  if (o.importance_samples > 0) add("--importance-samples", std::to_string(o.importance_samples));
  if (o.quick) words.emplace_back("--quick");
  if (o.seconds > 0) add("--seconds", fmt::format("{}", o.seconds));
  add("--out", o.out);
  return words;
}

std::string command_line(const CompareOptions& o) {
  std::string text;
  for (const std::string& word : command_words(o)) text += (text.empty() ? "" : " ") + quoted(word);
  return text;
}

}  // namespace elbo::lab
