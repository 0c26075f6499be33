// The packed micro-kernel of the matrix product. Compiled once for each instruction set.
//
// A tile of C, a few rows by two vectors, stays in registers while k runs: each step loads two vectors of a panel of B and one number
// of A for each row. The panel streams from the second cache, the tile's part of A stays in the first. Both are packed, so that every
// address in the loop is one of two pointers and a constant.

#include "tensor/kernels/gemm.h"

#include <algorithm>
#include <cstring>

#include "tensor/kernels/activate.h"
#include "tensor/kernels/gemm_pack.h"
#include "tensor/kernels/register_tile.h"

namespace elbo::ELBO_ISA_NAMESPACE {
namespace {

// Steps of k at a time: their part of a panel (32 kB) is what the tiles of a part share. Measured: 256 to 400 steps of 64 bytes cost 3
// to 8% (C is visited more often), 800 cost 2%.
template <class T>
constexpr std::int64_t k_block = 32768 / (tile_columns<T> * std::int64_t(sizeof(T)));

template <class T>
struct Panel {  // some steps of k of one panel, and the columns of C it gives
  const T* b;
  std::int64_t K;      // how many steps
  std::int64_t width;  // columns that C has of it
  const T* bias;       // for all its vectors, or null
  Activation activation;
  bool load;  // C holds a sum to continue
};

// P rows of C by one panel of V vectors; a: tile_rows numbers for each k. Four steps a turn, because what a turn costs beside them
// (two pointers, a comparison) is felt where another thread shares the core: measured, 15% there, nothing on a core of one's own.
template <class T, int P, int V>
void tile(const T* a, const Panel<T>& panel, T* c, std::int64_t ldc) {
  using B = Batch<T>;
  constexpr int W = int(B::size);
  B sum[P][V];
  const auto each = [&](auto&& f) { unrolled<P>([&](auto p) { unrolled<V>([&](auto v) { f(sum[p][v], c + p * ldc + v * W, v); }); }); };
  if (panel.load)
    each([](B& s, const T* at, int) { s = B::load_unaligned(at); });
  else
    each([](B& s, const T* at, int) {
      __builtin_prefetch(at, 1);
      s = B(T(0));
    });
  const T* b = panel.b;
#pragma GCC unroll 4
  for (std::int64_t k = 0; k < panel.K; k++, a += tile_rows, b += V * W) {
    B row[V];
    unrolled<V>([&](auto v) { row[v] = B::load_aligned(b + v * W); });
    unrolled<P>([&](auto p) {
      const B x(a[p]);
      unrolled<V>([&](auto v) { sum[p][v] = multiply_add(x, row[v], sum[p][v]); });
    });
  }
  if (panel.bias) each([&](B& s, const T*, int v) { s += B::load_unaligned(panel.bias + v * W); });
  each([](B& s, T* at, int) { s.store_unaligned(at); });
  if (panel.activation != Activation::none)
    for (int p = 0; p < P; p++)
      for (int v = 0; v < V; v++) {
        T* at = c + p * ldc + v * W;
        activate(panel.activation, B::load_unaligned(at)).store_unaligned(at);
      }
}

// The tile of m rows, 1 <= m <= tile_rows; the last row of an odd number by itself.
template <class T, int V, int P = tile_rows>
void tile_of(std::int64_t m, const T* a, const Panel<T>& panel, T* c, std::int64_t ldc) {
  if constexpr (P == 0) {
    tile<T, 1, V>(a, panel, c, ldc);
  } else {
    if (m < P) return tile_of<T, V, P - 2>(m, a, panel, c, ldc);
    tile<T, P, V>(a, panel, c, ldc);
    if (m > P) tile<T, 1, V>(a + P, panel, c + P * ldc, ldc);
  }
}

// Fetches memory that will be packed next, some of its lines with each tile. Without it packing waits for memory most of its time:
// panels come from rows far apart, which the processor does not foresee.
class Fetch {
 public:
  Fetch(const Ahead& ahead, std::int64_t times)
      : from_(static_cast<const char*>(ahead.from)),
        rows_(ahead.rows),
        bytes_(ahead.bytes),
        step_(ahead.step),
        lines_((ahead.rows * ((ahead.bytes + line - 1) / line) + times - 1) / std::max<std::int64_t>(1, times)) {}
  void some() {
    for (std::int64_t i = 0; i < lines_ && rows_ > 0; i++) {
      __builtin_prefetch(from_ + at_, 0, 2);
      at_ += line;
      if (at_ >= bytes_) at_ = 0, from_ += step_, rows_--;
    }
  }

 private:
  static constexpr std::int64_t line = 64;
  const char* from_;
  std::int64_t rows_, bytes_, step_, lines_, at_ = 0;
};

// The same where C ends within the panel: by way of memory that has all its columns.
template <class T, int V>
void tile_at_edge(std::int64_t m, const T* a, const Panel<T>& panel, T* c, std::int64_t ldc) {
  constexpr std::int64_t columns = V * std::int64_t(Batch<T>::size);
  T part[tile_rows * columns];
  const std::size_t bytes = std::size_t(panel.width) * sizeof(T);
  if (panel.load)
    for (std::int64_t i = 0; i < m; i++) {
      std::memcpy(part + i * columns, c + i * ldc, bytes);
      std::fill(part + i * columns + panel.width, part + (i + 1) * columns, T(0));
    }
  tile_of<T, V>(m, a, panel, part, columns);
  for (std::int64_t i = 0; i < m; i++) std::memcpy(c + i * ldc, part + i * columns, bytes);
}

// All rows of one part by one panel of V vectors, from step k0 on; c: its first column.
template <class T, int V>
void multiply_panel(const GemmPart<T>& p, std::int64_t k0, const Panel<T>& panel, T* c, Fetch& fetch) {
  constexpr std::int64_t columns = V * std::int64_t(Batch<T>::size);
  const bool whole = panel.width == columns;
  for (std::int64_t i = p.tile0; i < p.tile1; i++) {
    fetch.some();
    (whole ? tile_of<T, V> : tile_at_edge<T, V>)(p.tiles.height(i), p.a + i * p.tile_step + k0 * tile_rows, panel,
                                                 c + p.tiles.begin(i) * p.ldc, p.ldc);
  }
}

template <class T>
void multiply(const GemmPart<T>& p) {
  constexpr std::int64_t columns = tile_columns<T>, W = Batch<T>::size;
  const std::int64_t k_blocks = std::max<std::int64_t>(1, (p.K + k_block<T> - 1) / k_block<T>);
  Fetch fetch(p.ahead, k_blocks * ((p.N + columns - 1) / columns) * (p.tile1 - p.tile0));
  for (std::int64_t kb = 0; kb < k_blocks; kb++) {
    const std::int64_t k0 = p.K * kb / k_blocks, k1 = p.K * (kb + 1) / k_blocks;
    const bool last = kb == k_blocks - 1;
    for (std::int64_t n = 0; n < p.N; n += columns) {
      const std::int64_t width = std::min(columns, p.N - n);
      const T* bias = last && p.bias ? p.bias + n : nullptr;
      T edge[columns];
      if (bias && width % W != 0) {  // whole vectors of it are read
        std::fill(std::copy_n(bias, width, edge), edge + columns, T(0));
        bias = edge;
      }
      const Panel<T> panel = {.b = p.panels + n * p.K + k0 * (width <= W ? W : columns),
                              .K = k1 - k0,
                              .width = width,
                              .bias = bias,
                              .activation = last ? p.activation : Activation::none,
                              .load = kb > 0 || p.accumulate};
      (width <= W ? multiply_panel<T, 1> : multiply_panel<T, 2>)(p, k0, panel, p.c + n, fetch);
    }
  }
}

template <class T>
void column_sums(const T* x, std::int64_t ldx, std::int64_t rows, std::int64_t n, T* out) {
  using B = Batch<T>;
  constexpr std::int64_t W = B::size;
  std::int64_t j = 0;
  for (; j + 4 * W <= n; j += 4 * W) {
    B sum[4] = {B(T(0)), B(T(0)), B(T(0)), B(T(0))};
    for (std::int64_t i = 0; i < rows; i++)
      for (int v = 0; v < 4; v++) sum[v] += B::load_unaligned(x + i * ldx + j + v * W);
    for (int v = 0; v < 4; v++) sum[v].store_unaligned(out + j + v * W);
  }
  for (; j < n; j += W) {
    const std::int64_t width = std::min(W, n - j);
    B sum(T(0));
    for (std::int64_t i = 0; i < rows; i++) sum += width == W ? B::load_unaligned(x + i * ldx + j) : load_part(x + i * ldx + j, width);
    store_part(out + j, sum, width);
  }
}

template <class T>
constexpr GemmTable<T> gemm_table() {
  return {tile_rows, int(tile_columns<T>), int(k_block<T>), pack<T>, pack_a<T>, multiply<T>, column_sums<T>};
}

}  // namespace

extern const GemmKernels gemm_kernels;
constinit const GemmKernels gemm_kernels = {gemm_table<float>(), gemm_table<double>()};

}  // namespace elbo::ELBO_ISA_NAMESPACE
