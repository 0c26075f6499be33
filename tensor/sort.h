#pragma once
// Sorting along one axis: float32, float64, int32, uint8. Numbers that are equal keep their order; NaN counts as larger than every number.

#include "tensor/tensor.h"

namespace elbo {

// Ascending, or descending. The last axis is the fast one; any other is moved there and back, which copies twice.
Tensor sort(const Tensor& x, int axis = -1, bool descending = false);
// int32 positions along `axis`: taking x in that order sorts it. Equal numbers keep their order, descending too.
Tensor argsort(const Tensor& x, int axis = -1, bool descending = false);

struct TopK {
  Tensor values;   // (..., k), largest first
  Tensor indices;  // int32 (..., k): where they were along the last axis
};
// The k largest numbers along the last axis; of equal ones the first. 0 <= k <= size of the axis.
TopK top_k(const Tensor& x, Index k);

}  // namespace elbo
