#include "models/evaluation.h"

#include <chrono>
#include <cmath>

#include "autograd/mode.h"
#include "models/importance.h"
#include "models/information.h"
#include "tensor/elementwise.h"
#include "tensor/likelihood.h"
#include "tensor/reduce.h"

namespace elbo {
namespace {

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

Metrics validate(const Model& model, const Objective& objective, BatchSource& batches, double optimal_variance, double weight,
                 Symptoms* symptoms) {
  NoGrad guard;
  const auto start = std::chrono::steady_clock::now();
  CodeSums codes(model.latent());
  double reconstruction = 0, kl = 0, bound = 0;
  const bool importance = model.variational() && objective.importance_weighted();
  const Index judged = std::min<Index>(1000, batches.examples());
  FirstCodes first(judged);
  DecoderSums decoder;  // of the first batch: as much as it takes to tell
  Index looked = 0;
  for_batches(batches, [&](const Batch& batch) {
    const Pass p = objective(model, batch.x, evaluation_noise(model, batch.examples), optimal_variance, {.labels = batch.labels});
    reconstruction += total(p.reconstruction.value());
    if (p.kl) kl += total(p.kl.value());
    codes.add(p.code);
    if (p.kl) first.add(p, batch.examples);
    if (symptoms && looked++ == 0) decoder.add(p, batch.x);
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
  m.active_units = codes.active();
  if (model.variational()) m.mutual_information = first.information(judged);
  if (symptoms && std::isfinite(m.objective)) {  // what is not finite, the caller reports
    *symptoms = {.examples = batches.examples(), .reconstruction = m.reconstruction, .kl = m.kl};
    symptoms->mutual_information = m.mutual_information;
    if (optimal_variance > 0) symptoms->variance = optimal_variance;
    codes.fill(*symptoms, model.variational());
    decoder.fill(*symptoms);
  }
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
    const Var z = model.draw(code, evaluation_noise(model, batch.examples));
    error += total(squared_error(model.decode(model.given(z, batch.labels)).mean(), batch.x));
  });
  return clamped_variance(error / (double(batches.examples()) * double(model.example_shape().numel())));
}

}  // namespace elbo
