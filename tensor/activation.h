#pragma once
// Activations that can be fused into a product: those whose gradient is a function of the output alone, so that the value before the
// activation need not be kept. (elu, gelu and silu need their input for the gradient: they are ops of their own.)

#include <cstdint>

namespace elbo {

enum class Activation : std::uint8_t { none, relu, tanh, sigmoid };

}  // namespace elbo
