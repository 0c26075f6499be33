#pragma once
// The kernels behind gemm(): a register tile of `rows` by `columns` numbers of C. B comes packed into panels: panel j holds columns
// j * columns .. of op(B), K rows of `columns` numbers one after the other, zeros past the last column.

#include <cstdint>

#include "tensor/activation.h"
#include "tensor/isa.h"

namespace elbo {

// M rows of C by all columns of some neighbouring panels: what one thread does at a time.
template <class T>
struct GemmPart {
  std::int64_t M, N, K;
  const T* a;  // (M, K) with rows lda apart; with transpose_a (K, M)
  std::int64_t lda;
  bool transpose_a;
  const T* panels;  // ceil(N / columns) of them
  T* c;             // rows ldc apart
  std::int64_t ldc;
  const T* bias;  // N numbers, or null
  Activation activation;
  bool accumulate;
};

template <class T>
struct GemmTable {
  int rows, columns;
  // Packs n <= columns columns of op(B): b is (K, n) with rows ldb apart, with `transpose` (n, K).
  void (*pack)(bool transpose, const T* b, std::int64_t ldb, std::int64_t K, std::int64_t n, T* panel);
  void (*multiply)(const GemmPart<T>& part);
  // out[j] = sum over i of x[i * ldx + j], j < n; `rows` numbers each
  void (*column_sums)(const T* x, std::int64_t ldx, std::int64_t rows, std::int64_t n, T* out);
};

struct GemmKernels {
  GemmTable<float> f32;
  GemmTable<double> f64;
};
ELBO_KERNEL_TABLE(GemmKernels, gemm_kernels);

}  // namespace elbo
