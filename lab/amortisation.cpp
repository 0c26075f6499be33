#include "lab/amortisation.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "autograd/mode.h"
#include "autograd/ops.h"
#include "models/evaluation.h"
#include "nn/optim/methods.h"
#include "tensor/elementwise.h"
#include "tensor/error.h"

namespace elbo {
namespace {

// The codes of a batch as parameters of a store of their own: Adam is elementwise, so each example is optimised as if it were alone.
struct FreeCodes {
  FreeCodes(const Code& code, Index updates, double rate)
      : store({.init = Init::zeros, .type = code.mean.dtype()}),
        mean(Scope(store).parameter("mean", code.mean.shape(), Initializer::constant(0))),
        logvar(Scope(store).parameter("logvar", code.mean.shape(), Initializer::constant(0))) {
    store.seal();
    store.load(std::vector<std::pair<std::string, Tensor>>{{"mean", code.mean.value()}, {"logvar", code.logvar.value()}}, "the encoder");
    adam.emplace(store, AdamOptions{.learning_rate = Schedule::cosine(rate, updates)});
  }
  ParamStore store;
  Parameter mean, logvar;
  std::optional<Adam> adam;
};

// What a batch is measured with.
struct CodeProblem {
  const Run& run;
  const AmortisationOptions& options;
  const Tensor& x;
  const Tensor& examples;
  const Code& encoded;  // what a text's decoder reads besides z
  const Tensor& labels;

  // -ELBO of each example, (n,), one sample.
  Var loss(const Var& mean, const Var& logvar, const Tensor& noise) const {
    const Code code{mean, logvar, encoded.embedded};
    const Var z = run.model->draw(code, noise);
    return run.objective().reconstruction(*run.model, code, run.model->given(z, labels), x, run.optimal_variance) +
           sum(run.model->distributions().kl(code, z, noise), {1});
  }

  // The mean over the evaluation's samples of the ELBO of each example.
  std::vector<double> elbo(const Tensor& mean, const Tensor& logvar) const {
    const NoGrad guard;
    std::vector<double> out(std::size_t(x.size(0)));
    for (Index k = 0; k < options.evaluation_samples; k++) {
      const Tensor l = loss(Var(mean), Var(logvar), evaluation_noise(*run.model, examples, options.seed, std::uint64_t(k))).value();
      for (std::size_t i = 0; i < out.size(); i++) out[i] -= l.element(Index(i)) / double(options.evaluation_samples);
    }
    return out;
  }

  // Samples come in pairs of opposite noise, so that what is odd in it cancels: most of the noise of the means' gradients.
  void optimise(FreeCodes& codes) const {
    Tensor noise(encoded.mean.shape(), encoded.mean.dtype());
    for (Index step = 0; step < options.steps; step++) {
      Var all;
      for (Index k = 0; k < options.samples; k++) {
        if (k % 2 == 0)
          fill_normal(noise, {.seed = options.seed, .purpose = Purpose::latent, .step = std::uint64_t(step * options.samples + k)},
                      examples.values<std::int32_t>());
        const Var one = sum(loss(codes.mean, codes.logvar, k % 2 == 0 ? noise.clone() : scale_shift(noise, -1)));
        all = all ? all + one : one;
      }
      codes.adam->step(backward(all * (1 / double(options.samples))));
    }
  }
};

void check_amortisation(const Run& run, const Split& split, const AmortisationOptions& o) {
  if (o.examples < 0 || o.steps < 1 || o.samples < 1 || o.evaluation_samples < 1 || o.batch < 1 || !(o.learning_rate > 0))
    throw UsageError("[amortisation] expected positive numbers of updates, samples and examples in a batch, and a learning rate above 0");
  if (!run.model->variational()) fail("amortisation", "expected a variational model: a plain autoencoder has no ELBO");
  if (split.size() == 0) fail("amortisation", "expected examples: the part has none");
  if (run.objective().likelihood() == Likelihood::gaussian_optimal && !(run.optimal_variance > 0))
    fail("amortisation", fmt::format("{}: keeps no variance of gaussian-optimal, as its training has not finished", run.path));
}

}  // namespace

AmortisationGap amortisation_gap(const Run& run, const Split& split, const AmortisationOptions& options) {
  check_amortisation(run, split, options);
  const Split part = options.examples > 0 ? split.first(options.examples) : split;
  const Frozen fixed(*run.store);
  AmortisationGap out{.examples = part.size(), .steps = options.steps};
  std::vector<double> encoders(std::size_t(part.size())), optimised(encoders.size());  // in the order of the part
  const std::unique_ptr<BatchSource> batches = evaluation_batches(run.config, part, options.batch);
  for (Index b = 0; b < batches->count(); b++) {
    const Batch& batch = batches->load(1, b);
    const Code code = run.model->encode(Var(batch.x), batch.labels);
    const CodeProblem problem{run, options, batch.x, batch.examples, code, batch.labels};
    const std::vector<double> before = problem.elbo(code.mean.value(), code.logvar.value());
    FreeCodes codes(code, options.steps, options.learning_rate);
    problem.optimise(codes);
    const std::vector<double> after = problem.elbo(codes.mean.value(), codes.logvar.value());
    for (std::size_t i = 0; i < before.size(); i++) {
      if (!std::isfinite(before[i]) || !std::isfinite(after[i]))
        fail("amortisation", fmt::format("the ELBO of an example is {} before and {} after {} updates: is the learning rate too high?",
                                         before[i], after[i], options.steps));
      const auto place = std::size_t(batch.examples.data<std::int32_t>()[i]);
      encoders[place] = before[i], optimised[place] = after[i];
    }
  }
  const double n = double(part.size());
  double squares = 0;
  for (std::size_t i = 0; i < encoders.size(); i++) {
    out.encoder_elbo += encoders[i] / n;
    out.optimised_elbo += optimised[i] / n;
  }
  out.gap = out.optimised_elbo - out.encoder_elbo;
  for (std::size_t i = 0; i < encoders.size(); i++) squares += std::pow(optimised[i] - encoders[i] - out.gap, 2);
  out.standard_error = n > 1 ? std::sqrt(squares / (n - 1) / n) : std::numeric_limits<double>::quiet_NaN();
  return out;
}

}  // namespace elbo
