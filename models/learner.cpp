#include "models/learner.h"

#include <fmt/core.h>

#include <cmath>
#include <limits>

#include "autograd/ops.h"
#include "models/optimizers.h"

namespace elbo {

namespace {

constexpr const char* adversarial_rate = "objective.adversarial.learning_rate";
constexpr int encoder_group = 0;  // with objective.aggressive

}  // namespace

Learner::Learner(const Config& config, const Shape& example, Index steps_an_epoch, Index last_step)
    : config_(config),
      example_(example),
      steps_an_epoch_(steps_an_epoch),
      last_step_(last_step),
      store_(store_options(config)),
      model_(make_model(config, example, store_)),
      objective_(config),
      weight_(config.objective, steps_an_epoch, last_step),
      optimizer_(make_optimizer(config, store_, steps_an_epoch, last_step)) {
  networks_.push_back({"model", &store_, optimizer_.get()});
  if (config.objective.aggressive > 0) {
    encoder_optimizer_ = make_optimizer(config, store_, steps_an_epoch, last_step, "encoder/");
    networks_.push_back({"encoder", nullptr, encoder_optimizer_.get()});
  }
  if (config.objective.adversarial_weight == 0) return;
  adversary_ = std::make_unique<Adversary>(config, example, steps_an_epoch, last_step);
  networks_.push_back({"adversary", &adversary_->store(), &adversary_->optimizer()});
}

// `draw`: what keys the noise of the code and the dropout.
Pass Learner::pass(const Batch& batch, Index step, std::uint64_t draw) {
  Tensor noise;
  if (model_->variational() && !weight_.pretraining(step)) {
    const bool one = objective_.samples() == 1 && !objective_.importance_weighted();
    noise =
        Tensor(one ? Shape{batch.size(), model_->latent()} : Shape{batch.size(), objective_.samples(), model_->latent()}, model_->dtype());
    fill_normal(noise, {.seed = config_.train.seed, .purpose = Purpose::latent, .step = draw});
  }
  return objective_(*model_, batch.x, noise, 0, {.training = true, .seed = config_.train.seed, .step = Index(draw), .labels = batch.labels},
                    weight_.term(step));
}

// The encoder keeps what pre-training has taught it; the decoder has its first weights again (Li et al. 2019, "A surprisingly effective fix
// for deep latent variable modeling of text"), and the optimizer knows nothing of what was.
void Learner::begin_again() {
  ParamStore fresh(store_options(config_));
  const std::unique_ptr<Model> first = make_model(config_, example_, fresh);
  auto weights = store_.tensors();
  const auto first_weights = fresh.tensors();
  for (std::size_t i = 0; i < weights.size(); i++)
    if (weights[i].first.starts_with("decoder/")) weights[i].second = first_weights[i].second;
  store_.load(weights, "pre-training");
  optimizer_ = make_optimizer(config_, store_, steps_an_epoch_, last_step_);
  networks_[0].optimizer = optimizer_.get();
}

void Learner::train_encoder(Index step, const std::function<const Batch&(Index k)>& batch) {
  constexpr Index updates = 10;
  double before = std::numeric_limits<double>::infinity(), sum = 0;
  for (Index k = 0; k < config_.objective.aggressive; k++) {
    const Pass p = pass(batch(k), step, (std::uint64_t{1} << 60) + std::uint64_t(step) * 16384 + std::uint64_t(k));
    try {
      encoder_optimizer_->step(backward(p.objective));
    } catch (const NonFiniteGradient&) {
      throw NotFinite{fmt::format("the gradient norm of the encoder is not finite (objective {})", p.objective.item()),
                      "optimizer.learning_rate"};
    }
    sum += p.objective.item();
    if ((k + 1) % updates != 0) continue;
    if (!(sum < before)) break;
    before = std::exchange(sum, 0);
  }
}

void Learner::judge(double mutual_information, Index step) {
  if (!aggressive(step - 1)) return;
  WeightState& state = weight_.state();
  state.aggressive = mutual_information > state.information;
  state.information = mutual_information;
}

StepLosses Learner::step(const Batch& batch, Index step) {
  if (weight_.starts(step)) begin_again();
  const Pass pass = this->pass(batch, step, std::uint64_t(step));
  Var loss = pass.objective;
  StepLosses losses{.reconstruction = pass.mean_reconstruction(), .kl = pass.mean_kl(), .beta = pass.term.weight};
  if (adversary_) {
    const Var term = adversary_->fool(*model_, pass.z.value(), batch.labels, config_.train.seed, step);
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
  optimizer_->hold(aggressive(step) ? encoder_group : -1);
  try {
    optimizer_->step(backward(loss));
  } catch (const NonFiniteGradient&) {
    not_finite("gradient norm");
  }
  losses.gradient_norm = optimizer_->last_gradient_norm();
  if (!weight_.pretraining(step)) weight_.observe(losses.kl);
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
