// The gradient of a convolution's filters. Compiled once for each instruction set.
//
// For one tap it is a product again: channels of one image by channels of the other, summed over pixels. A tile of it, a few channels by
// two vectors, stays in registers from the first pixel to the last. Both images are packed, so that a pixel's numbers are neighbours; a tap
// is where the first begins. There is one loop over the pixels, with the place of each from a table: a loop over rows of seven pixels would
// spend a third of its time on their ends.

#include <algorithm>
#include <cstring>

#include "tensor/kernels/conv_tiles.h"

namespace elbo::ELBO_ISA_NAMESPACE {
namespace {

enum class Placed { a, b };  // which of the two has its pixels where the table says

// P rows by V vectors; not `whole`: by the first `width` columns of one vector.
template <class T, Placed placed, int P, int V, bool whole = true>
void walk(const CorrelatePart<T>& part, const T* b, T* c, std::int64_t ldc, std::int64_t width = 0) {
  using B = Batch<T>;
  constexpr int W = int(B::size);
  B sum[P][V];
  unrolled<P>([&](auto p) { unrolled<V>([&](auto v) { sum[p][v] = B(T(0)); }); });
  const std::int32_t* const places = part.places;
  const std::int64_t n = part.pixels, step = part.step;
  const T* in_step = placed == Placed::a ? b : part.a;
#pragma GCC unroll 4
  for (std::int64_t i = 0; i < n; i++, in_step += step) {
    const T *x = placed == Placed::a ? part.a + places[i] : in_step, *y = placed == Placed::a ? in_step : b + places[i];
    B line[V];
    unrolled<V>([&](auto v) { line[v] = whole ? B::load_unaligned(y + v * W) : load_part(y + v * W, width, T(0)); });
    unrolled<P>([&](auto p) {
      const B value(x[p]);
      unrolled<V>([&](auto v) { sum[p][v] = multiply_add(value, line[v], sum[p][v]); });
    });
  }
  unrolled<P>([&](auto p) {
    unrolled<V>([&](auto v) {
      T* to = c + p * ldc + v * W;
      if (whole)
        (B::load_unaligned(to) + sum[p][v]).store_unaligned(to);
      else
        store_part(to, load_part(to, width, T(0)) + sum[p][v], width);
    });
  });
}

// The same where c has fewer rows or columns than a and b: by way of memory that has them all.
template <class T, int P, int V>
void walk_panel(const CorrelatePart<T>& p) {
  constexpr int columns = V * int(Batch<T>::size);
  if (p.rows == P && p.columns == columns) return walk<T, Placed::a, P, V>(p, p.b, p.c, p.ldc);
  T part[P * columns] = {};
  walk<T, Placed::a, P, V>(p, p.b, part, columns);
  for (int i = 0; i < p.rows; i++)
    for (int j = 0; j < p.columns; j++) p.c[i * p.ldc + j] += part[i * columns + j];
}

// Tiles are of nearly equal height, so that one of less than half the rows is rare: it is computed as if it had them.
template <class T, int V, int P = conv_rows>
void walk_rows(const CorrelatePart<T>& p) {
  if constexpr (P > conv_rows / 2)
    if (p.rows < P) return walk_rows<T, V, P - 1>(p);
  walk_panel<T, P, V>(p);
}

template <class T>
void correlate_of(const CorrelatePart<T>& p) {
  (p.columns <= int(Batch<T>::size) ? walk_rows<T, 1> : walk_rows<T, conv_vectors>)(p);
}

// P rows by as many vectors of columns as there are registers for: one channel against a window of many.
template <class T, int P>
void wide(const CorrelatePart<T>& p) {
  constexpr int W = int(Batch<T>::size), most = 12 / P;
  int j = 0;
  const auto by = [&]<int V>() {
    for (; j + V * W <= p.columns; j += V * W) walk<T, Placed::b, P, V>(p, p.b + j, p.c + j, p.ldc);
  };
  if constexpr (sizeof(T) == 4) {  // float64 is for checks
    by.template operator()<most>();
    by.template operator()<(most > 4 ? 4 : 2)>();
  }
  by.template operator()<1>();
  if (j < p.columns) walk<T, Placed::b, P, 1, false>(p, p.b + j, p.c + j, p.ldc, p.columns - j);
}

template <class T, int P = dots_most>
void wide_rows(const CorrelatePart<T>& p) {
  if constexpr (P > 0) {
    if (p.rows == P) return wide<T, P>(p);
    wide_rows<T, P - 1>(p);
  }
}

template <class T>
void pack_of(const T* x, std::int64_t pitch, std::int64_t n, T* out) {
  for (std::int64_t i = 0; i < n; i++) std::memcpy(out + i * conv_rows, x + i * pitch, conv_rows * sizeof(T));
}

}  // namespace

void pack_channels(const float* x, std::int64_t pitch, std::int64_t n, float* out) { pack_of(x, pitch, n, out); }
void pack_channels(const double* x, std::int64_t pitch, std::int64_t n, double* out) { pack_of(x, pitch, n, out); }
void correlate(const CorrelatePart<float>& part) { correlate_of(part); }
void correlate(const CorrelatePart<double>& part) { correlate_of(part); }
void correlate_wide(const CorrelatePart<float>& part) { wide_rows(part); }
void correlate_wide(const CorrelatePart<double>& part) { wide_rows(part); }

}  // namespace elbo::ELBO_ISA_NAMESPACE
