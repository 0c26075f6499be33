// Products with a side of at most four. Their cost is reading the large operand once, so it is read where it lies; the small one is
// copied where its numbers do not lie as the kernel wants them.

#include "tensor/kernels/gemm_narrow.h"
#include "tensor/gemm.h"
#include "tensor/kernels/elementwise.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

constexpr Index numbers_a_chunk = 16384;  // that it reads or writes; fewer cost more to hand to a thread than they bring

// An operand as it lies in memory: element (i, j) at i * row + j * column.
template <class T>
struct View {
  const T* data;
  Index row, column;
  View(bool transposed, const T* p, Index ld) : data(p), row(transposed ? 1 : ld), column(transposed ? ld : 1) {}
  View(const T* p, Index r, Index c) : data(p), row(r), column(c) {}
  View transpose() const { return {data, column, row}; }
};

// The view's rows by its columns, each row in one piece; a copy in `memory` where they do not lie so.
template <class T>
View<T> in_rows(const View<T>& v, Index rows, Index columns, StorageRef& memory) {
  if (v.column == 1) return v;
  memory = StorageRef::allocate(std::size_t(rows * columns) * sizeof(T));
  T* copy = reinterpret_cast<T*>(memory->data);
  for (Index i = 0; i < rows; i++)
    for (Index j = 0; j < columns; j++) copy[i * columns + j] = v.data[i * v.row + j * v.column];
  return {copy, columns, 1};
}

// c = a b with a: (M, K), b: (K, N), c: (M, N) with rows ldc apart.
template <class T>
struct Narrow {
  Index M, N, K;
  T* c;
  Index ldc;
  bool accumulate;
  const NarrowTable<T>& kernels = narrow_kernels.of<T>();

  NarrowPart<T> part(const View<T>& a, const T* b, Index ldb, Index m0, Index m1, Index n0, Index n1) const {
    return {m1 - m0, n1 - n0, K, a.data + m0 * a.row, a.row, a.column, b, ldb, c + m0 * ldc + n0, ldc, accumulate};
  }
  // N <= narrow_side; both operands' rows of K numbers lie in one piece.
  void dots(const View<T>& a, const View<T>& b_transposed) const {
    parallel_ranges(M, divide_up(numbers_a_chunk, K + 1),
                    [&](Index m0, Index m1) { kernels.dots(part(a, b_transposed.data, b_transposed.row, m0, m1, 0, N)); });
  }
  // b's rows lie in one piece, and so do c's. Cut along the longer side of c.
  void strips(const View<T>& a, const View<T>& b) const {
    if (M > N)
      parallel_ranges(M, divide_up(numbers_a_chunk, std::max(N, K) + 1),
                      [&](Index m0, Index m1) { kernels.strips(part(a, b.data, b.row, m0, m1, 0, N)); });
    else
      parallel_ranges(N, divide_up(numbers_a_chunk, std::max(M, K) + 1),
                      [&](Index n0, Index n1) { kernels.strips(part(a, b.data + n0, b.row, 0, M, n0, n1)); });
  }
};

template <class T>
void finish(const Epilogue<T>& e, Index n, T* c) {
  const auto& kernels = elementwise_kernels.of<T>();
  if (e.bias) kernels.binary[int(Binary::add)](c, 1, e.bias, 1, c, n);
  if (e.activation == Activation::relu) kernels.unary[int(Unary::relu)](c, c, n);
  if (e.activation == Activation::tanh) kernels.unary[int(Unary::tanh)](c, c, n);
  if (e.activation == Activation::sigmoid) kernels.unary[int(Unary::sigmoid)](c, c, n);
}

}  // namespace

template <class T>
void gemm_narrow(bool transpose_a, bool transpose_b, Index M, Index N, Index K, const T* A, Index lda, const T* B, Index ldb, T* C,
                 Index ldc, const Epilogue<T>& e) {
  if (M == 0 || N == 0) return;
  StorageRef memory;
  const View<T> a(transpose_a, A, lda), b(transpose_b, B, ldb);
  const Narrow<T> product{M, N, K, C, ldc, e.accumulate};
  if (N <= narrow_side && !transpose_a) {
    product.dots(a, in_rows(b.transpose(), N, K, memory));
  } else if (N <= narrow_side && K > narrow_side) {  // A^T in rows: C^T by way of memory of its own
    memory = StorageRef::allocate(std::size_t(M * N) * sizeof(T));
    T* c = reinterpret_cast<T*>(memory->data);
    Narrow<T>{N, M, K, c, M, false}.strips(b.transpose(), a.transpose());
    for (Index m = 0; m < M; m++)
      for (Index n = 0; n < N; n++) C[m * ldc + n] = (e.accumulate ? C[m * ldc + n] : T(0)) + c[n * M + m];
  } else {
    product.strips(a, in_rows(b, K, N, memory));
  }
  if (e.bias || e.activation != Activation::none)
    parallel_ranges(M, divide_up(numbers_a_chunk, N), [&](Index m0, Index m1) {
      for (Index m = m0; m < m1; m++) finish(e, N, C + m * ldc);
    });
}

#define ELBO_INSTANTIATE(T) \
  template void gemm_narrow(bool, bool, Index, Index, Index, const T*, Index, const T*, Index, T*, Index, const Epilogue<T>&);
ELBO_INSTANTIATE(float)
ELBO_INSTANTIATE(double)
#undef ELBO_INSTANTIATE

}  // namespace elbo
