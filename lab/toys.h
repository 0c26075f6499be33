#pragma once
// Exact figures of small models by quadrature: codes of one or two dimensions, decoders of any form. With them the sampling estimators
// (models/importance.h, models/information.h) meet an answer that nobody has sampled.
//
//   log p(x) = log of the integral of p(x | z) p(z) over [-range, range]^latent
//   E over q(z | x) of log p(x | z)     over z = mean + exp(logvar / 2) e, e in [-range, range]^latent, weighted by N(e; 0, I)
//   KL(q(z | x) || p(z | x)) = log p(x) - ELBO
//
// by the trapezoid rule on a regular grid, whose error falls faster than any power of the step for smooth decoders that end inside the
// range (Trefethen and Weideman 2014, "The exponentially convergent trapezoidal rule"), and with the square of the step where the decoder
// has kinks (relu). Each result comes with the largest change, over examples, against the grid of every second point: an upper bound of its
// own error once the step is small enough for either. What lies outside the range is in no error: under the prior 1e-15 at 8.
//
// Nats per example. Sums are in double and in the order of the grid; memory holds a block of the grid. The likelihood must be normalised
// for log p(x) to be one (Objective's, all but squared-error).

#include <vector>

#include "models/objective.h"

namespace elbo {

struct GridOptions {
  Index points = 0;     // on each axis, odd, at least 5; 0: 1601 for one dimension (step 0.01), 321 for two (0.05)
  double range = 8;     // in each direction
  double variance = 0;  // that of gaussian-optimal
};

struct ExactLikelihood {
  std::vector<double> log_likelihood;  // log p(x) of each example
  double error = 0;                    // the largest change against half as many points
};
// x: examples (n, example...) of the model's type. Throws UsageError for codes of other than one or two dimensions, an even number of
// points, texts, and gaussian-optimal without its variance.
ExactLikelihood exact_log_likelihood(const Model& model, const Objective& objective, const Tensor& x, const GridOptions& options = {});

struct ExactElbo {
  std::vector<double> reconstruction, kl;  // as in Pass, the reconstruction's mean over the codes exact
  double error = 0;
  double elbo(std::size_t i) const { return -reconstruction[i] - kl[i]; }
};
// For a variational model. Throws Error for another.
ExactElbo exact_elbo(const Model& model, const Objective& objective, const Tensor& x, const GridOptions& options = {});

struct ExactPosteriorKl {
  std::vector<double> kl;  // KL(q(z | x) || p(z | x)) of each example: what the ELBO is below log p(x)
  double error = 0;        // the sum of the two errors
};
ExactPosteriorKl exact_posterior_kl(const Model& model, const Objective& objective, const Tensor& x, const GridOptions& options = {});

// Of q(z) = 1/n sum over i of q(z | x_i), by a grid over its own extent whose step is half the smallest deviation of a code:
//   mutual_information   H(q(z)) - mean H(q(z | x_i)): what elbo::mutual_information() estimates from one sample an example
//   aggregate_kl         KL(q(z) || N(0, I)), from the integral of q log(q / p); mean KL = mutual_information + aggregate_kl
struct ExactAggregate {
  double mutual_information = 0, aggregate_kl = 0;
  double mass = 0;   // the integral of q(z): 1 but for the error of the grid
  double error = 0;  // the larger change of the two against every second point
};
// mean, logvar: (n, latent), latent 1 or 2, of any float type. Throws UsageError for another latent; Error where the grid would have more
// than 16 million points: a code very narrow beside the extent of all.
ExactAggregate exact_aggregate(const Tensor& mean, const Tensor& logvar);

}  // namespace elbo
