#include "models/adversary.h"

#include <cmath>

#include "autograd/engine.h"
#include "autograd/ops.h"
#include "models/optimizers.h"
#include "nn/norm.h"
#include "tensor/random.h"

namespace elbo {
namespace {

Config with_own_rate(Config config) {
  config.optimizer.learning_rate = config.objective.adversarial_learning_rate;
  return config;
}

}  // namespace

Discriminator::Discriminator(const ModelConfig& c, const Shape& example, const Scope& scope) {
  Index in = example.numel();
  if (c.kind != "dense") {
    Index h = example[0], w = example[1], channels = example[2];
    for (std::size_t i = 0; i < c.filters.size(); i++) {
      const Index stride = c.kind == "conv" ? c.strides[i] : 1;
      stages_.emplace_back(scope / ("conv" + std::to_string(i)), c, ConvConfig{.in = channels, .out = c.filters[i], .stride = stride});
      h = (h + stride - 1) / stride, w = (w + stride - 1) / stride, channels = c.filters[i];
    }
    in = h * w * channels;
  }
  hidden_ = Mlp(scope / "hidden", in, c.hidden, nonlinearity_from_name(c.activation));
  output_ = Linear(scope / "output", hidden_.out, 1);
}

Var Discriminator::operator()(Var x, bool training) const {
  for (const ConvStage& stage : stages_) x = stage(x, training);
  return output_(hidden_(reshape(x, {x.shape()[0], x.shape().numel() / std::max<Index>(1, x.shape()[0])})));
}

Adversary::Adversary(const Config& config, const Shape& example, Index steps_an_epoch, Index last_step)
    : store_(store_options(config)), discriminator_(config.model, example, Scope(store_) / "discriminator") {
  store_.seal();
  optimizer_ = make_optimizer(with_own_rate(config), store_, steps_an_epoch, last_step);
}

Var Adversary::fool(const Model& model, const Tensor& z, const Tensor& labels, std::uint64_t seed, Index step) {
  Tensor noise(z.shape(), z.dtype());
  fill_normal(noise, {.seed = seed, .purpose = Purpose::prior, .step = std::uint64_t(step)});
  const KeepStatistics keep;
  const Var reconstructions = model.decode(model.given(Var(z), labels), {.training = true}).picture();
  const Var samples = model.decode(model.given(Var(model.distributions().draw_prior(noise)), labels), {.training = true}).picture();
  reconstructions_ = reconstructions.value();
  samples_ = samples.value();
  const Frozen judge(store_);
  return (mean(softplus(-discriminator_(reconstructions, true))) + mean(softplus(-discriminator_(samples, true)))) * 0.5;
}

Adversary::Verdict Adversary::learn(const Tensor& x) {
  const Var data = discriminator_(Var(x), true), reconstructions = discriminator_(Var(reconstructions_), true),
            samples = discriminator_(Var(samples_), true);
  const Var loss = mean(softplus(-data)) + (mean(softplus(reconstructions)) + mean(softplus(samples))) * 0.5;
  const double value = loss.item();
  if (!std::isfinite(value)) throw NotFinite{value};
  try {
    optimizer_->step(backward(loss));
  } catch (const NonFiniteGradient&) {
    throw NotFinite{value};
  }
  double right = 0;  // data and made counted alike
  const Index n = x.size(0);
  for (Index i = 0; i < n; i++)
    right += double(data.value().element(i) > 0) +
             0.5 * (double(reconstructions.value().element(i) < 0) + double(samples.value().element(i) < 0));
  return {value, right / double(2 * n)};
}

}  // namespace elbo
