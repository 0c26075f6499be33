#include "tensor/sort.h"

#include <fmt/core.h>

#include <algorithm>
#include <numeric>

#include "tensor/error.h"
#include "tensor/parallel.h"
#include "tensor/shape_ops.h"

namespace elbo {
namespace {

constexpr Index sort_grain = 1 << 12;  // numbers a chunk

// a before b in ascending order, NaN last.
template <class T>
bool before(T a, T b) {
  return a < b || (a == a && b != b);
}

// Calls f(first number of the row, row) for the rows along the last axis, in parallel.
template <class F>
void for_each_row(const Tensor& x, F&& f) {
  if (x.numel() == 0) return;
  const Index n = x.shape().back(), rows = x.numel() / n, chunks = std::clamp<Index>(x.numel() / sort_grain, 1, rows);
  parallel(chunks, [&](Index c) {
    for (Index r = rows * c / chunks; r < rows * (c + 1) / chunks; r++) f(r * n, r);
  });
}

// Positions 0 .. n-1 in `order`, the first k of them in sorted order by x. The position decides between equal numbers, so the order
// is the stable one, and no memory is needed.
template <class T>
void order_row(const T* x, std::int32_t* order, Index n, Index k, bool descending) {
  std::iota(order, order + n, 0);
  const auto ascending_order = [x](std::int32_t a, std::int32_t b) { return before(x[a], x[b]) || (!before(x[b], x[a]) && a < b); };
  const auto descending_order = [x](std::int32_t a, std::int32_t b) { return before(x[b], x[a]) || (!before(x[a], x[b]) && a < b); };
  const auto sort_by = [&](const auto& less) {
    k < n ? std::partial_sort(order, order + k, order + n, less) : std::sort(order, order + n, less);
  };
  descending ? sort_by(descending_order) : sort_by(ascending_order);
}

void require_positions(std::string_view op, const Tensor& x) {
  if (x.rank() == 0) fail(op, "expected at least one axis, got a scalar");
  if (x.shape().back() >= Index{1} << 31) fail(op, fmt::format("positions along {} numbers do not fit int32", x.shape().back()));
}

// f(rows along the last axis) for any axis.
template <class F>
Tensor along(std::string_view op, const Tensor& x, int axis, F&& f) {
  if (x.rank() == 0) fail(op, "expected at least one axis, got a scalar");
  axis = normal_axis(op, axis, x.rank());
  return axis == x.rank() - 1 ? f(x) : move_axis(f(move_axis(x, axis, -1)), -1, axis);
}

}  // namespace

Tensor sort(const Tensor& x, int axis, bool descending) {
  return along("sort", x, axis, [&](const Tensor& rows) {
    Tensor y = rows.clone();
    for_any(y.dtype(), [&]<class T>(T) {
      T* p = y.mutable_data<T>();
      const Index n = y.shape().back();
      for_each_row(y, [&](Index at, Index) {
        if (descending)
          std::sort(p + at, p + at + n, [](T a, T b) { return before(b, a); });
        else
          std::sort(p + at, p + at + n, before<T>);
      });
    });
    return y;
  });
}

Tensor argsort(const Tensor& x, int axis, bool descending) {
  return along("argsort", x, axis, [&](const Tensor& rows) {
    require_positions("argsort", rows);
    Tensor order(rows.shape(), DType::int32);
    std::int32_t* p = order.mutable_data<std::int32_t>();
    for_any(rows.dtype(), [&]<class T>(T) {
      const T* in = rows.data<T>();
      const Index n = rows.shape().back();
      for_each_row(rows, [&](Index at, Index) { order_row(in + at, p + at, n, n, descending); });
    });
    return order;
  });
}

TopK top_k(const Tensor& x, Index k) {
  require_positions("top_k", x);
  const Index n = x.shape().back();
  if (k < 0 || k > n)
    fail("top_k", fmt::format("expected 0 to {} of the {} numbers along the last axis of {}, got {}", n, n, x.shape().str(), k));
  const Shape shape = x.shape().with(x.rank() - 1, k);
  TopK top{Tensor(shape, x.dtype()), Tensor(shape, DType::int32)};
  Tensor order(x.shape(), DType::int32);
  std::int32_t *scratch = order.mutable_data<std::int32_t>(), *indices = top.indices.mutable_data<std::int32_t>();
  for_any(x.dtype(), [&]<class T>(T) {
    const T* in = x.data<T>();
    T* values = top.values.mutable_data<T>();
    for_each_row(x, [&](Index at, Index r) {
      order_row(in + at, scratch + at, n, k, true);
      for (Index i = 0; i < k; i++) {
        indices[r * k + i] = scratch[at + i];
        values[r * k + i] = in[at + scratch[at + i]];
      }
    });
  });
  return top;
}

}  // namespace elbo
