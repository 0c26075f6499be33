#include "lab/compare_measure.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "lab/nll_figures.h"
#include "tensor/error.h"
#include "tensor/file.h"
#include "tensor/json.h"
#include "tensor/likelihood.h"
#include "tensor/npy.h"

namespace elbo::lab {
namespace {

Json file_json(const std::string& path) {
  const std::vector<std::byte> bytes = read_file(path, 64 << 20);
  return Json::parse({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path);
}

// Of the whole test part: the columns of elbo-eval --per-example that are figures; `nll` of the first examples alone.
ExampleFigures columns_of(PerExample whole, PerExample first) {
  ExampleFigures all;
  const auto add = [&](const char* name, std::vector<double>& column) {
    if (!column.empty()) all[name] = std::move(column);
  };
  add("total", whole.total), add("reconstruction", whole.reconstruction), add("kl", whole.kl);
  add("squared_error", whole.squared_error), add("squared_error_at_mean", whole.squared_error_at_mean);
  add("reconstruction_at_mean", whole.reconstruction_at_mean), add("nll", first.nll);
  return all;
}

NamedTensors arrays_of(const ExampleFigures& figures) {
  NamedTensors arrays;
  for (const auto& [name, column] : figures) arrays.emplace_back(name, Tensor::from<double>(column, {Index(column.size())}));
  return arrays;
}

ExampleFigures figures_of(const NamedTensors& arrays) {
  ExampleFigures figures;
  for (const auto& [name, array] : arrays) {
    const Tensor column = array.to(DType::float64);
    figures[name].assign(column.data<double>(), column.data<double>() + column.numel());
  }
  return figures;
}

// Of a file of figures, also one that an older program wrote.
bool has_doubtful_nll(const Json& j) {
  if (const Json* trusted = j.find("nll_trusted")) return *trusted == Json(false);
  const Json* samples = j.find("importance_samples");
  if (!samples || !samples->is_number()) return false;  // none measured, or exact
  Figures f;
  f.variational = true;
  f.importance_samples = Index(samples->number());
  f.nll = j.number_or("nll", no_figure), f.nll_tenth = j.number_or("nll_tenth", no_figure);
  f.effective_samples = j.number_or("effective_samples", no_figure);
  return nll_trusted(f).trusted == false;
}

// What was measured before, where it is of the same training and holds enough.
std::optional<MeasuredRun> kept(const std::string& folder, const Json& summary, const MeasureOptions& options) {
  const std::string file = folder + "/comparison.json", arrays = folder + "/comparison.npz";
  if (!std::filesystem::exists(file) || !std::filesystem::exists(arrays)) return {};
  const Json before = file_json(file);
  const Json* of = before.is_object() ? before.find("summary") : nullptr;
  const Json* measured = of ? before.find("measured") : nullptr;
  if (!measured || *of != summary || !measured->is_object()) return {};
  for (const auto& [key, wanted] : {std::pair("dear", options.dear), std::pair("baselines", options.baselines)})
    if (const Json* has = measured->find(key); wanted && !(has && *has == Json(true))) return {};
  const Json* figures = measured->find("figures");
  if (!figures || !figures->is_object()) return {};
  Figures all;
  all.all = true;
  const Json known = Json::parse(to_json(all), file);
  for (const auto& [key, value] : known.members())
    if (!figures->find(key)) return {};  // an older program knew fewer
  if (const Json* k = measured->find("importance_samples"); !k || !(k->is_null() || *k == Json(options.importance_samples))) return {};
  return MeasuredRun{measured->dump(), figures_of(load_npz(arrays))};
}

}  // namespace

NamedFigures named_figures(std::string_view json, std::string_view source) {
  const std::optional<Json> parsed = Json::try_parse(json);
  if (!parsed || !parsed->is_object()) fail("compare", fmt::format("{}: expected a JSON object of figures", source));
  NamedFigures f;
  for (const auto& [key, value] : parsed->members())
    if (value.is_number()) f.numbers[key] = value.number();
  if (const Json* saturated = parsed->find("mutual_information_saturated"); saturated && *saturated == Json(true))
    for (const char* key : {"mutual_information", "aggregate_kl"})
      if (auto bound = f.numbers.extract(key)) f.bounds.insert(std::move(bound));
  if (has_doubtful_nll(*parsed))
    for (const char* key : {"nll", "nll_perplexity", "bits_per_dim", "entropy_gap"})
      if (f.numbers.contains(key)) f.doubtful.insert(key);
  return f;
}

MeasuredRun measure_run(const std::string& folder, const Dataset& data, const MeasureOptions& options) {
  const Json summary = file_json(folder + "/summary.json");
  if (std::optional<MeasuredRun> before = kept(folder, summary, options)) return *std::move(before);
  const Run run = open_run(folder);
  PerExample whole, first;
  evaluate(run, data, {.decode = false, .per_example = &whole});
  Figures f = evaluate(run, data,
                       {.importance_samples = options.importance_samples,
                        .examples = std::min(run.codec ? text_examples : measured_examples, data.test.size()),
                        .all = true,
                        .judges = false,
                        .decode = options.dear,
                        .per_example = &first});
  if (options.dear) {
    if (data.classes > 1 && data.train.labels && data.test.labels)
      f.probes = probe_figures(
          run, data, {.train = 3000, .valid = 1000, .test = 2000, .baselines = options.baselines && run.example_shape.numel() <= 1000});
    if (!run.codec) f.pictures = picture_figures(run, data, 1, options.on_note, measured_pictures);
  }
  const Json measured = Json::object({{"examples", f.examples},
                                      {"importance_samples", f.variational ? Json(f.importance_samples) : Json()},
                                      {"dear", options.dear},
                                      {"baselines", options.baselines},
                                      {"figures", Json::parse(to_json(f), folder)}});
  const ExampleFigures examples = columns_of(std::move(whole), std::move(first));
  save_npz(folder + "/comparison.npz", arrays_of(examples));
  write_file_atomically(folder + "/comparison.json", bytes_of(Json::object({{"summary", summary}, {"measured", measured}}).dump(2) + "\n"));
  return {measured.dump(), examples};
}

Index affordable_samples(double step_flops) {
  for (const Index samples : {100, 50, 20})
    if (double(samples * measured_examples) * step_flops / 6 <= 1e12) return samples;
  return 10;
}

ExampleFigures example_figures(const LinearBaseline& baseline, const Split& split) {
  ExampleFigures all;
  std::vector<double>& errors = all["squared_error"];
  Batches batches = Batches::evaluation(split, {.size = 500});
  for (Index b = 0; b < batches.count(); b++) {
    const Tensor& x = batches.load(1, b).x;
    const Tensor e = squared_error(decode(baseline, encode(baseline, x)), x).to(DType::float64);
    errors.insert(errors.end(), e.data<double>(), e.data<double>() + e.numel());
  }
  all["squared_error_at_mean"] = errors;
  return all;
}

}  // namespace elbo::lab
