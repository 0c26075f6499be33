#pragma once
// The objective, with one convention: nats per example, summed over pixels and over latent dimensions, averaged over the batch.
//
//   objective = reconstruction + beta * KL   what training minimises
//   total     = reconstruction + KL          the negative ELBO (Kingma and Welling 2013); reconstruction alone for a plain autoencoder
//
// In training the KL may have a part that costs nothing, and the weight may change (models/kl_weight.h):
//   free bits            max(F, batch mean of a dimension's KL), summed over dimensions (Kingma et al. 2016, "Improved variational
//                        inference with inverse autoregressive flow")
//   free bits in all     max(F, the sum of them)
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
  Var z;               // (n, latent): the sample; the mean for a plain autoencoder
  Decoding decoding;   // empty of texts
  Var reconstruction;  // (n,)
  Var kl;              // (n, latent), per dimension; empty for a plain autoencoder
  Var objective;       // scalar
  double weight = 0;   // of the KL in it
  double mean_reconstruction() const;
  double mean_kl() const;  // 0 for a plain autoencoder
};

class Objective {
 public:
  explicit Objective(const Config& config) : config_(config.objective), likelihood_(likelihood_from_name(config.objective.likelihood)) {}
  Likelihood likelihood() const { return likelihood_; }
  double beta() const { return config_.beta; }

  // x: (n, example...), or tokens (n, most); noise: (n, latent), standard normal, or empty for z = the mean. `variance` as above; `weight`:
  // of the KL, beta() where it is not given. Free bits count in training alone.
  Pass operator()(const Model& model, const Tensor& x, const Tensor& noise, double variance = 0, const PassContext& context = {},
                  std::optional<double> weight = {}) const;
  // The reconstruction term of each example for codes z, (n,).
  Var reconstruction(const Model& model, const Code& code, const Var& z, const Tensor& x, double variance) const;
  Var reconstruction(const Decoding& decoding, const Tensor& x, double variance) const {
    return reconstruction_loss(likelihood_, config_, decoding, x, variance);
  }

 private:
  Var charged(const Var& kl) const;  // what of the KL counts in training, mean over the batch
  ObjectiveConfig config_;
  Likelihood likelihood_;
};

}  // namespace elbo
