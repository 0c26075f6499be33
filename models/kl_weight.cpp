#include "models/kl_weight.h"

#include <algorithm>
#include <cmath>

namespace elbo {

KlWeight::KlWeight(const ObjectiveConfig& c, Index steps_an_epoch, Index last_step)
    : shape_(c.anneal_shape),
      beta_(c.beta),
      target_(c.target_kl),
      capacity_(c.capacity),
      cycles_(c.anneal_cycles),
      start_(c.pretrain_epochs * steps_an_epoch) {
  const double left = double(std::max<Index>(0, last_step - start_));
  const auto updates = [&](double steps) { return Index(std::llround(steps < 1 ? steps * left : steps)); };
  if (shape_ != "none") state_.anneal_steps = updates(c.anneal_steps);
  if (capacity_ > 0) state_.capacity_steps = updates(c.capacity_steps);
}

KlTerm KlWeight::term(Index step) const {
  KlTerm t{.weight = at(step)};
  if (capacity_ > 0 && !pretraining(step)) t.capacity = capacity_at(capacity_, state_.capacity_steps, step - start_);
  return t;
}

double KlWeight::at(Index step) const {
  if (pretraining(step)) return 0;
  if (target_ > 0) return state_.weight;
  if (step >= start_ + state_.anneal_steps) return beta_;
  const double t = double(step - start_) / double(state_.anneal_steps);
  if (shape_ == "linear") return beta_ * t;
  if (shape_ == "logistic") return beta_ / (1 + std::exp(-12 * (t - 0.5)));
  const double within = t * double(cycles_) - std::floor(t * double(cycles_));
  return beta_ * std::min(1.0, 2 * within);
}

void KlWeight::observe(double kl) {
  if (target_ <= 0) return;
  const double e = target_ - kl, sum = state_.error_sum + e;
  const double wanted = 0.01 / (1 + std::exp(e)) - 1e-4 * sum;
  state_.weight = std::clamp(wanted, 0.0, beta_);
  if (wanted > 0 && wanted < beta_) state_.error_sum = sum;
}

}  // namespace elbo
