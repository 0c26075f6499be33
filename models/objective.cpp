#include "models/objective.h"

#include <fmt/core.h>

#include <vector>

#include "autograd/mode.h"
#include "autograd/ops.h"
#include "models/elbo.h"
#include "models/free_bits.h"
#include "models/importance_bound.h"
#include "tensor/reduce.h"
#include "tensor/shape_ops.h"

namespace elbo {

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
Objective::Samples Objective::take_samples(Pass& p, const Model& model, const Tensor& x, const Tensor& noise, double variance,
                                           const PassContext& context) const {
  const Index n = noise.size(0), k = noise.size(1), latent = noise.size(2);
  const auto repeated = [&](const Var& v) { return reshape(broadcast_to(reshape(v, {n, 1, latent}), noise.shape()), {n * k, latent}); };
  const Tensor flat = noise.reshape({n * k, latent});
  Samples s{.codes = {repeated(p.code.mean), repeated(p.code.logvar)}, .noise = flat};
  p.z = model.draw(s.codes, flat);
  if (likelihood_ == Likelihood::categorical) {
    std::vector<Var> of_sample;
    const Var z = reshape(p.z, noise.shape());
    for (Index i = 0; i < k; i++)
      of_sample.push_back(model.text_loss(p.code, model.given(reshape(slice(z, 1, i, i + 1), {n, latent}), context.labels), x, context));
    s.reconstruction = stack(of_sample, 1);
  } else {
    Tensor rows({n * k}, DType::int32);
    for (Index i = 0; i < n * k; i++) rows.mutable_data<std::int32_t>()[i] = std::int32_t(i / k);
    p.decoding =
        model.decode(model.given(p.z, model.condition() && context.labels ? gather_rows(context.labels, rows) : Tensor()), context);
    s.reconstruction = reshape(reconstruction(p.decoding, gather_rows(x, rows), variance), {n, k});
  }
  p.reconstruction = mean(s.reconstruction, {1});
  return s;
}

void Objective::take_one(Pass& p, const Model& model, const Tensor& x, const Tensor& noise, double variance,
                         const PassContext& context) const {
  p.z = model.draw(p.code, noise);
  const Var z = model.given(p.z, context.labels);
  if (likelihood_ == Likelihood::categorical) {
    p.reconstruction = model.text_loss(p.code, z, x, context);
  } else {
    p.decoding = model.decode(z, context);
    p.reconstruction = reconstruction(p.decoding, x, variance);
  }
}

Pass Objective::operator()(const Model& model, const Tensor& x, const Tensor& noise, double variance, const PassContext& context,
                           std::optional<KlTerm> term) const {
  Pass p;
  p.code = model.encode(Var(x), context);
  if (!p.code.logvar) {
    take_one(p, model, x, {}, variance, context);
    p.objective = mean(p.reconstruction);
    return p;
  }
  p.term = term.value_or(final_term(beta()));
  if (!noise || noise.rank() == 2) {
    take_one(p, model, x, noise, variance, context);
    p.kl = model.distributions().kl(p.code, p.z, noise);
    p.objective = elbo_bound(p.reconstruction, charge(p.kl, p.term, context.training));
    return p;
  }
  const Samples s = take_samples(p, model, x, noise, variance, context);
  const Index n = noise.size(0), k = noise.size(1), latent = noise.size(2);
  const auto kl = [&] {  // a KL without a closed form is that of the first sample
    const Var first = reshape(slice(reshape(p.z, noise.shape()), 1, 0, 1), {n, latent});
    return model.distributions().kl(p.code, first, slice(Var(noise), 1, 0, 1).value().reshape({n, latent}));
  };
  if (!importance_weighted()) {
    p.kl = kl();
    p.objective = elbo_bound(s.reconstruction, charge(p.kl, p.term, context.training));
    return p;
  }
  {
    const NoGrad guard;  // shown, and no part of the bound
    p.kl = kl();
  }
  const Var log_ratio = reshape(model.distributions().log_prior_over_posterior(s.codes, p.z, s.noise), {n, k});
  p.objective = importance_bound(s.reconstruction, log_ratio, p.term.weight);
  return p;
}

}  // namespace elbo
