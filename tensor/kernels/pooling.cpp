// The largest number of windows over an image: rows first, then along the row that they make. Compiled once for each instruction set.

#include "tensor/kernels/pooling.h"

#include "tensor/kernels/map.h"

namespace elbo::ELBO_ISA_NAMESPACE {
namespace {

// The first of equal ones; NaN if either is.
template <class B>
B larger(const B& a, const B& b) {
  return xsimd::select(b > a, b, xsimd::select(b == b, a, b));
}

// y[i] = the largest of x[row * length + i] for begin <= row < end; up to a vector more is written.
template <class T>
void join_rows(const T* x, std::int64_t length, std::int64_t begin, std::int64_t end, T* y) {
  using B = Batch<T>;
  constexpr std::int64_t width = B::size;
  for (std::int64_t i = 0; i < length; i += width) {
    const std::int64_t rest = length - i;
    const auto load = [&](std::int64_t row) {
      const T* p = x + row * length + i;
      return rest < width ? load_part(p, rest) : B::load_unaligned(p);
    };
    B m = load(begin);
    for (std::int64_t row = begin + 1; row < end; row++) m = larger(m, load(row));
    m.store_unaligned(y + i);
  }
}

// Vectors reach beyond a pixel's channels, as in resample.cpp: the next pixel overwrites what they write there.
template <class T>
void join_pixels(const T* x, std::int64_t channels, Spans columns, T* y) {
  using B = Batch<T>;
  constexpr std::int64_t width = B::size;
  const std::int64_t end = columns.count * channels;
  for (std::int64_t i = 0; i < columns.count; i++)
    for (std::int64_t j = 0; j < channels; j += width) {
      B m = B::load_unaligned(x + columns.begin[i] * channels + j);
      for (std::int64_t k = columns.begin[i] + 1; k < columns.end[i]; k++) m = larger(m, B::load_unaligned(x + k * channels + j));
      const std::int64_t at = i * channels + j;
      if (at + width <= end)
        m.store_unaligned(y + at);
      else
        store_part(y + at, m, end - at);
    }
}

template <class T>
void max_rows(const T* x, std::int64_t width, std::int64_t channels, Spans rows, Spans columns, std::int64_t begin, std::int64_t end,
              T* scratch, T* y) {
  for (std::int64_t i = begin; i < end; i++, y += columns.count * channels) {
    join_rows(x, width * channels, rows.begin[i], rows.end[i], scratch);
    join_pixels(scratch, channels, columns, y);
  }
}

// One window and one vector of channels: dy waits in `open` until the number that won is met, row by row; rows begin .. end-1 receive it.
template <class T, class Load, class Store>
void give_back(const T* x, T* dx, std::int64_t row, std::int64_t channels, std::int64_t top, std::int64_t bottom, std::int64_t left,
               std::int64_t right, std::int64_t begin, std::int64_t end, Batch<T> y, Batch<T> open, Load&& load, Store&& store) {
  using B = Batch<T>;
  const B zero(T(0));
  for (std::int64_t i = top; i < bottom; i++)
    for (std::int64_t k = left; k < right; k++) {
      const std::int64_t at = i * row + k * channels;
      const B v = load(x + at);  // a NaN wins whatever y is: if there is one in the window, y is NaN and equals nothing
      if (i >= begin && i < end) store(dx + at, load(dx + at) + xsimd::select(v == y, open, xsimd::select(v == v, zero, open)));
      open = xsimd::select(v == y, zero, xsimd::select(v == v, open, zero));
    }
}

template <class T>
void max_rows_backward(const T* x, const T* y, const T* dy, std::int64_t width, std::int64_t channels, Spans rows, Spans columns,
                       std::int64_t begin, std::int64_t end, T* dx) {
  using B = Batch<T>;
  constexpr std::int64_t lanes = B::size;
  const std::int64_t row = width * channels;
  for (std::int64_t i = begin * row; i < end * row; i++) dx[i] = T(0);
  alignas(64) T numbers[B::size];
  for (std::int64_t i = 0; i < lanes; i++) numbers[i] = T(i);
  const B number = B::load_aligned(numbers);
  for (std::int64_t i = 0; i < rows.count; i++) {
    if (rows.end[i] <= begin) continue;
    if (rows.begin[i] >= end) break;
    for (std::int64_t k = 0; k < columns.count; k++) {
      const std::int64_t at = (i * columns.count + k) * channels;
      const auto window = [&](std::int64_t j, const B& largest, const B& open, auto&& load, auto&& store) {
        give_back(x + j, dx + j, row, channels, rows.begin[i], rows.end[i], columns.begin[k], columns.end[k], begin, end, largest, open,
                  load, store);
      };
      const auto load = [](const T* p) { return B::load_unaligned(p); };
      const auto store = [](T* p, const B& v) { v.store_unaligned(p); };
      std::int64_t j = 0;
      for (; j + lanes <= channels; j += lanes) window(j, load(y + at + j), load(dy + at + j), load, store);
      if (j == channels) continue;
      if (channels >= lanes) {  // the last channels together with some that are done, to which nothing is added
        const std::int64_t last = channels - lanes;
        window(last, load(y + at + last), xsimd::select(number < B(T(j - last)), B(T(0)), load(dy + at + last)), load, store);
      } else {
        window(
            0, load_part(y + at, channels), load_part(dy + at, channels), [&](const T* p) { return load_part(p, channels); },
            [&](T* p, const B& v) { store_part(p, v, channels); });
      }
    }
  }
}

}  // namespace

extern const PoolingKernels pooling_kernels;
constinit const PoolingKernels pooling_kernels = {{max_rows<float>, max_rows_backward<float>},
                                                  {max_rows<double>, max_rows_backward<double>}};

}  // namespace elbo::ELBO_ISA_NAMESPACE
