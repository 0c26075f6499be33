#pragma once
// The Gaussian code of a VAE: its divergence from the prior and the reparameterised sample (Kingma and Welling 2013).

#include "autograd/record.h"

namespace elbo {
namespace ops {

// y = (mu^2 + exp(v) - v - 1) / 2 = KL(N(mu, exp(v)) || N(0, 1)) of each dimension, in nats        mu, v: one shape -> y
// dmu = mu dy        dv = (exp(v) - 1) / 2 dy
struct KlNormalOp {
  static constexpr std::string_view name = "kl_normal";
  Tensor forward(Saved& saved, const Tensor& mu, const Tensor& logvar) const;
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const;
  static std::vector<Sample<KlNormalOp>> samples();
};

// z = mu + exp(v / 2) epsilon        dmu = dz        dv = exp(v / 2) epsilon / 2 dz = (z - mu) / 2 dz        (epsilon is noise: none)
struct ReparameteriseOp {
  static constexpr std::string_view name = "reparameterise";
  Tensor forward(Saved& saved, const Tensor& mu, const Tensor& logvar, const Tensor& epsilon) const;
  void backward(const Saved& saved, const Cotangents& dz, Targets& out) const;
  static std::vector<Sample<ReparameteriseOp>> samples();
};

// y = x but for the outer tenths of [low, high], where y nears the bound as m u / (1 + u); its slope is never 0
// dx = slope dy
struct SoftClampOp {
  static constexpr std::string_view name = "soft_clamp";
  double low = -10, high = 10;
  Tensor forward(Saved& saved, const Tensor& x) const;
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const;
  std::vector<Attribute> attributes() const { return {attribute("low", low), attribute("high", high)}; }
  static std::vector<Sample<SoftClampOp>> samples();
};

namespace latent_family {
using Ops = OpList<KlNormalOp, ReparameteriseOp, SoftClampOp>;
}
}  // namespace ops

inline Var kl_normal(const Var& mu, const Var& logvar) { return record(ops::KlNormalOp{}, mu, logvar); }
inline Var reparameterise(const Var& mu, const Var& logvar, const Tensor& epsilon) {
  return record(ops::ReparameteriseOp{}, mu, logvar, Var(epsilon));
}
inline Var soft_clamp(const Var& x, double low, double high) { return record(ops::SoftClampOp{low, high}, x); }

}  // namespace elbo
