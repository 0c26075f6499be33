#include "lab/evaluate.h"

#include <fmt/core.h>

#include <chrono>
#include <cmath>
#include <numbers>

#include "autograd/mode.h"
#include "lab/importance.h"
#include "models/evaluation.h"
#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/file.h"
#include "tensor/likelihood.h"
#include "tensor/reduce.h"

namespace elbo {
namespace {

// Appends the numbers of a tensor (n,) to a column.
void append(std::vector<double>& column, const Tensor& values) {
  const Tensor v = values.to(DType::float64);
  column.insert(column.end(), v.data<double>(), v.data<double>() + v.numel());
}

double mean_of(const std::vector<double>& column) {
  double sum = 0;
  for (const double v : column) sum += v;
  return sum / double(column.size());
}

// Of the mean of independent numbers; null for one.
double standard_error(const std::vector<double>& column) {
  const double m = mean_of(column), n = double(column.size());
  double squares = 0;
  for (const double v : column) squares += (v - m) * (v - m);
  return n > 1 ? std::sqrt(squares / (n - 1) / n) : no_figure;
}

// Means and squares of each code dimension, and its KL.
struct Units {
  explicit Units(Index latent) : sum(std::size_t(latent)), square(std::size_t(latent)), kl(std::size_t(latent)) {}

  void add(const Tensor& mean, const Tensor& kl_values) {
    const Tensor m = mean.to(DType::float64), k = kl_values ? kl_values.to(DType::float64) : Tensor();
    const std::size_t latent = sum.size();
    for (std::size_t i = 0; i < std::size_t(m.numel()); i++) {
      const double v = m.data<double>()[i];
      sum[i % latent] += v;
      square[i % latent] += v * v;
      if (k) kl[i % latent] += k.data<double>()[i];
    }
  }

  Index active(double n) const {
    Index units = 0;
    for (std::size_t j = 0; j < sum.size(); j++) units += square[j] / n - sum[j] / n * (sum[j] / n) > 0.01;
    return units;
  }

  std::vector<double> sum, square, kl;
};

Split first_examples(const Split& split, Index count) {
  if (count == 0 || count >= split.size()) return split;
  Split s = split;
  s.values = split.values.slice(0, count);
  if (split.labels) s.labels = split.labels.slice(0, count);
  s.factors.clear();
  return s;
}

double variance_of(const Run& run, const Dataset& data) {
  if (run.objective().likelihood() != Likelihood::gaussian_optimal) return 0;
  if (run.optimal_variance > 0) return run.optimal_variance;
  if (data.train.size() == 0)
    fail("evaluate", fmt::format("{}: keeps no variance of gaussian-optimal, as its training has not finished; elbo-train --resume {} "
                                 "finishes it",
                                 run.file, run.path));
  return training_variance(*run.model, data.train, evaluation_options(run.config, data.train));
}

// nll in bits per number of an example, where it is the length of a code for the data: dequantised bytes (8 bits more for the density's
// unit), or binary pixels.
double bits_per_dim(const Figures& f, Likelihood l, double dimensions) {
  const double bits = f.nll / (dimensions * std::numbers::ln2);
  if (l != Likelihood::squared_error && l != Likelihood::bernoulli && f.dequantized) return bits + 8;
  return l == Likelihood::bernoulli && f.binarized ? bits : no_figure;
}

void add_labels(std::vector<std::int32_t>& column, const Tensor& labels) {
  if (labels) column.insert(column.end(), labels.data<std::int32_t>(), labels.data<std::int32_t>() + labels.numel());
}

// Every number is 0 or 1: x (x - 1) = 0.
bool all_binary(const Tensor& x) {
  return total(abs(binary(Binary::multiply, x, binary(Binary::subtract, x, Tensor::scalar(1, x.dtype()))))) == 0;
}

}  // namespace

Figures evaluate(const Run& run, const Dataset& data, const EvaluateOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  if (options.examples < 0 || options.importance_samples < 0 || options.batch < 1)
    throw UsageError("evaluate: expected numbers of examples and samples that are not negative, and a batch of at least one");
  const Split split = first_examples(data.part(options.part), options.examples);
  if (split.size() == 0) fail("evaluate", fmt::format("the {} part has no examples", part_name(options.part)));

  NoGrad guard;
  const Model& model = *run.model;
  const Objective objective = run.objective();
  const Likelihood likelihood = objective.likelihood();
  const bool importance = options.importance_samples > 0 && model.variational();
  const double variance = variance_of(run, data);
  PerExample rows;
  std::vector<double> nll_tenth;
  Units units(model.latent());
  bool binary_values = true;

  const BatchOptions batch_options = evaluation_options(run.config, split, options.batch);
  Batches batches = Batches::evaluation(split, batch_options);
  for (Index b = 0; b < batches.count(); b++) {
    const Batch& batch = batches.load(1, b);
    const Index first = b * batches.options().size;
    const Pass pass = objective(model, batch.x, evaluation_noise(model, first, batch.size(), options.seed), variance);
    append(rows.reconstruction, pass.reconstruction.value());
    append(rows.squared_error, squared_error(pass.decoding.mean(), batch.x));
    binary_values = binary_values && all_binary(batch.x);
    units.add(pass.code.mean.value(), pass.kl ? pass.kl.value() : Tensor());
    if (pass.kl) append(rows.kl, sum(pass.kl.value().to(DType::float64), {1}));
    const Decoding at_mean = pass.kl ? model.decode(pass.code.mean) : pass.decoding;
    append(rows.reconstruction_at_mean, objective.reconstruction(at_mean, batch.x, variance).value());
    append(rows.squared_error_at_mean, squared_error(at_mean.mean(), batch.x));
    add_labels(rows.label, batch.labels);
    if (importance) {
      const ImportanceEstimate e =
          importance_estimate(model, objective, batch.x, first, options.importance_samples, options.seed, variance);
      rows.nll.insert(rows.nll.end(), e.nll.begin(), e.nll.end());
      rows.effective_samples.insert(rows.effective_samples.end(), e.effective_samples.begin(), e.effective_samples.end());
      nll_tenth.insert(nll_tenth.end(), e.nll_tenth.begin(), e.nll_tenth.end());
    }
    if (options.progress) options.progress(first + batch.size(), split.size());
  }
  rows.total = rows.reconstruction;
  for (std::size_t i = 0; i < rows.kl.size(); i++) rows.total[i] += rows.kl[i];

  const double n = double(split.size());
  Figures f{.split = std::string(part_name(options.part)),
            .examples = split.size(),
            .weights = std::string(run.weights_name()),
            .likelihood = std::string(likelihood_name(likelihood)),
            .binarized = batch_options.binarize != Binarize::none,
            .use_test = run.config.data.use_test,
            .dequantized = batch_options.dequantize != Dequantize::none,
            .parameters = run.store->numel(),
            .variational = model.variational()};
  f.normalised = normalised(likelihood, binary_values);
  if (likelihood == Likelihood::gaussian) f.variance = run.config.objective.variance;
  if (likelihood == Likelihood::gaussian_optimal) f.variance = variance;
  f.bytes_as_they_are = is_density(likelihood) && split.values.dtype() == DType::uint8 && !f.dequantized;
  f.reconstruction = mean_of(rows.reconstruction);
  f.total = f.objective = f.reconstruction;
  f.beta = objective.beta();
  if (f.variational) {
    f.kl = mean_of(rows.kl);
    f.total += f.kl;
    f.objective += f.beta * f.kl;
    for (const double k : units.kl) f.kl_per_unit.push_back(k / n);
  }
  if (!std::isfinite(f.total))
    fail("evaluate", fmt::format("{}: the {} weights give a total of {} (reconstruction {}): was the learning rate too high?", run.path,
                                 f.weights, f.total, f.reconstruction));
  f.squared_error = mean_of(rows.squared_error);
  f.reconstruction_at_mean = mean_of(rows.reconstruction_at_mean);
  f.squared_error_at_mean = mean_of(rows.squared_error_at_mean);
  if (run.example_shape.rank() == 3) f.psnr = 10 * std::log10(double(run.example_shape.numel()) / std::max(f.squared_error_at_mean, 1e-30));
  f.active_units = units.active(n);
  f.importance_samples = options.importance_samples;
  if (importance) {
    f.nll = mean_of(rows.nll);
    f.nll_standard_error = standard_error(rows.nll);
    f.nll_tenth = mean_of(nll_tenth);
    f.effective_samples = mean_of(rows.effective_samples);
    f.bits_per_dim = bits_per_dim(f, likelihood, double(run.example_shape.numel()));
  }
  f.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  f.examples_per_second = n / std::max(f.seconds, 1e-9);
  if (options.per_example) *options.per_example = std::move(rows);
  return f;
}

Figures write_summary(const std::string& run_folder, const Dataset* data) {
  const Run run = open_run(run_folder);
  const Figures f = data ? evaluate(run, *data) : evaluate(run, load_run_data(run));
  write_file_atomically(run_folder + "/summary.json", bytes_of(to_json(f)));
  return f;
}

}  // namespace elbo
