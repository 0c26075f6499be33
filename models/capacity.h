#pragma once
// A capacity for the code that grows during training (Burgess et al. 2018, "Understanding disentangling in beta-VAE", equation 8): the KL
// is held at C nats by a weight that is large from the start, and C rises, so that dimensions come into use one after the other.
//
//   objective = reconstruction + beta |KL - C|,    C = objective.capacity * min(1, update / objective.capacity_steps)
//
// KL is the batch's mean; in validation and evaluation the part's mean, at the final C.

#include <algorithm>
#include <cmath>
#include <optional>

#include "autograd/ops.h"

namespace elbo {

inline double capacity_at(double capacity, Index steps, Index step) {
  return steps == 0 ? capacity : capacity * std::min(1.0, double(step) / double(steps));
}

inline Var beyond_capacity(const Var& mean_kl, double capacity) { return abs(mean_kl + -capacity); }

// What the KL costs in an update.
struct KlTerm {
  double weight = 1;
  std::optional<double> capacity = {};
  // Of a mean KL, nats an example.
  double cost(double kl) const { return weight * (capacity ? std::abs(kl - *capacity) : kl); }
};

}  // namespace elbo
