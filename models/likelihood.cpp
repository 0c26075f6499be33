#include "models/likelihood.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "autograd/ops.h"
#include "tensor/error.h"
#include "tensor/likelihood.h"
#include "tensor/nearest.h"
#include "tensor/reduce.h"

namespace elbo {
namespace {

constexpr std::array<std::string_view, 7> names = {"bernoulli",        "continuous-bernoulli", "gaussian",   "gaussian-learned",
                                                   "gaussian-optimal", "squared-error",        "categorical"};

// D/2 log(2 pi v) + error / (2 v): -log N of an example of D numbers with squared error `error`.
Var gaussian_of_error(const Var& error, double dimensions, double variance) {
  return scale_shift(error, 0.5 / variance, 0.5 * dimensions * std::log(2 * std::numbers::pi * variance));
}

}  // namespace

double clamped_variance(double v) {
  const Tensor logvar = Tensor::scalar(std::log(v + 1e-12), DType::float64);  // the logarithm of 0 is not for the clamp
  return std::exp(soft_clamp(logvar, lowest_pixel_logvar, highest_pixel_logvar).item());
}

std::string_view likelihood_name(Likelihood l) { return names[std::size_t(l)]; }
std::span<const std::string_view> likelihood_names() { return names; }

Likelihood likelihood_from_name(std::string_view name) {
  const auto it = std::find(names.begin(), names.end(), name);
  if (it == names.end()) throw UsageError(unknown_message("likelihood", name, std::vector<std::string>(names.begin(), names.end())));
  return Likelihood(it - names.begin());
}

bool is_density(Likelihood l) { return l != Likelihood::bernoulli && l != Likelihood::squared_error && l != Likelihood::categorical; }

bool normalised(Likelihood l, bool binary_data) { return l == Likelihood::bernoulli ? binary_data : l != Likelihood::squared_error; }

Var reconstruction_loss(Likelihood l, const ObjectiveConfig& config, const Decoding& decoding, const Tensor& x, double variance) {
  const double dimensions = double(x.numel()) / double(std::max<Index>(1, x.size(0)));
  if (l == Likelihood::bernoulli) return bernoulli_loss(decoding.output, x);
  if (l == Likelihood::continuous_bernoulli) return continuous_bernoulli_loss(decoding.output, x);
  if (l == Likelihood::gaussian_learned) return gaussian_loss(decoding.output, decoding.logvar, x);
  const Var error = squared_error(decoding.output, x);
  if (l == Likelihood::squared_error) return error;
  if (l == Likelihood::gaussian) return gaussian_of_error(error, dimensions, config.variance);
  // The variance as a constant: at its optimum the objective's derivative by it is 0, so the gradient is the same; beyond the clamp, where
  // it is not, the variance stays what evaluation will use.
  return gaussian_of_error(error, dimensions, variance > 0 ? variance : clamped_variance(total(error.value()) / double(x.numel())));
}

}  // namespace elbo
