#pragma once
// Softmax and log-softmax of rows and their gradients: the table of plain functions that each instruction set fills.

#include <cstdint>

#include "tensor/isa.h"

namespace elbo {

// All arrays hold `rows` rows of n numbers without gaps.
template <class T>
struct SoftmaxTable {
  void (*softmax)(const T* x, T* y, std::int64_t rows, std::int64_t n);
  void (*log_softmax)(const T* x, T* y, std::int64_t rows, std::int64_t n);
  void (*softmax_backward)(const T* y, const T* dy, T* dx, std::int64_t rows, std::int64_t n);
  void (*log_softmax_backward)(const T* y, const T* dy, T* dx, std::int64_t rows, std::int64_t n);
};

struct SoftmaxKernels {
  SoftmaxTable<float> f32;
  SoftmaxTable<double> f64;
};
ELBO_KERNEL_TABLE(SoftmaxKernels, softmax_kernels);

}  // namespace elbo
