#pragma once
// Elementwise functions of tensors, float32 and float64, with NumPy's broadcasting for two operands.
//
//   Tensor y = exp(x);
//   Tensor z = add(matrix, row);          // (128, 784) and (784,) give (128, 784)
//
// The forms with a last argument `out` write into memory that exists (of the right shape and type).

#include "tensor/activation.h"
#include "tensor/kernels/elementwise.h"
#include "tensor/tensor.h"

namespace elbo {

Tensor unary(Unary f, const Tensor& x);
void unary(Unary f, const Tensor& x, Tensor& out);
Tensor binary(Binary f, const Tensor& a, const Tensor& b);
void binary(Binary f, const Tensor& a, const Tensor& b, Tensor& out);
Tensor parametric(Parametric f, const Tensor& x, double p, double q = 0);
void parametric(Parametric f, const Tensor& x, double p, double q, Tensor& out);

inline Tensor negate(const Tensor& x) { return unary(Unary::negate, x); }
inline Tensor abs(const Tensor& x) { return unary(Unary::abs, x); }
inline Tensor sign(const Tensor& x) { return unary(Unary::sign, x); }
inline Tensor square(const Tensor& x) { return unary(Unary::square, x); }
inline Tensor reciprocal(const Tensor& x) { return unary(Unary::reciprocal, x); }
inline Tensor sqrt(const Tensor& x) { return unary(Unary::sqrt, x); }
inline Tensor rsqrt(const Tensor& x) { return unary(Unary::rsqrt, x); }  // 1 / sqrt(x), correctly rounded steps
inline Tensor exp(const Tensor& x) { return unary(Unary::exp, x); }
inline Tensor expm1(const Tensor& x) { return unary(Unary::expm1, x); }
inline Tensor log(const Tensor& x) { return unary(Unary::log, x); }
inline Tensor log1p(const Tensor& x) { return unary(Unary::log1p, x); }
inline Tensor sin(const Tensor& x) { return unary(Unary::sin, x); }
inline Tensor cos(const Tensor& x) { return unary(Unary::cos, x); }
inline Tensor tanh(const Tensor& x) { return unary(Unary::tanh, x); }
inline Tensor sigmoid(const Tensor& x) { return unary(Unary::sigmoid, x); }
inline Tensor softplus(const Tensor& x) { return unary(Unary::softplus, x); }
inline Tensor relu(const Tensor& x) { return unary(Unary::relu, x); }
inline Tensor leaky_relu(const Tensor& x, double slope = 0.01) { return parametric(Parametric::leaky_relu, x, slope); }
inline Tensor elu(const Tensor& x) { return unary(Unary::elu, x); }    // x, or exp(x) - 1 below 0
inline Tensor gelu(const Tensor& x) { return unary(Unary::gelu, x); }  // x Phi(x), exactly
inline Tensor silu(const Tensor& x) { return unary(Unary::silu, x); }  // x sigmoid(x)
inline Tensor clamp(const Tensor& x, double low, double high) { return parametric(Parametric::clamp, x, low, high); }
inline Tensor scale_shift(const Tensor& x, double scale, double shift = 0) { return parametric(Parametric::scale_shift, x, scale, shift); }
inline Tensor power(const Tensor& x, double exponent) { return parametric(Parametric::power_scalar, x, exponent); }

inline Tensor add(const Tensor& a, const Tensor& b) { return binary(Binary::add, a, b); }
inline Tensor subtract(const Tensor& a, const Tensor& b) { return binary(Binary::subtract, a, b); }
inline Tensor multiply(const Tensor& a, const Tensor& b) { return binary(Binary::multiply, a, b); }
inline Tensor divide(const Tensor& a, const Tensor& b) { return binary(Binary::divide, a, b); }
inline Tensor power(const Tensor& a, const Tensor& b) { return binary(Binary::power, a, b); }
inline Tensor minimum(const Tensor& a, const Tensor& b) { return binary(Binary::minimum, a, b); }
inline Tensor maximum(const Tensor& a, const Tensor& b) { return binary(Binary::maximum, a, b); }
// Comparisons give 1 and 0 in the operands' type.
inline Tensor equal(const Tensor& a, const Tensor& b) { return binary(Binary::equal, a, b); }
inline Tensor not_equal(const Tensor& a, const Tensor& b) { return binary(Binary::not_equal, a, b); }
inline Tensor less(const Tensor& a, const Tensor& b) { return binary(Binary::less, a, b); }
inline Tensor less_equal(const Tensor& a, const Tensor& b) { return binary(Binary::less_equal, a, b); }
inline Tensor greater(const Tensor& a, const Tensor& b) { return binary(Binary::greater, a, b); }
inline Tensor greater_equal(const Tensor& a, const Tensor& b) { return binary(Binary::greater_equal, a, b); }

// The kernel that gives ds = dy f'(s) from y = f(s) and dy, for an activation that is not none.
constexpr Binary backward_of(Activation f) {
  return f == Activation::relu ? Binary::relu_backward : f == Activation::tanh ? Binary::tanh_backward : Binary::sigmoid_backward;
}
inline Tensor through_activation(Activation f, const Tensor& y, const Tensor& dy) {
  return f == Activation::none ? dy : binary(backward_of(f), y, dy);
}

// a where condition is not 0, otherwise b; all three broadcast against each other.
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);
// x repeated to `shape`, to which it must broadcast (a copy).
Tensor broadcast_to(const Tensor& x, const Shape& shape);
bool all_finite(const Tensor& x);

}  // namespace elbo
