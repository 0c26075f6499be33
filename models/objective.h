#pragma once
// The objective, with one convention: nats per example, summed over pixels and over latent dimensions, averaged over the batch.
//
//   objective = reconstruction + beta * KL   what training minimises
//   total     = reconstruction + KL          the negative ELBO (Kingma and Welling 2013); reconstruction alone for a plain autoencoder
//
// reconstruction is the mean over objective.samples codes of each example. What else the objective may be, a file each:
//   models/kl_weight.h         beta, annealed or controlled
//   models/free_bits.h         a part of the KL that costs nothing
//   models/capacity.h          the KL held at a capacity that grows
//   models/importance_bound.h  the importance-weighted bound
//   models/adversary.h         a discriminator
//
// Likelihoods of x given the decoder's output, all constants kept where it is a log-likelihood:
//   bernoulli         -log p(x | logits); of grey values it is no likelihood, and is said to be none
//   continuous-bernoulli  -log p(x | logits) of the continuous Bernoulli distribution (Loaiza-Ganem and Cunningham 2019): what makes a
//                     likelihood of grey values
//   gaussian          fixed variance objective.variance
//   gaussian-learned  a variance for each number, which the decoder gives; its logarithm is softly clamped to the pixels' range below
//   gaussian-optimal  one variance for all pixels, at its optimum (sigma-VAE: Rybkin, Daniilidis and Levine 2021); its logarithm is softly
//                     clamped to the pixels' range below: data that are reproduced exactly would else have an infinite density
//   squared-error     sum of (x - mean)^2, without 1/2: no log-likelihood
//   categorical       -log p(x) of a text: the sum over its tokens, each given those before it

#include <optional>
#include <string_view>

#include "models/capacity.h"
#include "models/model.h"

namespace elbo {

enum class Likelihood { bernoulli, continuous_bernoulli, gaussian, gaussian_learned, gaussian_optimal, squared_error, categorical };
Likelihood likelihood_from_name(std::string_view name);  // throws UsageError naming the nearest
std::string_view likelihood_name(Likelihood l);
std::span<const std::string_view> likelihood_names();
// Whether it is a density on [0, 1] of values between bytes, so that byte data are dequantised.
bool is_density(Likelihood l);
constexpr double lowest_pixel_logvar = -6, highest_pixel_logvar = 3;
// The variance in use where v is the mean squared error of a pixel: v itself but near the ends of that range.
double clamped_variance(double v);
// Whether reconstruction is a normalised -log p(x | z): never for squared-error, for bernoulli only on binarised data.
bool normalised(Likelihood l, bool binary_data);

// The reconstruction term of each example, (n,). `variance` is that of gaussian-optimal in evaluation; 0: the batch's own optimum
// (training).
Var reconstruction_loss(Likelihood l, const ObjectiveConfig& config, const Decoding& decoding, const Tensor& x, double variance = 0);

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
  void take_samples(Pass& pass, const Model& model, const Tensor& x, const Tensor& noise, double variance,
                    const PassContext& context) const;
  ObjectiveConfig config_;
  Likelihood likelihood_;
};

}  // namespace elbo
