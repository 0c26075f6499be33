#pragma once
// The engine: walks a graph backwards, adds gradients up and sums them down to broadcast inputs. Nobody else does either.

#include <span>

#include "autograd/var.h"

namespace elbo {

// What a backward pass found. Gradients belong to the pass: there is nothing to zero and nothing stale. Those of a store's parameters
// lie in its block, which the next pass over them writes anew: what is asked for after that is an error.
class Gradients {
 public:
  // The gradient with respect to x: a leaf that the loss depends on, or a Var named to backward() / gradients().
  // Throws when the pass did not reach x.
  const Tensor& operator[](const Var& x) const;
  bool contains(const Var& x) const { return x.node() && find(*x.node(), x.output()) != nullptr; }
  bool reached(const Node& leaf) const { return find(leaf, 0) != nullptr; }
  std::uint64_t pass() const { return pass_; }

 private:
  friend class Engine;
  struct Entry {
    NodeRef node;
    int output;
    Tensor gradient;
  };
  const Tensor* find(const Node& node, int output) const;
  PoolVector<Entry> entries_;
  std::uint64_t pass_ = 0;
};

struct BackwardOptions {
  std::span<const Var> also = {};  // intermediate Vars whose gradients are wanted too
  Tensor cotangent = {};           // the gradient that comes in at the output; needed unless that has one element (then 1)
  bool retain_graph = false;       // keep what the ops saved, for another pass over the same graph
};

// Gradients of `output` with respect to every leaf that it depends on.
Gradients backward(const Var& output, const BackwardOptions& options = {});

// Gradients of `output` with respect to these Vars alone (leaves or intermediates), in their order; branches that do not lead to
// one of them are skipped. An empty tensor where `output` does not depend on it. The graph is kept.
std::vector<Tensor> gradients(const Var& output, std::span<const Var> wanted, Tensor cotangent = {});

}  // namespace elbo
