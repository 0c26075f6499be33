#include "models/gaussian_latent.h"

#include "autograd/ops.h"

namespace elbo {

Var GaussianLatent::draw(const Code& code, const Tensor& noise) const { return reparameterise(code.mean, code.logvar, noise); }

Var GaussianLatent::kl(const Code& code, const Var&, const Tensor&) const { return kl_normal(code.mean, code.logvar); }

// log N(z; 0, 1) - log N(z; mean, exp(logvar)): the constants log(2 pi) / 2 cancel, and z - mean is the noise times the deviation.
Var GaussianLatent::log_prior_over_posterior(const Code& code, const Var& z, const Tensor& noise) const {
  return sum(square(Var(noise)) + code.logvar - square(z), {1}) * 0.5;
}

std::unique_ptr<Latent> make_latent(const Config&, const Scope&) { return std::make_unique<GaussianLatent>(); }

}  // namespace elbo
