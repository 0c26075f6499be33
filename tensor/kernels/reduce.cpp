// Reductions along rows and down columns. Compiled once for each instruction set.

#include "tensor/kernels/reduce.h"

#include "tensor/kernels/fold.h"

namespace elbo::ELBO_ISA_NAMESPACE {
namespace {

template <class T, template <class> class Op>
void rows(const T* x, std::int64_t rows, std::int64_t n, std::int64_t stride, const T* shift, double* y) {
  using B = Batch<T>;
  for (std::int64_t r = 0; r < rows; r++) {
    Op<B> op{};
    if (shift) op.shift = B(shift[r]);
    y[r] = fold_row<T>(n, op, x + r * stride);
  }
}

// `side` batches of columns at once, 32 rows to a block. With side 1 only the first k columns count.
template <class T, template <class> class Op, int side>
void strip(const T* x, std::int64_t n, std::int64_t k, std::int64_t stride, const T* shift, double* y) {
  using B = Batch<T>;
  constexpr std::int64_t width = B::size, block = 32;
  const bool whole = k >= side * width;
  const auto load = [&](const T* p) { return whole ? B::load_unaligned(p) : load_part(p, k); };
  Op<B> op[side]{};
  if (shift)
    for (int s = 0; s < side; s++) op[s].shift = load(shift + s * width);
  double total[side * width];
  for (double& t : total) t = double(Op<B>::first().get(0));
  for (std::int64_t from = 0; from < n; from += block) {
    const std::int64_t to = n - from < block ? n : from + block;
    B a[side];
    for (B& v : a) v = Op<B>::first();
    if (whole) {
      for (std::int64_t r = from; r < to; r++)
        for (int s = 0; s < side; s++) a[s] = op[s].step(a[s], B::load_unaligned(x + r * stride + s * width));
    } else {
      for (std::int64_t r = from; r < to; r++) a[0] = op[0].step(a[0], load_part(x + r * stride, k));
    }
    for (int s = 0; s < side; s++) join_lanes<Op<B>, T>(total + s * width, a[s]);
  }
  std::memcpy(y, total, std::size_t(whole ? side * width : k) * sizeof(double));
}

template <class T, template <class> class Op>
void columns(const T* x, std::int64_t n, std::int64_t width, std::int64_t stride, const T* shift, double* y) {
  constexpr std::int64_t lanes = Batch<T>::size;
  const auto at = [&](std::int64_t i) { return shift ? shift + i : nullptr; };
  std::int64_t i = 0;
  for (; i + 8 * lanes <= width; i += 8 * lanes) strip<T, Op, 8>(x + i, n, 8 * lanes, stride, at(i), y + i);
  for (; i + lanes <= width; i += lanes) strip<T, Op, 1>(x + i, n, lanes, stride, at(i), y + i);
  if (i == width) return;
  if (width >= lanes) {  // the last columns anew together with some that are done: each comes out as before
    i = width - lanes;
    strip<T, Op, 1>(x + i, n, lanes, stride, at(i), y + i);
  } else {
    strip<T, Op, 1>(x, n, width, stride, shift, y);
  }
}

template <class T>
void first_equal(const T* x, std::int64_t n, std::int64_t width, std::int64_t stride, const T* value, std::int32_t* index) {
  if (width == 1) {
    const T v = *value;
    std::int64_t r = 0;
    while (r < n && !(x[r * stride] == v || (v != v && x[r * stride] != x[r * stride]))) r++;
    *index = std::int32_t(r);
    return;
  }
  for (std::int64_t r = n - 1; r >= 0; r--)
    for (std::int64_t i = 0; i < width; i++) {
      const T v = x[r * stride + i];
      index[i] = v == value[i] || (v != v && value[i] != value[i]) ? std::int32_t(r) : index[i];
    }
}

template <class T>
constexpr ReduceTable<T> reduce_table() {
  return {
      {rows<T, Sum>, rows<T, Deviations>, rows<T, SquareDeviations>, rows<T, Exponentials>, rows<T, Max>, rows<T, Min>},
      {columns<T, Sum>, columns<T, Deviations>, columns<T, SquareDeviations>, columns<T, Exponentials>, columns<T, Max>, columns<T, Min>},
      first_equal<T>};
}

}  // namespace

extern const ReduceKernels reduce_kernels;
constinit const ReduceKernels reduce_kernels = {reduce_table<float>(), reduce_table<double>()};

}  // namespace elbo::ELBO_ISA_NAMESPACE
