#pragma once
// Layers: plain structs with a constructor, which makes their parameters in a Scope, and operator(). There is no base class to inherit,
// and training or evaluation is an argument, never a state.

#include <functional>

#include "nn/param_store.h"
#include "tensor/activation.h"

namespace elbo {

// What an activation layer computes; the first four fuse into the product before them.
enum class Nonlinearity { none, relu, tanh, sigmoid, leaky_relu, elu, gelu, silu, softplus };
Nonlinearity nonlinearity_from_name(std::string_view name);  // "relu", ...; throws UsageError naming the nearest
std::string_view nonlinearity_name(Nonlinearity f);
Var apply(Nonlinearity f, const Var& x);
// A nonlinearity in two parts: what a product applies by itself, and what is left to do with its result.
Activation fused(Nonlinearity f);
Var apply_rest(Nonlinearity f, const Var& x);

// y = f(x W^T + b)      x: (n, in) -> (n, out)
// Parameters: weight (out, in), bias (out,). Throws for inputs of another width.
struct Linear {
  Linear() = default;
  Linear(const Scope& scope, Index in, Index out, Nonlinearity f = Nonlinearity::none);
  Var operator()(const Var& x) const;

  Parameter weight, bias;
  Nonlinearity activation = Nonlinearity::none;
  const std::string* scope = nullptr;
};

// Dropout (Srivastava et al. 2014): in training each number is 0 with probability `rate`, the others are divided by 1 - rate; in
// evaluation nothing happens. The draws are keyed by `key` (purpose dropout, step = the update) and the row's number in the batch;
// give each dropout layer of a model its own `number`.
struct Dropout {
  double rate = 0;
  int number = 0;
  Var operator()(const Var& x, const RandomKey& key, std::uint32_t first_example, bool training) const;
};

// The same of sequences (steps, batch, features): an example's draws do not depend on the batch that it is in. `locked`: one draw for each
// feature of an example, the same at all its steps (Gal and Ghahramani 2016).
struct SequenceDropout {
  double rate = 0;
  int number = 0;
  bool locked = false;
  Var operator()(const Var& x, const RandomKey& key, std::uint32_t first_example, bool training) const;
};

// Layers one after the other.
struct Sequential {
  std::vector<std::function<Var(const Var&)>> layers;
  template <class Layer>
  Sequential& add(Layer layer) {
    layers.push_back(std::move(layer));
    return *this;
  }
  Var operator()(Var x) const {
    for (const auto& layer : layers) x = layer(x);
    return x;
  }
};

// Dense layers of these widths, each followed by `f`: "0", "1", ... in the scope. `widths` may be empty: then it passes x on.
struct Mlp {
  Mlp() = default;
  Mlp(const Scope& scope, Index in, std::span<const Index> widths, Nonlinearity f);
  Var operator()(Var x) const;

  std::vector<Linear> layers;
  Index out = 0;  // width of the result
};

}  // namespace elbo
