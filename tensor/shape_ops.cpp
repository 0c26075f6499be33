#include "tensor/shape_ops.h"

#include <fmt/core.h>

#include <cstring>

#include "tensor/error.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

constexpr Index copy_grain = 1 << 16;  // bytes a chunk

// An axis in the middle: x seen as (outer, size, inner).
struct Around {
  Index outer = 1, size = 1, inner = 1;
  Around(const Shape& s, int axis) : size(s[axis]) {
    for (int i = 0; i < axis; i++) outer *= s[i];
    for (int i = axis + 1; i < s.rank(); i++) inner *= s[i];
  }
};

// `count` blocks of `bytes` bytes each, from every `from_step` bytes to every `to_step`.
void copy_blocks(const std::byte* from, Index from_step, std::byte* to, Index to_step, Index bytes, Index count) {
  if (bytes == 0 || count == 0) return;
  const Index chunks = std::clamp<Index>(bytes * count / copy_grain, 1, count);
  parallel(chunks, [&](Index c) {
    for (Index i = count * c / chunks; i < count * (c + 1) / chunks; i++)
      std::memcpy(to + i * to_step, from + i * from_step, std::size_t(bytes));
  });
}

const std::byte* bytes_of(const Tensor& t) { return static_cast<const std::byte*>(t.raw()); }
std::byte* bytes_of(Tensor& t) {
  t.bump_version();
  return const_cast<std::byte*>(static_cast<const std::byte*>(t.raw()));
}

void require_range(std::string_view op, const Shape& s, int axis, Index begin, Index end) {
  if (begin < 0 || end < begin || end > s[axis])
    fail(op, fmt::format("elements {} to {} of axis {} of shape {}", begin, end, axis, s.str()));
}

// Throws unless all indices are in 0 .. n-1.
const std::int32_t* checked_indices(std::string_view op, const Tensor& indices, Index n) {
  if (indices.dtype() != DType::int32) fail(op, fmt::format("expected int32 indices, got {}", dtype_name(indices.dtype())));
  const std::int32_t* k = indices.data<std::int32_t>();
  for (Index i = 0; i < indices.numel(); i++)
    if (k[i] < 0 || k[i] >= n) fail(op, fmt::format("index {} (number {}) is outside 0 to {}", k[i], i, n - 1));
  return k;
}

Shape join(const Shape& a, const Shape& b, int from) {  // a's axes, then b's from `from` on
  Shape s = a;
  for (int i = from; i < b.rank(); i++) s = s.append(b[i]);
  return s;
}

}  // namespace

Tensor concatenate(std::span<const Tensor> parts, int axis) {
  if (parts.empty()) fail("concatenate", "expected at least one tensor");
  const Tensor& first = parts[0];
  axis = normal_axis("concatenate", axis, first.rank());
  Index size = 0;
  for (const Tensor& p : parts) {
    require_same_dtype("concatenate", first, p);
    if (p.rank() != first.rank() || !(p.shape().with(axis, 0) == first.shape().with(axis, 0)))
      fail("concatenate", fmt::format("shapes {} and {} differ in another axis than {}", first.shape().str(), p.shape().str(), axis));
    size += p.shape()[axis];
  }
  Tensor y(first.shape().with(axis, size), first.dtype());
  const Around whole(y.shape(), axis);
  const Index unit = whole.inner * Index(dtype_bytes(y.dtype()));
  std::byte* to = bytes_of(y);
  for (const Tensor& p : parts) {
    const Index bytes = p.shape()[axis] * unit;
    copy_blocks(bytes_of(p), bytes, to, size * unit, bytes, whole.outer);
    to += bytes;
  }
  return y;
}

std::vector<Tensor> split(const Tensor& x, std::span<const Index> sizes, int axis) {
  axis = normal_axis("split", axis, x.rank());
  Index sum = 0;
  for (Index s : sizes) sum += s;
  if (sum != x.shape()[axis])
    fail("split", fmt::format("sizes add up to {}, axis {} of shape {} has {}", sum, axis, x.shape().str(), x.shape()[axis]));
  std::vector<Tensor> parts;
  parts.reserve(sizes.size());
  Index begin = 0;
  for (Index s : sizes) parts.push_back(slice_axis(x, axis, begin, begin + s)), begin += s;
  return parts;
}

Tensor stack(std::span<const Tensor> parts, int axis) {
  if (parts.empty()) fail("stack", "expected at least one tensor");
  const Shape& one = parts[0].shape();
  axis = normal_axis("stack", axis, one.rank() + 1);
  Shape shape;
  for (int i = 0; i <= one.rank(); i++) shape = shape.append(i == axis ? Index(parts.size()) : one[i < axis ? i : i - 1]);
  Tensor y(shape, parts[0].dtype());
  const Around whole(shape, axis);
  const Index bytes = whole.inner * Index(dtype_bytes(y.dtype()));
  std::byte* to = bytes_of(y);
  for (const Tensor& p : parts) {
    require_same_dtype("stack", parts[0], p);
    require_shape("stack", "every tensor", p, one);
    copy_blocks(bytes_of(p), bytes, to, whole.size * bytes, bytes, whole.outer);
    to += bytes;
  }
  return y;
}

void slice_axis(const Tensor& x, int axis, Index begin, Index end, Tensor& out) {
  axis = normal_axis("slice_axis", axis, x.rank());
  require_range("slice_axis", x.shape(), axis, begin, end);
  require_same_dtype("slice_axis", x, out);
  require_shape("slice_axis", "the output", out, x.shape().with(axis, end - begin));
  const Around a(x.shape(), axis);
  const Index unit = a.inner * Index(dtype_bytes(x.dtype()));
  copy_blocks(bytes_of(x) + begin * unit, a.size * unit, bytes_of(out), (end - begin) * unit, (end - begin) * unit, a.outer);
}

Tensor slice_axis(const Tensor& x, int axis, Index begin, Index end) {
  axis = normal_axis("slice_axis", axis, x.rank());
  require_range("slice_axis", x.shape(), axis, begin, end);
  Tensor y(x.shape().with(axis, end - begin), x.dtype());
  slice_axis(x, axis, begin, end, y);
  return y;
}

void pad_axis(const Tensor& x, int axis, Index before, Index after, Tensor& out) {
  axis = normal_axis("pad_axis", axis, x.rank());
  if (before < 0 || after < 0) fail("pad_axis", fmt::format("expected counts of at least 0, got {} and {}", before, after));
  require_same_dtype("pad_axis", x, out);
  require_shape("pad_axis", "the output", out, x.shape().with(axis, x.shape()[axis] + before + after));
  const Around a(x.shape(), axis);
  const Index unit = a.inner * Index(dtype_bytes(x.dtype())), whole = (a.size + before + after) * unit;
  const std::byte* from = bytes_of(x);
  std::byte* to = bytes_of(out);
  const Index chunks = std::clamp<Index>(whole * a.outer / copy_grain, 1, std::max<Index>(1, a.outer));
  parallel(chunks, [&](Index c) {
    for (Index i = a.outer * c / chunks; i < a.outer * (c + 1) / chunks; i++) {
      std::byte* row = to + i * whole;
      std::memset(row, 0, std::size_t(before * unit));
      std::memcpy(row + before * unit, from + i * a.size * unit, std::size_t(a.size * unit));
      std::memset(row + (before + a.size) * unit, 0, std::size_t(after * unit));
    }
  });
}

Tensor pad_axis(const Tensor& x, int axis, Index before, Index after) {
  axis = normal_axis("pad_axis", axis, x.rank());
  Tensor y(x.shape().with(axis, x.shape()[axis] + before + after), x.dtype());
  pad_axis(x, axis, before, after, y);
  return y;
}

void gather_rows(const Tensor& x, const Tensor& indices, Tensor& out) {
  if (x.rank() == 0) fail("gather_rows", "a scalar has no rows");
  require_same_dtype("gather_rows", x, out);
  require_shape("gather_rows", "the output", out, join(indices.shape(), x.shape(), 1));
  const std::int32_t* k = checked_indices("gather_rows", indices, x.shape()[0]);
  const Index count = indices.numel(), bytes = count == 0 ? 0 : Index(out.bytes()) / count;
  if (bytes == 0) return;
  const std::byte* from = bytes_of(x);
  std::byte* to = bytes_of(out);
  const Index chunks = std::clamp<Index>(bytes * count / copy_grain, 1, count);
  parallel(chunks, [&](Index c) {
    for (Index i = count * c / chunks; i < count * (c + 1) / chunks; i++)
      std::memcpy(to + i * bytes, from + k[i] * bytes, std::size_t(bytes));
  });
}

Tensor gather_rows(const Tensor& x, const Tensor& indices) {
  if (x.rank() == 0) fail("gather_rows", "a scalar has no rows");
  Tensor y(join(indices.shape(), x.shape(), 1), x.dtype());
  gather_rows(x, indices, y);
  return y;
}

void scatter_add_rows(const Tensor& dy, const Tensor& indices, Tensor& out) {
  if (out.rank() == 0) fail("scatter_add_rows", "a scalar has no rows");
  require_same_dtype("scatter_add_rows", dy, out);
  require_shape("scatter_add_rows", "the gradient", dy, join(indices.shape(), out.shape(), 1));
  const Index rows = out.shape()[0], count = indices.numel();
  const std::int32_t* k = checked_indices("scatter_add_rows", indices, rows);
  if (out.numel() == 0) return;
  for_float("scatter_add_rows", dy.dtype(), [&]<class T>(T) {
    const Index row = out.numel() / rows;
    const T* from = dy.data<T>();
    T* to = out.mutable_data<T>();
    const Index chunks = std::clamp<Index>((out.numel() + dy.numel()) * Index(sizeof(T)) / copy_grain, 1, std::min<Index>(rows, 16));
    parallel(chunks, [&](Index c) {  // each chunk owns some rows of the result and looks through all indices for them
      const Index begin = rows * c / chunks, end = rows * (c + 1) / chunks;
      std::fill(to + begin * row, to + end * row, T(0));
      for (Index i = 0; i < count; i++) {
        if (k[i] < begin || k[i] >= end) continue;
        T* y = to + k[i] * row;
        const T* x = from + i * row;
        for (Index j = 0; j < row; j++) y[j] += x[j];
      }
    });
  });
}

Tensor scatter_add_rows(const Tensor& dy, const Tensor& indices, Index n) {
  if (dy.rank() < indices.rank())
    fail("scatter_add_rows", fmt::format("gradient {} has fewer axes than indices {}", dy.shape().str(), indices.shape().str()));
  Tensor y(join(Shape{n}, dy.shape(), indices.rank()), dy.dtype());
  scatter_add_rows(dy, indices, y);
  return y;
}

Tensor one_hot(const Tensor& labels, Index classes, DType type) {
  const std::int32_t* k = checked_indices("one_hot", labels, classes);
  Tensor y = Tensor::zeros(labels.shape().append(classes), type);
  for_any(type, [&]<class T>(T) {
    T* p = y.mutable_data<T>();
    for (Index i = 0; i < labels.numel(); i++) p[i * classes + k[i]] = T(1);
  });
  return y;
}

}  // namespace elbo
