#include "tensor/pooling.h"

#include <fmt/core.h>

#include "tensor/error.h"
#include "tensor/kernels/pooling.h"
#include "tensor/kernels/resample.h"
#include "tensor/parallel.h"
#include "tensor/pool_vector.h"

namespace elbo {
namespace {

constexpr Index pooling_grain = 1 << 14;  // numbers a chunk

Index count_along(std::string_view op, std::string_view axis, Index size, Index kernel, Index stride, Index padding) {
  if (kernel < 1 || stride < 1)
    fail(op, fmt::format("expected windows and strides of at least 1, got kernel {} and stride {} for the {}", kernel, stride, axis));
  if (padding < 0 || 2 * padding > kernel)
    fail(op, fmt::format("expected a padding from 0 to half the kernel, got {} with kernel {} for the {}", padding, kernel, axis));
  if (size + 2 * padding < kernel)
    fail(op, fmt::format("a window of {} does not fit the {}, {} pixels with padding {}: are the images smaller than the model expects?",
                         kernel, axis, size, padding));
  return (size + 2 * padding - kernel) / stride + 1;
}

// The pixels of each window along one axis.
struct Pixels {
  PoolVector<Index> begin, end;
  Pixels(Index size, Index kernel, Index stride, Index padding, Index count) {
    for (Index i = 0; i < count; i++) {
      begin.push_back(std::max<Index>(0, i * stride - padding));
      end.push_back(std::min(size, i * stride - padding + kernel));
    }
  }
  Spans spans() const { return {begin.data(), end.data(), Index(begin.size())}; }
};

}  // namespace

Extent window_count(std::string_view op, const Window& w, const Tensor& x) {
  require_images(op, x);
  const Extent step = w.step();
  return {count_along(op, "height", x.shape()[1], w.kernel.h, step.h, w.padding.h),
          count_along(op, "width", x.shape()[2], w.kernel.w, step.w, w.padding.w)};
}

Tensor max_pool2d(const Tensor& x, const Window& w) {
  const Extent count = window_count("max_pool2d", w, x), step = w.step();
  const Shape& s = x.shape();
  const Index n = s[0], c = s[3], row = s[2] * c, image = s[1] * row, out_row = count.w * c;
  Tensor y({n, count.h, count.w, c}, x.dtype());
  if (y.numel() == 0) return y;
  const Pixels rows(s[1], w.kernel.h, step.h, w.padding.h, count.h), columns(s[2], w.kernel.w, step.w, w.padding.w, count.w);
  for_float("max_pool2d", x.dtype(), [&]<class T>(T) {
    const T* in = x.data<T>();
    T* out = y.mutable_data<T>();
    for_image_rows(n, count.h, w.kernel.h * row, [&](Index k, Index begin, Index end) {
      PoolVector<T> scratch(std::size_t(row + scratch_tail));
      pooling_kernels.of<T>().max(in + k * image, s[2], c, rows.spans(), columns.spans(), begin, end, scratch.data(),
                                  out + (k * count.h + begin) * out_row);
    });
  });
  return y;
}

void max_pool2d_backward(const Tensor& x, const Tensor& y, const Tensor& dy, const Window& w, Tensor& out) {
  const Extent count = window_count("max_pool2d", w, x), step = w.step();
  const Shape& s = x.shape();
  const Index n = s[0], h = s[1], c = s[3], image = h * s[2] * c, result = count.h * count.w * c;
  require_same_dtype("max_pool2d", x, y);
  require_same_dtype("max_pool2d", x, dy);
  require_same_dtype("max_pool2d", x, out);
  require_shape("max_pool2d", "the result", y, {n, count.h, count.w, c});
  require_shape("max_pool2d", "the cotangent", dy, y.shape());
  require_shape("max_pool2d", "the gradient", out, s);
  if (out.numel() == 0) return;
  const Pixels rows(h, w.kernel.h, step.h, w.padding.h, count.h), columns(s[2], w.kernel.w, step.w, w.padding.w, count.w);
  for_float("max_pool2d", x.dtype(), [&]<class T>(T) {
    const T *in = x.data<T>(), *largest = y.data<T>(), *g = dy.data<T>();
    T* dx = out.mutable_data<T>();
    // A chunk owns some rows of the gradient, and looks at every window that reaches them: one whose rows two chunks own is read by both.
    const Index pieces = std::clamp<Index>(image / pooling_grain, 1, std::max<Index>(1, h / (4 * w.kernel.h)));
    const Index units = n * pieces, chunks = std::clamp<Index>(n * image / pooling_grain, 1, units);
    parallel(chunks, [&](Index chunk) {
      for (Index u = units * chunk / chunks; u < units * (chunk + 1) / chunks; u++) {
        const Index k = u / pieces, p = u % pieces;
        pooling_kernels.of<T>().max_backward(in + k * image, largest + k * result, g + k * result, s[2], c, rows.spans(), columns.spans(),
                                             h * p / pieces, h * (p + 1) / pieces, dx + k * image);
      }
    });
  });
}

}  // namespace elbo
