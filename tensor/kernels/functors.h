#pragma once
// Included by kernel files only. The elementwise functions as functors on a batch; several kernels share them (activations as the
// epilogue of gemm, sigmoid in the likelihoods).

#include <limits>

#include "tensor/kernels/map.h"

namespace elbo::ELBO_ISA_NAMESPACE {

template <class B>
inline B sigmoid(const B& x) {  // through exp(-|x|), so that nothing overflows
  const B e = xsimd::exp(-xsimd::abs(x)), s = B(1) / (B(1) + e);
  return xsimd::select(x >= B(0), s, e * s);
}

template <class B>
inline B softplus(const B& x) {
  return xsimd::max(x, B(0)) + xsimd::log1p(xsimd::exp(-xsimd::abs(x)));
}

template <class B>
inline B relu(const B& x) {  // NaN stays NaN
  return xsimd::select(x > B(0), x, xsimd::select(x <= B(0), B(0), x));
}

// a^b as C's pow has it for the cases that occur in models: a negative base with an integer exponent keeps its sign, 0^0 is 1.
template <class B>
inline B power(const B& a, const B& b) {
  const B magnitude = xsimd::exp(b * xsimd::log(xsimd::abs(a)));
  const B half = b * B(0.5);
  const auto whole = xsimd::floor(b) == b;
  const auto odd = xsimd::floor(half) != half;
  const B quiet = B(std::numeric_limits<typename B::value_type>::quiet_NaN());
  const B negative = xsimd::select(whole, xsimd::select(odd, -magnitude, magnitude), quiet);
  const B nonzero = xsimd::select(a < B(0), negative, magnitude);
  const B zero = xsimd::select(b > B(0), B(0), B(std::numeric_limits<typename B::value_type>::infinity()));
  const B finite = xsimd::select(a == B(0), zero, nonzero);
  return xsimd::select(b == B(0), B(1), finite);
}

// The Gaussian error linear unit x Phi(x), exactly (Hendrycks and Gimpel 2016, not its tanh approximation).
template <class B>
inline B gelu(const B& x) {
  return B(0.5) * x * (B(1) + xsimd::erf(x * B(0.70710678118654752440)));
}
template <class B>
inline B gelu_slope(const B& x) {  // Phi(x) + x phi(x)
  return B(0.5) * (B(1) + xsimd::erf(x * B(0.70710678118654752440))) + x * B(0.39894228040143267794) * xsimd::exp(B(-0.5) * x * x);
}

}  // namespace elbo::ELBO_ISA_NAMESPACE
