#include "tensor/gemm.h"

#include <algorithm>
#include <cstring>

#include "tensor/blas.h"
#include "tensor/kernels/elementwise.h"
#include "tensor/kernels/gemm.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

template <class T>
const GemmTable<T>& table() {
  if constexpr (std::is_same_v<T, float>)
    return gemm_kernels->f32;
  else
    return gemm_kernels->f64;
}

template <class T>
const ElementwiseTable<T>& elementwise_table() {
  if constexpr (std::is_same_v<T, float>)
    return elementwise_kernels->f32;
  else
    return elementwise_kernels->f64;
}

Index divide_up(Index a, Index b) { return (a + b - 1) / b; }

// A chunk of fewer multiply-adds than this costs more to hand to a thread than it brings.
constexpr Index least_work = 100'000;

// op(B) as panels, memory of `panels * K * columns` numbers.
template <class T>
void pack_panels(bool transpose_b, Index K, Index N, const T* B, Index ldb, T* out) {
  const GemmTable<T>& kernels = table<T>();
  const Index columns = kernels.columns, panels = divide_up(N, columns);
  const Index chunks = std::clamp<Index>(panels * K * columns / 16384, 1, std::max<Index>(panels, 1));
  parallel(chunks, [&](Index chunk) {
    for (Index j = panels * chunk / chunks; j < panels * (chunk + 1) / chunks; j++)
      kernels.pack(transpose_b, transpose_b ? B + j * columns * ldb : B + j * columns, ldb, K, std::min(columns, N - j * columns),
                   out + j * columns * K);
  });
}

template <class T>
void multiply_panels(bool transpose_a, Index M, Index N, Index K, const T* A, Index lda, const T* panels, T* C, Index ldc,
                     const Epilogue<T>& e) {
  const GemmTable<T>& kernels = table<T>();
  const Index columns = kernels.columns, n_panels = divide_up(N, columns);
  // Row groups of at most 64 rows, in whole tiles; then as many panels a chunk as make it worth a thread's while.
  const Index tiles = divide_up(M, kernels.rows), row_groups = std::max<Index>(1, std::min(divide_up(M, 64), tiles));
  const Index work = divide_up(M, row_groups) * columns * K;  // of one panel
  const Index n_groups = std::clamp<Index>(n_panels * work / least_work, 1, n_panels);
  parallel(row_groups * n_groups, [&](Index chunk) {
    const Index r = chunk % row_groups, g = chunk / row_groups;
    const Index m0 = M * r / row_groups, m1 = M * (r + 1) / row_groups;
    const Index n0 = n_panels * g / n_groups * columns, n1 = std::min(N, n_panels * (g + 1) / n_groups * columns);
    kernels.multiply({.M = m1 - m0,
                      .N = n1 - n0,
                      .K = K,
                      .a = transpose_a ? A + m0 : A + m0 * lda,
                      .lda = lda,
                      .transpose_a = transpose_a,
                      .panels = panels + n0 * K,
                      .c = C + m0 * ldc + n0,
                      .ldc = ldc,
                      .bias = e.bias ? e.bias + n0 : nullptr,
                      .activation = e.activation,
                      .accumulate = e.accumulate});
  });
}

template <class T>
std::size_t packed_bytes(Index K, Index N) {
  return std::size_t(divide_up(N, table<T>().columns) * table<T>().columns * K) * sizeof(T);
}

struct Scratch {  // memory from the cache for the length of one call
  explicit Scratch(std::size_t size) : bytes(size), data(pool_allocate(size)) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { pool_free(data, bytes); }
  std::size_t bytes;
  void* data;
};

// Bias and activation over rows of C that OpenBLAS has left, while they are in the cache.
template <class T>
void finish_rows(Index rows, Index n, T* c, Index ldc, const T* bias, Activation activation) {
  const ElementwiseTable<T>& f = elementwise_table<T>();
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
void gemm_own(bool transpose_a, bool transpose_b, Index M, Index N, Index K, const T* A, Index lda, const T* B, Index ldb, T* C, Index ldc,
              const Epilogue<T>& e) {
  if (M == 0 || N == 0) return;
  const Scratch packed(packed_bytes<T>(K, N));
  pack_panels(transpose_b, K, N, B, ldb, static_cast<T*>(packed.data));
  multiply_panels(transpose_a, M, N, K, A, lda, static_cast<const T*>(packed.data), C, ldc, e);
}

template <class T>
void PackedMatrix<T>::pack(bool transpose_b, Index K, Index N, const T* B, Index ldb) {
  const std::size_t bytes = packed_bytes<T>(K, N);
  if (!storage_ || storage_->bytes < bytes) storage_ = StorageRef::allocate(bytes);
  k_ = K, n_ = N;
  pack_panels(transpose_b, K, N, B, ldb, reinterpret_cast<T*>(storage_->data));
}

template <class T>
void gemm(bool transpose_a, Index M, const T* A, Index lda, const PackedMatrix<T>& B, T* C, Index ldc, const Epilogue<T>& e) {
  if (M == 0 || B.N() == 0) return;
  multiply_panels(transpose_a, M, B.N(), B.K(), A, lda, B.data(), C, ldc, e);
}

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

template <class T>
GemmWay gemm_choice(bool, bool, Index, Index, Index) {
  return GemmWay::own;
}

template <class T>
void gemm(bool transpose_a, bool transpose_b, Index M, Index N, Index K, const T* A, Index lda, const T* B, Index ldb, T* C, Index ldc,
          const Epilogue<T>& e) {
  const auto way = gemm_choice<T>(transpose_a, transpose_b, M, N, K) == GemmWay::own ? gemm_own<T> : gemm_openblas<T>;
  way(transpose_a, transpose_b, M, N, K, A, lda, B, ldb, C, ldc, e);
}

template <class T>
void column_sums(const T* x, Index rows, Index cols, T* out) {
  // Cut into columns only: each sum runs down its column in order, whatever the chunks are.
  const Index chunks = std::clamp<Index>(rows * cols / 32768, 1, std::max<Index>(1, cols / 64));
  const Index step = divide_up(divide_up(cols, chunks), 16) * 16;
  parallel(divide_up(cols, step),
           [&](Index i) { table<T>().column_sums(x + i * step, cols, rows, std::min(step, cols - i * step), out + i * step); });
}

#define ELBO_INSTANTIATE(T)                                                                                                      \
  template class PackedMatrix<T>;                                                                                                \
  template void gemm(bool, bool, Index, Index, Index, const T*, Index, const T*, Index, T*, Index, const Epilogue<T>&);          \
  template void gemm(bool, Index, const T*, Index, const PackedMatrix<T>&, T*, Index, const Epilogue<T>&);                       \
  template void gemm_own(bool, bool, Index, Index, Index, const T*, Index, const T*, Index, T*, Index, const Epilogue<T>&);      \
  template void gemm_openblas(bool, bool, Index, Index, Index, const T*, Index, const T*, Index, T*, Index, const Epilogue<T>&); \
  template GemmWay gemm_choice<T>(bool, bool, Index, Index, Index);                                                              \
  template void column_sums(const T*, Index, Index, T*);
ELBO_INSTANTIATE(float)
ELBO_INSTANTIATE(double)
#undef ELBO_INSTANTIATE

}  // namespace elbo
