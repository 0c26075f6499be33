#pragma once
// A weight of the KL under control (Shao et al. 2020, "ControlVAE: controllable variational autoencoder", equation 6): it rises while the
// KL is above objective.target_kl, so that the code gets shorter, and falls below. With e = target - KL of a batch,
//
//   weight = clamp(0.01 / (1 + exp(e)) - 0.0001 sum of e, 0, beta),    the sum held where the weight is at an end

#include <algorithm>
#include <cmath>

namespace elbo {

struct KlController {
  double error_sum = 0, weight = 0;  // of the next update

  // kl: nats an example, of the update just made.
  void observe(double kl, double target, double beta) {
    const double e = target - kl, sum = error_sum + e;
    const double wanted = 0.01 / (1 + std::exp(e)) - 1e-4 * sum;
    weight = std::clamp(wanted, 0.0, beta);
    if (wanted > 0 && wanted < beta) error_sum = sum;
  }
};

}  // namespace elbo
