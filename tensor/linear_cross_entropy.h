#pragma once
// Cross-entropy of a softmax over a large vocabulary, together with the product that makes its logits x W^T + b: in blocks of rows, so
// that a block's logits are still in the cache when their exponentials are taken, and held once.

#include "tensor/tensor.h"

namespace elbo {

struct LinearCrossEntropy {
  Tensor loss;          // (n,) in nats: log sum exp(logits) - logits[target]
  Tensor exponentials;  // (n, classes): exp(logit - the row's largest); only with `keep`
  Tensor sums;          // (n,): their sums; only with `keep`
};

// x: (n, features), w: (classes, features), b: (classes,), targets: int32 (n,). `keep`: for the backward pass; without, one block of
// logits is all the memory that it takes. Throws Error for shapes and types that do not fit, and targets out of range.
LinearCrossEntropy linear_cross_entropy(const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& targets, bool keep);

// From `kept`, whose exponentials become the gradient of the logits in place, and dy (n,). Null: not wanted.
void linear_cross_entropy_backward(const Tensor& x, const Tensor& w, const Tensor& targets, LinearCrossEntropy& kept, const Tensor& dy,
                                   Tensor* dx, Tensor* dw, Tensor* db);

}  // namespace elbo
