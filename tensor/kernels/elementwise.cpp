// The elementwise kernels: one functor each. Compiled once for each instruction set.

#include "tensor/kernels/elementwise.h"

#include <limits>

#include "tensor/kernels/functors.h"

namespace elbo::ELBO_ISA_NAMESPACE {
namespace {

template <class T>
constexpr void fill_unary(ElementwiseTable<T>& t) {
  using B = Batch<T>;
  const auto set = [&]<class F>(Unary u, F) { t.unary[int(u)] = [](const T* x, T* y, std::int64_t n) { map(x, y, n, F{}); }; };
  set(Unary::negate, [](B x) { return negative(x); });
  set(Unary::abs, [](B x) { return xsimd::abs(x); });
  set(Unary::sign, [](B x) { return xsimd::select(x > B(0), B(1), xsimd::select(x < B(0), B(-1), x)); });
  set(Unary::square, [](B x) { return x * x; });
  set(Unary::reciprocal, [](B x) { return divide(B(1), x); });
  set(Unary::sqrt, [](B x) { return square_root(x); });
  set(Unary::rsqrt, [](B x) { return divide(B(1), square_root(x)); });
  set(Unary::exp, [](B x) { return exponential(x); });
  set(Unary::expm1, [](B x) { return exponential_minus_1(x); });
  set(Unary::log, [](B x) { return logarithm(x); });
  set(Unary::log1p, [](B x) { return xsimd::log1p(x); });
  set(Unary::sin, [](B x) { return xsimd::sin(x); });
  set(Unary::cos, [](B x) { return xsimd::cos(x); });
  set(Unary::tanh, [](B x) { return xsimd::tanh(x); });
  set(Unary::sigmoid, [](B x) { return sigmoid(x); });
  set(Unary::softplus, [](B x) { return softplus(x); });
  set(Unary::relu, [](B x) { return relu(x); });
  set(Unary::elu, [](B x) { return elu(x); });
  set(Unary::gelu, [](B x) { return gelu(x); });
  set(Unary::silu, [](B x) { return silu(x); });
  set(Unary::is_finite, [](B x) { return indicator<B>(xsimd::abs(x) <= B(std::numeric_limits<T>::max())); });
}

template <class T>
constexpr void fill_binary(ElementwiseTable<T>& t) {
  using B = Batch<T>;
  const auto set = [&]<class F>(Binary b, F) {
    t.binary[int(b)] = [](const T* a, std::int64_t sa, const T* c, std::int64_t sc, T* y, std::int64_t n) { map(a, sa, c, sc, y, n, F{}); };
  };
  set(Binary::add, [](B a, B b) { return a + b; });
  set(Binary::subtract, [](B a, B b) { return a - b; });
  set(Binary::multiply, [](B a, B b) { return a * b; });
  set(Binary::divide, [](B a, B b) { return divide(a, b); });
  set(Binary::power, [](B a, B b) { return power(a, b); });
  set(Binary::minimum, [](B a, B b) { return xsimd::select(a < b, a, xsimd::select(a == a, b, a)); });  // NaN in either gives NaN
  set(Binary::maximum, [](B a, B b) { return xsimd::select(a > b, a, xsimd::select(a == a, b, a)); });
  set(Binary::equal, [](B a, B b) { return indicator<B>(a == b); });
  set(Binary::not_equal, [](B a, B b) { return xsimd::select(a == b, B(0), B(1)); });  // xsimd's != is false for NaN with AVX
  set(Binary::less, [](B a, B b) { return indicator<B>(a < b); });
  set(Binary::less_equal, [](B a, B b) { return indicator<B>(a <= b); });
  set(Binary::greater, [](B a, B b) { return indicator<B>(a > b); });
  set(Binary::greater_equal, [](B a, B b) { return indicator<B>(a >= b); });
}

// Gradients: a is what forward saved (x or y, as the comment says), b the cotangent dy.
template <class T>
constexpr void fill_backward(ElementwiseTable<T>& t) {
  using B = Batch<T>;
  const auto set = [&]<class F>(Binary b, F) {
    t.binary[int(b)] = [](const T* a, std::int64_t sa, const T* c, std::int64_t sc, T* y, std::int64_t n) { map(a, sa, c, sc, y, n, F{}); };
  };
  set(Binary::abs_backward,
      [](B x, B dy) { return xsimd::select(x > B(0), dy, xsimd::select(x < B(0), negative(dy), B(0))); });  // x; 0 at 0
  set(Binary::square_backward, [](B x, B dy) { return B(2) * x * dy; });
  set(Binary::reciprocal_backward, [](B y, B dy) { return negative(dy) * y * y; });
  set(Binary::sqrt_backward, [](B y, B dy) { return divide(dy, B(B(2) * y)); });
  set(Binary::rsqrt_backward, [](B y, B dy) { return B(-0.5) * dy * y * y * y; });
  set(Binary::exp_backward, [](B y, B dy) { return dy * y; });
  set(Binary::expm1_backward, [](B y, B dy) { return dy * (y + B(1)); });
  set(Binary::log_backward, [](B x, B dy) { return divide(dy, x); });
  set(Binary::log1p_backward, [](B x, B dy) { return divide(dy, B(B(1) + x)); });
  set(Binary::sin_backward, [](B x, B dy) { return dy * xsimd::cos(x); });
  set(Binary::cos_backward, [](B x, B dy) { return negative(dy) * xsimd::sin(x); });
  set(Binary::tanh_backward, [](B y, B dy) { return dy * (B(1) - y * y); });
  set(Binary::sigmoid_backward, [](B y, B dy) { return dy * y * (B(1) - y); });
  set(Binary::softplus_backward, [](B x, B dy) { return dy * sigmoid(x); });
  set(Binary::relu_backward, [](B y, B dy) { return xsimd::select(y > B(0), dy, B(0)); });
  set(Binary::elu_backward, [](B y, B dy) { return xsimd::select(y > B(0), dy, dy * (y + B(1))); });
  set(Binary::gelu_backward, [](B x, B dy) { return dy * gelu_slope(x); });
  set(Binary::silu_backward, [](B x, B dy) { return dy * silu_slope(x); });
}

template <class T>
constexpr void fill_parametric(ElementwiseTable<T>& t) {
  using B = Batch<T>;
  const auto set = [&]<class F>(Parametric k, F) {
    t.parametric[int(k)] = [](const T* x, T* y, std::int64_t n, T p, T q) {
      map(x, y, n, [bp = B(p), bq = B(q)](B v) { return F{}(v, bp, bq); });
    };
  };
  set(Parametric::scale_shift, [](B x, B p, B q) { return x * p + q; });
  set(Parametric::clamp, [](B x, B p, B q) { return xsimd::select(x < p, p, xsimd::select(x > q, q, x)); });
  set(Parametric::clamp_mask, [](B x, B p, B q) { return xsimd::select(x >= p, xsimd::select(x <= q, B(1), B(0)), B(0)); });
  set(Parametric::leaky_relu, [](B x, B p, B) { return xsimd::select(x > B(0), x, p * x); });
  set(Parametric::leaky_relu_mask, [](B x, B p, B) { return xsimd::select(x > B(0), B(1), p); });
  set(Parametric::power_scalar, [](B x, B p, B) { return power(x, p); });
}

template <class T>
void where(const T* condition, const T* a, const T* b, T* y, std::int64_t n) {  // NaN counts as true
  using B = Batch<T>;
  map(condition, a, b, y, n, [](B c, B x, B z) { return xsimd::select(c == B(0), z, x); });
}

template <class T>
constexpr ElementwiseTable<T> elementwise_table() {
  ElementwiseTable<T> t{};
  fill_unary(t);
  fill_binary(t);
  fill_backward(t);
  fill_parametric(t);
  t.where = where<T>;
  return t;
}

}  // namespace

extern const ElementwiseKernels elementwise_kernels;
constinit const ElementwiseKernels elementwise_kernels = {elementwise_table<float>(), elementwise_table<double>()};

}  // namespace elbo::ELBO_ISA_NAMESPACE
