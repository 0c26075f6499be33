#pragma once
// The evidence lower bound with k samples (Kingma and Welling 2013, "Auto-encoding variational Bayes", equation 7), objective.bound=elbo:
//
//   -1/k sum over s of log p(x | z_s) + cost of the KL,    z_s from q(z | x), s = 1 .. k (objective.samples)
//
// mean over the batch, in nats. The KL has a closed form, so that the samples' noise is in the reconstruction alone; more of them make its
// gradient less noisy and leave the bound where it is. What the KL costs: beta times itself (models/kl_weight.h), or otherwise
// (models/free_bits.h, models/capacity.h); at beta 1 it is the negative ELBO.

#include "autograd/ops.h"

namespace elbo {

// reconstruction: -log p(x | z), (n,) or (n, k); cost: the mean over the batch, a scalar  ->  a scalar.
inline Var elbo_bound(const Var& reconstruction, const Var& cost) { return mean(reconstruction) + cost; }

}  // namespace elbo
