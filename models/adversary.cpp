#include "models/adversary.h"

#include "autograd/engine.h"
#include "autograd/ops.h"
#include "models/optimizers.h"
#include "tensor/random.h"
#include "tensor/shape_ops.h"

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

Var Adversary::fool(const Model& model, const Tensor& z, std::uint64_t seed, Index step) {
  Tensor prior(z.shape(), z.dtype());
  fill_normal(prior, {.seed = seed, .purpose = Purpose::prior, .step = std::uint64_t(step)});
  const Tensor codes[] = {z, prior};
  const Var pictures = model.decode(Var(concatenate(codes, 0)), {.training = true}).picture();
  made_ = pictures.value();
  const Frozen judge(store_);
  return mean(softplus(-discriminator_(pictures, true)));
}

Adversary::Verdict Adversary::learn(const Tensor& x) {
  const Index n = x.size(0);
  const Tensor all[] = {x, made_};
  const Var logits = discriminator_(Var(concatenate(all, 0)), true);
  const auto parts = split(logits, 0, n);
  const Var loss = mean(softplus(-parts[0])) + mean(softplus(parts[1]));
  optimizer_->step(backward(loss));
  Index right_data = 0, right_made = 0;
  for (Index i = 0; i < n; i++) right_data += parts[0].value().element(i) > 0;
  for (Index i = 0; i < 2 * n; i++) right_made += parts[1].value().element(i) < 0;
  return {loss.item(), (double(right_data) + double(right_made) / 2) / double(2 * n)};
}

}  // namespace elbo
