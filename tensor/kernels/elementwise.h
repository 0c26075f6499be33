#pragma once
// The elementwise kernels: which there are, and the table of plain functions that each instruction set fills.
// To add one: an enumerator here, a functor in unary.cpp or binary.cpp, its plain twin in reference.h.

#include <cstdint>

#include "tensor/isa.h"

namespace elbo {

enum class Unary : int {
  negate,
  abs,
  sign,
  square,
  reciprocal,
  sqrt,
  rsqrt,
  exp,
  expm1,
  log,
  log1p,
  sin,
  cos,
  tanh,
  sigmoid,
  softplus,
  relu,
  elu,
  gelu,
  silu,
  is_finite,
  count
};

// The names end in `_backward` where the function is part of a gradient: a is what forward saved, b the cotangent.
enum class Binary : int {
  add,
  subtract,
  multiply,
  divide,
  power,
  minimum,
  maximum,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  abs_backward,
  sqrt_backward,
  rsqrt_backward,
  reciprocal_backward,
  square_backward,
  exp_backward,
  expm1_backward,
  log_backward,
  log1p_backward,
  sin_backward,
  cos_backward,
  tanh_backward,
  sigmoid_backward,
  softplus_backward,
  relu_backward,
  elu_backward,
  gelu_backward,
  silu_backward,
  count
};

// Kernels with two numbers as parameters: p and q.
enum class Parametric : int { scale_shift, clamp, clamp_mask, leaky_relu, leaky_relu_mask, power_scalar, count };

template <class T>
struct ElementwiseTable {
  void (*unary[int(Unary::count)])(const T* x, T* y, std::int64_t n);
  // How the operands run: sa and sb are 1 (an array) or 0 (one number for all).
  void (*binary[int(Binary::count)])(const T* a, std::int64_t sa, const T* b, std::int64_t sb, T* y, std::int64_t n);
  void (*parametric[int(Parametric::count)])(const T* x, T* y, std::int64_t n, T p, T q);
  void (*where)(const T* condition, const T* a, const T* b, T* y, std::int64_t n);
};

struct ElementwiseKernels {
  ElementwiseTable<float> f32;
  ElementwiseTable<double> f64;
};
ELBO_KERNEL_TABLE(ElementwiseKernels, elementwise_kernels);

}  // namespace elbo
