// Products with few rows. Compiled once for each instruction set. Each element of C is one sum along k, as in kernels/gemm.cpp: the same
// bits.

#include "tensor/kernels/gemm_few.h"

#include <algorithm>
#include <cstring>

#include "tensor/kernels/activate.h"
#include "tensor/kernels/gemm_pack.h"
#include "tensor/kernels/register_tile.h"

namespace elbo::ELBO_ISA_NAMESPACE {
namespace {

// Rows whose sums stay in registers, each as one vector of columns, or as two where they are so few that their sums would wait for each
// other.
#if defined(__AVX512F__)
constexpr int most_rows = 28;
#elif defined(__aarch64__)
constexpr int most_rows = 24;
#else
constexpr int most_rows = 12;
#endif
constexpr int row_step = 4;  // heights to compile for
// Steps of k at a time: what A and B's columns have of them stays in the first cache.
constexpr std::int64_t few_steps = 200;

// A number for each row of A, up to the next height.
std::int64_t row_length(std::int64_t rows) { return (rows + row_step - 1) / row_step * row_step; }

// L by L numbers, transposed.
template <class T>
[[gnu::always_inline]] inline void pack_square(const T* a, std::int64_t lda, std::int64_t rows, T* out, std::int64_t length) {
  constexpr std::size_t L = lane_size<T>;
  typename Vector<T, L>::type r[L] = {};
  for (std::size_t i = 0; i < L; i++)
    if (std::int64_t(i) < rows) r[i] = load_lanes<T, L>(a + std::int64_t(i) * lda, 0);
  for (std::size_t round = 1; round < L; round *= 2) {
    typename Vector<T, L>::type s[L];
    for (std::size_t i = 0; i < L / 2; i++) {
      s[2 * i] = interleave<T, 0>(r[i], r[i + L / 2]);
      s[2 * i + 1] = interleave<T, 1>(r[i], r[i + L / 2]);
    }
    for (std::size_t i = 0; i < L; i++) r[i] = s[i];
  }
  for (std::size_t i = 0; i < L; i++) std::memcpy(out + std::int64_t(i) * length, &r[i], sizeof r[i]);
}

template <class T>
void pack(const T* a, std::int64_t lda, std::int64_t rows, std::int64_t K, T* out) {
  constexpr std::int64_t L = lane_size<T>;
  const std::int64_t length = row_length(rows);
  for (std::int64_t m = 0; m < length; m += L) {
    const std::int64_t there = rows - m;
    std::int64_t k = 0;
    if (there >= L)
      for (; k + L <= K; k += L) pack_square<T>(a + m * lda + k, lda, L, out + k * length + m, length);
    else
      for (; k + L <= K; k += L) pack_square<T>(a + m * lda + k, lda, there, out + k * length + m, length);
    for (; k < K; k++)
      for (std::int64_t i = 0; i < L; i++) out[k * length + m + i] = i < there ? a[(m + i) * lda + k] : T(0);
  }
}

// P rows from row i on by V vectors of columns from column j on, of which the first `skip` are there already. Rows that C does not have
// are zeros of A.
template <class T, bool turned, int P, int V>
void rows_by_vectors(const FewPart<T>& p, std::int64_t i, std::int64_t j, std::int64_t skip) {
  using B = Batch<T>;
  constexpr std::int64_t W = B::size, L = lane_size<T>;
  const std::int64_t length = row_length(p.rows), there = std::min<std::int64_t>(P, p.rows - i);
  B sum[P][V];
  unrolled<P>([&](auto r) {
    unrolled<V>([&](auto v) { sum[r][v] = p.accumulate && r < there ? B::load_unaligned(p.c + (i + r) * p.ldc + j + v * W) : B(T(0)); });
  });
  const T* a = p.a + i;
  const auto add = [&](const B(&row)[V]) __attribute__((always_inline)) {
    unrolled<P>([&](auto r) {
      const B x(a[r]);
      unrolled<V>([&](auto v) { sum[r][v] = multiply_add(x, row[v], sum[r][v]); });
    });
    a += length;
  };
  if constexpr (turned) {
    static_assert(V == 1);
    constexpr std::int64_t line = 64 / sizeof(T), turns = line / L,
                           share = W / turns;  // a line of each column that follows, in this many turns
    const T *b = p.b + j * p.ldb, *next = b + W * p.ldb;
    std::int64_t k = 0;
    for (; k + L <= p.K; k += L) {
      unrolled<int(share)>([&](auto s) { __builtin_prefetch(next + (k / L % turns * share + s) * p.ldb + k / line * line); });
      B steps[lane_size<T>];
      load_transposed<T>(b + k, p.ldb, steps);
      unrolled<int(L)>([&](auto s) { add({steps[s]}); });
    }
    for (; k < p.K; k++) {
      alignas(64) T step[W];
      for (std::int64_t w = 0; w < W; w++) step[w] = b[w * p.ldb + k];
      add({B::load_aligned(step)});
    }
  } else {
    const T* b = p.b + j;
    for (std::int64_t k = 0; k < p.K; k++, b += p.ldb) {
      __builtin_prefetch(b + V * W);  // of the columns that follow: rows lie too far apart for the processor to foresee it
      B row[V];
      unrolled<V>([&](auto v) { row[v] = B::load_unaligned(b + v * W); });
      add(row);
    }
  }
  if (p.bias)
    unrolled<V>([&](auto v) {
      const B bias = B::load_unaligned(p.bias + j + v * W);
      unrolled<P>([&](auto r) { sum[r][v] += bias; });
    });
  T part[P][V * W];
  unrolled<P>([&](auto r) { unrolled<V>([&](auto v) { sum[r][v].store_unaligned(part[r] + v * W); }); });
  for (std::int64_t r = 0; r < there; r++) {
    if (p.activation != Activation::none)
      for (std::int64_t x = 0; x < V * W; x += W) activate(p.activation, B::load_unaligned(part[r] + x)).store_unaligned(part[r] + x);
    T* to = p.c + (i + r) * p.ldc + j;
    if (skip == 0)
      std::memcpy(to, part[r], sizeof part[r]);
    else
      std::memcpy(to + skip, part[r] + skip, std::size_t(V * W - skip) * sizeof(T));
  }
}

// All columns: what is left at the end by a vector that reaches back.
template <class T, bool turned, int P>
void rows_by_columns(const FewPart<T>& p, std::int64_t i) {
  constexpr int V = !turned && 2 * P <= most_rows ? 2 : 1;
  constexpr std::int64_t W = Batch<T>::size;
  std::int64_t j = 0;
  for (; j + V * W <= p.columns; j += V * W) rows_by_vectors<T, turned, P, V>(p, i, j, 0);
  for (; j + W <= p.columns; j += W) rows_by_vectors<T, turned, P, 1>(p, i, j, 0);
  if (j < p.columns) rows_by_vectors<T, turned, P, 1>(p, i, p.columns - W, W - (p.columns - j));
}

template <class T, bool turned, int P = most_rows>
void rows_of(const FewPart<T>& p, std::int64_t i, std::int64_t rows) {
  if constexpr (P > row_step)
    if (rows <= P - row_step) return rows_of<T, turned, P - row_step>(p, i, rows);
  rows_by_columns<T, turned, P>(p, i);
}

template <class T, bool turned>
void multiply(const FewPart<T>& p) {
  constexpr std::int64_t most = std::min(most_rows, turned ? 20 : most_rows);
  const std::int64_t groups = (p.rows + most - 1) / most, steps = (p.rows + row_step - 1) / row_step,
                     height = (steps + groups - 1) / groups * row_step;
  const std::int64_t blocks = (p.K + few_steps - 1) / few_steps;
  for (std::int64_t block = 0; block < blocks; block++) {
    const std::int64_t k0 = p.K * block / blocks;
    FewPart<T> part = p;
    part.K = p.K * (block + 1) / blocks - k0;
    part.a += k0 * row_length(p.rows);
    part.b += turned ? k0 : k0 * p.ldb;
    part.accumulate |= block > 0;
    if (block + 1 < blocks) part.bias = nullptr, part.activation = Activation::none;
    for (std::int64_t i = 0; i < p.rows; i += height) rows_of<T, turned>(part, i, std::min(height, p.rows - i));
  }
}

template <class T>
constexpr FewTable<T> few_table() {
  return {2 * int(Batch<T>::size), row_length, pack<T>, multiply<T, false>, multiply<T, true>};
}

}  // namespace

extern const FewKernels few_kernels;
constinit const FewKernels few_kernels = {few_table<float>(), few_table<double>()};

}  // namespace elbo::ELBO_ISA_NAMESPACE
