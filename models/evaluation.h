#pragma once
// Passes over a whole part of the data that training itself needs: validation, the statistics of the codes, the optimal variance.
// Every pass uses fixed noise: an example's draws depend on nothing but its place in its part (and `seed`).

#include "models/run.h"
#include "models/symptoms.h"
#include "models/trainer.h"

namespace elbo {

// Noise for examples of a part, int32 (n,) -> (n, latent): sample number `sample` of each. Empty for a plain autoencoder.
Tensor evaluation_noise(const Model& model, const Tensor& examples, std::uint64_t seed = 1, std::uint64_t sample = 0);

// The codes of a part's first `most` examples, each where its example stands, in whatever order batches come. Empty tensors for what a
// model does not have.
class FirstCodes {
 public:
  explicit FirstCodes(Index most) : most_(most) {}
  void add(const Pass& pass, const Tensor& examples);
  double information(Index count) const;  // of a VAE: mutual information of index and code, on the first `count`
  Tensor mean, logvar, z;                 // (most, latent)

 private:
  Index most_;
};

// Objective, total, reconstruction, KL and active units over all batches, one latent sample an example (the objective of iwae as many as
// in training); mutual information on the first 1,000 examples. `weight`: of the KL in the objective, whose other schedules have ended.
// `symptoms`, where it is not null, becomes what was seen of the codes, and of the decoder in the first batch.
Metrics validate(const Model& model, const Objective& objective, BatchSource& batches, double optimal_variance, double weight,
                 Symptoms* symptoms = nullptr);

// Mean and covariance of the codes z of all examples.
CodeStatistics code_statistics(const Model& model, BatchSource& batches);

// The variance at its optimum: the mean squared error of a number under the decoder's mean, over all examples, one latent sample each,
// clamped as clamped_variance() does.
double training_variance(const Model& model, BatchSource& batches);

}  // namespace elbo
