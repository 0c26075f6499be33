#pragma once
// The importance-weighted bound (Burda, Grosse and Salakhutdinov 2015, "Importance weighted autoencoders"), objective.bound=iwae:
//
//   -log 1/k sum over s of w_s,    w_s = p(x | z_s) p(z_s) / q(z_s | x),    z_s from q(z | x), s = 1 .. k (objective.samples)
//
// mean over the batch, in nats. With k = 1 it is the negative ELBO with the KL sampled, and it falls towards -log p(x) as k grows. A weight
// of the KL (beta, annealing) is the exponent of p(z) / q(z | x). The gradient goes through the samples, as the paper's.

#include "autograd/ops.h"

namespace elbo {

// reconstruction: -log p(x | z); log_ratio: log p(z) - log q(z | x) (models/latent.h), both (n, k)  ->  a scalar.
Var importance_bound(const Var& reconstruction, const Var& log_ratio, double weight);

}  // namespace elbo
