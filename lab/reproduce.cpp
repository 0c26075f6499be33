#include "lab/reproduce.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "data/spec.h"
#include "lab/compare_folder.h"
#include "lab/compare_train.h"
#include "lab/watch.h"
#include "models/run_folder.h"
#include "tensor/error.h"
#include "tensor/file.h"
#include "tensor/json.h"

namespace elbo::lab {
namespace fs = std::filesystem;
namespace {

constexpr const char* result_file = "/reproduce.json";

// What is in OUT/reproduce.json, or nothing where there is no such file.
std::optional<Json> read_result(const std::string& out) {
  if (!fs::exists(out + result_file)) return {};
  const std::vector<std::byte> bytes = read_file(out + result_file, 64 << 20);
  std::optional<Json> all = Json::try_parse({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (!all || all->string_or("experiment", "").empty())
    fail("reproduce", fmt::format("{}{}: not a reproduction of elbo", out, result_file));
  return all;
}

void check_reproduction_folder(const std::string& out, const Experiment& e) {
  if (!fs::exists(out)) return;
  if (!fs::is_directory(out)) fail("reproduce", fmt::format("{}: exists and is no folder", out));
  const std::optional<Json> before = read_result(out);
  if (!before && !fs::is_empty(out)) fail("reproduce", fmt::format("{}: exists and holds no reproduction", out));
  if (before && before->string_or("experiment", "") != e.command())
    fail("reproduce", fmt::format("{}: holds {}, not {}; choose another --out, or --force replaces it", out,
                                  before->string_or("experiment", ""), e.command()));
}

// Figures that were measured before on the same run, with as many samples.
std::optional<Numbers> known_figures(const std::optional<Json>& before, const std::string& run, Index importance_samples) {
  const Json* measured = before ? before->find("measured") : nullptr;
  const Json* found = measured && measured->is_object() ? measured->find(run) : nullptr;
  if (!found || !found->is_object() || found->number_or("importance_samples", -1) != double(importance_samples)) return {};
  Numbers all;
  for (const auto& [name, value] : found->members()) all[name] = value.is_number() ? value.number() : no_figure;
  return all;
}

Numbers measure_run(const std::string& folder, const Experiment& e, const Dataset& data, const ReproduceHooks& hooks) {
  const Run run = open_run(folder);
  EvaluateOptions options{.part = e.part, .importance_samples = e.importance_samples, .decode = false};
  options.progress = hooks.on_measure;
  Numbers all = read_figures(to_json(evaluate(run, data, options)), folder).numbers;
  const WatchedRun metrics = read_run(folder);
  all["importance_samples"] = double(e.importance_samples);  // as asked for, also where the model has no use for them
  if (metrics.train.empty()) fail("reproduce", fmt::format("{}: metrics.jsonl has no line of training", folder));
  const WatchedEpoch& last = metrics.train.back();
  all["train.objective"] = last.objective, all["train.total"] = last.total;
  all["train.reconstruction"] = last.reconstruction, all["train.kl"] = last.kl;
  if (e.further)
    for (const auto& [name, value] : e.further(run, data)) all[name] = value;
  return all;
}

// Throws where a folder holds a run with other settings, or a finished one on other data (resume() looks at the data of the others).
void check_reproduced(const std::string& folder, const Config& wanted, const Dataset& data, bool finished) {
  for (const std::string& key : different_keys(RunFolder::load_config(folder), wanted))
    if (key != "data.spec")
      fail("reproduce", fmt::format("{}: was trained with another {}; choose another --out, or --force replaces it", folder, key));
  if (!finished) return;
  const TrainedOn on = open_run(folder).trained_on;
  if (on.examples != data.examples || on.checksum != data.checksum)
    fail("reproduce", fmt::format("{}: was trained on other data: {} examples with checksum {:016x}, these are {} with {:016x}", folder,
                                  on.examples, on.checksum, data.examples, data.checksum));
}

// The specification that was given, with its absolute path; empty where the experiment makes its own data.
std::string given_data(const Experiment& e, const ReproduceOptions& o) {
  if (e.data.empty()) {
    if (!o.data.empty()) throw UsageError(fmt::format("--data {}: {} makes its own data", o.data, e.name));
    return {};
  }
  if (o.data.empty()) fail("reproduce", fmt::format("{} needs data that are not built in: --data {}", e.name, e.data));
  std::string spec = parse_data_spec(o.data).str();
  run_config(e, e.models.front(), spec, 1);  // throws where it is of another kind
  return spec;
}

// Every model of an experiment sees the same examples in the same parts.
void check_same_data(const Config& first, const Config& other) {
  for (const std::string& key : different_keys(first, other))
    if (key.starts_with("data.") && key != "data.word_dropout" && key != "data.binarize")
      fail("reproduce", fmt::format("the models of an experiment have different data: {}", key));
}

}  // namespace

ReferenceFigure within(std::string model, std::string figure, double reference, double width) {
  return {std::move(model), std::move(figure), reference, reference - width, reference + width};
}

std::string Experiment::command() const {
  std::string text = name;
  if (k > 0) text += fmt::format(" --k {}", k);
  if (shortened) text += " --short";
  return text;
}

JudgedFigure judge(const ReferenceFigure& reference, std::vector<double> values) {
  JudgedFigure f{.reference = reference, .values = std::move(values)};
  if (!f.values.empty()) f.mean = 0;
  for (const double v : f.values) f.mean += v / double(f.values.size());
  if (reference.judged()) f.inside = f.mean >= reference.low && f.mean <= reference.high;  // false for NaN
  return f;
}

bool Reproduction::inside() const {
  return !stopped && std::all_of(figures.begin(), figures.end(), [](const JudgedFigure& f) { return f.inside.value_or(true); });
}

Config run_config(const Experiment& e, const ReproducedModel& model, const std::string& data, std::uint64_t seed) {
  const std::string kind = parse_data_spec(data).kind;
  if (const std::string wanted = e.data.empty() ? kind : e.data.substr(0, e.data.find(':')); kind != wanted)
    throw UsageError(fmt::format("--data {}: {} is of other data: --data {}", data, e.name, e.data));
  Config c = preset(model.preset).config;
  for (const std::string& s : model.set) set_key(c, s);
  give_data(c, data);
  c.train.seed = seed;
  settle(c);
  check_config(c);
  return c;
}

Reproduction reproduce(const Experiment& e, const ReproduceOptions& o, const ReproduceHooks& hooks) {
  if (o.out.empty()) throw UsageError("--out FOLDER is missing");
  Reproduction result{.experiment = e, .data = given_data(e, o), .seeds = o.seeds > 0 ? o.seeds : e.seeds};
  const auto load = [&] { return load_data(run_config(e, e.models.front(), result.data, 1), hooks.on_read); };
  Dataset data;
  if (!e.data.empty()) data = load();  // what is wrong with them is said before anything is removed or made
  if (o.replace) remove_runs("reproduce", o.out, "reproduction", {"reproduce.json", "data.npy"});
  check_reproduction_folder(o.out, e);
  const std::optional<Json> before = read_result(o.out);
  fs::create_directories(o.out + "/runs");
  if (e.data.empty()) {
    result.data = e.make_data(o.out);
    data = load();
  }
  Json known = before && before->contains("measured") ? (*before)["measured"] : Json::object();
  const auto save = [&] {
    Json all = Json::parse(to_json(result), o.out);
    all["measured"] = known;
    write_file_atomically(o.out + result_file, bytes_of(all.dump(2) + "\n"));
  };
  save();

  const Config first = run_config(e, e.models.front(), result.data, 1);
  if (hooks.on_note && e.train_examples > 0 && (data.train.size() != e.train_examples || data.test.size() != e.test_examples))
    hooks.on_note(fmt::format("{}: {} examples to train on and {} to test, but the references are of {} and {}", result.data,
                              data.train.size(), data.test.size(), e.train_examples, e.test_examples));
  const CompareHooks training{
      .on_epoch = hooks.on_epoch, .on_progress = hooks.on_progress, .on_note = hooks.on_note, .stop_signal = hooks.stop_signal};
  std::map<std::string, std::vector<Numbers>> measured;  // by model
  Index number = 0;
  for (Index seed = 1; seed <= result.seeds; seed++)
    for (const ReproducedModel& model : e.models) {
      const std::string name = fmt::format("{}-seed{}", model.name, seed), folder = o.out + "/runs/" + name;
      const Config config = run_config(e, model, result.data, std::uint64_t(seed));
      check_same_data(first, config);
      const bool there = fs::exists(folder), finished = is_finished(folder);
      if (there) check_reproduced(folder, config, data, finished);
      if (hooks.on_run) hooks.on_run(model, std::uint64_t(seed), ++number, result.seeds * Index(e.models.size()));
      if ((hooks.stop_signal && hooks.stop_signal() != 0) || (!finished && !train_run(folder, config, data, 0, training))) {
        result.stopped = true;
        return result;
      }
      std::optional<Numbers> figures = finished ? known_figures(before, name, e.importance_samples) : std::nullopt;
      if (!figures) figures = measure_run(folder, e, data, hooks);
      Json& kept = known[name] = Json::object();
      for (const auto& [figure, value] : *figures) kept[figure] = value;
      measured[model.name].push_back(std::move(*figures));
      save();
    }
  for (const ReferenceFigure& reference : e.figures) {
    std::vector<double> values;
    for (const Numbers& run : measured[reference.model])
      values.push_back(run.contains(reference.figure) ? run.at(reference.figure) : no_figure);
    result.figures.push_back(judge(reference, std::move(values)));
  }
  save();
  return result;
}

}  // namespace elbo::lab
