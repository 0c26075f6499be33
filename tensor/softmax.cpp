#include "tensor/softmax.h"

#include "tensor/error.h"
#include "tensor/kernels/softmax.h"
#include "tensor/parallel.h"
#include "tensor/shape_ops.h"

namespace elbo {
namespace {

constexpr Index softmax_grain = 1 << 13;  // numbers a chunk

// Calls f(offset, rows, length of a row) for chunks of rows.
template <class F>
void for_rows(const Tensor& x, F&& f) {
  if (x.numel() == 0) return;
  const Index n = x.shape().back(), rows = x.numel() / n, chunks = std::clamp<Index>(x.numel() / softmax_grain, 1, rows);
  parallel(chunks, [&](Index c) {
    const Index begin = rows * c / chunks;
    f(begin * n, rows * (c + 1) / chunks - begin, n);
  });
}

void check(std::string_view op, const Tensor& x, const Tensor& other, std::string_view what) {
  require_same_dtype(op, x, other);
  require_shape(op, what, other, x.shape());
}

// f(rows along the last axis) for any axis.
template <class F, class... X>
Tensor along(std::string_view op, int axis, F&& f, const Tensor& x, const X&... more) {
  if (x.rank() == 0) fail(op, "expected at least one axis, got a scalar");
  axis = normal_axis(op, axis, x.rank());
  (check(op, x, more, "the cotangent"), ...);
  const bool last = axis == x.rank() - 1;
  const auto moved = [&](const Tensor& t) { return last ? t : move_axis(t, axis, -1); };
  const Tensor first = moved(x);
  Tensor y(first.shape(), x.dtype());
  f(first, moved(more)..., y);
  return last ? y : move_axis(y, -1, axis);
}

}  // namespace

void softmax(const Tensor& x, Tensor& out) {
  check("softmax", x, out, "the output");
  for_float("softmax", x.dtype(), [&]<class T>(T) {
    const T* in = x.data<T>();
    T* y = out.mutable_data<T>();
    for_rows(x, [&](Index at, Index rows, Index n) { softmax_kernels.of<T>().softmax(in + at, y + at, rows, n); });
  });
}

void log_softmax(const Tensor& x, Tensor& out) {
  check("log_softmax", x, out, "the output");
  for_float("log_softmax", x.dtype(), [&]<class T>(T) {
    const T* in = x.data<T>();
    T* y = out.mutable_data<T>();
    for_rows(x, [&](Index at, Index rows, Index n) { softmax_kernels.of<T>().log_softmax(in + at, y + at, rows, n); });
  });
}

void softmax_backward(const Tensor& y, const Tensor& dy, Tensor& out) {
  check("softmax_backward", y, dy, "the cotangent");
  check("softmax_backward", y, out, "the output");
  for_float("softmax_backward", y.dtype(), [&]<class T>(T) {
    const T *p = y.data<T>(), *d = dy.data<T>();
    T* dx = out.mutable_data<T>();
    for_rows(y, [&](Index at, Index rows, Index n) { softmax_kernels.of<T>().softmax_backward(p + at, d + at, dx + at, rows, n); });
  });
}

void log_softmax_backward(const Tensor& y, const Tensor& dy, Tensor& out) {
  check("log_softmax_backward", y, dy, "the cotangent");
  check("log_softmax_backward", y, out, "the output");
  for_float("log_softmax_backward", y.dtype(), [&]<class T>(T) {
    const T *l = y.data<T>(), *d = dy.data<T>();
    T* dx = out.mutable_data<T>();
    for_rows(y, [&](Index at, Index rows, Index n) { softmax_kernels.of<T>().log_softmax_backward(l + at, d + at, dx + at, rows, n); });
  });
}

Tensor softmax(const Tensor& x, int axis) {
  return along(
      "softmax", axis, [](const Tensor& t, Tensor& y) { softmax(t, y); }, x);
}
Tensor log_softmax(const Tensor& x, int axis) {
  return along(
      "log_softmax", axis, [](const Tensor& t, Tensor& y) { log_softmax(t, y); }, x);
}
Tensor softmax_backward(const Tensor& y, const Tensor& dy, int axis) {
  return along(
      "softmax_backward", axis, [](const Tensor& p, const Tensor& d, Tensor& dx) { softmax_backward(p, d, dx); }, y, dy);
}
Tensor log_softmax_backward(const Tensor& y, const Tensor& dy, int axis) {
  return along(
      "log_softmax_backward", axis, [](const Tensor& l, const Tensor& d, Tensor& dx) { log_softmax_backward(l, d, dx); }, y, dy);
}

}  // namespace elbo
