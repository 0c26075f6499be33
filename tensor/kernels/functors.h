#pragma once
// Included by kernel files only. The elementwise functions as functors on a batch; several kernels share them (activations as the
// epilogue of gemm, sigmoid in the likelihoods).

#include "tensor/kernels/exp_log.h"

namespace elbo::ELBO_ISA_NAMESPACE {

template <class B>
inline B sigmoid(const B& x) {  // through exp(-|x|), so that nothing overflows
  const B e = decay(B(-xsimd::abs(x))), s = divide(B(1), B(B(1) + e));
  return xsimd::select(x >= B(0), s, e * s);
}

template <class B>
inline B softplus(const B& x) {
  return xsimd::max(x, B(0)) + log1p_of_unit(decay(B(-xsimd::abs(x))));
}

template <class B>
inline B relu(const B& x) {  // NaN stays NaN
  return xsimd::select(x > B(0), x, xsimd::select(x <= B(0), B(0), x));
}

template <class B>
inline B elu(const B& x) {
  return xsimd::select(x > B(0), x, exponential_minus_1(x));
}

template <class B>
inline B silu(const B& x) {  // x sigmoid(x); 0 at -infinity. exp(-|x|) is squared at last, for it underflows before the product does.
  const B h = exponential(B(B(-0.5) * xsimd::abs(x))), e = h * h, s = divide(B(1), B(B(1) + e));
  return xsimd::select(x >= B(0), x * s, xsimd::select(e == B(0), B(0), x * h * s * h));
}
template <class B>
inline B silu_slope(const B& x) {  // s + x s (1 - s) with s = sigmoid(x)
  const B e = exponential(B(-xsimd::abs(x))), q = divide(B(1), B(B(1) + e)), product = e * q * q;
  return xsimd::select(x >= B(0), q, e * q) + xsimd::select(product == B(0), product, x * product);
}

// The lower tail of the normal distribution, Phi(-t) = exp(-t^2 / 2) g(t), for t = |x|. (1 + t) g(t) is a polynomial in
// (t - 3) / (t + 3); coefficients by coefficients.py. t^2 is taken exactly, for its rounding would count many times in exp.
template <class T>
struct TailCoefficients;
template <>
struct TailCoefficients<float> {
  static constexpr float end = 15;  // Phi(-15) is 0 in float32
  static constexpr std::uint32_t upper_half = 0xfffff000u;
  static constexpr float c[] = {0.486055793,   -0.0965267603,   -0.0164321664,   0.0451639946,   -0.0227297453,  0.00115949534,
                                0.00300932175, -0.000348316734, -0.000515085381, 4.92086271e-06, 8.71202508e-05, 2.19043715e-05};
};
template <>
struct TailCoefficients<double> {
  static constexpr double end = 40;
  static constexpr std::uint64_t upper_half = 0xfffffffff8000000ull;
  static constexpr double c[] = {0.48605579342224869,     -0.096526757900535248,   -0.016432180656096008,   0.045163889896210625,
                                 -0.022729586396406806,   0.0011607918195927817,   0.0030092685832084306,   -0.00035468833594705932,
                                 -0.00051965973451257642, 1.7404600967993463e-05,  0.000104006336149757,    1.7439742395806167e-05,
                                 -1.8206924881681544e-05, -9.2396300085955557e-06, 1.2508325443272385e-06,  2.7122861122037697e-06,
                                 7.631943570100345e-07,   -3.8193002044094836e-07, -3.8543788256726451e-07, -7.7457336883588935e-08,
                                 7.9570144306141315e-08,  6.1513590549879362e-08,  1.2215437607802095e-09,  -1.6135833695815225e-08,
                                 -4.5833827306327149e-09, 1.7313302525189771e-09,  7.7348439963917085e-10};
};

template <class B>
struct NormalTail {
  B t, power, g;  // |x| (at most `end`), exp(-t^2 / 2), g(t)
  explicit NormalTail(const B& x) {
    using T = typename B::value_type;
    using C = TailCoefficients<T>;
    using Bits = Batch<typename Floating<T>::Bits>;
    const B size = xsimd::abs(x);
    t = xsimd::select(size > B(C::end), B(C::end), size);
    const B high = __builtin_bit_cast(B, Bits(__builtin_bit_cast(Bits, t) & Bits(C::upper_half)));
    power = exponential(B(B(-0.5) * high * high), B(B(-0.5) * (t - high) * (t + high)));
    g = divide(polynomial(divide(B(t - B(3)), B(t + B(3))), C::c), B(B(1) + t));
  }
};

// The Gaussian error linear unit x Phi(x), exactly (Hendrycks and Gimpel 2016, not its tanh approximation).
template <class B>
inline B gelu(const B& x) {
  const NormalTail<B> n(x);
  return relu(x) - n.t * n.g * n.power;
}
template <class B>
inline B gelu_slope(const B& x) {  // Phi(x) + x phi(x)
  const NormalTail<B> n(x);
  const B below = n.power * (n.g - n.t * B(0.39894228040143267794));
  return xsimd::select(x > B(0), B(1) - below, below);
}

}  // namespace elbo::ELBO_ISA_NAMESPACE
