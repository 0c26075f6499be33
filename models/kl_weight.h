#pragma once
// Beta, the weight of the KL (Higgins et al. 2017, "beta-VAE: learning basic visual concepts with a constrained variational framework"),
// objective.beta:
//
//   objective = reconstruction + beta KL
//
// update by update: constant, annealed (models/annealing.h) or controlled (models/kl_target.h), and the capacity of models/capacity.h,
// which rises beside a constant weight.

#include "models/capacity.h"
#include "models/config.h"
#include "models/kl_target.h"

namespace elbo {

// What a checkpoint keeps of the objective's schedules.
struct WeightState {
  Index anneal_steps = 0;      // as settled when training began: a share of a longer run's updates would be another
  Index capacity_steps = 0;    // likewise
  KlController control;        // with a target
  bool aggressive = true;      // the encoder's extra updates still go on
  double information = -1e30;  // nats: the mutual information when they were last judged
};

class KlWeight {
 public:
  KlWeight(const ObjectiveConfig& config, Index steps_an_epoch, Index last_step);

  // Of update `step`, from 0. In the epochs of pre-training 0, and what follows counts from their end.
  double at(Index step) const;
  KlTerm term(Index step) const;  // the same with the capacity
  bool pretraining(Index step) const { return step < start_; }
  bool starts(Index step) const { return start_ > 0 && step == start_; }
  Index end() const { return start_ + std::max(state_.anneal_steps, state_.capacity_steps); }  // the first update with final values
  double final_weight() const { return target_ > 0 ? state_.control.weight : beta_; }
  void observe(double kl);  // nats an example, of the update just made; for the target

  const WeightState& state() const { return state_; }
  WeightState& state() { return state_; }

 private:
  std::string shape_;
  double beta_, target_, capacity_;
  Index cycles_, start_;
  WeightState state_;
};

}  // namespace elbo
