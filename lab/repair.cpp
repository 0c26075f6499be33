#include "lab/repair.h"

#include <fmt/core.h>

#include <algorithm>

#include "autograd/engine.h"
#include "autograd/mode.h"
#include "autograd/ops.h"
#include "lab/codes.h"
#include "nn/optim/methods.h"
#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/likelihood.h"
#include "tensor/nearest.h"
#include "tensor/random.h"
#include "tensor/reduce.h"

namespace elbo {
namespace {

// a where the mask is 1, b where it is 0.
Tensor chosen(const Tensor& mask, const Tensor& a, const Tensor& b) { return where(mask, a, b); }

double hidden_error(const Tensor& x, const Tensor& y, const Tensor& mask) {
  const Tensor difference = binary(Binary::multiply, binary(Binary::subtract, x, y), scale_shift(mask, -1, 1));
  return total(square(difference.to(DType::float64))) / double(x.size(0));
}

// Hidden numbers are 0 in what is decoded and in x: their terms are constants, without a gradient.
Decoding visible(const Decoding& d, const Var& mask) { return {d.output * mask, d.kind, d.logvar ? d.logvar * mask : Var()}; }

// What is optimised: a mean for each example, and of a VAE a log-variance.
struct Posterior {
  Posterior(const Model& model, const Code& start) : store({.type = model.dtype()}) {
    const Scope scope(store);
    std::vector<std::pair<std::string, Tensor>> first = {{"mean", start.mean.value()}};
    mean = scope.parameter("mean", first[0].second.shape(), Initializer::constant(0));
    if (start.logvar) {
      first.emplace_back("logvar", start.logvar.value());
      logvar = scope.parameter("logvar", first[1].second.shape(), Initializer::constant(0));
    }
    store.seal();
    store.load(first, "repair");
  }
  ParamStore store;
  Parameter mean, logvar;
};

void infer(Posterior& q, const Run& run, const Tensor& x, const Tensor& mask, const RepairOptions& o) {
  const Model& model = *run.model;
  const Objective objective = run.objective();
  Adam adam(q.store, {.learning_rate = Schedule::cosine(o.learning_rate, o.steps, 0.01 * o.learning_rate)});
  const Tensor seen = binary(Binary::multiply, x, mask);
  for (Index step = 0; step < o.steps; step++) {
    Tensor noise;
    const Code code{q.mean, q.logvar ? Var(q.logvar) : Var()};
    if (code.logvar) {
      noise = Tensor(q.mean.value().shape(), model.dtype());
      fill_normal(noise, {.seed = o.seed, .purpose = Purpose::sample, .step = std::uint64_t(step)});
    }
    const Var z = model.draw(code, noise);
    Var loss = sum(objective.reconstruction(visible(model.decode(model.given(z, o.labels)), Var(mask)), seen, run.optimal_variance));
    if (code.logvar) loss = loss + sum(model.distributions().kl(code, z, noise)) * run.beta;
    adam.step(backward(loss));
  }
}

}  // namespace

Tensor named_mask(std::string_view name, const Shape& example, Index count, std::uint64_t seed) {
  static const std::vector<std::string> names = {"left", "right", "top", "bottom", "centre", "noise"};
  if (std::find(names.begin(), names.end(), name) == names.end()) throw UsageError(unknown_message("mask", name, names));
  if (example.rank() != 3) throw UsageError(fmt::format("masks are for pictures, examples of this run have shape {}", example.str()));
  const Index h = example[0], w = example[1], c = example[2];
  const auto hidden = [&](Index i, Index y, Index x) {
    if (name == "left") return x < w / 2;
    if (name == "right") return x >= w - w / 2;
    if (name == "top") return y < h / 2;
    if (name == "bottom") return y >= h - h / 2;
    if (name == "centre") return y >= h / 4 && y < h - h / 4 && x >= w / 4 && x < w - w / 4;
    return RandomKey{.seed = seed, .purpose = Purpose::sample}.word(std::uint32_t(i), std::uint32_t(y * w + x)) % 2 == 0;
  };
  Tensor mask(example.prepend(count));
  float* m = mask.mutable_data<float>();
  for (Index i = 0; i < count; i++)
    for (Index y = 0; y < h; y++)
      for (Index x = 0; x < w; x++, m += c) std::fill_n(m, c, hidden(i, y, x) ? 0.0f : 1.0f);
  return mask;
}

Tensor picture_mask(const Tensor& picture, Index count) {
  const Index c = picture.size(picture.rank() - 1), pixels = picture.numel() / c;
  const Tensor values = picture.to(DType::float32);
  Tensor mask(picture.shape().prepend(count));
  float* m = mask.mutable_data<float>();
  Index hidden = 0;
  for (Index p = 0; p < pixels; p++) {
    double sum = 0;
    for (Index k = 0; k < c; k++) sum += values.data<float>()[p * c + k];
    const bool dark = sum / double(c) < 0.5;
    hidden += dark;
    std::fill_n(m + p * c, c, dark ? 0.0f : 1.0f);
  }
  if (hidden == 0 || hidden == pixels)
    fail("repair", fmt::format("the mask hides {} pixel: dark pixels are hidden, light ones are seen", hidden == 0 ? "no" : "every"));
  for (Index i = 1; i < count; i++) std::copy_n(m, pixels * c, m + i * pixels * c);
  return mask;
}

Tensor mean_example(const Run& run, const Split& split) {
  const std::unique_ptr<BatchSource> batches = evaluation_batches(run.config, split);
  Tensor all = Tensor::zeros(run.example_shape, DType::float64);
  for (Index b = 0; b < batches->count(); b++) all = add(all, sum(batches->load(1, b).x.to(DType::float64), {0}).reshape(all.shape()));
  return scale_shift(all, 1 / double(split.size()), 0).to(run.model->dtype());
}

Repair repair(const Run& run, const Tensor& given, const Tensor& given_mask, const Tensor& mean, const RepairOptions& o) {
  const Model& model = *run.model;
  if (run.objective().likelihood() == Likelihood::gaussian_optimal && run.optimal_variance <= 0)
    fail("repair", fmt::format("{}: keeps no variance of gaussian-optimal, as its training has not finished", run.file));
  require_shape("repair", "a mask", given_mask, given.shape());
  const Tensor x = given.to(model.dtype()), mask = given_mask.to(model.dtype());
  const Tensor filled = chosen(mask, x, broadcast_to(mean.to(model.dtype()).reshape(mean.shape().prepend(1)), x.shape()));
  Repair r{.mean_fill = filled};
  Code start;
  {
    const NoGrad guard;
    start = model.encode(Var(filled), o.labels);
    r.one_pass = chosen(mask, x, model.decode(model.given(start.mean, o.labels)).mean());
    r.whole_error = hidden_error(x, reconstruct(model, x, o.labels).to(x.dtype()), mask);
  }
  const Frozen weights(*run.store);
  Posterior q(model, start);
  infer(q, run, x, mask, o);
  const NoGrad guard;
  r.inferred = chosen(mask, x, model.decode(model.given(q.mean, o.labels)).mean());
  for (Index s = 0; q.logvar && s < o.samples; s++) {
    Tensor noise(q.mean.value().shape(), model.dtype());
    fill_normal(noise, {.seed = o.seed, .purpose = Purpose::sample, .step = std::uint64_t(o.steps + s)});
    r.sampled.push_back(chosen(mask, x, model.decode(model.given(model.draw({q.mean, q.logvar}, noise), o.labels)).mean()));
  }
  r.mean_fill_error = hidden_error(x, r.mean_fill, mask);
  r.one_pass_error = hidden_error(x, r.one_pass, mask);
  r.inferred_error = hidden_error(x, r.inferred, mask);
  r.hidden = total(scale_shift(mask.to(DType::float64), -1, 1)) / double(x.size(0));
  return r;
}

}  // namespace elbo
