#pragma once
// The kernels of products with a side too narrow for the register tile: a latent space of two dimensions, a gradient of few rows. Such a
// product does a few operations for each number it reads, so nothing is packed.

#include <cstdint>

#include "tensor/isa.h"

namespace elbo {

constexpr int narrow_side = 4;  // at most this many rows or columns of one operand stay in registers

// c[i * ldc + j] = the sum over k < K of a[i * a_row + k * a_step] * b(k, j), added to what c holds with `accumulate`
template <class T>
struct NarrowPart {
  std::int64_t rows, columns, K;
  const T* a;
  std::int64_t a_row, a_step;
  const T* b;
  std::int64_t ldb;
  T* c;
  std::int64_t ldc;
  bool accumulate;
};

template <class T>
struct NarrowTable {
  void (*dots)(const NarrowPart<T>& part);    // b(k, j) = b[j * ldb + k]; columns <= narrow_side, a_step = 1
  void (*strips)(const NarrowPart<T>& part);  // b(k, j) = b[k * ldb + j]
};

struct NarrowKernels {
  NarrowTable<float> f32;
  NarrowTable<double> f64;
};
ELBO_KERNEL_TABLE(NarrowKernels, narrow_kernels);

}  // namespace elbo
