// Sums of weighted pixels, rows first: rows of the image make one row in scratch, side by side over pixels and channels alike, and
// its pixels make those of the result. Compiled once for each instruction set.

#include "tensor/kernels/resample.h"

#include "tensor/kernels/map.h"

namespace elbo::ELBO_ISA_NAMESPACE {
namespace {

// y[i] = sum over k < n of w[k] x[row[k] * length + i], for i < length; up to a vector more is written.
template <class T>
void combine_rows(const T* x, std::int64_t length, const std::int32_t* row, const T* w, std::int64_t n, T* y) {
  using B = Batch<T>;
  constexpr std::int64_t width = B::size;
  std::int64_t i = 0;
  for (; i + 4 * width <= length; i += 4 * width) {
    B a(T(0)), b = a, c = a, d = a;
    for (std::int64_t k = 0; k < n; k++) {
      const T* p = x + row[k] * length + i;
      const B v(w[k]);
      a = multiply_add(v, B::load_unaligned(p), a);
      b = multiply_add(v, B::load_unaligned(p + width), b);
      c = multiply_add(v, B::load_unaligned(p + 2 * width), c);
      d = multiply_add(v, B::load_unaligned(p + 3 * width), d);
    }
    a.store_unaligned(y + i);
    b.store_unaligned(y + i + width);
    c.store_unaligned(y + i + 2 * width);
    d.store_unaligned(y + i + 3 * width);
  }
  for (; i < length; i += width) {
    const std::int64_t rest = length - i;
    B a(T(0));
    for (std::int64_t k = 0; k < n; k++) {
      const T* p = x + row[k] * length + i;
      a = multiply_add(B(w[k]), rest < width ? load_part(p, rest) : B::load_unaligned(p), a);
    }
    a.store_unaligned(y + i);
  }
}

// One row of the result. Vectors reach beyond a pixel's channels: what they read there lies in the row or in its tail, and what they write
// there the next pixel overwrites; only at the end of the row they are cut.
template <class T>
void combine_pixels(const T* x, std::int64_t channels, TapsOf<T> columns, std::int64_t count, T* y) {
  using B = Batch<T>;
  constexpr std::int64_t width = B::size;
  const std::int64_t end = count * channels;
  for (std::int64_t i = 0; i < count; i++) {
    const std::int32_t* pixel = columns.index + columns.first[i];
    const T* w = columns.weight + columns.first[i];
    const std::int64_t n = columns.first[i + 1] - columns.first[i];
    for (std::int64_t j = 0; j < channels; j += width) {
      B a(T(0));
      for (std::int64_t k = 0; k < n; k++) a = multiply_add(B(w[k]), B::load_unaligned(x + pixel[k] * channels + j), a);
      const std::int64_t at = i * channels + j;
      if (at + width <= end)
        a.store_unaligned(y + at);
      else
        store_part(y + at, a, end - at);
    }
  }
}

template <class T>
void resample_rows(const T* x, std::int64_t width, std::int64_t channels, TapsOf<T> rows, TapsOf<T> columns, std::int64_t count,
                   std::int64_t begin, std::int64_t end, T* scratch, T* y) {
  for (std::int64_t i = begin; i < end; i++, y += count * channels) {
    const std::int64_t first = rows.first[i];
    combine_rows(x, width * channels, rows.index + first, rows.weight + first, rows.first[i + 1] - first, scratch);
    combine_pixels(scratch, channels, columns, count, y);
  }
}

}  // namespace

extern const ResampleKernels resample_kernels;
constinit const ResampleKernels resample_kernels = {{resample_rows<float>}, {resample_rows<double>}};

}  // namespace elbo::ELBO_ISA_NAMESPACE
