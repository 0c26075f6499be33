// Products with few rows: B, which is large beside A and C, is read once, where it lies.

#include "tensor/kernels/gemm_few.h"

#include "tensor/gemm.h"
#include "tensor/parallel.h"
#include "tensor/scratch.h"

namespace elbo {

template <class T>
void gemm_few(bool transpose_a, bool transpose_b, Index M, Index N, Index K, const T* A, Index lda, const T* B, Index ldb, T* C, Index ldc,
              const Epilogue<T>& e) {
  constexpr Index least_work = 100'000;  // multiply-adds of a part; fewer cost more to hand to a thread than they bring
  const FewTable<T>& kernels = few_kernels.of<T>();
  if (transpose_a || M == 0 || K == 0 || N < kernels.columns) return gemm_own(transpose_a, transpose_b, M, N, K, A, lda, B, ldb, C, ldc, e);
  const Scratch packed(std::size_t(kernels.row_length(M) * K) * sizeof(T));
  kernels.pack(A, lda, M, K, packed.as<T>());
  // Each part has at least the columns that the kernels want: what is left goes to the last one.
  const Index parts = std::clamp<Index>(M * N * K / least_work, 1, std::min<Index>(64, N / kernels.columns));
  parallel(parts, [&](Index i) {
    const Index units = N / kernels.columns, begin = units * i / parts * kernels.columns,
                end = i + 1 == parts ? N : units * (i + 1) / parts * kernels.columns;
    (transpose_b ? kernels.transposed : kernels.plain)({.rows = M,
                                                        .columns = end - begin,
                                                        .K = K,
                                                        .a = packed.as<T>(),
                                                        .b = transpose_b ? B + begin * ldb : B + begin,
                                                        .ldb = ldb,
                                                        .c = C + begin,
                                                        .ldc = ldc,
                                                        .bias = e.bias ? e.bias + begin : nullptr,
                                                        .activation = e.activation,
                                                        .accumulate = e.accumulate});
  });
}

#define ELBO_INSTANTIATE(T) \
  template void gemm_few(bool, bool, Index, Index, Index, const T*, Index, const T*, Index, T*, Index, const Epilogue<T>&);
ELBO_INSTANTIATE(float)
ELBO_INSTANTIATE(double)
#undef ELBO_INSTANTIATE

}  // namespace elbo
