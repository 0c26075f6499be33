#pragma once
// A posterior of independent Gaussians and a standard normal prior (Kingma and Welling 2013, "Auto-encoding variational Bayes"):
//
//   q(z | x) = N(mean, diag(exp(logvar))),    p(z) = N(0, I),    z = mean + exp(logvar / 2) noise
//
//   KL = 1/2 sum over dimensions of mean^2 + exp(logvar) - 1 - logvar
//   log p(z) - log q(z | x) = 1/2 sum over dimensions of noise^2 + logvar - z^2

#include "models/latent.h"

namespace elbo {

class GaussianLatent final : public Latent {
 public:
  Var draw(const Code& code, const Tensor& noise) const override;
  Var kl(const Code& code, const Var& z, const Tensor& noise) const override;  // of z and noise it needs nothing
  Var log_prior_over_posterior(const Code& code, const Var& z, const Tensor& noise) const override;
  Tensor draw_prior(const Tensor& noise) const override { return noise; }
};

}  // namespace elbo
