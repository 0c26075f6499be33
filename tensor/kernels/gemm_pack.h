#pragma once
// The size of the register tile, and how the operands of a product are packed for it. For kernels/gemm.cpp alone, once for each
// instruction set.

#include <algorithm>
#include <cstring>
#include <utility>

#include "tensor/kernels/gemm.h"
#include "tensor/kernels/map.h"

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

// r[i][j] = b[j * ldb + i] for i < L, j < W: L by L numbers are transposed in each lane, in log2 L rounds.
template <class T>
[[gnu::always_inline]] inline void load_transposed(const T* b, std::int64_t ldb, Batch<T> (&r)[lane_size<T>]) {
  constexpr std::size_t L = lane_size<T>, W = Batch<T>::size;
  using V = typename Vector<T, W>::type;
  V x[L];
  for (std::size_t i = 0; i < L; i++) x[i] = load_lanes<T, W>(b + std::int64_t(i) * ldb, std::int64_t(L) * ldb);
  for (std::size_t round = 1; round < L; round *= 2) {
    V s[L];
    for (std::size_t i = 0; i < L / 2; i++) {
      s[2 * i] = interleave<T, 0>(x[i], x[i + L / 2]);
      s[2 * i + 1] = interleave<T, 1>(x[i], x[i + L / 2]);
    }
    for (std::size_t i = 0; i < L; i++) x[i] = s[i];
  }
  for (std::size_t i = 0; i < L; i++) r[i] = Batch<T>(typename Batch<T>::register_type(x[i]));
}

// out[i * step + j] = b[j * ldb + i] for i < L, j < W
template <class T>
[[gnu::always_inline]] inline void transpose_part(const T* b, std::int64_t ldb, T* out, std::int64_t step) {
  Batch<T> r[lane_size<T>];
  load_transposed<T>(b, ldb, r);
  for (std::size_t i = 0; i < lane_size<T>; i++) r[i].store_aligned(out + std::int64_t(i) * step);
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

// K steps of one tile of A^T: its numbers for one k lie side by side there. What is copied past its height belongs to the next tile.
template <class T>
void pack_tile_transposed(const T* a, std::int64_t lda, std::int64_t K, std::size_t rows, T* out) {
  if (rows == std::size_t(tile_rows))
    for (std::int64_t k = 0; k < K; k++) std::memcpy(out + k * tile_rows, a + k * lda, tile_rows * sizeof(T));
  else
    for (std::int64_t k = 0; k < K; k++) std::memcpy(out + k * tile_rows, a + k * lda, rows * sizeof(T));
}

// K steps of one tile of A, two rows at a time: L numbers of each are interleaved to L pairs.
template <class T>
void pack_tile(const T* a, std::int64_t lda, std::int64_t K, std::int64_t height, T* out) {
  constexpr std::int64_t P = tile_rows, L = lane_size<T>;
  using V = typename Vector<T, L>::type;
  for (std::int64_t p = 0; p < height; p += 2) {
    const T *x = a + p * lda, *y = p + 1 < height ? x + lda : x;
    T* to = out + p;
    std::int64_t k = 0;
    for (; k + L <= K; k += L, to += L * P) {
      const V u = load_lanes<T, L>(x + k, 0), v = load_lanes<T, L>(y + k, 0);
      const V pairs[2] = {interleave<T, 0>(u, v), interleave<T, 1>(u, v)};
      for (std::int64_t j = 0; j < L; j++)
        std::memcpy(to + j * P, reinterpret_cast<const char*>(pairs) + std::size_t(j) * 2 * sizeof(T), 2 * sizeof(T));
    }
    for (; k < K; k++, to += P) to[0] = x[k], to[1] = y[k];
  }
}

// Some steps of k at a time: what is read and written for them stays in the first cache.
template <class T>
void pack_a(bool transpose_a, const RowTiles& tiles, std::int64_t tile0, std::int64_t tile1, const T* a, std::int64_t lda, std::int64_t K,
            T* out) {
  constexpr std::int64_t P = tile_rows, steps = 256;
  for (std::int64_t k = 0; k < K; k += steps)
    for (std::int64_t i = tile0; i < tile1; i++) {
      const std::int64_t m = tiles.begin(i), n = std::min(steps, K - k);
      T* to = out + (i * K + k) * P;
      if (transpose_a)
        pack_tile_transposed(a + k * lda + m, lda, n, std::size_t(std::min(P, tiles.M - m)), to);
      else
        pack_tile(a + m * lda + k, lda, n, tiles.height(i), to);
    }
}

}  // namespace
}  // namespace elbo::ELBO_ISA_NAMESPACE
