#include "tensor/gemm.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "tensor/kernels/gemm.h"
#include "tensor/parallel.h"
#include "tensor/scratch.h"

namespace elbo {
namespace {

// n things in `count` groups whose sizes differ by at most one, the larger ones first: threads that take groups in turn get equal
// shares.
struct Groups {
  Index n, count;
  Index begin(Index i) const { return n / count * i + std::min(i, n % count); }
};

// n panels in at most `most` groups: wide ones for three quarters of them, then pairs, then single ones, so that threads which take
// groups in turn end nearly together.
struct Tapered {
  Index n, most;
  Index unit = divide_up(n, most), units = divide_up(n, unit), wide = std::clamp<Index>(units / 4, 1, 4);
  Index large = units * 3 / 4 / wide, rest = units - large * wide, pairs = wide > 2 ? rest / 3 : 0;
  Index whole = large + pairs, count = large + rest - pairs;  // groups of more than one unit, and all
  Index begin(Index i) const {
    const Index past = i - large;
    return std::min(n, unit * (past <= 0 ? i * wide : large * wide + (past <= pairs ? 2 * past : pairs + past)));
  }
};

// A chunk of fewer multiply-adds than this costs more to hand to a thread than it brings.
constexpr Index least_work = 100'000;
constexpr Index most_chunks = 64;
// Rows of C at a time, in tiles: their part of A shares the second cache with some panels.
constexpr Index most_row_tiles = 24;
// Bytes of panels that a chunk packs before it multiplies by them: they are still in the second cache then.
constexpr Index packed_at_once = 128 << 10;
// Bytes of packed B that the chunks of a tall product share, and of packed A that each has: both lie in the second cache.
constexpr Index tall_panels = 512 << 10, tall_tiles = 256 << 10;
// The same of one that is wide as well and whose A the second cache does not hold: panels stream, each for some tiles.
constexpr Index tall_wide_panels = 4 << 20, tall_wide_a = 1 << 20, tall_wide_steps = 1024, tall_wide_least_tiles = 6;
// With so few steps (the gradient of weights, a small batch) C is most of what moves: it is written row after row.
constexpr Index few_steps = 64;
// Numbers of C from which on it matters that it is written row after row: a third cache does not hold them.
constexpr Index large_result = 4'000'000;

// One product with A packed into tiles, and how it is cut into chunks: by (M, N, K) alone.
template <class T>
struct Product {
  Index M, N, K;
  T* C;
  Index ldc;
  const Epilogue<T>& e;

  const GemmTable<T>& kernels = gemm_kernels.of<T>();
  RowTiles tiles{M, divide_up(M, kernels.rows)};
  std::optional<Scratch> memory{};
  T* A = nullptr;
  Index panels = divide_up(N, Index(kernels.columns));
  Index chunks = std::clamp<Index>(M * N * K / least_work, 1, most_chunks);  // that are worth a thread's while

  Index column(Index panel) const { return std::min(N, panel * kernels.columns); }
  Index row_bytes() const { return panels * kernels.columns * Index(sizeof(T)); }  // of a row of all panels

  // Once, before anything else. Packing costs 2 to 5% of a product of 16 panels and more; reading A as it lies was no faster.
  void pack_a(bool transpose, const T* a, Index lda) {
    A = memory.emplace(std::size_t(tiles.count * kernels.rows * K) * sizeof(T)).template as<T>();
    const Groups groups{tiles.count, std::clamp<Index>(M * K / 16384, 1, std::min(tiles.count, most_chunks))};
    parallel(groups.count, [&](Index i) { kernels.pack_a(transpose, tiles, groups.begin(i), groups.begin(i + 1), a, lda, K, A); });
  }

  // Row tiles r0 .. r1-1 by panels p0 .. p1-1 from step k0 to k1, which lie at `packed`.
  void multiply(Index r0, Index r1, Index p0, Index p1, Index k0, Index k1, const T* packed, const Ahead& ahead = {}) const {
    const Index n0 = column(p0);
    const bool last = k1 == K;
    kernels.multiply({.tiles = tiles,
                      .tile0 = r0,
                      .tile1 = r1,
                      .N = column(p1) - n0,
                      .K = k1 - k0,
                      .a = A + k0 * kernels.rows,
                      .tile_step = kernels.rows * K,
                      .panels = packed,
                      .c = C + n0,
                      .ldc = ldc,
                      .bias = last && e.bias ? e.bias + n0 : nullptr,
                      .activation = last ? e.activation : Activation::none,
                      .accumulate = k0 > 0 || e.accumulate,
                      .ahead = ahead});
  }
};

// All of op(B), for a product whose chunks share panels.
template <class T>
void pack_all(bool transpose_b, Index K, Index N, const T* B, Index ldb, T* out) {
  const Index columns = gemm_kernels.of<T>().columns, panels = divide_up(N, columns);
  const Groups groups{panels, std::clamp<Index>(N * K / 16384, 1, std::min(panels, most_chunks))};
  parallel(groups.count, [&](Index i) {
    const Index n0 = groups.begin(i) * columns, n1 = std::min(N, groups.begin(i + 1) * columns);
    gemm_kernels.of<T>().pack(transpose_b, transpose_b ? B + n0 * ldb : B + n0, ldb, K, n1 - n0, out + n0 * K);
  });
}

// What a tall product gains from k0 to k1 by panels that are packed: cut by rows, and each chunk packs its own part of A, into memory that
// its thread has in the second cache.
template <class T>
void multiply_tall(const Product<T>& p, bool transpose_a, const T* a, Index lda, Index k0, Index k1, const T* packed) {
  const Index tile = p.kernels.rows * (k1 - k0),
              room = std::clamp<Index>(tall_tiles / std::max<Index>(1, tile * Index(sizeof(T))), 1, most_row_tiles);
  const bool wide = p.row_bytes() * (k1 - k0) > tall_panels;
  const Index least = wide ? std::min(room, tall_wide_least_tiles) : 1;
  const Groups rows{p.tiles.count, std::clamp<Index>(p.chunks, divide_up(p.tiles.count, room), std::max<Index>(1, p.tiles.count / least))};
  parallel(rows.count, [&](Index g) {
    const Index m0 = p.tiles.begin(rows.begin(g)), m1 = p.tiles.begin(rows.begin(g + 1));
    const RowTiles own{m1 - m0, rows.begin(g + 1) - rows.begin(g)};
    T* memory = static_cast<T*>(thread_memory(std::size_t(own.count * tile) * sizeof(T)));
    const T* from = k1 == k0 ? a : transpose_a ? a + k0 * lda + m0 : a + m0 * lda + k0;  // without columns perhaps no memory
    p.kernels.pack_a(transpose_a, own, 0, own.count, from, lda, k1 - k0, memory);
    const bool last = k1 == p.K;
    p.kernels.multiply({.tiles = own,
                        .tile0 = 0,
                        .tile1 = own.count,
                        .N = p.N,
                        .K = k1 - k0,
                        .a = memory,
                        .tile_step = tile,
                        .panels = packed,
                        .c = p.C + m0 * p.ldc,
                        .ldc = p.ldc,
                        .bias = last ? p.e.bias : nullptr,
                        .activation = last ? p.e.activation : Activation::none,
                        .accumulate = k0 > 0 || p.e.accumulate,
                        .ahead = {}});
  });
}

// How many steps of k a tall product takes at a time; 0 where another way is better.
template <class T>
Index tall_steps(const Product<T>& p, bool transpose_a) {
  if (p.tiles.count <= p.panels) return 0;
  const Index width = p.row_bytes();
  if (p.panels < 12 || (!transpose_a && width * p.K <= tall_panels && p.M * p.N >= large_result))
    return std::max<Index>(p.kernels.k_block, tall_panels / width);
  if (p.M * p.K * Index(sizeof(T)) <= tall_wide_a || width * std::min(p.K, tall_wide_steps) > tall_wide_panels) return 0;
  return tall_wide_steps;
}

// The same for others: cut by columns and, as far as that does not give chunks enough, by rows.
template <class T>
void multiply_packed(Product<T>& p, bool transpose_a, const T* a, Index lda, const T* packed) {
  if (p.tiles.count > p.panels) return multiply_tall(p, transpose_a, a, lda, 0, p.K, packed);
  p.pack_a(transpose_a, a, lda);
  const Index least_rows = divide_up(p.tiles.count, most_row_tiles);
  const Groups columns{p.panels, std::clamp<Index>(p.chunks / least_rows, 1, divide_up(p.panels, 2))};
  const Groups rows{p.tiles.count, std::clamp<Index>(p.chunks / columns.count, least_rows, p.tiles.count)};
  parallel(rows.count * columns.count, [&](Index chunk) {
    const Index r = chunk % rows.count, g = chunk / rows.count, p0 = columns.begin(g);
    p.multiply(rows.begin(r), rows.begin(r + 1), p0, columns.begin(g + 1), 0, p.K, packed + p.column(p0) * p.K);
  });
}

// C by chunks that pack their own panels, a block of k at a time: cut by columns, and the single panels at the end by rows too, which
// costs packing them twice.
template <class T>
struct PackingProduct {
  const Product<T>& p;
  bool transpose_b;
  const T* B;
  Index ldb;

  Tapered columns{p.panels, p.chunks};
  Index halves = columns.unit == 1 && p.tiles.count > 2 ? 2 : 1;
  Index chunks = columns.whole + halves * (columns.count - columns.whole);
  Groups depths{p.K, std::max<Index>(1, divide_up(p.K, p.kernels.k_block))};
  Index panel = p.kernels.columns * divide_up(p.K, depths.count) * Index(sizeof(T));
  Index step = std::max<Index>(1, packed_at_once / std::max<Index>(1, panel));  // panels that are packed at once

  struct Block {
    Index p0, p1, depth;  // panels, and which part of k
  };
  Index group(Index chunk) const { return chunk < columns.whole ? chunk : columns.whole + (chunk - columns.whole) / halves; }
  Block first(Index g) const {
    const Index p0 = columns.begin(g);
    return {p0, std::min(columns.begin(g + 1), p0 + step), 0};
  }
  Block next(const Block& block, Index g) const {
    if (block.depth + 1 < depths.count) return {block.p0, block.p1, block.depth + 1};
    return {block.p1, std::min(columns.begin(g + 1), block.p1 + step), 0};
  }
  const T* source(const Block& block) const {
    const Index n = p.column(block.p0), k = depths.begin(block.depth);
    return transpose_b ? B + n * ldb + k : B + k * ldb + n;
  }
  Index width(const Block& block) const { return p.column(block.p1) - p.column(block.p0); }
  Index depth(const Block& block) const { return depths.begin(block.depth + 1) - depths.begin(block.depth); }
  Ahead ahead(const Block& block) const {
    const Index across = width(block), along = depth(block), size = sizeof(T);
    return {source(block), transpose_b ? across : along, (transpose_b ? along : across) * size, ldb * size};
  }

  void run(Index chunk) const {
    const Index g = group(chunk), parts = chunk < columns.whole ? 1 : halves, part = parts == 1 ? 0 : (chunk - columns.whole) % parts;
    const Groups cut{p.tiles.count, parts};
    const Index tile0 = cut.begin(part), tile1 = cut.begin(part + 1);
    const Groups rows{tile1 - tile0, divide_up(tile1 - tile0, most_row_tiles)};
    T* packed = static_cast<T*>(thread_memory(std::size_t(step * panel)));
    const Index likely = chunk + threads();  // the chunk that this thread takes next
    const Ahead afterwards = likely < chunks ? ahead(first(group(likely))) : Ahead{};
    for (Block block = first(g); block.p0 < block.p1; block = next(block, g)) {
      const Block after = next(block, g);
      p.kernels.pack(transpose_b, source(block), ldb, depth(block), width(block), packed);
      for (Index r = 0; r < rows.count; r++)
        p.multiply(tile0 + rows.begin(r), tile0 + rows.begin(r + 1), block.p0, block.p1, depths.begin(block.depth),
                   depths.begin(block.depth + 1), packed,
                   r > 0                 ? Ahead{}
                   : after.p0 < after.p1 ? ahead(after)
                                         : afterwards);
    }
  }
};

template <class T>
void multiply_packing(const Product<T>& p, bool transpose_b, const T* B, Index ldb) {
  const PackingProduct<T> product{p, transpose_b, B, ldb};
  parallel(product.chunks, [&](Index chunk) { product.run(chunk); });
}

}  // namespace

template <class T>
void gemm_own(bool transpose_a, bool transpose_b, Index M, Index N, Index K, const T* A, Index lda, const T* B, Index ldb, T* C, Index ldc,
              const Epilogue<T>& e) {
  if (M == 0 || N == 0) return;
  Product<T> p{M, N, K, C, ldc, e};
  if (const Index steps = tall_steps(p, transpose_a); steps > 0) {
    // Block after block of k: what is packed of B stays in a cache while all rows meet it.
    const Groups depths{K, std::max<Index>(1, divide_up(K, steps))};
    const Scratch packed(std::size_t(p.row_bytes() * depths.begin(1)));
    for (Index d = 0; d < depths.count; d++) {
      const Index k0 = depths.begin(d), k1 = depths.begin(d + 1);
      pack_all(transpose_b, k1 - k0, N, transpose_b ? B + k0 : B + k0 * ldb, ldb, packed.as<T>());
      multiply_tall(p, transpose_a, A, lda, k0, k1, packed.as<T>());
    }
    return;
  }
  if (p.panels >= 12 && K > few_steps) return p.pack_a(transpose_a, A, lda), multiply_packing(p, transpose_b, B, ldb);
  const Scratch packed(std::size_t(p.panels * p.kernels.columns * K) * sizeof(T));
  pack_all(transpose_b, K, N, B, ldb, packed.as<T>());
  if (K <= few_steps) return multiply_tall(p, transpose_a, A, lda, 0, K, packed.as<T>());
  multiply_packed(p, transpose_a, A, lda, packed.as<T>());
}

template <class T>
void PackedMatrix<T>::pack(bool transpose_b, Index K, Index N, const T* B, Index ldb) {
  const Index columns = gemm_kernels.of<T>().columns;
  const std::size_t bytes = std::size_t(divide_up(N, columns) * columns * K) * sizeof(T);
  if (!storage_ || storage_->bytes < bytes) storage_ = StorageRef::allocate(bytes);
  k_ = K, n_ = N;
  if (N > 0) pack_all(transpose_b, K, N, B, ldb, reinterpret_cast<T*>(storage_->data));
}

template <class T>
void gemm(bool transpose_a, Index M, const T* A, Index lda, const PackedMatrix<T>& B, T* C, Index ldc, const Epilogue<T>& e) {
  if (M == 0 || B.N() == 0) return;
  Product<T> p{M, B.N(), B.K(), C, ldc, e};
  multiply_packed(p, transpose_a, A, lda, B.data());
}

template <class T>
void column_sums(const T* x, Index rows, Index cols, T* out) {
  // Many rows: partial sums over about a thousand rows each, then their sum; that is more exact than one long sum, too.
  if (const Groups parts{rows, std::min<Index>(rows / 1024, most_chunks)}; parts.count > 1) {
    const Scratch scratch(std::size_t(parts.count * cols) * sizeof(T));
    T* partial = scratch.as<T>();
    parallel(parts.count, [&](Index i) {
      gemm_kernels.of<T>().column_sums(x + parts.begin(i) * cols, cols, parts.begin(i + 1) - parts.begin(i), cols, partial + i * cols);
    });
    gemm_kernels.of<T>().column_sums(partial, cols, parts.count, cols, out);
    return;
  }
  // Few rows: cut by columns; each sum runs down its column in order, whatever the chunks are.
  const Index chunks = std::clamp<Index>(rows * cols / 32768, 1, std::max<Index>(1, cols / 64));
  const Index step = std::max<Index>(16, divide_up(divide_up(cols, chunks), 16) * 16);
  parallel(divide_up(cols, step),
           [&](Index i) { gemm_kernels.of<T>().column_sums(x + i * step, cols, rows, std::min(step, cols - i * step), out + i * step); });
}

#define ELBO_INSTANTIATE(T)                                                                                                 \
  template class PackedMatrix<T>;                                                                                           \
  template void gemm(bool, Index, const T*, Index, const PackedMatrix<T>&, T*, Index, const Epilogue<T>&);                  \
  template void gemm_own(bool, bool, Index, Index, Index, const T*, Index, const T*, Index, T*, Index, const Epilogue<T>&); \
  template void column_sums(const T*, Index, Index, T*);
ELBO_INSTANTIATE(float)
ELBO_INSTANTIATE(double)
#undef ELBO_INSTANTIATE

}  // namespace elbo
