#pragma once
// Included by kernel files only: what the products have in common that keep a tile of their result in registers.

#include <utility>

namespace elbo::ELBO_ISA_NAMESPACE {
namespace {

// f(0), ..., f(N - 1), the numbers as constants: an array that they index stays in registers.
template <int N, class F>
[[gnu::always_inline]] inline void unrolled(F&& f) {
  [&]<int... I>(std::integer_sequence<int, I...>) __attribute__((always_inline)) { (f(std::integral_constant<int, I>()), ...); }
  (std::make_integer_sequence<int, N>());
}

}  // namespace
}  // namespace elbo::ELBO_ISA_NAMESPACE
