// Which way serves a product.

#include <algorithm>

#include "tensor/blas.h"
#include "tensor/gemm.h"
#include "tensor/isa.h"
#include "tensor/kernels/gemm_narrow.h"

namespace elbo {
namespace {

// Measured, one and two threads, float and double. On baseline (against OpenBLAS's Nehalem core) ours is the faster on every shape of
// our models; on AVX2 (against its Zen core) on all but the three kinds below. On AVX-512 a sketch of this
// kernel was the faster by 10 to 160% on the shapes of our models; `elbo-bench --kernels` shows both on the machine at hand.
//
// The narrow way takes 3.5 to 12 microseconds on the shapes of a two-dimensional latent space (128x2x512 and the like) where the
// others take 11 to 34.
//
// The way of few rows takes 0.5 to 0.9 of our own kernel's time with these numbers of them (20x784x200, one thread: 42 and 57
// microseconds as B lies, 57 and 70 transposed; two threads: 50 and 64, 48 and 70).
Index most_few_rows(bool transpose_b) {
  if (isa() == Isa::avx512) return transpose_b ? 20 : 28;
  if (isa() == Isa::avx2) return transpose_b ? 8 : 12;
  return 0;
}

}  // namespace

template <class T>
GemmWay gemm_choice(bool transpose_a, bool transpose_b, Index M, Index N, Index K) {
  if (isa() == Isa::reference) return GemmWay::own;  // whose twin is the one to read
  constexpr Index beyond_cache = 2'000'000;          // numbers
  if ((N <= narrow_side && K >= 16) || (K <= narrow_side && N >= 64)) return GemmWay::narrow;
  if (M <= narrow_side && !transpose_b && N >= 64 && N * K < beyond_cache) return GemmWay::narrow;
  if (!transpose_a && M <= most_few_rows(transpose_b) && N >= 32 && K >= 16) return GemmWay::few;
  if (isa() != Isa::avx2) return GemmWay::own;
  const bool large = std::min({M, N, K}) >= 1024 && M * N * K >= Index{1} << 32;               // ours 85 to 98% of its rate
  const bool few_rows = M <= 96 && !transpose_b && N * K >= beyond_cache;                      // 61 to 94%: B is read once, from memory
  const bool tall = transpose_a && M >= 8 * N && K >= 256 && M * K >= beyond_cache && N > 64;  // 77 to 103%: so is A^T
  if (!large && !few_rows && !tall) return GemmWay::own;
  return blas_threading() == "pthread" ? GemmWay::openblas : GemmWay::own;  // the others have one call at a time: see blas.cpp
}

template <class T>
void gemm(bool transpose_a, bool transpose_b, Index M, Index N, Index K, const T* A, Index lda, const T* B, Index ldb, T* C, Index ldc,
          const Epilogue<T>& e) {
  switch (gemm_choice<T>(transpose_a, transpose_b, M, N, K)) {
    case GemmWay::own:
      return gemm_own(transpose_a, transpose_b, M, N, K, A, lda, B, ldb, C, ldc, e);
    case GemmWay::few:
      return gemm_few(transpose_a, transpose_b, M, N, K, A, lda, B, ldb, C, ldc, e);
    case GemmWay::narrow:
      return gemm_narrow(transpose_a, transpose_b, M, N, K, A, lda, B, ldb, C, ldc, e);
    case GemmWay::openblas:
      return gemm_openblas(transpose_a, transpose_b, M, N, K, A, lda, B, ldb, C, ldc, e);
  }
}

#define ELBO_INSTANTIATE(T)                                                                                             \
  template void gemm(bool, bool, Index, Index, Index, const T*, Index, const T*, Index, T*, Index, const Epilogue<T>&); \
  template GemmWay gemm_choice<T>(bool, bool, Index, Index, Index);
ELBO_INSTANTIATE(float)
ELBO_INSTANTIATE(double)
#undef ELBO_INSTANTIATE

}  // namespace elbo
