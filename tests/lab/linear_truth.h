#pragma once
// What the tests of linear models start from: a probabilistic PCA of six numbers and three code dimensions that is known.

#include <vector>

#include "lab/linear_vae.h"
#include "tensor/random.h"

namespace elbo::testing {

inline constexpr Index dims = 6, latent = 3;

// Columns that are not orthogonal, a mean that is not 0.
inline ProbabilisticPca truth(double variance = 0.25) {
  ProbabilisticPca p{Tensor({dims, latent}, DType::float64), Tensor({dims}, DType::float64), variance};
  fill_normal(p.weights, {.seed = 3});
  fill_uniform(p.mean, {.seed = 4});
  return p;
}

inline double mean_of(const std::vector<double>& v) {
  double sum = 0;
  for (const double x : v) sum += x;
  return sum / double(v.size());
}

}  // namespace elbo::testing
