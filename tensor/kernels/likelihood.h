#pragma once
// Row kernels of the likelihoods: one pass over an example gives its loss and, where asked, the derivative for the backward pass.

#include <cstdint>

#include "tensor/isa.h"

namespace elbo {

template <class T>
struct LikelihoodTable {
  // Returns the sum over i of -log p(t_i | logit o_i) = max(o, 0) - o t + log1p(exp(-|o|)); d[i] = sigmoid(o_i) - t_i unless d is null.
  double (*bernoulli)(const T* logits, const T* target, T* d, std::int64_t n);
  // Returns the sum of -log p(t_i | logit o_i) of the continuous Bernoulli distribution on [0, 1], p(t) = o exp(o t) / (exp(o) - 1):
  // o / 2 - o t + log(sinh(o / 2) / (o / 2)); d[i] = its mean - t_i unless d is null.
  double (*continuous_bernoulli)(const T* logits, const T* target, T* d, std::int64_t n);
  // The mean of that distribution: 1 / (1 - exp(-o)) - 1 / o.
  void (*continuous_bernoulli_mean)(const T* logits, T* mean, std::int64_t n);
  // Returns the sum of (y_i - t_i)^2; d[i] = 2 (y_i - t_i) unless d is null.
  double (*squared_error)(const T* y, const T* target, T* d, std::int64_t n);
  // y[i] = x[i] inside [low + m, high - m], m a tenth of the range; beyond that it approaches the bound as m u / (1 + u), whose
  // slope never vanishes. slope[i] = dy/dx unless slope is null.
  void (*soft_clamp)(const T* x, T low, T high, T* y, T* slope, std::int64_t n);
  // KL(N(mu, exp(logvar)) || N(0, 1)) of each number, in nats: (mu^2 + exp(logvar) - logvar - 1) / 2.
  void (*kl)(const T* mu, const T* logvar, T* y, std::int64_t n);
  // z = mu + exp(logvar / 2) epsilon
  void (*reparameterise)(const T* mu, const T* logvar, const T* epsilon, T* z, std::int64_t n);
};

struct LikelihoodKernels {
  LikelihoodTable<float> f32;
  LikelihoodTable<double> f64;
};
ELBO_KERNEL_TABLE(LikelihoodKernels, likelihood_kernels);

}  // namespace elbo
