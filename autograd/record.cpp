#include "autograd/record.h"

#include <fmt/core.h>

#include "tensor/elementwise.h"
#include "tensor/error.h"

namespace elbo::detail {
namespace {

// Wires a node that has run: its inputs, its outputs, whether gradients flow through it.
void connect(Node& node, std::span<const Var* const> inputs, std::span<const Tensor> outputs, bool needs_gradient) {
  node.needs_gradient = needs_gradient;
  node.inputs.reserve(inputs.size());
  for (const Var* v : inputs) {
    const bool track = v->node() && (v->needs_gradient() || grad_mode() == GradMode::record);
    node.inputs.push_back({track ? v->node() : NodeRef(), v->output(), v->shape(), v->dtype()});
  }
  node.outputs.reserve(outputs.size());
  for (const Tensor& t : outputs) node.outputs.push_back({t.shape(), t.dtype(), {}});
}

// Anomaly mode.
void check_forward(const Node& node, std::span<const Var* const> inputs, std::span<const Tensor> outputs) {
  for (const Tensor& t : outputs) {
    if (t.dtype() != DType::float32 && t.dtype() != DType::float64) continue;
    if (all_finite(t)) continue;
    std::string from;
    for (const Var* v : inputs) from += (from.empty() ? "" : ", ") + v->shape().str();
    fail("anomaly", fmt::format("step {}: {} of inputs {} gave a value that is not finite", anomaly_step(), describe(node), from));
  }
}

}  // namespace

Recording::Recording(std::span<const Var* const> inputs) : inputs_(inputs) {
  const GradMode mode = grad_mode();
  if (mode == GradMode::gradients)
    for (const Var* v : inputs) needs_gradient_ |= v->needs_gradient();
  makes_node_ = needs_gradient_ || mode == GradMode::record || anomaly_mode() || current_observer();
  times_ = mode == GradMode::record && recording_times();
}

NodeRef Recording::finish(const NodeRef& node, std::span<const Tensor> outputs) const {
  if (!node) return {};
  if (times_) node->microseconds = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start_).count();
  if (anomaly_mode()) check_forward(*node, inputs_, outputs);
  if (const Observer* observer = current_observer()) (*observer)(*node, outputs);
  if (!needs_gradient_ && grad_mode() != GradMode::record) return {};
  connect(*node, inputs_, outputs, needs_gradient_);
  return node;
}

}  // namespace elbo::detail
