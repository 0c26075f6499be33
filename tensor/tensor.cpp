#include "tensor/tensor.h"

#include <fmt/core.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "tensor/error.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

// Truncated; what an integer cannot hold becomes the nearest it can, NaN becomes 0 (a plain conversion would be undefined).
template <class To, class From>
To converted(From x) {
  if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>)
    return x != x ? To(0) : To(std::clamp<double>(x, std::numeric_limits<To>::min(), std::numeric_limits<To>::max()));
  else
    return To(x);
}

}  // namespace

std::string_view dtype_name(DType type) {
  constexpr std::string_view names[] = {"float32", "float64", "int32", "uint8"};
  return names[int(type)];
}

std::size_t dtype_bytes(DType type) {
  constexpr std::size_t bytes[] = {4, 8, 4, 1};
  return bytes[int(type)];
}

Tensor::Tensor(const Shape& shape, DType type) : shape_(shape), type_(type) {
  if (shape.numel() > Index(std::size_t{1} << 58)) fail("tensor", fmt::format("shape {} is too large", shape.str()));
  storage_ = StorageRef::allocate(bytes());
}

Tensor Tensor::in_file(const Shape& shape, DType type) {
  if (shape.numel() > Index(std::size_t{1} << 58)) fail("tensor", fmt::format("shape {} is too large", shape.str()));
  Tensor t;
  t.shape_ = shape, t.type_ = type;
  t.storage_ = StorageRef::in_file(t.bytes());
  return t;
}

void Tensor::will_read(Index begin, Index end) const {
  if (!is_in_file() || begin >= end || bytes() == 0) return;
  static const auto page = std::uintptr_t(::sysconf(_SC_PAGESIZE));
  const std::size_t row = bytes() / std::size_t(shape_[0]);
  const auto first = reinterpret_cast<std::uintptr_t>(raw()) + std::uintptr_t(begin) * row, start = first / page * page;
  ::madvise(reinterpret_cast<void*>(start), first - start + std::size_t(end - begin) * row, MADV_WILLNEED);
}

Tensor Tensor::zeros(const Shape& shape, DType type) {
  Tensor t(shape, type);
  std::memset(t.storage_->data, 0, t.bytes());
  return t;
}

Tensor Tensor::full(const Shape& shape, double value, DType type) {
  Tensor t(shape, type);
  t.fill(value);
  return t;
}

Tensor Tensor::arange(double from, double to, double step, DType type) {
  if (step == 0 || !std::isfinite(from) || !std::isfinite(to) || !std::isfinite(step))
    fail("arange", "expected finite bounds and a step other than 0");
  const double count = std::max(0.0, std::ceil((to - from) / step));
  if (!(count < 9e15)) fail("arange", fmt::format("expected fewer than 9e15 numbers, got {:g} from {} to {} by {}", count, from, to, step));
  Tensor t({Index(count)}, type);
  for_any(type, [&]<class T>(T) {
    T* p = t.mutable_data<T>();
    for (Index i = 0; i < t.numel(); i++) p[i] = converted<T>(from + double(i) * step);
  });
  return t;
}

Tensor Tensor::linspace(double from, double to, Index count, DType type) {
  if (count < 1) fail("linspace", fmt::format("expected at least one point, got {}", count));
  Tensor t({count}, type);
  for_any(type, [&]<class T>(T) {
    T* p = t.mutable_data<T>();
    for (Index i = 0; i < count; i++) p[i] = converted<T>(count == 1 ? from : from + (to - from) * double(i) / double(count - 1));
  });
  return t;
}

template <class T>
Tensor Tensor::from(std::span<const T> values, const Shape& shape) {
  if (Index(values.size()) != shape.numel())
    fail("tensor", fmt::format("expected {} values for shape {}, got {}", shape.numel(), shape.str(), values.size()));
  Tensor t(shape, dtype_of<T>);
  if (!values.empty()) std::memcpy(t.storage_->data, values.data(), values.size_bytes());
  return t;
}
template Tensor Tensor::from<float>(std::span<const float>, const Shape&);
template Tensor Tensor::from<double>(std::span<const double>, const Shape&);
template Tensor Tensor::from<std::int32_t>(std::span<const std::int32_t>, const Shape&);
template Tensor Tensor::from<std::uint8_t>(std::span<const std::uint8_t>, const Shape&);

const void* Tensor::raw(DType type) const {
  if (!storage_) fail("tensor", "an empty handle holds no data");
  if (type != type_)
    fail("tensor", fmt::format("asked for {} data of a {} tensor of shape {}", dtype_name(type), dtype_name(type_), shape_.str()));
  return storage_->data + offset_;
}

void* Tensor::mutable_raw(DType type) {
  const void* p = raw(type);
  bump_version();
  return const_cast<void*>(p);
}

Index Tensor::offset_of(std::initializer_list<Index> index) const {
  if (int(index.size()) != rank()) fail("at", fmt::format("expected {} indices for shape {}, got {}", rank(), shape_.str(), index.size()));
  Index offset = 0;
  int axis = 0;
  for (Index i : index) {
    const Index n = shape_[axis++];
    if (i < -n || i >= n) fail("at", fmt::format("index {} is outside axis {} of shape {}", i, axis - 1, shape_.str()));
    offset = offset * n + (i < 0 ? i + n : i);
  }
  return offset;
}

double Tensor::item() const {
  if (numel() != 1) fail("item", fmt::format("expected one element, got shape {}", shape_.str()));
  return element(0);
}

double Tensor::element(Index i) const {
  if (i < 0 || i >= numel()) fail("element", fmt::format("{} is outside a tensor of {} elements", i, numel()));
  return for_any(type_, [&]<class T>(T) { return double(data<T>()[i]); });
}

Tensor Tensor::reshape(const Shape& shape) const {
  if (shape.numel() != numel())
    fail("reshape", fmt::format("{} has {} elements, {} has {}", shape_.str(), numel(), shape.str(), shape.numel()));
  Tensor t = *this;
  t.shape_ = shape;
  return t;
}

Tensor Tensor::slice(Index begin, Index end) const {
  if (rank() == 0) fail("slice", "a scalar has no leading axis");
  if (begin < 0 || end < begin || end > shape_[0]) fail("slice", fmt::format("rows {} to {} of shape {}", begin, end, shape_.str()));
  Tensor t = *this;
  const Index row = shape_[0] == 0 ? 0 : numel() / shape_[0];
  t.offset_ += std::size_t(begin * row) * dtype_bytes(type_);
  t.shape_ = shape_.with(0, end - begin);
  return t;
}

Tensor Tensor::operator[](Index i) const {
  const Index n = rank() == 0 ? 0 : shape_[0];
  if (i < -n || i >= n) fail("index", fmt::format("row {} of shape {}", i, shape_.str()));
  if (i < 0) i += n;
  return slice(i, i + 1).reshape(shape_.without(0));
}

Tensor Tensor::part(Index offset, const Shape& shape) const {
  if (rank() != 1 || offset < 0 || offset + shape.numel() > numel())
    fail("part", fmt::format("{} elements at {} of shape {}", shape.numel(), offset, shape_.str()));
  Tensor t;
  t.shape_ = shape;
  t.type_ = type_;
  t.storage_ = StorageRef::part(storage_, offset_ + std::size_t(offset) * dtype_bytes(type_), t.bytes());
  return t;
}

Tensor Tensor::clone() const {
  if (!storage_) return {};
  Tensor t(shape_, type_);
  t.copy_from(*this);
  return t;
}

Tensor Tensor::to(DType type) const {
  if (type == type_) return *this;
  Tensor t(shape_, type);
  for_any(type_, [&]<class From>(From) {
    for_any(type, [&]<class To>(To) {
      const From* x = data<From>();
      To* y = t.mutable_data<To>();
      parallel_ranges(numel(), 1 << 16, [&](Index b, Index e) {
        for (Index i = b; i < e; i++) y[i] = converted<To>(x[i]);
      });
    });
  });
  return t;
}

void Tensor::copy_from(const Tensor& source) {
  require_same_dtype("copy", *this, source);
  require_shape("copy", "the source", source, shape_);
  auto* to = static_cast<std::byte*>(mutable_raw(type_));
  const auto* from = static_cast<const std::byte*>(source.raw());
  parallel_ranges(Index(bytes()), 1 << 19, [&](Index b, Index e) { std::memcpy(to + b, from + b, std::size_t(e - b)); });
}

void Tensor::fill(double value) {
  for_any(type_, [&]<class T>(T) {
    T* p = mutable_data<T>();
    parallel_ranges(numel(), 1 << 17, [&](Index b, Index e) { std::fill(p + b, p + e, converted<T>(value)); });
  });
}

bool identical(const Tensor& a, const Tensor& b) {
  if (!a || !b) return !a && !b;
  return a.dtype() == b.dtype() && a.shape() == b.shape() && std::memcmp(a.raw(), b.raw(), a.bytes()) == 0;
}

void fail_dtype(std::string_view op, DType type) { fail(op, fmt::format("expected float32 or float64, got {}", dtype_name(type))); }

void require_same_dtype(std::string_view op, const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype())
    fail(op, fmt::format("expected tensors of one type, got {} {} and {} {}; convert one with to()", dtype_name(a.dtype()), a.shape().str(),
                         dtype_name(b.dtype()), b.shape().str()));
}

void require_rank(std::string_view op, std::string_view what, const Tensor& t, int rank) {
  if (t.rank() != rank) fail(op, fmt::format("expected {} of {} axes, got shape {}", what, rank, t.shape().str()));
}

void require_shape(std::string_view op, std::string_view what, const Tensor& t, const Shape& shape) {
  if (!(t.shape() == shape)) fail(op, fmt::format("expected {} of shape {}, got {}", what, shape.str(), t.shape().str()));
}

}  // namespace elbo
