#pragma once
// The objective, with one convention: nats per example, summed over pixels and over latent dimensions, averaged over the batch.
//
//   objective = reconstruction + beta * KL   what training minimises
//   total     = reconstruction + KL          the negative ELBO (Kingma and Welling 2013); reconstruction alone for a plain autoencoder
//
// What an objective is made of, a file each:
//   models/likelihood.h        the reconstruction term
//   models/latent.h            the code's posterior and prior, and so the KL
//   models/elbo.h              the ELBO with any number of samples
//   models/importance_bound.h  the importance-weighted bound
//   models/kl_weight.h         beta
//   models/annealing.h         beta annealed
//   models/kl_target.h         beta under control
//   models/free_bits.h         a part of the KL that costs nothing
//   models/capacity.h          the KL held at a capacity that grows
//   models/adversary.h         a discriminator

#include <optional>
#include <string>

#include "models/capacity.h"
#include "models/likelihood.h"

namespace elbo {

// One pass of a batch through encoder, sample and decoder.
struct Pass {
  Code code;
  Var z;               // (n, latent): the sample; the mean for a plain autoencoder. Of k samples (n k, latent)
  Decoding decoding;   // of each z; empty of texts
  Var reconstruction;  // (n,): of k samples their mean
  Var kl;              // (n, latent), per dimension; empty for a plain autoencoder
  Var objective;       // scalar
  KlTerm term;         // what the KL costs in it
  double mean_reconstruction() const;
  double mean_kl() const;  // 0 for a plain autoencoder
};

class Objective {
 public:
  explicit Objective(const Config& config) : config_(config.objective), likelihood_(likelihood_from_name(config.objective.likelihood)) {}
  Likelihood likelihood() const { return likelihood_; }
  double beta() const { return config_.beta; }
  bool importance_weighted() const { return config_.bound == "iwae"; }
  Index samples() const { return config_.samples; }
  // What the KL costs when all schedules have ended; `weight` in place of beta().
  KlTerm final_term(double weight) const { return {weight, config_.capacity > 0 ? std::optional<double>(config_.capacity) : std::nullopt}; }

  // What follows "what training minimises": ", beta 0.5"; ": iwae, 5 samples, beta 1".
  std::string description(double beta) const;

  // x: (n, example...), or tokens (n, most); noise: (n, latent), standard normal, or empty for z = the mean. `variance` as above; `term`:
  // final_term(beta()) where it is not given. Free bits count in training alone. With noise (n, k, latent) k samples of each example, and
  // the bound of the configuration; with (n, latent) always the ELBO. A conditional model's labels are the context's.
  Pass operator()(const Model& model, const Tensor& x, const Tensor& noise, double variance = 0, const PassContext& context = {},
                  std::optional<KlTerm> term = {}) const;
  // The reconstruction term of each example for codes z as the decoder reads them (Model::given), (n,).
  Var reconstruction(const Model& model, const Code& code, const Var& z, const Tensor& x, double variance) const;
  Var reconstruction(const Decoding& decoding, const Tensor& x, double variance) const {
    return reconstruction_loss(likelihood_, config_, decoding, x, variance);
  }

 private:
  // The mean over the batch of what the KL costs.
  Var charge(const Var& kl, const KlTerm& term, bool training) const;
  void take_one(Pass& pass, const Model& model, const Tensor& x, const Tensor& noise, double variance, const PassContext& context) const;
  struct Samples {
    Code codes;          // each example's as often as it has samples, (n k, latent)
    Tensor noise;        // likewise
    Var reconstruction;  // (n, k)
  };
  Samples take_samples(Pass& pass, const Model& model, const Tensor& x, const Tensor& noise, double variance,
                       const PassContext& context) const;
  ObjectiveConfig config_;
  Likelihood likelihood_;
};

}  // namespace elbo
