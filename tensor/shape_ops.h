#pragma once
// Functions that move numbers without changing them: each copies. (Reshapes and slices of the leading axis share memory: tensor.h.)
// All element types, unless said otherwise. Negative axes count from the end. Forms with a last argument `out` write into memory that
// exists.

#include <span>

#include "tensor/tensor.h"

namespace elbo {

// y[j, i] = x[i, j]; two axes.
Tensor transpose(const Tensor& x);
// Axis k of the result is axis axes[k] of x: permute(x, {0, 2, 1}) swaps the last two of three. Throws unless `axes` names each once.
Tensor permute(const Tensor& x, std::span<const int> axes);
inline Tensor permute(const Tensor& x, std::initializer_list<int> axes) {
  return permute(x, std::span<const int>(axes.begin(), axes.size()));
}
Tensor move_axis(const Tensor& x, int from, int to);  // the order of the other axes stays

// One after the other along `axis`; the other sizes must agree.
Tensor concatenate(std::span<const Tensor> parts, int axis);
inline Tensor concatenate(std::initializer_list<Tensor> parts, int axis) {
  return concatenate(std::span<const Tensor>(parts.begin(), parts.size()), axis);
}
// The inverse: parts of these sizes along `axis`; the sizes must add up.
std::vector<Tensor> split(const Tensor& x, std::span<const Index> sizes, int axis);
inline std::vector<Tensor> split(const Tensor& x, std::initializer_list<Index> sizes, int axis) {
  return split(x, std::span<const Index>(sizes.begin(), sizes.size()), axis);
}
// Tensors of one shape along a new axis: stack of n tensors (a, b) at axis 0 is (n, a, b).
Tensor stack(std::span<const Tensor> parts, int axis = 0);
inline Tensor stack(std::initializer_list<Tensor> parts, int axis = 0) {
  return stack(std::span<const Tensor>(parts.begin(), parts.size()), axis);
}

// Elements begin .. end-1 along `axis`.
Tensor slice_axis(const Tensor& x, int axis, Index begin, Index end);
void slice_axis(const Tensor& x, int axis, Index begin, Index end, Tensor& out);
// Zeros before and after x along `axis`: the gradient of slice_axis(x, axis, begin, end) is pad_axis(dy, axis, begin, size - end).
Tensor pad_axis(const Tensor& x, int axis, Index before, Index after);
void pad_axis(const Tensor& x, int axis, Index before, Index after, Tensor& out);

// Rows of the leading axis by number: x (n, rest...), indices int32 of any shape -> (indices' shape..., rest...).
// Throws for an index outside 0 .. n-1.
Tensor gather_rows(const Tensor& x, const Tensor& indices);
void gather_rows(const Tensor& x, const Tensor& indices, Tensor& out);
// Its gradient: rows of dy added to zeros (n, rest...) where they came from; float32 or float64. The order of addition is that of
// the indices, whatever the number of threads.
Tensor scatter_add_rows(const Tensor& dy, const Tensor& indices, Index n);
void scatter_add_rows(const Tensor& dy, const Tensor& indices, Tensor& out);

// int32 labels of any shape -> (labels' shape..., classes): 1 at the label, otherwise 0. Throws for a label outside 0 .. classes-1.
Tensor one_hot(const Tensor& labels, Index classes, DType type = DType::float32);

}  // namespace elbo
