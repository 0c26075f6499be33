#pragma once
// The experiment whose reference is a theorem: a linear VAE trained as any other model ends at probabilistic PCA, whose maximum of the
// likelihood has a closed form (lab/linear_vae.h, with the papers).

#include "lab/linear_vae.h"
#include "lab/reproduce.h"

namespace elbo::lab {

struct LinearSetup {
  Index examples = 10000;  // all of them are trained on
  Index epochs = 150;
  double learning_rate = 0.01;  // falls to 0 along a cosine
  Index noise_draws = 64;       // of each code, for `total`
};

// Ten numbers made from three factors: normal weights of fixed seed, a mean that is not 0, variance 1/4 left over.
ProbabilisticPca linear_data_model();

// `linear-vae` with its data of `setup.examples` vectors in OUT/data.npy. Its own figures, on the examples trained on:
//   total                 negative ELBO, mean over several draws of each example's code (one alone errs by 0.01 nats with 10,000 examples)
//   exact_total           the same with the code integrated out
//   maximum_likelihood    the smallest -log p(x) that any such model reaches on these examples
//   total_excess          total - maximum_likelihood, nats
//   variance_ratio        learned variance / that of the maximum
//   subspace_sine         sine of the largest angle between the two spanned subspaces
//   nll_difference        nll with K = 1 less nll with K = 100: 0 where the encoder is the posterior
Experiment linear_experiment(const LinearSetup& setup = {});

// Sine of the largest principal angle between the spaces spanned by the columns of a and b, float64 (d, k), d > k, of full rank: the norm
// of the difference of their projections.
double subspace_sine(const Tensor& a, const Tensor& b);

}  // namespace elbo::lab
