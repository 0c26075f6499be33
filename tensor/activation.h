#pragma once
// Activations that can be fused into a product: those whose gradient is a function of the output alone, so that the value before the
// activation need not be kept. (elu, gelu and silu need their input for the gradient: they are ops of their own.)

#include <cstdint>
#include <string_view>

namespace elbo {

enum class Activation : std::uint8_t { none, relu, tanh, sigmoid };

constexpr std::string_view activation_name(Activation f) {
  constexpr std::string_view names[] = {"none", "relu", "tanh", "sigmoid"};
  return names[int(f)];
}

}  // namespace elbo
