// The other way behind gemm(): OpenBLAS on one thread, tile by tile over our threads.

#include <algorithm>
#include <cstring>

#include "tensor/blas.h"
#include "tensor/gemm.h"
#include "tensor/kernels/elementwise.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

// Bias and activation over rows of C that OpenBLAS has left, while they are in the cache.
template <class T>
void finish_rows(Index rows, Index n, T* c, Index ldc, const T* bias, Activation activation) {
  const ElementwiseTable<T>& f = elementwise_kernels.of<T>();
  for (Index i = 0; i < rows; i++, c += ldc) {
    if (bias) f.binary[int(Binary::add)](c, 1, bias, 1, c, n);
    switch (activation) {
      case Activation::none:
        break;
      case Activation::relu:
        f.unary[int(Unary::relu)](c, c, n);
        break;
      case Activation::tanh:
        f.unary[int(Unary::tanh)](c, c, n);
        break;
      case Activation::sigmoid:
        f.unary[int(Unary::sigmoid)](c, c, n);
        break;
    }
  }
}

}  // namespace

template <class T>
void gemm_openblas(bool transpose_a, bool transpose_b, Index M, Index N, Index K, const T* A, Index lda, const T* B, Index ldb, T* C,
                   Index ldc, const Epilogue<T>& e) {
  if (M == 0 || N == 0) return;
  // Cut along the longer side into at most four tiles of at least 5 million multiply-adds, at multiples of 16.
  const Index length = std::max(M, N);
  const Index tiles = std::clamp<Index>(M * N * std::max<Index>(K, 1) / 5'000'000, 1, std::min<Index>(4, divide_up(length, 16)));
  const Index step = divide_up(divide_up(length, tiles), 16) * 16;
  parallel(divide_up(length, step), [&](Index tile) {
    const Index begin = tile * step, end = std::min(length, begin + step);
    const bool by_rows = M >= N;
    const Index m = by_rows ? end - begin : M, n = by_rows ? N : end - begin, m0 = by_rows ? begin : 0, n0 = by_rows ? 0 : begin;
    T* c = C + m0 * ldc + n0;
    if (K > 0)
      blas_gemm(transpose_a, transpose_b, m, n, K, transpose_a ? A + m0 : A + m0 * lda, lda, transpose_b ? B + n0 * ldb : B + n0, ldb,
                T(e.accumulate ? 1 : 0), c, ldc);
    else if (!e.accumulate)
      for (Index i = 0; i < m; i++) std::memset(c + i * ldc, 0, std::size_t(n) * sizeof(T));
    finish_rows(m, n, c, ldc, e.bias ? e.bias + n0 : nullptr, e.activation);
  });
}

template void gemm_openblas(bool, bool, Index, Index, Index, const float*, Index, const float*, Index, float*, Index,
                            const Epilogue<float>&);
template void gemm_openblas(bool, bool, Index, Index, Index, const double*, Index, const double*, Index, double*, Index,
                            const Epilogue<double>&);

}  // namespace elbo
