#pragma once
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

#include <span>
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

}  // namespace elbo
