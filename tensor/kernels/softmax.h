#pragma once
// Softmax and log-softmax of rows and their gradients: the table of plain functions that each instruction set fills.

#include <cstdint>

#include "tensor/isa.h"

namespace elbo {

// Arrays hold `rows` rows of n numbers without gaps.
template <class T>
struct SoftmaxTable {
  void (*softmax)(const T* x, T* y, std::int64_t rows, std::int64_t n);
  void (*log_softmax)(const T* x, T* y, std::int64_t rows, std::int64_t n);
  void (*softmax_backward)(const T* y, const T* dy, T* dx, std::int64_t rows, std::int64_t n);
  void (*log_softmax_backward)(const T* y, const T* dy, T* dx, std::int64_t rows, std::int64_t n);
  // One row: x_i becomes exp(x_i - m), m the largest; `sum` their sum. Returns m + log(sum).
  double (*exponentials)(T* x, std::int64_t n, T* sum);
  void (*scale)(T* x, T factor, std::int64_t n);  // one row
};

struct SoftmaxKernels {
  SoftmaxTable<float> f32;
  SoftmaxTable<double> f64;
};
ELBO_KERNEL_TABLE(SoftmaxKernels, softmax_kernels);

}  // namespace elbo
