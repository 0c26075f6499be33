#include "tensor/shape.h"

#include <fmt/core.h>

#include "tensor/error.h"

namespace elbo {

Shape::Shape(std::span<const Index> sizes) {
  if (sizes.size() > max_rank) fail("shape", fmt::format("expected at most {} axes, got {}", max_rank, sizes.size()));
  Index product = 1;
  for (Index s : sizes) {
    sizes_[std::size_t(rank_++)] = s;
    if (s < 0) fail("shape", fmt::format("sizes cannot be negative, got {}", s));
    if (__builtin_mul_overflow(product, s, &product) || product > (Index{1} << 62)) fail("shape", "more than 2^62 elements");
  }
}

Index Shape::size(int axis) const { return (*this)[normal_axis("shape", axis, rank_)]; }

Index Shape::numel() const {
  Index n = 1;
  for (Index s : *this) n *= s;
  return n;
}

Shape Shape::with(int axis, Index size) const {
  Shape s = *this;
  s.sizes_[std::size_t(axis)] = size;
  return s;
}

Shape Shape::without(int axis) const {
  Shape s;
  for (int i = 0; i < rank_; i++)
    if (i != axis) s.sizes_[std::size_t(s.rank_++)] = (*this)[i];
  return s;
}

Shape Shape::prepend(Index size) const {
  if (rank_ == max_rank) fail("shape", fmt::format("cannot add an axis to {}: it has {} already", str(), max_rank));
  Shape s;
  s.sizes_[std::size_t(s.rank_++)] = size;
  for (Index i : *this) s.sizes_[std::size_t(s.rank_++)] = i;
  return s;
}

Shape Shape::append(Index size) const {
  if (rank_ == max_rank) fail("shape", fmt::format("cannot add an axis to {}: it has {} already", str(), max_rank));
  Shape s = *this;
  s.sizes_[std::size_t(s.rank_++)] = size;
  return s;
}

std::string Shape::str() const {
  std::string text = "(";
  for (int i = 0; i < rank_; i++) text += fmt::format("{}{}", i ? ", " : "", (*this)[i]);
  return text + (rank_ == 1 ? ",)" : ")");
}

Shape broadcast(std::string_view op, const Shape& a, const Shape& b) {
  const int rank = std::max(a.rank(), b.rank());
  std::array<Index, Shape::max_rank> sizes{};
  for (int i = 0; i < rank; i++) {
    const int ia = i - (rank - a.rank()), ib = i - (rank - b.rank());
    const Index sa = ia < 0 ? 1 : a[ia], sb = ib < 0 ? 1 : b[ib];
    if (sa != sb && sa != 1 && sb != 1)
      fail(op, fmt::format("shapes {} and {} do not broadcast: sizes {} and {} of axis {} from the end differ and neither is 1", a.str(),
                           b.str(), sa, sb, rank - i));
    sizes[std::size_t(i)] = sa == 1 ? sb : sa;
  }
  return Shape(std::span<const Index>(sizes.data(), std::size_t(rank)));
}

int normal_axis(std::string_view op, int axis, int rank) {
  const int a = axis < 0 ? axis + rank : axis;
  if (a < 0 || a >= rank) fail(op, fmt::format("axis {} does not exist in a tensor of {} axes", axis, rank));
  return a;
}

}  // namespace elbo
