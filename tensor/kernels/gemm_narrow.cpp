// Products with a narrow side, straight from memory. Compiled once for each instruction set.

#include "tensor/kernels/gemm_narrow.h"

#include <algorithm>

#include "tensor/kernels/map.h"
#include "tensor/kernels/register_tile.h"

namespace elbo::ELBO_ISA_NAMESPACE {
namespace {

// P rows of a by J rows of b, from row i on: each vector of either is loaded once.
template <class T, int P, int J>
void dots_of(const NarrowPart<T>& p, std::int64_t i) {
  using B = Batch<T>;
  constexpr std::int64_t W = B::size;
  B sum[P][J];
  unrolled<P>([&](auto r) { unrolled<J>([&](auto j) { sum[r][j] = B(T(0)); }); });
  const T* const a = p.a + i * p.a_row;
  const auto add = [&](auto&& load) {
    B b[J];
    unrolled<J>([&](auto j) { b[j] = load(p.b + j * p.ldb); });
    unrolled<P>([&](auto r) {
      const B x = load(a + r * p.a_row);
      unrolled<J>([&](auto j) { sum[r][j] = multiply_add(x, b[j], sum[r][j]); });
    });
  };
  std::int64_t k = 0;
  for (; k + W <= p.K; k += W) add([&](const T* from) { return B::load_unaligned(from + k); });
  if (k < p.K) add([&](const T* from) { return load_part(from + k, p.K - k, T(0)); });
  alignas(64) T lanes[W];
  for (int r = 0; r < P; r++)
    for (int j = 0; j < J; j++) {
      sum[r][j].store_aligned(lanes);
      for (std::int64_t half = W / 2; half > 0; half /= 2)
        for (std::int64_t l = 0; l < half; l++) lanes[l] += lanes[l + half];
      T& c = p.c[(i + r) * p.ldc + j];
      c = p.accumulate ? c + lanes[0] : lanes[0];
    }
}

template <class T, int J>
void dots_by(const NarrowPart<T>& p) {
  std::int64_t i = 0;
  for (; i + 2 <= p.rows; i += 2) dots_of<T, 2, J>(p, i);
  if (i < p.rows) dots_of<T, 1, J>(p, i);
}

template <class T>
void dots(const NarrowPart<T>& p) {
  switch (p.columns) {
    case 1:
      return dots_by<T, 1>(p);
    case 2:
      return dots_by<T, 2>(p);
    case 3:
      return dots_by<T, 3>(p);
    case 4:
      return dots_by<T, 4>(p);
  }
}

// P rows of c from row i on, by V vectors of columns from column j on; `width` columns of them exist.
template <class T, int P, int V>
void strip(const NarrowPart<T>& p, std::int64_t i, std::int64_t j, std::int64_t width) {
  using B = Batch<T>;
  constexpr std::int64_t W = B::size;
  const bool whole = width == V * W;
  const auto load = [&](const T* from) { return whole ? B::load_unaligned(from) : load_part(from, width, T(0)); };
  const T* const a = p.a + i * p.a_row;
  T* const c = p.c + i * p.ldc + j;
  B sum[P][V];
  unrolled<P>([&](auto r) { unrolled<V>([&](auto v) { sum[r][v] = p.accumulate ? load(c + r * p.ldc + v * W) : B(T(0)); }); });
  const T* b = p.b + j;
  for (std::int64_t k = 0; k < p.K; k++, b += p.ldb) {
    B row[V];
    unrolled<V>([&](auto v) { row[v] = load(b + v * W); });
    unrolled<P>([&](auto r) {
      const B x(a[r * p.a_row + k * p.a_step]);
      unrolled<V>([&](auto v) { sum[r][v] = multiply_add(x, row[v], sum[r][v]); });
    });
  }
  unrolled<P>([&](auto r) {
    unrolled<V>([&](auto v) {
      T* at = c + r * p.ldc + v * W;
      whole ? sum[r][v].store_unaligned(at) : store_part(at, sum[r][v], width);
    });
  });
}

template <class T, int P>
void strips_by(const NarrowPart<T>& p, std::int64_t i) {
  constexpr std::int64_t W = Batch<T>::size, V = P <= 2 ? 4 : 2;
  std::int64_t j = 0;
  for (; j + V * W <= p.columns; j += V * W) strip<T, P, V>(p, i, j, V * W);
  for (; j < p.columns; j += W) strip<T, P, 1>(p, i, j, std::min(W, p.columns - j));
}

template <class T>
void strips(const NarrowPart<T>& p) {
  std::int64_t i = 0;
  for (; i + 4 <= p.rows; i += 4) strips_by<T, 4>(p, i);
  if (i + 2 <= p.rows) strips_by<T, 2>(p, i), i += 2;
  if (i < p.rows) strips_by<T, 1>(p, i);
}

template <class T>
void finish(Activation f, const T* bias, std::int64_t n, T* c) {
  using B = Batch<T>;
  const auto with = [&](auto&& g) { bias ? map(c, 1, bias, 1, c, n, [&](B x, B b) { return g(x + b); }) : map(c, c, n, g); };
  with([&](const B& x) { return activate(f, x); });
}

template <class T>
constexpr NarrowTable<T> make_table() {
  return {dots<T>, strips<T>, finish<T>};
}

}  // namespace

extern const NarrowKernels narrow_kernels;
constinit const NarrowKernels narrow_kernels = {make_table<float>(), make_table<double>()};

}  // namespace elbo::ELBO_ISA_NAMESPACE
