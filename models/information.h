#pragma once
// How much codes say of their examples: the mutual information of index and code (Hoffman and Johnson 2016, "ELBO surgery"),
//
//   I = mean over i of log q(z_i | x_i) - log q(z_i),    q(z) = 1/N sum over j of q(z | x_j),    z_i drawn from q(z | x_i)
//
// At most log N: an estimate near that only says that it is at least so large. The KL of the ELBO is I + KL(q(z) || p(z)).

#include "tensor/tensor.h"

namespace elbo {

// mean, logvar, z: (n, latent) of any float type. Nats; 0 for no examples. Sums are in double and in the order of the examples.
double mutual_information(const Tensor& mean, const Tensor& logvar, const Tensor& z);

}  // namespace elbo
