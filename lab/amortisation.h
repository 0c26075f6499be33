#pragma once
// The amortisation gap (Cremer, Li and Duvenaud 2018, "Inference suboptimality in variational autoencoders"): how much of the ELBO is lost
// because one encoder serves all examples. For each example the mean and log-variance of its code are optimised on their own, from the
// encoder's, with the weights of the model fixed:
//
//   gap = mean over x of  max over mean, logvar of ELBO(x; mean, logvar)  -  ELBO(x; the encoder's)
//
// The rest of log p(x) - ELBO, the approximation gap, is what a Gaussian with independent dimensions cannot do.
//
// Adam with reparameterised noise, fresh and keyed by the update and the example's place in its part, the rate falling to 0 along half a
// cosine. Both ELBOs are then measured with the same samples, which no update has seen, so the gap is not flattered by its own noise: it
// errs downwards, by what the optimiser has not found and by what its noise leaves (a few thousandths of a nat for two dimensions of the
// code and the numbers below; an encoder that is perfect has a gap just below 0). An optimised log-variance is not clamped as the
// encoder's is. Nats per example. Memory holds the graphs of a batch, one a sample of an update.

#include "models/run.h"

namespace elbo {

struct AmortisationOptions {
  Index examples = 200;           // the first so many of the part; 0: all
  Index steps = 300;              // updates of each code
  double learning_rate = 0.03;    // of the first update, in the units of the code
  Index samples = 4;              // of each update
  Index evaluation_samples = 50;  // of both ELBOs
  std::uint64_t seed = 1;
  Index batch = 100;
};

struct AmortisationGap {
  double encoder_elbo = 0, optimised_elbo = 0, gap = 0;
  double standard_error = 0;  // of the gap, over examples; NaN for one
  Index examples = 0, steps = 0;
};

// For pictures, vectors and texts alike. Throws UsageError for options out of range; Error for a plain autoencoder, a part without
// examples, and codes whose ELBO is not finite. The run's weights are as they were.
AmortisationGap amortisation_gap(const Run& run, const Split& split, const AmortisationOptions& options = {});

}  // namespace elbo
