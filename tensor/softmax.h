#pragma once
// Softmax and log-softmax along one axis, float32 and float64. Stable: the largest number of a row is subtracted first.
//
// The last axis is the fast one; any other is moved there and back, which copies twice. -inf has probability 0; a row that holds
// +inf or NaN, or nothing but -inf, is NaN. Forms with a last argument `out` work on the last axis and write into memory that exists.

#include "tensor/tensor.h"

namespace elbo {

Tensor softmax(const Tensor& x, int axis = -1);
Tensor log_softmax(const Tensor& x, int axis = -1);
// Gradients, from the result y and its cotangent dy:
Tensor softmax_backward(const Tensor& y, const Tensor& dy, int axis = -1);      // dx = y (dy - sum(y dy))
Tensor log_softmax_backward(const Tensor& y, const Tensor& dy, int axis = -1);  // dx = dy - exp(y) sum(dy)

void softmax(const Tensor& x, Tensor& out);
void log_softmax(const Tensor& x, Tensor& out);
void softmax_backward(const Tensor& y, const Tensor& dy, Tensor& out);
void log_softmax_backward(const Tensor& y, const Tensor& dy, Tensor& out);

}  // namespace elbo
