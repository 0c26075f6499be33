#pragma once
// The distributions of the code, and the one place that knows them:
//
//   posterior  q(z | x) = N(mean, diag(exp(logvar)))   what encoders give (Kingma and Welling 2013, "Auto-encoding variational Bayes")
//   prior      p(z) = N(0, I)
//
// Another posterior (a flow) or prior (a learned one) is another definition of what follows: a draw, the divergence, and the ratio of the
// two densities at a draw. A plain autoencoder's code is its mean.

#include <vector>

#include "models/model.h"

namespace elbo {

// z = mean + exp(logvar / 2) noise; noise: (n, latent), standard normal. The mean itself where there is no logvar or no noise.
Var draw_code(const Code& code, const Tensor& noise);

// KL(q(z | x) || p(z)) of each example and dimension in closed form, nats: (n, latent).
Var code_kl(const Code& code);

// log p(z) - log q(z | x) of each draw z = draw_code({mean, logvar}, noise), nats: (n,).
Var log_prior_over_posterior(const Var& z, const Tensor& noise, const Var& logvar);
std::vector<double> log_prior_over_posterior(const Tensor& z, const Tensor& noise, const Tensor& logvar);  // summed in double

}  // namespace elbo
