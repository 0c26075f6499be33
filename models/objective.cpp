#include "models/objective.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "autograd/ops.h"
#include "models/free_bits.h"
#include "models/importance_bound.h"
#include "models/latent.h"
#include "tensor/error.h"
#include "tensor/likelihood.h"
#include "tensor/nearest.h"
#include "tensor/reduce.h"
#include "tensor/shape_ops.h"

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

double Pass::mean_reconstruction() const { return total(reconstruction.value()) / double(reconstruction.size(0)); }
double Pass::mean_kl() const { return kl ? total(kl.value()) / double(kl.size(0)) : 0; }

Var Objective::reconstruction(const Model& model, const Code& code, const Var& z, const Tensor& x, double variance) const {
  return likelihood_ == Likelihood::categorical ? model.text_loss(code, z, x, {}) : reconstruction(model.decode(z), x, variance);
}

std::string Objective::description(double beta) const {
  if (importance_weighted()) return fmt::format(": iwae, {} sample{}, beta {:g}", samples(), samples() == 1 ? "" : "s", beta);
  if (config_.capacity > 0) return fmt::format(": reconstruction + {:g} |KL - {:g}|", beta, config_.capacity);
  const bool free = config_.free_bits > 0 || config_.free_bits_total > 0;
  return fmt::format("{}, beta {:g}", free ? " but for its free bits" : "", beta);
}

Var Objective::charge(const Var& kl, const KlTerm& term, bool training) const {
  const Var mean_kl = sum(kl) * (1 / double(kl.size(0)));
  if (term.capacity) return beyond_capacity(mean_kl, *term.capacity) * term.weight;
  const bool free = training && (config_.free_bits > 0 || config_.free_bits_total > 0);
  return (free ? free_bits(kl, config_.free_bits, config_.free_bits_total) : mean_kl) * term.weight;
}

// k codes of each example, side by side: rows i k to i k + k - 1 are example i's.
void Objective::take_samples(Pass& p, const Model& model, const Tensor& x, const Tensor& noise, double variance,
                             const PassContext& context) const {
  const Index n = noise.size(0), k = noise.size(1), latent = noise.size(2);
  const auto repeated = [&](const Var& v) { return reshape(broadcast_to(reshape(v, {n, 1, latent}), noise.shape()), {n * k, latent}); };
  const Tensor flat = noise.reshape({n * k, latent});
  const Code each{repeated(p.code.mean), repeated(p.code.logvar)};
  p.z = draw_code(each, flat);
  Var losses;  // (n, k)
  if (likelihood_ == Likelihood::categorical) {
    std::vector<Var> of_sample;
    const Var z = reshape(p.z, noise.shape());
    for (Index s = 0; s < k; s++)
      of_sample.push_back(model.text_loss(p.code, model.given(reshape(slice(z, 1, s, s + 1), {n, latent}), context.labels), x, context));
    losses = stack(of_sample, 1);
  } else {
    Tensor rows({n * k}, DType::int32);
    for (Index i = 0; i < n * k; i++) rows.mutable_data<std::int32_t>()[i] = std::int32_t(i / k);
    p.decoding =
        model.decode(model.given(p.z, model.condition() && context.labels ? gather_rows(context.labels, rows) : Tensor()), context);
    losses = reshape(reconstruction(p.decoding, gather_rows(x, rows), variance), {n, k});
  }
  p.reconstruction = mean(losses, {1});
  if (importance_weighted()) {
    p.kl = Var(code_kl(p.code).value());  // shown, and no part of the bound
    p.objective = importance_bound(losses, reshape(log_prior_over_posterior(p.z, flat, each.logvar), {n, k}), p.term.weight);
  }
}

Pass Objective::operator()(const Model& model, const Tensor& x, const Tensor& noise, double variance, const PassContext& context,
                           std::optional<KlTerm> term) const {
  Pass p;
  p.code = model.encode(Var(x), context);
  if (p.code.logvar) p.term = term.value_or(final_term(beta()));
  if (p.code.logvar && noise && noise.rank() == 3) {
    take_samples(p, model, x, noise, variance, context);
    if (p.objective) return p;
  } else {
    p.z = draw_code(p.code, noise);
    const Var z = model.given(p.z, context.labels);
    if (likelihood_ == Likelihood::categorical) {
      p.reconstruction = model.text_loss(p.code, z, x, context);
    } else {
      p.decoding = model.decode(z, context);
      p.reconstruction = reconstruction(p.decoding, x, variance);
    }
  }
  p.objective = mean(p.reconstruction);
  if (p.code.logvar) {
    p.kl = code_kl(p.code);
    p.objective = p.objective + charge(p.kl, p.term, context.training);
  }
  return p;
}

}  // namespace elbo
