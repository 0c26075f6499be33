#include "tools/run_options.h"

#include <fmt/core.h>

#include "tensor/error.h"
#include "tools/signals.h"

namespace elbo {

Run open_chosen_run(const std::string& path, const SharedOptions& shared) {
  Run run = open_run(path, shared.weights == "last" ? Weights::last : Weights::best);
  if (!shared.weights.empty() && run.file == path && shared.weights != run.weights_name())
    throw UsageError(fmt::format("--weights {}: {} holds the {} weights; leave the option out, or give the run's folder", shared.weights,
                                 path, run.weights_name()));
  return run;
}

Tensor chosen_labels(const Run& run, const SharedOptions& shared, Index count) {
  if (!shared.label) return {};
  const Index classes = run.config.model.classes;
  if (classes == 0) throw UsageError(fmt::format("--label: {} is given no labels (model.classes=0)", run.path));
  if (*shared.label >= classes)
    throw UsageError(fmt::format("--label {}: {} is given labels from 0 to {}", *shared.label, run.path, classes - 1));
  return Tensor::full({count}, double(*shared.label), DType::int32);
}

Index chosen_label(const Run& run, const SharedOptions& shared) { return chosen_labels(run, shared, 1) ? *shared.label : 0; }

Json about_run(const Run& run) { return Json::object({{"run", run.path}, {"weights", run.weights_name()}}); }

Shape example_shape_of(const Config& config) {
  if (!config.data.spec.empty()) return load_data(config).example_shape;
  return config.model.kind == "text" ? Shape{15, 6000} : Shape{28, 28, 1};
}

OnRead show_reading(Progress& progress) {
  return [&progress](std::string_view what, Index done, Index count) {
    if (const int signal = pending_signal(); signal != 0) throw Interrupted{signal};
    progress.live(fmt::format("{} {} {} of {}", what, bar(double(done) / double(count)), grouped(done), grouped(count)));
  };
}

Dataset chosen_data(const Run& run, const SharedOptions& shared) {
  Progress progress(shared.quiet);
  Dataset data = load_run_data(run, shared.data, show_reading(progress));
  for (const std::string& note : data.notes) progress.line(note);
  return data;
}

Split chosen_split(const Run& run, const SharedOptions& shared) {
  const Part part = part_from_name(shared.split);
  const Dataset data = chosen_data(run, shared);
  if (data.part(part).size() == 0)
    fail("data", fmt::format("{}: the {} part has no examples", shared.data.empty() ? run.config.data.spec : shared.data, shared.split));
  return data.part(part);
}

}  // namespace elbo
