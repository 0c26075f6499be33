#include "lab/doctor.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "lab/codes.h"
#include "lab/groups.h"
#include "lab/nearest_pictures.h"
#include "lab/relu_activity.h"
#include "models/evaluation.h"
#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/likelihood.h"
#include "tensor/reduce.h"
#include "tensor/shape_ops.h"

namespace elbo {
namespace {

Split some_of(const Split& split, Index count) {
  std::vector<std::int32_t> places(std::size_t(std::min(count, split.size())));
  std::iota(places.begin(), places.end(), 0);
  return take_examples(split, places);
}

// Mean and squared standard error of what each example loses.
struct MeanLoss {
  double mean = 0, squared_error = 0;
  explicit MeanLoss(const std::vector<double>& losses) {
    const double n = double(losses.size());
    for (const double l : losses) mean += l / n;
    for (const double l : losses) squared_error += (l - mean) * (l - mean) / (n * std::max(1.0, n - 1));
  }
};

void append(std::vector<double>& all, const Tensor& values) {
  for (Index i = 0; i < values.numel(); i++) all.push_back(values.element(i));
}

// The walk over one part.
struct Checkup {
  const Run& run;
  const DoctorOptions& options;
  double variance;

  // What each example of a part loses, in the order of its batches; `see` is shown every pass.
  template <class F>
  std::vector<double> losses(const Split& split, F&& see) const {
    const Objective objective = run.objective();
    const std::unique_ptr<BatchSource> batches = evaluation_batches(run.config, split, 250);
    std::vector<double> all;
    for (Index b = 0; b < batches->count(); b++) {
      const Batch& batch = batches->load(1, b);
      const Pass p =
          objective(*run.model, batch.x, evaluation_noise(*run.model, batch.examples, options.seed), variance, {.labels = batch.labels});
      see(p, batch);
      if (run.codec)
        append(all, p.kl ? binary(Binary::add, p.reconstruction.value(), sum(p.kl.value(), {1})) : p.reconstruction.value());
      else
        append(all,
               squared_error(p.kl ? run.model->decode(run.model->given(p.code.mean, batch.labels)).mean() : p.decoding.mean(), batch.x));
    }
    return all;
  }
};

// What a text costs by the frequencies of the training part's tokens alone, nats, mean over `held_out`; each token counted once more, so
// that none is impossible.
double by_frequency(const Split& train, const Split& held_out, Index words) {
  std::vector<double> count(std::size_t(words), 1);
  double all = double(words), sum = 0;
  const auto each = [](const Split& split, auto&& f) {
    for (Index i = 0; i < split.size(); i++) {
      const std::span<const std::int32_t> text = (*split.tokens)[i];
      for (std::size_t t = 1; t < text.size(); t++) f(std::size_t(text[t]));
    }
  };
  each(train, [&](std::size_t word) { count[word]++, all++; });
  each(held_out, [&](std::size_t word) { sum -= std::log(count[word] / all); });
  return sum / double(held_out.size());
}

// Squared error of the mean training picture, mean over `held_out`.
double by_mean(const Run& run, const Split& train, const Split& held_out) {
  std::vector<double> mean(std::size_t(run.example_shape.numel()));
  double sum = 0;
  const auto each = [&](const Split& split, auto&& f) {
    const std::unique_ptr<BatchSource> batches = evaluation_batches(run.config, split, 250);
    for (Index b = 0; b < batches->count(); b++) {
      const Tensor x = batches->load(1, b).x.to(DType::float64);
      for (Index i = 0; i < x.numel(); i++) f(std::size_t(i) % mean.size(), x.data<double>()[i]);
    }
  };
  each(train, [&](std::size_t k, double v) { mean[k] += v / double(train.size()); });
  each(held_out, [&](std::size_t k, double v) { sum += (v - mean[k]) * (v - mean[k]); });
  return sum / double(held_out.size());
}

// How far decoded N(0, I) codes lie from training pictures, over the same of reconstructions.
double sample_distance(const Run& run, const Split& train, const Split& held_out, const DoctorOptions& o) {
  const Index count = std::min(o.samples, held_out.size());
  const Tensor samples = decode_codes(*run.model, draw_codes(run, count, CodeSource::prior, 1, o.seed));
  const Tensor reconstructions = reconstruct(*run.model, model_inputs(run, held_out, count), held_out.labels);
  NearestRows near_samples(samples), near_reconstructions(reconstructions);
  const Tensor pictures = plain_pictures(run, train, std::min(o.neighbours, train.size()));
  near_samples.add(pictures), near_reconstructions.add(pictures);
  const double beside = mean_distance(near_reconstructions.distances());
  return beside > 0 ? mean_distance(near_samples.distances()) / beside : Symptoms::unknown;
}

}  // namespace

Symptoms examine(const Run& run, const Dataset& data, const DoctorOptions& options) {
  if (options.examples < 1 || options.samples < 0 || options.neighbours < 1)
    throw UsageError("[doctor] expected numbers of examples and neighbours above 0, and of samples not below");
  const Split& others = data.valid.size() > 0 ? data.valid : data.test;  // what it suggests is a choice: not by the test part, if possible
  if (others.size() == 0) fail("doctor", fmt::format("{}: expected a test or a validation part, there is neither", data.spec.str()));
  const NoGrad guard;
  const Split held_out = some_of(others, options.examples), train = some_of(data.train, options.examples);
  const Model& model = *run.model;
  double variance = run.optimal_variance;
  if (run.objective().likelihood() == Likelihood::gaussian_optimal && !(variance > 0) && train.size() > 0)
    variance = training_variance(model, *evaluation_batches(run.config, train));

  Symptoms s{.examples = held_out.size(), .weight = run.beta};
  CodeSums codes(model.latent());
  DecoderSums decoder;
  FirstCodes first(held_out.size());
  ReluActivity activity;
  double reconstruction = 0, kl = 0;
  const Checkup checkup{run, options, variance};
  const MeanLoss outside([&] {
    const Observe watch = activity.observe();
    return checkup.losses(held_out, [&](const Pass& p, const Batch& batch) {
      reconstruction += total(p.reconstruction.value()), kl += p.kl ? total(p.kl.value()) : 0;
      if (model.latent() > 0) codes.add(p.code);
      if (p.kl) first.add(p, batch.examples);
      decoder.add(p, batch.x);
    });
  }());
  s.reconstruction = reconstruction / double(s.examples);
  if (model.variational()) {
    s.kl = kl / double(s.examples);
    s.mutual_information = first.information(s.examples);
  }
  if (run.objective().likelihood() == Likelihood::gaussian_optimal) s.variance = variance;
  codes.fill(s, model.variational());
  decoder.fill(s);
  s.layers = activity.layers();

  if (train.size() == 0) return s;
  if (model.variational() && !run.codec && options.samples > 0) s.sample_distance = sample_distance(run, data.train, held_out, options);
  if (run.config.data.use_test && &others == &data.test) return s;  // what was trained on is not held out
  const MeanLoss inside(checkup.losses(train, [](const Pass&, const Batch&) {}));
  s.loss = run.codec ? "total" : "squared error";
  s.training_loss = inside.mean, s.held_out_loss = outside.mean;
  s.loss_error = std::sqrt(inside.squared_error + outside.squared_error);
  s.untrained_loss = run.codec ? by_frequency(data.train, held_out, run.example_shape[1]) : by_mean(run, train, held_out);
  return s;
}

std::vector<Finding> diagnose(const Run& run, const Dataset& data, const DoctorOptions& options) {
  return judge(run.config, examine(run, data, options));
}

std::string to_text(const std::vector<Finding>& findings) {
  if (findings.empty()) return "diagnosis: no illness found\n";
  std::string text = "diagnosis\n";
  for (const Finding& f : findings) {
    text += fmt::format("\n  {}\n    {}\n    likely here: {}\n", f.illness, f.evidence, f.cause);
    for (const std::string& set : f.set) text += fmt::format("    try {}\n", set);
  }
  return text;
}

}  // namespace elbo
