#include "models/learner.h"

#include <fmt/core.h>

#include <cmath>

#include "autograd/ops.h"
#include "models/optimizers.h"

namespace elbo {

constexpr const char* adversarial_rate = "objective.adversarial.learning_rate";

Learner::Learner(const Config& config, const Shape& example, Index steps_an_epoch, Index last_step)
    : config_(config),
      store_(store_options(config)),
      model_(make_model(config, example, store_)),
      objective_(config),
      optimizer_(make_optimizer(config, store_, steps_an_epoch, last_step)) {
  networks_.push_back({"model", &store_, optimizer_.get()});
  if (config.objective.adversarial_weight == 0) return;
  adversary_ = std::make_unique<Adversary>(config, example, steps_an_epoch, last_step);
  networks_.push_back({"adversary", &adversary_->store(), &adversary_->optimizer()});
}

StepLosses Learner::step(const Batch& batch, Index step) {
  Tensor noise;
  if (model_->variational()) {
    noise = Tensor({batch.size(), model_->latent()}, model_->dtype());
    fill_normal(noise, {.seed = config_.train.seed, .purpose = Purpose::latent, .step = std::uint64_t(step)});
  }
  const Pass pass = objective_(*model_, batch.x, noise, 0, {.training = true});
  Var loss = pass.objective;
  StepLosses losses{.reconstruction = pass.mean_reconstruction(), .kl = pass.mean_kl()};
  if (adversary_) {
    const Var term = adversary_->fool(*model_, pass.z.value(), config_.train.seed, step);
    losses.adversarial = term.item();
    loss = loss + term * config_.objective.adversarial_weight;
  }
  losses.objective = loss.item();
  const auto not_finite = [&](std::string_view what) {
    std::string parts = fmt::format("objective {}, reconstruction {}, KL {}", losses.objective, losses.reconstruction, losses.kl);
    if (adversary_) parts += fmt::format(", adversarial {}", losses.adversarial);
    throw NotFinite{fmt::format("the {} is not finite ({})", what, parts), "optimizer.learning_rate"};
  };
  if (adversary_ && !std::isfinite(losses.adversarial) && std::isfinite(losses.reconstruction) && std::isfinite(losses.kl))
    throw NotFinite{fmt::format("the discriminator's verdict is not finite (adversarial {})", losses.adversarial), adversarial_rate};
  if (!std::isfinite(losses.objective)) not_finite("loss");
  codes_ = pass.code.mean.value();
  try {
    optimizer_->step(backward(loss));
  } catch (const NonFiniteGradient&) {
    not_finite("gradient norm");
  }
  losses.gradient_norm = optimizer_->last_gradient_norm();
  if (adversary_) {
    try {
      const Adversary::Verdict verdict = adversary_->learn(batch.x);
      losses.discriminator_loss = verdict.loss, losses.discriminator_accuracy = verdict.accuracy;
    } catch (const Adversary::NotFinite& e) {
      throw NotFinite{fmt::format("the discriminator's loss ({}) or its gradient norm is not finite", e.loss), adversarial_rate};
    }
  }
  return losses;
}

}  // namespace elbo
