#pragma once
// The kernels of products with few rows: a small batch through a layer. Each number of B meets so few rows that packing it would cost
// half as much as the products, so B is read where it lies; only A, which is small, is laid out for them.

#include <cstdint>

#include "tensor/activation.h"
#include "tensor/isa.h"

namespace elbo {

// `columns` columns of C = activation([C +] A op(B) + bias).
template <class T>
struct FewPart {
  std::int64_t rows, columns, K;
  const T* a;  // A as `pack` lays it out
  const T* b;
  std::int64_t ldb;
  T* c;
  std::int64_t ldc;
  const T* bias;  // one number a column, or null
  Activation activation;
  bool accumulate;
};

template <class T>
struct FewTable {
  int columns;  // of C that a part should have a multiple of; at least as many
  // A^T: K rows of row_length(rows) numbers, those past the last row of A zero.
  std::int64_t (*row_length)(std::int64_t rows);
  void (*pack)(const T* a, std::int64_t lda, std::int64_t rows, std::int64_t K, T* out);
  void (*plain)(const FewPart<T>& part);       // op(B)(k, j) = b[k * ldb + j]
  void (*transposed)(const FewPart<T>& part);  // op(B)(k, j) = b[j * ldb + k]
};

struct FewKernels {
  FewTable<float> f32;
  FewTable<double> f64;
};
ELBO_KERNEL_TABLE(FewKernels, few_kernels);

}  // namespace elbo
