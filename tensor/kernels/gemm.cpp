// The packed micro-kernel of the matrix product. Compiled once for each instruction set.
//
// A tile of C, a few rows by two vectors, stays in registers while k runs: each step loads two vectors of a panel of B and one number
// of A for each row. The panel streams from the second cache, A's rows stay in the first.

#include "tensor/kernels/gemm.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "tensor/kernels/functors.h"

namespace elbo::ELBO_ISA_NAMESPACE {
namespace {

// Rows of the tile: as many as the registers hold beside two vectors of B and one number of A. AVX-512 and NEON have 32, others 16;
// without FMA a product needs a register of its own.
#if defined(__AVX512F__)
constexpr int tile_rows = 12;
#elif defined(__AVX2__)
constexpr int tile_rows = 6;
#elif defined(__aarch64__)
constexpr int tile_rows = 8;
#else
constexpr int tile_rows = 4;
#endif
constexpr int tile_vectors = 2;
template <class T>
constexpr std::int64_t tile_columns = tile_vectors* std::int64_t(Batch<T>::size);

// Steps of k at a time: their part of a panel (32 kB) is what the tiles of a part share. Measured: 256 to 400 steps of 64 bytes cost 3
// to 8% (C is visited more often), 800 cost 2%.
template <class T>
constexpr std::int64_t k_block = 32768 / (tile_columns<T> * std::int64_t(sizeof(T)));

// x * y + z, rounded once where the instruction set can. (xsimd 8.1 has no fused form for AVX-512.)
template <class B>
inline B multiply_add(const B& x, const B& y, const B& z) {
#if defined(__AVX512F__)
  if constexpr (std::is_same_v<typename B::value_type, float>)
    return _mm512_fmadd_ps(x, y, z);
  else
    return _mm512_fmadd_pd(x, y, z);
#else
  return xsimd::fma(x, y, z);
#endif
}

// Row by row, some rows at a time: each row of B is read in one go, and each panel written in long pieces.
template <class T>
void pack_rows(const T* b, std::int64_t ldb, std::int64_t K, std::int64_t n, T* panels) {
  constexpr std::int64_t columns = tile_columns<T>, W = Batch<T>::size, rows = 16;
  for (std::int64_t k0 = 0; k0 < K; k0 += rows) {
    const std::int64_t k1 = std::min(K, k0 + rows);
    std::int64_t j = 0;
    for (; j + columns <= n; j += columns)
      for (std::int64_t k = k0; k < k1; k++)
        for (int v = 0; v < tile_vectors; v++)
          Batch<T>::load_unaligned(b + k * ldb + j + v * W).store_aligned(panels + j * K + k * columns + v * W);
    const std::int64_t width = n - j <= W ? W : columns;
    if (j < n)
      for (std::int64_t k = k0; k < k1; k++)
        for (std::int64_t i = 0; i < width; i++) panels[j * K + k * width + i] = j + i < n ? b[k * ldb + j + i] : T(0);
  }
}

// A vector of B is a row of 16-byte lanes of L numbers each. Written with the compilers' own shuffles: xsimd's zip_lo and zip_hi
// work within lanes or across them, depending on its version.
template <class T>
constexpr std::size_t lane_size = 16 / sizeof(T);
template <class T, std::size_t N>
struct Vector {
  typedef T type __attribute__((vector_size(N * sizeof(T))));
};

// The lanes at p, p + step, p + 2 step, ... side by side.
template <class T, std::size_t N>
inline typename Vector<T, N>::type load_lanes(const T* p, std::int64_t step) {
  if constexpr (N == lane_size<T>) {
    typename Vector<T, N>::type v;
    std::memcpy(&v, p, sizeof v);
    return v;
  } else {
    const auto low = load_lanes<T, N / 2>(p, step), high = load_lanes<T, N / 2>(p + std::int64_t(N / 2 / lane_size<T>) * step, step);
    return [&]<std::size_t... I>(std::index_sequence<I...>) { return __builtin_shufflevector(low, high, I...); }
    (std::make_index_sequence<N>{});
  }
}

// Interleaves the lower (half 0) or upper (half 1) halves of the lanes of a and b.
template <class T, std::size_t half, class V>
inline V interleave(const V& a, const V& b) {
  constexpr std::size_t L = lane_size<T>, N = sizeof(V) / sizeof(T);
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return __builtin_shufflevector(a, b, (I % 2 * N + I / L * L + half * L / 2 + I % L / 2)...);
  }
  (std::make_index_sequence<N>{});
}

// out[i * step + j] = b[j * ldb + i] for i < L, j < W: L by L numbers are transposed in each lane, in log2 L rounds.
template <class T>
[[gnu::always_inline]] inline void transpose_part(const T* b, std::int64_t ldb, T* out, std::int64_t step) {
  constexpr std::size_t L = lane_size<T>, W = Batch<T>::size;
  using V = typename Vector<T, W>::type;
  V r[L];
  for (std::size_t i = 0; i < L; i++) r[i] = load_lanes<T, W>(b + std::int64_t(i) * ldb, std::int64_t(L) * ldb);
  for (std::size_t round = 1; round < L; round *= 2) {
    V s[L];
    for (std::size_t i = 0; i < L / 2; i++) {
      s[2 * i] = interleave<T, 0>(r[i], r[i + L / 2]);
      s[2 * i + 1] = interleave<T, 1>(r[i], r[i + L / 2]);
    }
    for (std::size_t i = 0; i < L; i++) r[i] = s[i];
  }
  for (std::size_t i = 0; i < L; i++) Batch<T>(typename Batch<T>::register_type(r[i])).store_aligned(out + std::int64_t(i) * step);
}

template <class T>
void pack_columns(const T* b, std::int64_t ldb, std::int64_t K, std::int64_t n, T* panels) {
  constexpr std::int64_t columns = tile_columns<T>, W = Batch<T>::size, L = lane_size<T>;
  for (std::int64_t j = 0; j < n; j += columns) {
    const std::int64_t width = n - j <= W ? W : columns, vectors = std::min(n - j, width) / W;  // whole ones
    const T* from = b + j * ldb;
    T* panel = panels + j * K;
    std::int64_t k = 0;
    for (; k + L <= K; k += L)
      for (std::int64_t v = 0; v < vectors; v++) transpose_part<T>(from + v * W * ldb + k, ldb, panel + k * width + v * W, width);
    for (; k < K; k++)
      for (std::int64_t i = 0; i < vectors * W; i++) panel[k * width + i] = from[i * ldb + k];
    for (std::int64_t i = vectors * W; i < width; i++)
      for (k = 0; k < K; k++) panel[k * width + i] = j + i < n ? from[i * ldb + k] : T(0);
  }
}

template <class T>
void pack(bool transpose_b, const T* b, std::int64_t ldb, std::int64_t K, std::int64_t n, T* panels) {
  if (transpose_b)
    pack_columns(b, ldb, K, n, panels);
  else
    pack_rows(b, ldb, K, n, panels);
}

// Out of line, one copy of each: they are called once for each vector of a finished tile.
template <class B>
[[gnu::noinline]] B activate(Activation f, B x) {
  switch (f) {
    case Activation::none:
      return x;
    case Activation::relu:
      return relu(x);
    case Activation::tanh:
      return xsimd::tanh(x);
    case Activation::sigmoid:
      return sigmoid(x);
  }
  return x;
}

template <class T>
struct Panel {  // some steps of k of one panel, and the columns of C it gives
  const T* b;
  std::int64_t K;      // how many steps
  std::int64_t width;  // columns that exist
  const T* bias;       // of these columns, or null
  Activation activation;
  bool load, finish;  // C holds a sum to continue; this is the last of it
};

// Part v of a row of n numbers; zeros past its end.
template <class T>
inline Batch<T> load_column(const T* row, int v, std::int64_t n) {
  constexpr std::int64_t W = Batch<T>::size;
  const std::int64_t rest = n - v * W;
  return rest >= W ? Batch<T>::load_unaligned(row + v * W) : rest > 0 ? load_part(row + v * W, rest) : Batch<T>(T(0));
}
template <class T>
inline void store_column(T* row, int v, std::int64_t n, const Batch<T>& x) {
  constexpr std::int64_t W = Batch<T>::size;
  const std::int64_t rest = n - v * W;
  if (rest >= W)
    x.store_unaligned(row + v * W);
  else if (rest > 0)
    store_part(row + v * W, x, rest);
}

// P rows of C by one panel of V vectors. A(p, k) is a[k * step + p] with `by_columns`, otherwise a[p * step + k].
template <class T, int P, int V, bool by_columns>
void tile(const T* a, std::int64_t step, const Panel<T>& panel, T* c, std::int64_t ldc) {
  using B = Batch<T>;
  constexpr int W = int(B::size);
  B sum[P][V];
  for (int p = 0; p < P; p++)
    for (int v = 0; v < V; v++) sum[p][v] = panel.load ? load_column(c + p * ldc, v, panel.width) : B(T(0));
  const T* b = panel.b;
  for (std::int64_t k = 0; k < panel.K; k++, b += V * W) {
    B row[V];
    for (int v = 0; v < V; v++) row[v] = B::load_aligned(b + v * W);
    for (int p = 0; p < P; p++) {
      const B x(by_columns ? a[k * step + p] : a[p * step + k]);
      for (int v = 0; v < V; v++) sum[p][v] = multiply_add(x, row[v], sum[p][v]);
    }
  }
  if (panel.finish && panel.bias)
    for (int v = 0; v < V; v++) {
      const B bias = load_column(panel.bias, v, panel.width);
      for (int p = 0; p < P; p++) sum[p][v] += bias;
    }
  if (panel.finish && panel.activation != Activation::none)
    for (int p = 0; p < P; p++)
      for (int v = 0; v < V; v++) sum[p][v] = activate(panel.activation, sum[p][v]);
  for (int p = 0; p < P; p++)
    for (int v = 0; v < V; v++) store_column(c + p * ldc, v, panel.width, sum[p][v]);
}

// Rows of the tile with V vectors. With one vector, eight rows are sums enough to hide the multiply-add's latency.
template <int V>
constexpr int rows_of = V == 1 ? std::max(tile_rows, 8) : tile_rows;

// The tile of m rows, 1 <= m <= rows_of<V>; the last row of an odd number by itself.
template <class T, int V, bool by_columns, int P = rows_of<V>>
inline void tile_of(std::int64_t m, const T* a, std::int64_t step, const Panel<T>& panel, T* c, std::int64_t ldc) {
  if constexpr (P == 0) {
    tile<T, 1, V, by_columns>(a, step, panel, c, ldc);
  } else {
    if (m < P) return tile_of<T, V, by_columns, P - 2>(m, a, step, panel, c, ldc);
    tile<T, P, V, by_columns>(a, step, panel, c, ldc);
    if (m > P) tile<T, 1, V, by_columns>(a + P * (by_columns ? 1 : step), step, panel, c + P * ldc, ldc);
  }
}

// Each tile's numbers for one k lie side by side in A^T; what is copied past a tile's height belongs to the next tile.
template <class T>
void pack_a(const RowTiles& tiles, std::int64_t tile0, std::int64_t tile1, const T* a, std::int64_t lda, std::int64_t K, T* out) {
  constexpr std::int64_t P = tile_rows;
  for (std::int64_t k = 0; k < K; k++)
    for (std::int64_t i = tile0; i < tile1; i++) {
      const T* from = a + k * lda + tiles.begin(i);
      T* to = out + i * P * K + k * P;
      if (tiles.begin(i) + P <= tiles.M)
        std::memcpy(to, from, P * sizeof(T));
      else
        std::memcpy(to, from, std::size_t(tiles.height(i)) * sizeof(T));
    }
}

// All rows of one part by one panel of V vectors.
template <class T, int V>
void multiply_panel(const GemmPart<T>& p, std::int64_t k0, const Panel<T>& panel, T* c) {
  constexpr std::int64_t P = tile_rows;
  if (p.layout == Layout::tiles) {
    for (std::int64_t i = p.tile0; i < p.tile1; i++)
      tile_of<T, V, true>(p.tiles.height(i), p.a + i * p.lda + k0 * P, P, panel, c + p.tiles.begin(i) * p.ldc, p.ldc);
  } else {
    const std::int64_t m0 = p.tiles.begin(p.tile0), M = p.tiles.begin(p.tile1) - m0;
    const RowTiles tiles{M, (M + rows_of<V> - 1) / rows_of<V>};
    for (std::int64_t i = 0; i < tiles.count; i++) {
      const std::int64_t m = m0 + tiles.begin(i);
      if (p.layout == Layout::rows)
        tile_of<T, V, false>(tiles.height(i), p.a + m * p.lda + k0, p.lda, panel, c + m * p.ldc, p.ldc);
      else
        tile_of<T, V, true>(tiles.height(i), p.a + k0 * p.lda + m, p.lda, panel, c + m * p.ldc, p.ldc);
    }
  }
}

template <class T>
void multiply(const GemmPart<T>& p) {
  constexpr std::int64_t columns = tile_columns<T>, W = Batch<T>::size;
  const std::int64_t k_blocks = std::max<std::int64_t>(1, (p.K + k_block<T> - 1) / k_block<T>);
  for (std::int64_t kb = 0; kb < k_blocks; kb++) {
    const std::int64_t k0 = p.K * kb / k_blocks, k1 = p.K * (kb + 1) / k_blocks;
    for (std::int64_t n = 0; n < p.N; n += columns) {
      const std::int64_t width = std::min(columns, p.N - n);
      const Panel<T> panel = {.b = p.panels + n * p.K + k0 * (width <= W ? W : columns),
                              .K = k1 - k0,
                              .width = width,
                              .bias = p.bias ? p.bias + n : nullptr,
                              .activation = p.activation,
                              .load = kb > 0 || p.accumulate,
                              .finish = kb == k_blocks - 1};
      if (width <= W)
        multiply_panel<T, 1>(p, k0, panel, p.c + n);
      else
        multiply_panel<T, 2>(p, k0, panel, p.c + n);
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
constexpr GemmTable<T> make_table() {
  return {tile_rows, int(tile_columns<T>), int(k_block<T>), pack<T>, pack_a<T>, multiply<T>, column_sums<T>};
}

}  // namespace

extern const GemmKernels gemm_kernels;
constinit const GemmKernels gemm_kernels = {make_table<float>(), make_table<double>()};

}  // namespace elbo::ELBO_ISA_NAMESPACE
