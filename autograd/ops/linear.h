#pragma once
// The dense layer's op: product, bias and activation in one pass over the output.

#include "autograd/record.h"
#include "tensor/activation.h"

namespace elbo {
namespace ops {

// y = f(x W^T + b)   x: (batch, in)   w: (out, in)   b: (out)   ->   y: (batch, out);   ds = dy f'(s), from y alone
// dx = ds W          dW = ds^T x      db = ds summed over batch
struct LinearOp {
  static constexpr std::string_view name = "linear";
  Activation activation = Activation::none;
  Tensor forward(Saved& saved, const Tensor& x, const Tensor& w, const Tensor& b) const;
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const;
  std::vector<Attribute> attributes() const;
  static std::vector<Sample<LinearOp>> samples();
};

// y = a b for matrices, batched over leading axes (equal, or 1 and then repeated); each may be read transposed
// da = dy b^T        db = a^T dy      (transposed where the operand was; summed over the axes where it was repeated)
struct MatmulOp {
  static constexpr std::string_view name = "matmul";
  bool transpose_a = false, transpose_b = false;
  Tensor forward(Saved& saved, const Tensor& a, const Tensor& b) const;
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const;
  std::vector<Attribute> attributes() const;
  static std::vector<Sample<MatmulOp>> samples();
};

// y = log sum exp(s) - s[target], s = x W^T + b   x: (n, in)   w: (out, in)   b: (out)   targets: int32 (n)   ->   y: (n) in nats
// ds = (softmax(s) - 1 at the target) dy          dx = ds W          dW = ds^T x          db = ds summed over rows
struct LinearCrossEntropyOp {
  static constexpr std::string_view name = "linear_cross_entropy";
  Tensor forward(Saved& saved, const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& targets) const;
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const;
  static std::vector<Sample<LinearCrossEntropyOp>> samples();
};

namespace linear_family {
using Ops = OpList<LinearOp, MatmulOp, LinearCrossEntropyOp>;
}
}  // namespace ops

inline Var linear(const Var& x, const Var& w, const Var& b, Activation activation = Activation::none) {
  return record(ops::LinearOp{activation}, x, w, b);
}
// The cross-entropy of a layer with a vocabulary of outputs: as cross_entropy(linear(x, w, b), targets), but the logits lie in memory once
// at most (tensor/linear_cross_entropy.h): the backward pass turns them into their gradient, and a second one over the same graph is an
// error.
inline Var linear_cross_entropy(const Var& x, const Var& w, const Var& b, const Tensor& targets) {
  return record(ops::LinearCrossEntropyOp{}, x, w, b, Var(targets));
}
inline Var matmul(const Var& a, const Var& b, bool transpose_a = false, bool transpose_b = false) {
  return record(ops::MatmulOp{transpose_a, transpose_b}, a, b);
}

}  // namespace elbo
