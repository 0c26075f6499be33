#pragma once
// Var: a tensor that remembers how it was computed. A cheap handle: copies name the same value and the same node.
//
//   Var x = leaf(Tensor::ones({2, 3})), y = sum(x * x);
//   Gradients g = backward(y);
//   g[x]                                   // 2 x

#include "autograd/node.h"

namespace elbo {

class Var {
 public:
  Var() = default;
  Var(Tensor constant) : value_(std::move(constant)) {}  // NOLINT: a tensor is a constant wherever a Var is wanted
  Var(Tensor value, NodeRef node, int output = 0) : value_(std::move(value)), node_(std::move(node)), output_(output) {}

  const Tensor& value() const { return value_; }
  const Shape& shape() const { return value_.shape(); }
  DType dtype() const { return value_.dtype(); }
  int rank() const { return value_.rank(); }
  Index size(int axis) const { return value_.size(axis); }
  double item() const { return value_.item(); }
  explicit operator bool() const { return bool(value_); }

  bool needs_gradient() const { return node_ && node_->needs_gradient; }
  const NodeRef& node() const { return node_; }  // null for a constant
  int output() const { return output_; }
  Var detach() const { return Var(value_); }  // the same value as a constant: no gradient flows back

 private:
  Tensor value_;
  NodeRef node_;
  int output_ = 0;
};

// A Var whose gradient can be asked for.
Var leaf(Tensor value, std::string label = {});
// A constant with a name and a node, for graphs.
Var input(Tensor value, std::string label);

}  // namespace elbo
