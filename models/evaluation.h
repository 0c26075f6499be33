#pragma once
// Passes over a whole part of the data that training itself needs: validation, the statistics of the codes, the optimal variance.
// Every pass uses fixed noise: an example's draws depend on nothing but its place in its part (and `seed`).

#include "models/run.h"
#include "models/trainer.h"

namespace elbo {

// Noise for examples first, first + 1, ... of a part, (count, latent): sample number `sample` of each.
Tensor evaluation_noise(const Model& model, Index first, Index count, std::uint64_t seed = 1, std::uint64_t sample = 0);

// Objective, total, reconstruction, KL and active units over all batches, one latent sample an example.
Metrics validate(const Model& model, const Objective& objective, Batches& batches, double optimal_variance);

// Mean and covariance of the codes z of all examples.
CodeStatistics code_statistics(const Model& model, const Split& split, const BatchOptions& options);

// The variance at its optimum: the mean squared error of a number under the decoder's mean, over all examples, one latent sample each,
// clamped as clamped_variance() does.
double training_variance(const Model& model, const Split& split, const BatchOptions& options);

}  // namespace elbo
