// The sum over the axes that broadcasting repeated.

#include <fmt/core.h>

#include <array>

#include "tensor/error.h"
#include "tensor/reduce.h"
#include "tensor/shape_ops.h"

namespace elbo {
namespace {

// The axes along which `shape` was repeated to make `whole`.
Axes repeated_axes(const Shape& whole, const Shape& shape) {
  const int extra = whole.rank() - shape.rank();
  std::array<int, Shape::max_rank> axes{};
  std::size_t n = 0;
  bool fits = extra >= 0;
  for (int i = 0; fits && i < whole.rank(); i++) {
    const Index size = i < extra ? 1 : shape[i - extra];
    if (size != whole[i] && size != 1) fits = false;
    if (size != whole[i] || i < extra) axes[n++] = i;
  }
  if (!fits) fail("sum_to", fmt::format("{} does not broadcast to {}", shape.str(), whole.str()));
  return Axes(std::span<const int>(axes.data(), n));
}

}  // namespace

void sum_to(const Tensor& t, Tensor& out) {
  if (t.shape() == out.shape()) return out.copy_from(t);
  const Axes axes = repeated_axes(t.shape(), out.shape());
  if (axes.count() == 0) fail("sum_to", fmt::format("{} does not broadcast to {}", out.shape().str(), t.shape().str()));
  require_same_dtype("sum_to", t, out);
  Tensor flat = out.reshape(reduced_shape("sum_to", t.shape(), axes, false));
  sum(t, axes, flat);
}

Tensor sum_to(const Tensor& t, const Shape& shape) {
  if (t.shape() == shape) return t;
  repeated_axes(t.shape(), shape);
  Tensor y(shape, t.dtype());
  sum_to(t, y);
  return y;
}

}  // namespace elbo
