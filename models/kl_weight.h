#pragma once
// The weight of the KL term, update by update: constant, annealed, or controlled.
//
//   linear     rises from 0 to beta over anneal.steps updates (Bowman et al. 2016, "Generating sentences from a continuous space")
//   logistic   the same along 1 / (1 + exp(-12 (t - 1/2))), t from 0 to 1 (the same)
//   cyclical   anneal.cycles times: linearly up in the first half of a cycle, beta in the second (Fu et al. 2019, "Cyclical annealing
//              schedule: a simple approach to mitigating KL vanishing")
//   target     a controller that raises the weight while the KL is above objective.target_kl and lowers it below (Shao et al. 2020,
//              "ControlVAE: controllable variational autoencoder", equation 6): with e = target - KL of a batch,
//                weight = clamp(0.01 / (1 + exp(e)) - 0.0001 sum of e, 0, beta),    the sum held where the weight is at an end
//
// and the capacity of models/capacity.h, which rises beside a constant weight.

#include "models/capacity.h"
#include "models/config.h"

namespace elbo {

// What a checkpoint keeps of the objective's schedules.
struct WeightState {
  Index anneal_steps = 0;      // as settled when training began: a share of a longer run's updates would be another
  Index capacity_steps = 0;    // likewise
  double error_sum = 0;        // target
  double weight = 0;           // target: of the next update
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
  double final_weight() const { return target_ > 0 ? state_.weight : beta_; }
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
