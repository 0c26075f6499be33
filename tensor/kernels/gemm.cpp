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

// Steps of k at a time (their part of a panel stays in the first cache) and rows of A at a time (their part stays in the second).
constexpr std::int64_t k_block = 256, m_block = 96;

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

template <class T>
void pack_rows(const T* b, std::int64_t ldb, std::int64_t K, std::int64_t n, T* panel) {
  constexpr std::int64_t columns = tile_columns<T>;
  if (n == columns) {
    for (std::int64_t k = 0; k < K; k++, b += ldb, panel += columns)
      for (int v = 0; v < tile_vectors; v++) Batch<T>::load_unaligned(b + v * Batch<T>::size).store_aligned(panel + v * Batch<T>::size);
  } else {
    for (std::int64_t k = 0; k < K; k++, b += ldb, panel += columns)
      for (std::int64_t j = 0; j < columns; j++) panel[j] = j < n ? b[j] : T(0);
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

// out[i * columns + j] = b[j * ldb + i] for i < L, j < W: L by L numbers are transposed in each lane, in log2 L rounds.
template <class T>
inline void transpose_part(const T* b, std::int64_t ldb, T* out) {
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
  for (std::size_t i = 0; i < L; i++) std::memcpy(out + std::int64_t(i) * tile_columns<T>, &r[i], sizeof(V));
}

template <class T>
void pack_columns(const T* b, std::int64_t ldb, std::int64_t K, std::int64_t n, T* panel) {
  constexpr std::int64_t columns = tile_columns<T>, W = Batch<T>::size, L = lane_size<T>;
  std::int64_t done = 0;  // columns that were packed whole vectors at a time
  for (; done + W <= n; done += W) {
    const T* from = b + done * ldb;
    std::int64_t k = 0;
    for (; k + L <= K; k += L) transpose_part<T>(from + k, ldb, panel + k * columns + done);
    for (; k < K; k++)
      for (std::int64_t j = 0; j < W; j++) panel[k * columns + done + j] = from[j * ldb + k];
  }
  for (std::int64_t j = done; j < columns; j++)
    for (std::int64_t k = 0; k < K; k++) panel[k * columns + j] = j < n ? b[j * ldb + k] : T(0);
}

template <class T>
void pack(bool transpose_b, const T* b, std::int64_t ldb, std::int64_t K, std::int64_t n, T* panel) {
  if (transpose_b)
    pack_columns(b, ldb, K, n, panel);
  else
    pack_rows(b, ldb, K, n, panel);
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
  bool load, finish;   // C holds a sum to continue; this is the last of it
};

// P rows of C by one panel. A's rows lie side by side (am 1, ak lda) or one after the other (am lda, ak 1).
template <class T, int P, bool transpose_a>
void tile(const T* a, std::int64_t lda, const Panel<T>& panel, Activation activation, T* c, std::int64_t ldc) {
  using B = Batch<T>;
  constexpr int V = tile_vectors, W = int(B::size);
  const bool whole = panel.width == tile_columns<T>;
  B sum[P][V];
  for (int p = 0; p < P; p++)
    for (int v = 0; v < V; v++)
      sum[p][v] = !panel.load ? B(T(0))
                  : whole     ? B::load_unaligned(c + p * ldc + v * W)
                              : load_part(c + p * ldc + v * W, std::clamp<std::int64_t>(panel.width - v * W, 0, W));
  const T* b = panel.b;
  for (std::int64_t k = 0; k < panel.K; k++, b += V * W) {
    B row[V];
    for (int v = 0; v < V; v++) row[v] = B::load_aligned(b + v * W);
    for (int p = 0; p < P; p++) {
      const B x(transpose_a ? a[k * lda + p] : a[p * lda + k]);
      for (int v = 0; v < V; v++) sum[p][v] = multiply_add(x, row[v], sum[p][v]);
    }
  }
  if (panel.finish && panel.bias)
    for (int v = 0; v < V; v++) {
      const B bias = whole ? B::load_unaligned(panel.bias + v * W)
                           : load_part(panel.bias + v * W, std::clamp<std::int64_t>(panel.width - v * W, 0, W));
      for (int p = 0; p < P; p++) sum[p][v] += bias;
    }
  if (panel.finish && activation != Activation::none)
    for (int p = 0; p < P; p++)
      for (int v = 0; v < V; v++) sum[p][v] = activate(activation, sum[p][v]);
  for (int p = 0; p < P; p++)
    for (int v = 0; v < V; v++)
      if (whole)
        sum[p][v].store_unaligned(c + p * ldc + v * W);
      else
        store_part(c + p * ldc + v * W, sum[p][v], std::clamp<std::int64_t>(panel.width - v * W, 0, W));
}

// The tile with m rows, 1 <= m <= tile_rows.
template <class T, bool transpose_a, int P = tile_rows>
inline void rows(std::int64_t m, const T* a, std::int64_t lda, const Panel<T>& panel, Activation activation, T* c, std::int64_t ldc) {
  if constexpr (P > 1)
    if (m != P) return rows<T, transpose_a, P - 1>(m, a, lda, panel, activation, c, ldc);
  tile<T, P, transpose_a>(a, lda, panel, activation, c, ldc);
}

template <class T, bool transpose_a>
void multiply_rows(const GemmPart<T>& p) {
  constexpr std::int64_t P = tile_rows, columns = tile_columns<T>;
  const std::int64_t blocks = (p.M + P - 1) / P;  // of nearly equal height: no block of one row
  const auto block_begin = [&](std::int64_t i) { return p.M * i / blocks; };
  const std::int64_t k_blocks = std::max<std::int64_t>(1, (p.K + k_block - 1) / k_block), group = m_block / P;
  for (std::int64_t kb = 0; kb < k_blocks; kb++) {
    const std::int64_t k0 = p.K * kb / k_blocks, k1 = p.K * (kb + 1) / k_blocks;
    for (std::int64_t i0 = 0; i0 < blocks; i0 += group)
      for (std::int64_t n = 0; n < p.N; n += columns) {
        const Panel<T> panel = {.b = p.panels + n * p.K + k0 * columns,
                                .K = k1 - k0,
                                .width = std::min(columns, p.N - n),
                                .bias = p.bias ? p.bias + n : nullptr,
                                .load = kb > 0 || p.accumulate,
                                .finish = kb == k_blocks - 1};
        for (std::int64_t i = i0; i < std::min(blocks, i0 + group); i++) {
          const std::int64_t m = block_begin(i);
          const T* a = transpose_a ? p.a + k0 * p.lda + m : p.a + m * p.lda + k0;
          rows<T, transpose_a>(block_begin(i + 1) - m, a, p.lda, panel, p.activation, p.c + m * p.ldc + n, p.ldc);
        }
      }
  }
}

template <class T>
void multiply(const GemmPart<T>& p) {
  p.transpose_a ? multiply_rows<T, true>(p) : multiply_rows<T, false>(p);
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
  return {tile_rows, int(tile_columns<T>), pack<T>, multiply<T>, column_sums<T>};
}

}  // namespace

extern const GemmKernels gemm_kernels;
constinit const GemmKernels gemm_kernels = {make_table<float>(), make_table<double>()};

}  // namespace elbo::ELBO_ISA_NAMESPACE
