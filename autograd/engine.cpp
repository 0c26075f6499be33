#include "autograd/engine.h"

#include <fmt/core.h>

#include <algorithm>

#include "autograd/mode.h"
#include "autograd/record.h"
#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/reduce.h"

namespace elbo {
namespace {

thread_local std::uint64_t passes = 0;

}  // namespace

class Engine {
 public:
  Engine(const Var& output, const BackwardOptions& options, bool only_wanted) : options_(options), only_(only_wanted) {
    result_.pass_ = ++passes;
    if (!output.needs_gradient())
      fail("backward",
           fmt::format(
               "the output of shape {} depends on nothing that needs a gradient: was it computed under NoGrad, or from constants alone?",
               output.shape().str()));
    Tensor cotangent = options.cotangent;
    if (!cotangent) {
      if (output.value().numel() != 1)
        fail("backward",
             fmt::format("an output of shape {} needs a cotangent: only a loss of one element starts from 1", output.shape().str()));
      cotangent = Tensor::ones(output.shape(), output.dtype());
    }
    require_shape("backward", "a cotangent", cotangent, output.shape());
    require_same_dtype("backward", cotangent, output.value());
    if (only_) mark_paths(*output.node());
    for (const Var& v : options.also)
      if (v.node()) keep(*v.node());
    deposit(output.node(), output.output(), std::move(cotangent));
  }

  Gradients run() {
    while (!heap_.empty()) {
      std::pop_heap(heap_.begin(), heap_.end(), later);
      const NodeRef node = std::move(heap_.back());
      heap_.pop_back();
      if (node->kept == 0) keep_gradients(node);
      if (!node->is_leaf()) step(*node);
      for (Output& o : node->outputs) o.cotangent = Tensor();
    }
    return std::move(result_);
  }

 private:
  // Nodes waiting for their turn; the one made last comes first, so that all its users have run.
  static bool later(const NodeRef& a, const NodeRef& b) { return a->number < b->number; }

  bool wants(const Node& node) const { return node.needs_gradient && (!only_ || (node.path_pass == result_.pass_ && node.on_path)); }

  // Which nodes lead to a wanted one: reachable nodes in the order of their numbers, so inputs are decided before their users.
  void mark_paths(const Node& root) {
    for (const Var& v : options_.also)
      if (v.node()) v.node()->path_pass = result_.pass_, v.node()->on_path = true;
    std::vector<Node*> todo{const_cast<Node*>(&root)}, seen;
    while (!todo.empty()) {
      Node* n = todo.back();
      todo.pop_back();
      if (n->pass == result_.pass_) continue;
      n->pass = result_.pass_;
      seen.push_back(n);
      for (const Edge& e : n->inputs)
        if (e.node && e.node->needs_gradient) todo.push_back(e.node.get());
    }
    std::sort(seen.begin(), seen.end(), [](const Node* a, const Node* b) { return a->number < b->number; });
    for (Node* n : seen) {
      bool on_path = n->path_pass == result_.pass_ && n->on_path;
      for (const Edge& e : n->inputs) on_path |= e.node && e.node->path_pass == result_.pass_ && e.node->on_path;
      n->path_pass = result_.pass_;
      n->on_path = on_path;
      n->pass = 0;
    }
  }

  // Readies a node for this pass: what an earlier pass left in its scratch is forgotten.
  void enter(Node& node) {
    if (node.pass == result_.pass_) return;
    node.pass = result_.pass_;
    node.kept = -1;
    for (Output& o : node.outputs) o.cotangent = Tensor();
  }
  void keep(Node& node) {
    enter(node);
    node.kept = 0;
  }

  void deposit(const NodeRef& node, int output, Tensor gradient) {
    const bool fresh = node->pass != result_.pass_ || waiting_first(*node);
    enter(*node);
    if (node->is_leaf() && !only_) node->kept = 0;
    Tensor& slot = node->outputs[std::size_t(output)].cotangent;
    if (!slot) {
      slot = std::move(gradient);
    } else if (node->gradient_slice && slot.raw() == node->gradient_slice.raw()) {
      binary(Binary::add, slot, gradient, slot);  // stays in the gradient block
    } else {
      slot = add(slot, gradient);  // never in place: the tensor may have been passed on to others
    }
    if (fresh) {
      heap_.push_back(node);
      std::push_heap(heap_.begin(), heap_.end(), later);
    }
  }
  static bool waiting_first(const Node& node) {  // kept by keep(), nothing deposited yet
    return std::none_of(node.outputs.begin(), node.outputs.end(), [](const Output& o) { return bool(o.cotangent); });
  }

  void keep_gradients(const NodeRef& node) {
    node->kept = int(result_.entries_.size());
    for (int i = 0; i < int(node->outputs.size()); i++)
      if (const Tensor& g = node->outputs[std::size_t(i)].cotangent) result_.entries_.push_back({node, i, g});
  }

  void step(Node& node) {
    if (node.released)
      fail("backward", fmt::format("{} was used up by an earlier backward pass: ask that one for retain_graph", detail::describe(node)));
    node.saved.check_unchanged(node.name, node.scope);
    targets_.slots_.clear();
    for (std::size_t i = 0; i < node.inputs.size(); i++) targets_.slots_.push_back(slot_of(node, i));
    node.backward(targets_);
    for (std::size_t i = 0; i < node.inputs.size(); i++) {
      Edge& in = node.inputs[i];
      Targets::Slot& slot = targets_.slots_[i];
      if (!slot.needed) continue;
      if (!slot.filled) fail(node.name, fmt::format("the backward rule left the gradient of input {} unfilled", i));
      Tensor g = std::move(slot.memory);
      if (!(g.shape() == in.shape)) {
        if (!node.broadcasts() && !(g.shape() == slot.shape))
          fail(node.name, fmt::format("the gradient of input {} has shape {}, expected {}", i, g.shape().str(), in.shape.str()));
        Tensor target = first_contribution(in) && in.node->gradient_slice ? claim_slice(*in.node) : Tensor(in.shape, in.type);
        sum_to(g, target);
        g = target;
      }
      if (anomaly_mode() && !all_finite(g))
        fail("anomaly", fmt::format("step {}: the gradient of input {} {} of {} is not finite", anomaly_step(), i, in.shape.str(),
                                    detail::describe(node)));
      deposit(in.node, in.output, std::move(g));
    }
    targets_.slots_.clear();
    if (!options_.retain_graph && !only_) {
      node.saved.clear();
      node.inputs.clear();
      node.released = true;
    }
  }

  bool first_contribution(const Edge& in) const { return in.node->pass != result_.pass_ || waiting_first(*in.node); }

  Targets::Slot slot_of(const Node& node, std::size_t i) const {
    const Edge& in = node.inputs[i];
    Targets::Slot slot;
    slot.needed = in.node && wants(*in.node);
    slot.type = in.type;
    slot.shape = node.broadcasts() ? node.outputs[0].shape : in.shape;
    if (!slot.needed || !in.node->gradient_slice || !(slot.shape == in.shape) || !first_contribution(in)) return slot;
    for (std::size_t k = 0; k < i; k++)  // w * w: only one of the two may take the slice
      if (node.inputs[k].node == in.node) return slot;
    slot.memory = claim_slice(*in.node);
    return slot;
  }
  const Tensor& claim_slice(Node& node) const {
    node.slice_pass = result_.pass_;
    return node.gradient_slice;
  }

  const BackwardOptions& options_;
  bool only_;
  Gradients result_;
  PoolVector<NodeRef> heap_;
  Targets targets_;
};

const Tensor* Gradients::find(const Node& node, int output) const {
  if (node.pass != pass_ || node.kept < 0) {  // another pass went over the graph since: look for it
    for (const Entry& e : entries_) {
      if (e.node.get() != &node || e.output != output) continue;
      if (node.gradient_slice && e.gradient.raw() == node.gradient_slice.raw() && node.slice_pass != pass_)
        fail("gradients",
             fmt::format("the gradient of {} was overwritten by a later backward pass over the same parameters: use it, or clone "
                         "it, before that pass",
                         detail::describe(node)));
      return &e.gradient;
    }
    return nullptr;
  }
  for (std::size_t i = std::size_t(node.kept); i < entries_.size() && entries_[i].node.get() == &node; i++)
    if (entries_[i].output == output) return &entries_[i].gradient;
  return nullptr;
}

const Tensor& Gradients::operator[](const Var& x) const {
  const Tensor* g = x.node() ? find(*x.node(), x.output()) : nullptr;
  if (!g)
    fail("gradients", fmt::format("the pass has no gradient for {} of shape {}: the output does not depend on it, or it is an intermediate "
                                  "that backward() was not asked for",
                                  x.node() ? detail::describe(*x.node()) : "a constant", x.shape().str()));
  return *g;
}

Gradients backward(const Var& output, const BackwardOptions& options) { return Engine(output, options, false).run(); }

std::vector<Tensor> gradients(const Var& output, std::span<const Var> wanted, Tensor cotangent) {
  const BackwardOptions options{.also = wanted, .cotangent = std::move(cotangent), .retain_graph = true};
  const Gradients g = Engine(output, options, true).run();
  std::vector<Tensor> result;
  for (const Var& v : wanted) {  // a parameter's own: its slice is the next pass's
    const Tensor found = g.contains(v) ? g[v] : Tensor();
    result.push_back(found && v.node()->gradient_slice ? found.clone() : found);
  }
  return result;
}

Var leaf(Tensor value, std::string label) {
  auto* node = new Node("leaf");
  NodeRef ref(node);
  node->label = std::move(label);
  node->needs_gradient = true;
  node->outputs.push_back({value.shape(), value.dtype(), {}});
  return Var(std::move(value), std::move(ref));
}

Var input(Tensor value, std::string label) {
  Var v = leaf(std::move(value), std::move(label));
  v.node()->name = "input";
  v.node()->needs_gradient = false;
  return v;
}

}  // namespace elbo
