#pragma once
// The plain-loop twin of every fast kernel: the text that teaches it, and the oracle that tests it. ELBO_ISA=reference runs a whole
// program on these. Nothing here is clever: one loop, the formula, double precision inside where that is free.

#include <cmath>
#include <cstdint>

#include "tensor/activation.h"
#include "tensor/kernels/elementwise.h"

namespace elbo::reference {

inline double sigmoid(double x) { return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }
inline double softplus(double x) { return std::fmax(x, 0) + std::log1p(std::exp(-std::fabs(x))); }
inline double silu(double x) { return std::isinf(x) ? std::fmax(x, 0) : x * sigmoid(x); }
inline double silu_slope(double x) { return std::isinf(x) ? double(x > 0) : sigmoid(x) + x * sigmoid(x) * sigmoid(-x); }
inline double gelu(double x) { return std::isinf(x) ? std::fmax(x, 0) : 0.5 * x * std::erfc(-x * std::sqrt(0.5)); }
inline double gelu_slope(double x) {
  if (std::isinf(x)) return double(x > 0);
  return 0.5 * std::erfc(-x * std::sqrt(0.5)) + x * std::exp(-0.5 * x * x) * 0.39894228040143267794;
}

// y = f(x)
inline double unary(Unary f, double x) {
  switch (f) {
    case Unary::negate:
      return -x;
    case Unary::abs:
      return std::fabs(x);
    case Unary::sign:
      return x > 0 ? 1 : x < 0 ? -1 : x;
    case Unary::square:
      return x * x;
    case Unary::reciprocal:
      return 1 / x;
    case Unary::sqrt:
      return std::sqrt(x);
    case Unary::rsqrt:
      return 1 / std::sqrt(x);
    case Unary::exp:
      return std::exp(x);
    case Unary::expm1:
      return std::expm1(x);
    case Unary::log:
      return std::log(x);
    case Unary::log1p:
      return std::log1p(x);
    case Unary::sin:
      return std::sin(x);
    case Unary::cos:
      return std::cos(x);
    case Unary::tanh:
      return std::tanh(x);
    case Unary::sigmoid:
      return sigmoid(x);
    case Unary::softplus:
      return softplus(x);
    case Unary::relu:
      return x > 0 ? x : x <= 0 ? 0 : x;
    case Unary::elu:
      return x > 0 ? x : std::expm1(x);
    case Unary::gelu:
      return gelu(x);
    case Unary::silu:
      return silu(x);
    case Unary::is_finite:
      return std::isfinite(x) ? 1 : 0;
    case Unary::count:
      break;
  }
  return NAN;
}

inline double activate(Activation f, double x) {
  switch (f) {
    case Activation::none:
      return x;
    case Activation::relu:
      return unary(Unary::relu, x);
    case Activation::tanh:
      return unary(Unary::tanh, x);
    case Activation::sigmoid:
      return unary(Unary::sigmoid, x);
  }
  return NAN;
}

// y = f(a, b); for a gradient a is what forward saved (x or y) and b the cotangent dy.
inline double binary(Binary f, double a, double b) {
  switch (f) {
    case Binary::add:
      return a + b;
    case Binary::subtract:
      return a - b;
    case Binary::multiply:
      return a * b;
    case Binary::divide:
      return a / b;
    case Binary::power:
      return std::pow(a, b);
    case Binary::minimum:
      return a < b || std::isnan(a) ? a : b;
    case Binary::maximum:
      return a > b || std::isnan(a) ? a : b;
    case Binary::equal:
      return a == b;
    case Binary::not_equal:
      return a != b;
    case Binary::less:
      return a < b;
    case Binary::less_equal:
      return a <= b;
    case Binary::greater:
      return a > b;
    case Binary::greater_equal:
      return a >= b;
    case Binary::abs_backward:
      return a > 0 ? b : a < 0 ? -b : 0;
    case Binary::square_backward:
      return 2 * a * b;
    case Binary::reciprocal_backward:
      return -b * a * a;
    case Binary::sqrt_backward:
      return b / (2 * a);
    case Binary::rsqrt_backward:
      return -0.5 * b * a * a * a;
    case Binary::exp_backward:
      return b * a;
    case Binary::expm1_backward:
      return b * (a + 1);
    case Binary::log_backward:
      return b / a;
    case Binary::log1p_backward:
      return b / (1 + a);
    case Binary::sin_backward:
      return b * std::cos(a);
    case Binary::cos_backward:
      return -b * std::sin(a);
    case Binary::tanh_backward:
      return b * (1 - a * a);
    case Binary::sigmoid_backward:
      return b * a * (1 - a);
    case Binary::softplus_backward:
      return b * sigmoid(a);
    case Binary::relu_backward:
      return a > 0 ? b : 0;
    case Binary::elu_backward:
      return a > 0 ? b : b * (a + 1);
    case Binary::gelu_backward:
      return b * gelu_slope(a);
    case Binary::silu_backward:
      return b * silu_slope(a);
    case Binary::count:
      break;
  }
  return NAN;
}

// y = f(x; p, q)
inline double parametric(Parametric f, double x, double p, double q) {
  switch (f) {
    case Parametric::scale_shift:
      return x * p + q;
    case Parametric::clamp:
      return x < p ? p : x > q ? q : x;
    case Parametric::clamp_mask:
      return x >= p && x <= q;
    case Parametric::leaky_relu:
      return x > 0 ? x : p * x;
    case Parametric::leaky_relu_mask:
      return x > 0 ? 1 : p;
    case Parametric::power_scalar:
      return std::pow(x, p);
    case Parametric::count:
      break;
  }
  return NAN;
}

}  // namespace elbo::reference
