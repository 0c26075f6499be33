#pragma once
// Included by kernel files only: what the products have in common that keep a tile of their result in registers.

#include <utility>

#include "tensor/activation.h"
#include "tensor/kernels/functors.h"

namespace elbo::ELBO_ISA_NAMESPACE {
namespace {

// f(0), ..., f(N - 1), the numbers as constants: an array that they index stays in registers.
template <int N, class F>
[[gnu::always_inline]] inline void unrolled(F&& f) {
  [&]<int... I>(std::integer_sequence<int, I...>) { (f(std::integral_constant<int, I>()), ...); }
  (std::make_integer_sequence<int, N>());
}

// Out of line, one copy of each: they are called once for each vector of a finished tile.
template <class B>
[[gnu::noinline]] B activate(Activation f, B x) {
  switch (f) {
    case Activation::none:
      return x;
    case Activation::relu:
      return relu(x);
    case Activation::tanh:
      return xsimd::tanh(x);
    case Activation::sigmoid:
      return sigmoid(x);
  }
  return x;
}

}  // namespace
}  // namespace elbo::ELBO_ISA_NAMESPACE
