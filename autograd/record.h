#pragma once
// record(op, inputs...): runs an op's forward pass and notes it in the graph.

#include <chrono>

#include "autograd/mode.h"
#include "autograd/op.h"
#include "autograd/var.h"

namespace elbo {
namespace detail {

// Wires a node that has run: its inputs, its outputs, whether gradients flow through it.
void connect(Node& node, std::span<const Var* const> inputs, std::span<const Tensor> outputs, bool needs_gradient);
void check_forward(const Node& node, std::span<const Var* const> inputs, std::span<const Tensor> outputs);  // anomaly mode

template <Op O, class Run>
auto record_with(O op, std::span<const Var* const> inputs, Run&& run) {
  using Result = typename Forward<O>::Result;
  const GradMode mode = grad_mode();
  bool needs = false;
  if (mode == GradMode::gradients)
    for (const Var* v : inputs) needs |= v->needs_gradient();
  const auto wrap = [](const Result& r, const NodeRef& node) {
    if constexpr (std::is_same_v<Result, Tensor>) {
      return Var(r, node);
    } else {
      std::array<Var, std::tuple_size_v<Result>> vars;
      for (std::size_t i = 0; i < vars.size(); i++) vars[i] = Var(r[i], node, int(i));
      return vars;
    }
  };
  if (!needs && mode != GradMode::record && !anomaly_mode()) {
    Saved nothing(false);
    return wrap(run(op, nothing), NodeRef());
  }
  auto* node = new OpNode<O>(op);
  NodeRef ref(node);
  Saved nothing(false);
  const bool times = mode == GradMode::record && recording_times();
  const auto start = times ? std::chrono::steady_clock::now() : std::chrono::steady_clock::time_point{};
  const Result result = run(op, needs ? node->saved : nothing);
  if (times) node->microseconds = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
  std::span<const Tensor> outputs;
  if constexpr (std::is_same_v<Result, Tensor>)
    outputs = std::span<const Tensor>(&result, 1);
  else
    outputs = result;
  if (anomaly_mode()) check_forward(*node, inputs, outputs);
  if (!needs && mode != GradMode::record) return wrap(result, NodeRef());
  connect(*node, inputs, outputs, needs);
  return wrap(result, ref);
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
