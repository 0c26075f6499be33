#pragma once
// Free bits (Kingma et al. 2016, "Improved variational inference with inverse autoregressive flow"): a part of the KL that costs nothing,
// so that a code which says a little is no dearer than one that says nothing.
//
//   charge = max(total, sum over j of max(per dimension, mean over the batch of KL_j))
//
// objective.free_bits, objective.free_bits_total. In training alone: validation and evaluation charge the whole KL.

#include <limits>

#include "autograd/ops.h"

namespace elbo {

// kl: (n, latent), nats of each example and dimension. A scalar.
inline Var free_bits(const Var& kl, double per_dimension, double total) {
  constexpr double infinite = std::numeric_limits<double>::infinity();
  return clamp(sum(clamp(mean(kl, {0}), per_dimension, infinite)), total, infinite);
}

}  // namespace elbo
