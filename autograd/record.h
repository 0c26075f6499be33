#pragma once
// record(op, inputs...): runs an op's forward pass and notes it in the graph.

#include <chrono>

#include "autograd/mode.h"
#include "autograd/op.h"
#include "autograd/var.h"

namespace elbo {
namespace detail {

// What recording does that is the same for every op: whether a node is made, what it keeps, how long it took, how it is wired.
class Recording {
 public:
  explicit Recording(std::span<const Var* const> inputs);
  bool makes_node() const { return makes_node_; }
  bool saves() const { return needs_gradient_; }
  // Around the forward pass. `finish` gives the node that the outputs belong to: `node`, or none.
  void start() {
    if (times_) start_ = std::chrono::steady_clock::now();
  }
  NodeRef finish(const NodeRef& node, std::span<const Tensor> outputs) const;

 private:
  std::span<const Var* const> inputs_;
  bool needs_gradient_ = false, makes_node_, times_;
  std::chrono::steady_clock::time_point start_;
};

template <Op O, class Run>
auto record_with(O op, std::span<const Var* const> inputs, Run&& run) {
  using Result = typename Forward<O>::Result;
  Recording recording(inputs);
  Saved nothing(false);
  NodeRef node;
  if (recording.makes_node()) node = NodeRef(new OpNode<O>(op));
  recording.start();
  const Result result = run(op, recording.saves() ? node->saved : nothing);
  if constexpr (std::is_same_v<Result, Tensor>) {
    return Var(result, recording.finish(node, std::span<const Tensor>(&result, 1)));
  } else {
    node = recording.finish(node, result);
    std::array<Var, std::tuple_size_v<Result>> vars;
    for (std::size_t i = 0; i < vars.size(); i++) vars[i] = Var(result[i], node, int(i));
    return vars;
  }
}

}  // namespace detail

// An op with a fixed number of inputs.
template <Op O, class... Vars>
requires(!detail::Forward<O>::variadic) auto record(O op, const Vars&... xs) {
  static_assert(sizeof...(Vars) == std::size_t(detail::Forward<O>::arity), "an op takes as many Vars as its forward takes tensors");
  const std::array<const Var*, sizeof...(Vars)> inputs{&xs...};
  return detail::record_with(std::move(op), inputs, [&](const O& o, Saved& saved) { return o.forward(saved, xs.value()...); });
}

// An op whose number of inputs varies.
template <Op O>
requires(detail::Forward<O>::variadic) auto record(O op, std::span<const Var> xs) {
  PoolVector<const Var*> inputs;
  PoolVector<Tensor> values;
  for (const Var& x : xs) {
    inputs.push_back(&x);
    values.push_back(x.value());
  }
  return detail::record_with(std::move(op), std::span<const Var* const>(inputs.data(), inputs.size()), [&](const O& o, Saved& saved) {
    return o.forward(saved, std::span<const Tensor>(values.data(), values.size()));
  });
}

}  // namespace elbo
