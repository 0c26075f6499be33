#pragma once
// Matrix products of tensors, float32 and float64.

#include "tensor/tensor.h"

namespace elbo {

// op(a) op(b), where op exchanges the last two axes if its flag is set:
//
//   (M, K) and (K, N)             give (M, N)
//   (..., M, K) and (..., K, N)   give (..., M, N), one product for each index of the leading axes
//
// Both have rank 2 to 6 and the same type. Leading axes are aligned at the end; their sizes are equal, or one of them is 1 (that
// operand is used again). Throws otherwise, naming both shapes.
Tensor matmul(const Tensor& a, const Tensor& b, bool transpose_a = false, bool transpose_b = false);

// The same into memory that exists, of the result's shape and type; it must not overlap a or b.
void matmul(const Tensor& a, const Tensor& b, Tensor& out, bool transpose_a = false, bool transpose_b = false);

// The shape of the result; throws as matmul does.
Shape matmul_shape(const Shape& a, const Shape& b, bool transpose_a = false, bool transpose_b = false);

}  // namespace elbo
