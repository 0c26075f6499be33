#include "nn/norm.h"

#include <fmt/core.h>

#include "autograd/mode.h"
#include "autograd/ops.h"
#include "tensor/error.h"

namespace elbo {
namespace {

thread_local bool keep_statistics = false;

// running = (1 - momentum) running + momentum factor batch
void update(const Parameter& running, const Tensor& batch, double momentum, double factor) {
  Tensor& statistic = running.buffer();
  for_float("batch_norm", statistic.dtype(), [&]<class T>(T) {
    const T* from = batch.data<T>();
    T* to = statistic.mutable_data<T>();
    for (Index i = 0; i < statistic.numel(); i++) to[i] = T((1 - momentum) * double(to[i]) + momentum * factor * double(from[i]));
  });
}

}  // namespace

BatchNorm::BatchNorm(const Scope& s, Index channels, const BatchNormOptions& o)
    : gain(s.parameter("gain", {channels}, Initializer::constant(1))),
      bias(s.parameter("bias", {channels}, Initializer::constant(0))),
      running_mean(s.buffer("running_mean", {channels}, 0)),
      running_variance(s.buffer("running_variance", {channels}, 1)),
      options(o),
      scope(intern_scope(s.path())) {
  if (!(o.momentum >= 0 && o.momentum <= 1)) fail("batch_norm", fmt::format("expected a momentum from 0 to 1, got {}", o.momentum));
}

Var BatchNorm::operator()(const Var& x, bool training) const {
  ScopeLabel label(scope);
  if (!training) return standardise(x, gain, bias, running_mean, running_variance, options.epsilon);
  const auto [y, mean, variance] = batch_norm(x, gain, bias, options.epsilon);
  if (grad_mode() != GradMode::record && !keep_statistics) {
    const double m = double(x.value().numel() / mean.value().numel());
    update(running_mean, mean.value(), options.momentum, 1);
    update(running_variance, variance.value(), options.momentum, m / (m - 1));
  }
  return y;
}

KeepStatistics::KeepStatistics() : before_(keep_statistics) { keep_statistics = true; }
KeepStatistics::~KeepStatistics() { keep_statistics = before_; }

GroupNorm::GroupNorm(const Scope& s, Index channels, Index number, double eps)
    : gain(s.parameter("gain", {channels}, Initializer::constant(1))),
      bias(s.parameter("bias", {channels}, Initializer::constant(0))),
      groups(number),
      epsilon(eps),
      scope(intern_scope(s.path())) {
  if (number < 1 || channels % number != 0)
    fail("group_norm", fmt::format("expected a number of groups that divides the channels, got {} groups for {} channels in '{}'", number,
                                   channels, s.path()));
}

Var GroupNorm::operator()(const Var& x) const {
  ScopeLabel label(scope);
  return group_norm(x, gain, bias, groups, epsilon);
}

LayerNorm::LayerNorm(const Scope& s, Index features, double eps)
    : gain(s.parameter("gain", {features}, Initializer::constant(1))),
      bias(s.parameter("bias", {features}, Initializer::constant(0))),
      epsilon(eps),
      scope(intern_scope(s.path())) {}

Var LayerNorm::operator()(const Var& x) const {
  ScopeLabel label(scope);
  const Var centred = x - mean(x, {-1}, true);
  return centred * rsqrt(mean(square(centred), {-1}, true) + epsilon) * Var(gain) + Var(bias);
}

}  // namespace elbo
