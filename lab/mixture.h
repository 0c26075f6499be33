#pragma once
// A mixture of Gaussians, fitted to codes: where the codes of the data lie, when one Gaussian is too coarse.

#include <cstdint>
#include <vector>

#include "models/run.h"

namespace elbo {

struct Mixture {
  struct Component {
    double weight;
    Tensor mean;        // float64 (d,)
    Tensor covariance;  // float64 (d, d)
  };
  std::vector<Component> components;

  // `count` codes (count, d), float64; `temperature` scales their deviation from their component's mean. Code i depends on `seed` and i
  // alone.
  Tensor draw(Index count, double temperature, std::uint64_t seed) const;
  // Mean of log p(x) over the rows of x (n, d), nats.
  double mean_log_density(const Tensor& x) const;
};

// `components` Gaussians with full covariances for the rows of x (n, d), float64, by `iterations` of expectation and maximisation
// (Dempster, Laird and Rubin 1977), from centres chosen far apart (k-means++, Arthur and Vassilvitskii 2007). Each covariance gets 1e-4 of
// the mean variance on its diagonal, so that none collapses. Throws Error for fewer rows than components.
Mixture fit_mixture(const Tensor& x, int components = 10, int iterations = 40);

// Codes of the first examples of a part, at most 10,000, to fit to: samples from the encoder of a VAE, the codes themselves of a plain
// autoencoder. float64.
Tensor mixture_codes(const Run& run, const Split& train);

}  // namespace elbo
