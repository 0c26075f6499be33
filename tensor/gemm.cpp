#include "tensor/gemm.h"

#include <algorithm>
#include <bit>
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

// n things in `count` groups whose sizes differ by at most one, the larger ones first: threads that take groups in turn get equal
// shares.
struct Groups {
  Index n, count;
  Index begin(Index i) const { return n / count * i + std::min(i, n % count); }
};

// A chunk of fewer multiply-adds than this costs more to hand to a thread than it brings.
constexpr Index least_work = 100'000;
constexpr Index most_chunks = 64;
// Rows of C in one chunk, in tiles: 144 rows of A, 256 deep, are 144 kB of float32, a part of the second cache.
constexpr Index most_row_tiles = 24;

struct Scratch {  // memory from the cache for the length of one call
  explicit Scratch(std::size_t size) : bytes(size), data(pool_allocate(size)) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { pool_free(data, bytes); }
  std::size_t bytes;
  void* data;
};

// How one product is cut into chunks: by (M, N, K) alone.
template <class T>
struct Plan {
  Index M, N, K;
  const GemmTable<T>& kernels = table<T>();
  RowTiles tiles{M, divide_up(M, kernels.rows)};
  Index panels = divide_up(N, Index(kernels.columns));
  // As many chunks as are worth a thread's while; first by columns, then by rows where columns are few or rows many.
  Index chunks = Index(std::bit_floor(std::uint64_t(std::clamp<Index>(M * N * K / least_work, 1, most_chunks))));
  Index least_rows = divide_up(tiles.count, most_row_tiles);
  Groups column_groups{panels, std::clamp<Index>(divide_up(chunks, least_rows), 1, divide_up(panels, 2))};
  Groups row_groups{tiles.count, std::clamp<Index>(divide_up(chunks, column_groups.count), least_rows, tiles.count)};

  Index column(Index panel) const { return std::min(N, panel * kernels.columns); }
  std::size_t packed_bytes(Index p) const { return std::size_t(p * kernels.columns * K) * sizeof(T); }
  void pack(bool transpose_b, const T* B, Index ldb, Index panel0, Index panel1, T* out) const {
    const Index n0 = column(panel0);
    kernels.pack(transpose_b, transpose_b ? B + n0 * ldb : B + n0, ldb, K, column(panel1) - n0, out);
  }
};

// Row tiles r0 .. r1-1 by panels p0 .. p1-1, the first of which lies at `panels`.
template <class T>
GemmPart<T> part_of(const Plan<T>& plan, Index r0, Index r1, Index p0, Index p1, Layout layout, const T* A, Index lda, const T* panels,
                    T* C, Index ldc, const Epilogue<T>& e) {
  const Index n0 = plan.column(p0);
  return {.tiles = plan.tiles,
          .tile0 = r0,
          .tile1 = r1,
          .N = plan.column(p1) - n0,
          .K = plan.K,
          .layout = layout,
          .a = A,
          .lda = lda,
          .panels = panels,
          .c = C + n0,
          .ldc = ldc,
          .bias = e.bias ? e.bias + n0 : nullptr,
          .activation = e.activation,
          .accumulate = e.accumulate};
}

template <class T>
void multiply_panels(const Plan<T>& plan, Layout layout, const T* A, Index lda, const T* panels, T* C, Index ldc, const Epilogue<T>& e) {
  const Groups &rows = plan.row_groups, &columns = plan.column_groups;
  parallel(rows.count * columns.count, [&](Index chunk) {
    const Index r = chunk % rows.count, g = chunk / rows.count, p0 = columns.begin(g);
    plan.kernels.multiply(part_of(plan, rows.begin(r), rows.begin(r + 1), p0, columns.begin(g + 1), layout, A, lda,
                                  panels + plan.column(p0) * plan.K, C, ldc, e));
  });
}

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
  const Plan<T> plan{M, N, K};
  const Layout layout = transpose_a ? Layout::columns : Layout::rows;
  if (plan.row_groups.count == 1) {  // each panel is used by one chunk, which packs it: it never leaves the second cache
    parallel(plan.column_groups.count, [&](Index g) {
      const Index p0 = plan.column_groups.begin(g), p1 = plan.column_groups.begin(g + 1);
      const Scratch panels(plan.packed_bytes(p1 - p0));
      plan.pack(transpose_b, B, ldb, p0, p1, static_cast<T*>(panels.data));
      plan.kernels.multiply(part_of(plan, 0, plan.tiles.count, p0, p1, layout, A, lda, static_cast<const T*>(panels.data), C, ldc, e));
    });
    return;
  }
  // Otherwise B is packed first, and with it A^T, unless a few panels are all that use it.
  const bool pack_a = transpose_a && plan.panels > 2;
  const auto pieces = [](Index size, Index most) { return std::clamp<Index>(size / 16384, 1, std::min(most, most_chunks)); };
  const Groups b_groups{plan.panels, pieces(N * K, plan.panels)}, a_groups{plan.tiles.count, pack_a ? pieces(M * K, plan.tiles.count) : 0};
  const Scratch panels(plan.packed_bytes(plan.panels)),
      tiles(pack_a ? std::size_t(plan.tiles.count * plan.kernels.rows * K) * sizeof(T) : 0);
  T* packed_b = static_cast<T*>(panels.data);
  T* packed_a = static_cast<T*>(tiles.data);
  parallel(b_groups.count + a_groups.count, [&](Index i) {
    if (i < b_groups.count)
      plan.pack(transpose_b, B, ldb, b_groups.begin(i), b_groups.begin(i + 1), packed_b + plan.column(b_groups.begin(i)) * K);
    else
      plan.kernels.pack_a(plan.tiles, a_groups.begin(i - b_groups.count), a_groups.begin(i - b_groups.count + 1), A, lda, K, packed_a);
  });
  multiply_panels<T>(plan, pack_a ? Layout::tiles : layout, pack_a ? packed_a : A, lda, packed_b, C, ldc, e);
}

template <class T>
void PackedMatrix<T>::pack(bool transpose_b, Index K, Index N, const T* B, Index ldb) {
  k_ = K, n_ = N;
  if (N == 0) return;
  const Plan<T> plan{1, N, K};
  const std::size_t bytes = plan.packed_bytes(plan.panels);
  if (!storage_ || storage_->bytes < bytes) storage_ = StorageRef::allocate(bytes);
  const Groups groups{plan.panels, std::clamp<Index>(N * K / 16384, 1, std::min(plan.panels, most_chunks))};
  parallel(groups.count, [&](Index i) {
    plan.pack(transpose_b, B, ldb, groups.begin(i), groups.begin(i + 1),
              reinterpret_cast<T*>(storage_->data) + plan.column(groups.begin(i)) * K);
  });
}

template <class T>
void gemm(bool transpose_a, Index M, const T* A, Index lda, const PackedMatrix<T>& B, T* C, Index ldc, const Epilogue<T>& e) {
  if (M == 0 || B.N() == 0) return;
  multiply_panels(Plan<T>{M, B.N(), B.K()}, transpose_a ? Layout::columns : Layout::rows, A, lda, B.data(), C, ldc, e);
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
