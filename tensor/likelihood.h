#pragma once
// The likelihoods' losses and the Gaussian code as functions of tensors. Losses are nats (or squared units) per example: an output of
// shape (n,) for inputs (n, ...), each summed over the example's own axes.

#include "tensor/kernels/likelihood.h"
#include "tensor/tensor.h"

namespace elbo {

// -log p of targets in [0, 1] under Bernoulli variables given by logits: finite at any logit. A likelihood only for targets 0 and 1.
// `derivative`, if not null, receives d loss / d logits, of the logits' shape.
Tensor bernoulli_loss(const Tensor& logits, const Tensor& target, Tensor* derivative = nullptr);
// -log p of targets in [0, 1] under continuous Bernoulli variables (Loaiza-Ganem and Cunningham 2019), the Bernoulli's form with the
// normaliser that makes it a density of grey values. `derivative` as above.
Tensor continuous_bernoulli_loss(const Tensor& logits, const Tensor& target, Tensor* derivative = nullptr);
Tensor continuous_bernoulli_mean(const Tensor& logits);
// Sum of squared differences (without 1/2: no log-likelihood). `derivative`: d loss / d y.
Tensor squared_error(const Tensor& y, const Tensor& target, Tensor* derivative = nullptr);

// x kept inside (low, high), exactly itself but for the outer tenths of the range; the slope is never 0. `slope`: dy/dx.
Tensor soft_clamp(const Tensor& x, double low, double high, Tensor* slope = nullptr);
// KL(N(mu, exp(logvar)) || N(0, 1)) of each code dimension, in nats; the shape of mu.
Tensor kl_normal(const Tensor& mu, const Tensor& logvar);
// mu + exp(logvar / 2) epsilon, all of one shape.
Tensor reparameterise(const Tensor& mu, const Tensor& logvar, const Tensor& epsilon);

}  // namespace elbo
