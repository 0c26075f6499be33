#include "models/kl_weight.h"

#include <algorithm>
#include <cmath>

#include "models/annealing.h"

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
  if (target_ > 0) return state_.control.weight;
  if (step >= start_ + state_.anneal_steps) return beta_;
  return beta_ * annealed(shape_, double(step - start_) / double(state_.anneal_steps), double(cycles_));
}

void KlWeight::observe(double kl) {
  if (target_ > 0) state_.control.observe(kl, target_, beta_);
}

}  // namespace elbo
