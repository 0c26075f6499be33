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

// A vector of channels or one channel: what is compared, added and moved comes out the same.
template <class T>
struct Many {
  using Value = Batch<T>;
  static constexpr std::int64_t size = Value::size;
  static Value load(const T* p) { return Value::load_unaligned(p); }
  static void store(T* p, const Value& v) { v.store_unaligned(p); }
  static Value pick(const typename Value::batch_bool_type& which, const Value& a, const Value& b) { return xsimd::select(which, a, b); }
};
template <class T>
struct One {
  using Value = T;
  static constexpr std::int64_t size = 1;
  static T load(const T* p) { return *p; }
  static void store(T* p, T v) { *p = v; }
  static T pick(bool which, T a, T b) { return which ? a : b; }
};

struct Rectangle {
  std::int64_t top, bottom, left, right;
};

// One window: dy waits in `open` until the number that won is met, row by row; rows begin .. end-1 receive it.
template <class L, class T>
void give_back(const T* x, const T* y, const T* dy, std::int64_t width, std::int64_t channels, const Rectangle& window, std::int64_t begin,
               std::int64_t end, T* dx) {
  using V = typename L::Value;
  const V zero(T(0)), largest = L::load(y);
  V open = L::load(dy);
  for (std::int64_t i = window.top; i < window.bottom; i++)
    for (std::int64_t k = window.left; k < window.right; k++) {
      const std::int64_t at = (i * width + k) * channels;
      const V v = L::load(x + at);  // a NaN wins whatever y is: if there is one in the window, y is NaN and equals nothing
      if (i >= begin && i < end) L::store(dx + at, L::load(dx + at) + L::pick(v == largest, open, L::pick(v == v, zero, open)));
      open = L::pick(v == largest, zero, L::pick(v == v, open, zero));
    }
}

template <class T>
void max_rows_backward(const T* x, const T* y, const T* dy, std::int64_t width, std::int64_t channels, Spans rows, Spans columns,
                       std::int64_t begin, std::int64_t end, T* dx) {
  for (std::int64_t i = begin * width * channels; i < end * width * channels; i++) dx[i] = T(0);
  for (std::int64_t i = 0; i < rows.count; i++) {
    if (rows.end[i] <= begin) continue;
    if (rows.begin[i] >= end) break;
    for (std::int64_t k = 0; k < columns.count; k++) {
      const std::int64_t at = (i * columns.count + k) * channels;
      const Rectangle window{rows.begin[i], rows.end[i], columns.begin[k], columns.end[k]};
      std::int64_t j = 0;
      for (; j + Many<T>::size <= channels; j += Many<T>::size)
        give_back<Many<T>>(x + j, y + at + j, dy + at + j, width, channels, window, begin, end, dx + j);
      for (; j < channels; j++) give_back<One<T>>(x + j, y + at + j, dy + at + j, width, channels, window, begin, end, dx + j);
    }
  }
}

}  // namespace

extern const PoolingKernels pooling_kernels;
constinit const PoolingKernels pooling_kernels = {{max_rows<float>, max_rows_backward<float>},
                                                  {max_rows<double>, max_rows_backward<double>}};

}  // namespace elbo::ELBO_ISA_NAMESPACE
