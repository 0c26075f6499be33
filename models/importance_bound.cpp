#include "models/importance_bound.h"

#include <cmath>

namespace elbo {

Var importance_bound(const Var& reconstruction, const Var& log_ratio, double weight) {
  const Var log_weights = log_ratio * weight - reconstruction;
  return -mean(logsumexp(log_weights, {1})) + std::log(double(reconstruction.size(1)));
}

}  // namespace elbo
