#pragma once
// The distributions of a model's codes: the posterior q(z | x) that its encoder gives, and the prior p(z). Training, evaluation, bounds and
// samples ask these alone, so another pair (a learned prior, a flow after the encoder) is a class in a file of its own and a line in
// make_latent(), which gives it a place for parameters. The standard pair: models/gaussian_latent.h.

#include <memory>

#include "nn/param_store.h"

namespace elbo {

struct Config;

// The code of each example: (n, latent). logvar is empty for a plain autoencoder, whose code is its mean.
struct Code {
  Var mean, logvar;
  Var embedded = {};  // of texts: what encoder and decoder both read
};

// `noise` is always standard normal, (n, latent), and z what draw() made of it. A variational model's codes only.
class Latent {
 public:
  virtual ~Latent() = default;
  // z from q(z | x), (n, latent).
  virtual Var draw(const Code& code, const Tensor& noise) const = 0;
  // KL(q(z | x) || p(z)) of each example and dimension, nats, (n, latent): in closed form, or estimated at z. What does not split by
  // dimensions is given in equal parts.
  virtual Var kl(const Code& code, const Var& z, const Tensor& noise) const = 0;
  // log p(z) - log q(z | x) of each draw, nats, (n,).
  virtual Var log_prior_over_posterior(const Code& code, const Var& z, const Tensor& noise) const = 0;
  // z from p(z), (n, latent), in the type of the noise.
  virtual Tensor draw_prior(const Tensor& noise) const = 0;
};

// Those of this configuration; what they learn lies in `scope`.
std::unique_ptr<Latent> make_latent(const Config& config, const Scope& scope);

}  // namespace elbo
