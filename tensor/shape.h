#pragma once
// Shapes: up to six sizes, stored inline, so that making or copying one never allocates.

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace elbo {

using Index = std::int64_t;  // sizes and offsets are 64-bit

class Shape {
 public:
  static constexpr int max_rank = 6;

  Shape() = default;  // rank 0: a scalar, one element
  Shape(std::initializer_list<Index> sizes) : Shape(std::span<const Index>(sizes.begin(), sizes.size())) {}
  explicit Shape(std::span<const Index> sizes);  // throws for more than six sizes, a negative one, or more than 2^62 elements

  int rank() const { return rank_; }
  Index operator[](int axis) const { return sizes_[std::size_t(axis)]; }  // 0 <= axis < rank(), unchecked
  Index size(int axis) const;                                             // negative axes count from the end; throws out of range
  Index numel() const;                                                    // product of the sizes; 1 for rank 0
  Index back() const { return rank_ == 0 ? 1 : sizes_[std::size_t(rank_ - 1)]; }
  const Index* begin() const { return sizes_.data(); }
  const Index* end() const { return sizes_.data() + rank_; }

  Shape with(int axis, Index size) const;  // this shape with one size replaced
  Shape without(int axis) const;           // this shape with one axis removed
  Shape prepend(Index size) const;         // (size, this...)
  Shape append(Index size) const;          // (this..., size)
  std::string str() const;                 // "(128, 784)"

  friend bool operator==(const Shape& a, const Shape& b) {
    if (a.rank_ != b.rank_) return false;
    for (int i = 0; i < a.rank_; i++)
      if (a[i] != b[i]) return false;
    return true;
  }

 private:
  std::array<Index, max_rank> sizes_{};
  int rank_ = 0;
};

// NumPy's broadcasting: aligned at the end, sizes equal or 1. Throws naming `op` and both shapes.
Shape broadcast(std::string_view op, const Shape& a, const Shape& b);

// A possibly negative axis as 0 .. rank-1; throws naming `op`.
int normal_axis(std::string_view op, int axis, int rank);

}  // namespace elbo
