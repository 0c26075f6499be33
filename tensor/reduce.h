#pragma once
// Reductions over any axes, float32 and float64.
//
//   sum(x)                      // of everything: a scalar, shape ()
//   mean(x, {0})                // (128, 784) -> (784,)
//   max(x, {-1}, true)          // (128, 784) -> (128, 1): the reduced axes stay, with size 1
//
// No axes means all. Each result is the same for any number of threads. Sums are carried in double beyond short blocks, so a float32
// sum of ten million ones is exact. Over no numbers (an axis of size 0): sum 0, mean and variance NaN; max, min and their
// positions throw. NaN anywhere makes max and min NaN. Forms with a last argument `out` write into memory that exists, of the
// result's shape with or without the reduced axes.

#include "tensor/tensor.h"

namespace elbo {

// A list of axes, kept inline; negative ones count from the end. An empty list stands for all.
class Axes {
 public:
  Axes() = default;
  Axes(std::initializer_list<int> axes) : Axes(std::span<const int>(axes.begin(), axes.size())) {}
  Axes(std::span<const int> axes);  // throws for more than Shape::max_rank
  int count() const { return count_; }
  int operator[](int i) const { return axes_[std::size_t(i)]; }
  const int* begin() const { return axes_.data(); }
  const int* end() const { return axes_.data() + count_; }
  std::string str() const;  // "{0, -1}"

 private:
  std::array<int, Shape::max_rank> axes_{};
  int count_ = 0;
};

// The shape of a reduction over `axes`. Throws naming `op` for an axis that is not there or named twice.
Shape reduced_shape(std::string_view op, const Shape& shape, const Axes& axes, bool keepdims);
// How many numbers enter each result.
Index reduced_count(const Shape& shape, const Axes& axes);

Tensor sum(const Tensor& x, const Axes& axes = {}, bool keepdims = false);
void sum(const Tensor& x, const Axes& axes, Tensor& out);
Tensor mean(const Tensor& x, const Axes& axes = {}, bool keepdims = false);
void mean(const Tensor& x, const Axes& axes, Tensor& out);
Tensor max(const Tensor& x, const Axes& axes = {}, bool keepdims = false);
void max(const Tensor& x, const Axes& axes, Tensor& out);
Tensor min(const Tensor& x, const Axes& axes = {}, bool keepdims = false);
void min(const Tensor& x, const Axes& axes, Tensor& out);
// Mean square deviation from the mean. `unbiased` divides by count - 1 (NaN for one number).
Tensor variance(const Tensor& x, const Axes& axes = {}, bool keepdims = false, bool unbiased = false);
void variance(const Tensor& x, const Axes& axes, Tensor& out, bool unbiased = false);
// log(sum(exp(x))) without overflow.
Tensor logsumexp(const Tensor& x, const Axes& axes = {}, bool keepdims = false);
void logsumexp(const Tensor& x, const Axes& axes, Tensor& out);
// Position of the first largest (smallest) number among those that enter a result, counted in row-major order over the reduced
// axes; int32. The first NaN counts as the largest and as the smallest.
Tensor argmax(const Tensor& x, const Axes& axes = {}, bool keepdims = false);
Tensor argmin(const Tensor& x, const Axes& axes = {}, bool keepdims = false);

// t summed down to `shape`, which broadcasts to t's shape (aligned at the end; sizes equal, 1 or absent): the gradient of
// broadcasting. t itself, not a copy, when the shapes agree.
Tensor sum_to(const Tensor& t, const Shape& shape);
void sum_to(const Tensor& t, Tensor& out);

// The sum of everything, not rounded to the tensor's type.
double total(const Tensor& x);

// y[i] = x[0] + ... + x[i] along `axis`; `reverse` sums from the end instead: y[i] = x[i] + ... + x[n-1], which is the gradient.
Tensor cumulative_sum(const Tensor& x, int axis, bool reverse = false);
void cumulative_sum(const Tensor& x, int axis, bool reverse, Tensor& out);

}  // namespace elbo
