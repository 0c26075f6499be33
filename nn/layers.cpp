#include "nn/layers.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "autograd/mode.h"
#include "autograd/ops.h"
#include "tensor/error.h"
#include "tensor/nearest.h"
#include "tensor/shape_ops.h"

namespace elbo {
namespace {

constexpr std::array<std::string_view, 9> activation_names = {"none", "relu", "tanh", "sigmoid", "leaky-relu",
                                                              "elu",  "gelu", "silu", "softplus"};

// Whether a dropout layer does anything.
bool draws(double rate, bool training) {
  if (!(rate >= 0 && rate < 1)) fail("dropout", fmt::format("expected a rate from 0 to below 1, got {}", rate));
  return training && rate > 0;
}

// What a dropout layer multiplies with: 0, or 1 / (1 - rate). Examples lie along the first axis.
Tensor kept(const Shape& shape, DType type, double rate, int number, const RandomKey& key, std::uint32_t first_example) {
  RandomKey own = key;
  own.seed ^= std::uint64_t(number + 1) << 40;  // layers of one model draw apart
  Tensor u(shape, type);
  fill_uniform(u, own, first_example);
  return parametric(Parametric::scale_shift, greater_equal(u, Tensor::scalar(rate, type)), 1 / (1 - rate));
}

}  // namespace

std::string_view nonlinearity_name(Nonlinearity f) { return activation_names[std::size_t(f)]; }

Nonlinearity nonlinearity_from_name(std::string_view name) {
  const auto it = std::find(activation_names.begin(), activation_names.end(), name);
  if (it == activation_names.end())
    throw UsageError(unknown_message("activation", name, std::vector<std::string>(activation_names.begin(), activation_names.end())));
  return Nonlinearity(it - activation_names.begin());
}

Var apply(Nonlinearity f, const Var& x) {
  switch (f) {
    case Nonlinearity::none:
      return x;
    case Nonlinearity::relu:
      return relu(x);
    case Nonlinearity::tanh:
      return tanh(x);
    case Nonlinearity::sigmoid:
      return sigmoid(x);
    case Nonlinearity::leaky_relu:
      return leaky_relu(x);
    case Nonlinearity::elu:
      return elu(x);
    case Nonlinearity::gelu:
      return gelu(x);
    case Nonlinearity::silu:
      return silu(x);
    case Nonlinearity::softplus:
      return softplus(x);
  }
  return x;
}

Activation fused(Nonlinearity f) {
  switch (f) {
    case Nonlinearity::relu:
      return Activation::relu;
    case Nonlinearity::tanh:
      return Activation::tanh;
    case Nonlinearity::sigmoid:
      return Activation::sigmoid;
    default:
      return Activation::none;
  }
}

Var apply_rest(Nonlinearity f, const Var& x) { return fused(f) == Activation::none ? apply(f, x) : x; }

Linear::Linear(const Scope& s, Index in, Index out, Nonlinearity f)
    : weight(s.parameter("weight", {out, in}, Initializer::weight(s.init(), in, out))),
      bias(s.parameter("bias", {out}, Initializer::bias(s.init(), in))),
      activation(f),
      scope(intern_scope(s.path())) {}

Var Linear::operator()(const Var& x) const {
  ScopeLabel label(scope);
  return apply_rest(activation, linear(x, weight, bias, fused(activation)));
}

Var Dropout::operator()(const Var& x, const RandomKey& key, std::uint32_t first_example, bool training) const {
  if (!draws(rate, training)) return x;
  return x * Var(kept(x.shape(), x.value().dtype(), rate, number, key, first_example));
}

Var SequenceDropout::operator()(const Var& x, const RandomKey& key, std::uint32_t first_example, bool training) const {
  if (!draws(rate, training)) return x;
  require_rank("dropout", "sequences (steps, batch, features)", x.value(), 3);
  const Shape by_example{x.shape()[1], locked ? 1 : x.shape()[0], x.shape()[2]};
  return x * Var(permute(kept(by_example, x.value().dtype(), rate, number, key, first_example), {1, 0, 2}));
}

Mlp::Mlp(const Scope& scope, Index in, std::span<const Index> widths, Nonlinearity f) : out(in) {
  for (std::size_t i = 0; i < widths.size(); i++) {
    layers.emplace_back(scope / std::to_string(i), out, widths[i], f);
    out = widths[i];
  }
}

Var Mlp::operator()(Var x) const {
  for (const Linear& layer : layers) x = layer(x);
  return x;
}

}  // namespace elbo
