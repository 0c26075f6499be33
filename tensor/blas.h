#pragma once
// OpenBLAS, loaded when the first product needs it and kept on one thread: our thread pool calls it tile by tile.

#include <string>

#include "tensor/shape.h"

namespace elbo {

std::string blas_version();    // "OpenBLAS 0.3.21"
std::string blas_core();       // the processor that it tuned itself to: "Haswell", "Zen", "SkylakeX"
std::string blas_threading();  // "pthread", "openmp" or "serial"

// Whether OPENBLAS_CORETYPE holds OpenBLAS to less than this machine has (a core without AVX-512, or without AVX2, where the
// machine has it). Asks the environment and the processor only: OpenBLAS is not loaded for it.
bool blas_core_below_machine();

// C = alpha op(A) op(B) + beta C, on this thread. All extents at least 1 and below 2^31.
void blas_gemm(bool transpose_a, bool transpose_b, Index M, Index N, Index K, const float* A, Index lda, const float* B, Index ldb,
               float beta, float* C, Index ldc);
void blas_gemm(bool transpose_a, bool transpose_b, Index M, Index N, Index K, const double* A, Index lda, const double* B, Index ldb,
               double beta, double* C, Index ldc);

// LAPACK's dsyevd, on this thread: a (n, n), of which a[i, j] with j <= i is read, gives its eigenvalues, ascending, in w (n,), and
// their vectors in the rows of a. 1 <= n <= 32,000.
void blas_symmetric_eigen(Index n, double* a, double* w);

}  // namespace elbo
