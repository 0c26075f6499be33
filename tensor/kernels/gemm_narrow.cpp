// Products with a narrow side, straight from memory. Compiled once for each instruction set.

#include "tensor/kernels/gemm_narrow.h"

#include <algorithm>

#include "tensor/kernels/map.h"
#include "tensor/kernels/register_tile.h"

namespace elbo::ELBO_ISA_NAMESPACE {
namespace {

// Two rows of a by J rows of b, from row i on: each vector of either is loaded once. Where there are fewer rows of either
// the last one stands for the others too, so that few cases need code of their own.
template <class T, int J>
void dots_of(const NarrowPart<T>& p, std::int64_t i) {
  using B = Batch<T>;
  constexpr std::int64_t W = B::size;
  const std::int64_t rows[2] = {i, std::min(i + 1, p.rows - 1)};
  const T *a[2], *b[J];
  B sum[2][J];
  unrolled<2>([&](auto r) { a[r] = p.a + rows[r] * p.a_row, unrolled<J>([&](auto j) { sum[r][j] = B(T(0)); }); });
  unrolled<J>([&](auto j) { b[j] = p.b + std::min<std::int64_t>(j, p.columns - 1) * p.ldb; });
  const auto add = [&](auto&& load) {
    const B x[2] = {load(a[0]), load(a[1])};
    unrolled<J>([&](auto j) {
      const B y = load(b[j]);
      unrolled<2>([&](auto r) { sum[r][j] = multiply_add(x[r], y, sum[r][j]); });
    });
  };
  std::int64_t k = 0;
  for (; k + W <= p.K; k += W) add([&](const T* from) { return B::load_unaligned(from + k); });
  if (k < p.K) add([&](const T* from) { return load_part(from + k, p.K - k, T(0)); });
  for (int r = 0; r < int(std::min<std::int64_t>(2, p.rows - i)); r++)
    for (int j = 0; j < int(std::min<std::int64_t>(J, p.columns)); j++) {
      alignas(64) T lanes[W];
      sum[r][j].store_aligned(lanes);
      for (std::int64_t half = W / 2; half > 0; half /= 2)
        for (std::int64_t l = 0; l < half; l++) lanes[l] += lanes[l + half];
      T& c = p.c[rows[r] * p.ldc + j];
      c = p.accumulate ? c + lanes[0] : lanes[0];
    }
}

template <class T>
void dots(const NarrowPart<T>& p) {
  for (std::int64_t i = 0; i < p.rows; i += 2) (p.columns <= 2 ? dots_of<T, 2> : dots_of<T, narrow_side>)(p, i);
}

// P rows of c from row i on (the last for missing ones, as above; it is written more than once), by V vectors of columns from column j on;
// `width` columns exist.
template <class T, int P, int V>
void strip(const NarrowPart<T>& p, std::int64_t i, std::int64_t j, std::int64_t width) {
  using B = Batch<T>;
  constexpr std::int64_t W = B::size;
  const bool whole = width == V * W;
  const auto load = [&](const T* from) { return whole ? B::load_unaligned(from) : load_part(from, width, T(0)); };
  const T* a[P];
  T* c[P];
  B sum[P][V];
  unrolled<P>([&](auto r) {
    const std::int64_t row = std::min(i + r, p.rows - 1);
    a[r] = p.K > 0 ? p.a + row * p.a_row : p.a;
    c[r] = p.c + row * p.ldc + j;
    unrolled<V>([&](auto v) { sum[r][v] = p.accumulate ? load(c[r] + v * W) : B(T(0)); });
  });
  const T* b = p.K > 0 ? p.b + j : p.b;  // without steps there need be neither a nor b
  for (std::int64_t k = 0; k < p.K; k++, b += p.ldb) {
    B row[V];
    unrolled<V>([&](auto v) { row[v] = load(b + v * W); });
    unrolled<P>([&](auto r) {
      const B x(a[r][k * p.a_step]);
      unrolled<V>([&](auto v) { sum[r][v] = multiply_add(x, row[v], sum[r][v]); });
    });
  }
  unrolled<P>([&](auto r) {
    unrolled<V>([&](auto v) { whole ? sum[r][v].store_unaligned(c[r] + v * W) : store_part(c[r] + v * W, sum[r][v], width); });
  });
}

template <class T, int P, int V>
void strips_by(const NarrowPart<T>& p, std::int64_t i) {
  constexpr std::int64_t W = Batch<T>::size;
  std::int64_t j = 0;
  for (; j + V * W <= p.columns; j += V * W) strip<T, P, V>(p, i, j, V * W);
  for (; j < p.columns; j += W) strip<T, P, 1>(p, i, j, std::min(W, p.columns - j));
}

template <class T>
void strips(const NarrowPart<T>& p) {
  for (std::int64_t i = 0; i < p.rows; i += 4) (p.rows - i <= 2 ? strips_by<T, 2, 4> : strips_by<T, 4, 2>)(p, i);
}

template <class T>
constexpr NarrowTable<T> narrow_table() {
  return {dots<T>, strips<T>};
}

}  // namespace

extern const NarrowKernels narrow_kernels;
constinit const NarrowKernels narrow_kernels = {narrow_table<float>(), narrow_table<double>()};

}  // namespace elbo::ELBO_ISA_NAMESPACE
