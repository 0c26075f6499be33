#pragma once
// The kernels behind gemm(). Both operands come packed. B into panels: panel j holds the columns of op(B) from j * columns on, as K rows
// of `columns` numbers one after the other. The last panel has half the columns where that is enough; what it has too many are zeros.
// A into tiles: tile i holds its rows of op(A) as `rows` numbers for each k; what a lower tile has too many are never read.

#include <cstdint>

#include "tensor/activation.h"
#include "tensor/isa.h"

namespace elbo {

// Rows of C are cut into `count` tiles of nearly equal height: none is so low that its multiply-adds wait for each other. All begin at
// even rows, so that the heights to compile for are half as many; but where a tile is one row (the plain loops').
struct RowTiles {
  std::int64_t M, count;
  std::int64_t begin(std::int64_t i) const { return i == count ? M : count == M ? i : (M * i / count + 1) / 2 * 2; }
  std::int64_t height(std::int64_t i) const { return begin(i + 1) - begin(i); }
};

// Memory that will be packed next: `rows` pieces of `bytes` each, `step` bytes apart.
struct Ahead {
  const void* from = nullptr;
  std::int64_t rows = 0, bytes = 0, step = 0;
};

// Some tiles of rows of C (about a hundred rows, so that their part of A stays in the second cache) by the columns of some
// neighbouring panels: what one thread does at a time.
template <class T>
struct GemmPart {
  RowTiles tiles;             // of all rows
  std::int64_t tile0, tile1;  // the tiles of this part
  std::int64_t N, K;
  const T* a;  // op(A), packed: tile 0; tiles lie tile_step apart
  std::int64_t tile_step;
  const T* panels;  // op(B), packed
  T* c;             // row 0; rows ldc apart
  std::int64_t ldc;
  const T* bias;  // N numbers, or null
  Activation activation;
  bool accumulate;
  Ahead ahead;  // brought into the second cache meanwhile
};

template <class T>
struct GemmTable {
  int rows, columns;  // of the register tile
  int k_block;        // steps of k between two visits to C
  // Packs the panels of n columns of op(B): b is (K, n) with rows ldb apart, with `transpose` (n, K). The first column is the first
  // of a panel; n is a multiple of `columns` unless the last column of op(B) is among them.
  void (*pack)(bool transpose, const T* b, std::int64_t ldb, std::int64_t K, std::int64_t n, T* panels);
  // Packs tiles tile0 .. tile1-1 of op(A): a is (M, K) with rows lda apart, with `transpose` (K, M). Tile i begins at out + i * rows * K.
  void (*pack_a)(bool transpose, const RowTiles& tiles, std::int64_t tile0, std::int64_t tile1, const T* a, std::int64_t lda,
                 std::int64_t K, T* out);
  void (*multiply)(const GemmPart<T>& part);
  // out[j] = sum over i of x[i * ldx + j], i < rows, j < n
  void (*column_sums)(const T* x, std::int64_t ldx, std::int64_t rows, std::int64_t n, T* out);
};

struct GemmKernels {
  GemmTable<float> f32;
  GemmTable<double> f64;
};
ELBO_KERNEL_TABLE(GemmKernels, gemm_kernels);

}  // namespace elbo
