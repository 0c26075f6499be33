#include "models/evaluation.h"

#include <chrono>

#include "autograd/mode.h"
#include "models/importance.h"
#include "models/information.h"
#include "models/latent.h"
#include "tensor/elementwise.h"
#include "tensor/likelihood.h"
#include "tensor/reduce.h"

namespace elbo {
namespace {

// Sums of codes and of their products, in double and in the order of the examples.
struct CodeSums {
  explicit CodeSums(Index n) : latent(n), sum(std::size_t(n)), noise(std::size_t(n)), product(std::size_t(n * n)) {}

  void add(const Code& code) {
    const Tensor mean = code.mean.value().to(DType::float64);
    const double* m = mean.data<double>();
    for (Index i = 0; i < mean.shape()[0]; i++, m += latent)
      for (Index j = 0; j < latent; j++) {
        sum[std::size_t(j)] += m[j];
        for (Index k = 0; k <= j; k++) product[std::size_t(j * latent + k)] += m[j] * m[k];
      }
    count += double(mean.shape()[0]);
    if (!code.logvar) return;
    const Tensor variance = exp(code.logvar.value().to(DType::float64));
    const double* v = variance.data<double>();
    for (Index i = 0; i < variance.shape()[0]; i++, v += latent)
      for (Index j = 0; j < latent; j++) noise[std::size_t(j)] += v[j];
  }

  CodeStatistics statistics() const {
    CodeStatistics s{Tensor({latent}, DType::float64), Tensor({latent, latent}, DType::float64)};
    double *m = s.mean.mutable_data<double>(), *c = s.covariance.mutable_data<double>();
    for (Index j = 0; j < latent; j++) m[j] = sum[std::size_t(j)] / count;
    for (Index j = 0; j < latent; j++)
      for (Index k = 0; k <= j; k++) {
        const double v = product[std::size_t(j * latent + k)] / count - m[j] * m[k] + (j == k ? noise[std::size_t(j)] / count : 0);
        c[j * latent + k] = c[k * latent + j] = v;
      }
    return s;
  }

  Index latent;
  double count = 0;
  std::vector<double> sum, noise, product;
};

Index active(const CodeSums& s) {
  Index units = 0;
  for (Index j = 0; j < s.latent; j++) {
    const double m = s.sum[std::size_t(j)] / s.count;
    if (s.product[std::size_t(j * s.latent + j)] / s.count - m * m > 0.01) units++;
  }
  return units;
}

template <class F>
void for_batches(BatchSource& batches, F&& f) {
  for (Index b = 0; b < batches.count(); b++) f(batches.load(1, b));
}

}  // namespace

void FirstCodes::add(const Pass& p, const Tensor& examples) {
  const auto put = [&](Tensor& all, const Var& v) {
    if (!v) return;
    if (!all) all = Tensor({most_, v.size(1)}, v.value().dtype());
    const auto* example = examples.data<std::int32_t>();
    for (Index i = 0; i < examples.numel(); i++)
      if (example[i] < most_) all[example[i]].copy_from(v.value()[i]);
  };
  put(mean, p.code.mean), put(logvar, p.code.logvar), put(z, p.z);
}

double FirstCodes::information(Index count) const {
  return mutual_information(mean.slice(0, count), logvar.slice(0, count), z.slice(0, count));
}

Tensor evaluation_noise(const Model& model, const Tensor& examples, std::uint64_t seed, std::uint64_t sample) {
  if (!model.variational()) return {};
  Tensor noise({examples.numel(), model.latent()}, model.dtype());
  fill_normal(noise, {.seed = seed, .purpose = Purpose::evaluate, .step = sample}, examples.values<std::int32_t>());
  return noise;
}

Metrics validate(const Model& model, const Objective& objective, BatchSource& batches, double optimal_variance, double weight) {
  NoGrad guard;
  const auto start = std::chrono::steady_clock::now();
  CodeSums codes(model.latent());
  double reconstruction = 0, kl = 0, bound = 0;
  const bool importance = model.variational() && objective.importance_weighted();
  const Index judged = std::min<Index>(1000, batches.examples());
  FirstCodes first(judged);
  for_batches(batches, [&](const Batch& batch) {
    const Pass p = objective(model, batch.x, evaluation_noise(model, batch.examples), optimal_variance, {.labels = batch.labels});
    reconstruction += total(p.reconstruction.value());
    if (p.kl) kl += total(p.kl.value());
    codes.add(p.code);
    if (p.kl) first.add(p, batch.examples);
    if (importance)
      for (const double nll :
           importance_estimate(model, objective, batch.x, batch.examples, objective.samples(), 1, optimal_variance, weight, batch.labels)
               .nll)
        bound += nll;
  });
  const double n = double(batches.examples());
  Metrics m{.split = "valid"};
  m.reconstruction = reconstruction / n;
  m.kl = kl / n;
  m.total = m.reconstruction + m.kl;
  m.beta = weight;
  m.objective = importance ? bound / n : m.reconstruction + objective.final_term(weight).cost(m.kl);
  m.active_units = active(codes);
  if (model.variational()) m.mutual_information = first.information(judged);
  m.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  m.examples_per_second = n / std::max(m.seconds, 1e-9);
  return m;
}

CodeStatistics code_statistics(const Model& model, BatchSource& batches) {
  if (model.latent() == 0) return {};
  NoGrad guard;
  CodeSums codes(model.latent());
  for_batches(batches, [&](const Batch& batch) { codes.add(model.encode(Var(batch.x), batch.labels)); });
  return codes.statistics();
}

double training_variance(const Model& model, BatchSource& batches) {
  NoGrad guard;
  double error = 0;
  for_batches(batches, [&](const Batch& batch) {
    const Code code = model.encode(Var(batch.x), batch.labels);
    const Var z = draw_code(code, evaluation_noise(model, batch.examples));
    error += total(squared_error(model.decode(model.given(z, batch.labels)).mean(), batch.x));
  });
  return clamped_variance(error / (double(batches.examples()) * double(model.example_shape().numel())));
}

}  // namespace elbo
