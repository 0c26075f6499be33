#include "models/importance_bound.h"

#include <cmath>

namespace elbo {

// log N(z; 0, 1) - log N(z; mu, exp(v)) = (noise^2 + v - z^2) / 2 of each dimension: the constants log(2 pi) / 2 cancel.
Var log_prior_over_posterior(const Var& z, const Tensor& noise, const Var& logvar) {
  return sum(square(Var(noise)) + logvar - square(z), {1}) * 0.5;
}

Var importance_bound(const Var& reconstruction, const Var& log_ratio, double weight) {
  const Var log_weights = log_ratio * weight - reconstruction;
  return -mean(logsumexp(log_weights, {1})) + std::log(double(reconstruction.size(1)));
}

}  // namespace elbo
