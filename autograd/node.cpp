#include "autograd/node.h"

#include <fmt/core.h>

#include "autograd/mode.h"
#include "tensor/error.h"

namespace elbo {
namespace {
thread_local std::uint64_t next_number = 1;
}

Attribute attribute(std::string_view name, double value) { return {std::string(name), fmt::format("{}", value)}; }
Attribute attribute(std::string_view name, const Shape& value) { return {std::string(name), value.str()}; }

Node::Node(std::string_view op_name) : number(next_number++), name(op_name), scope(current_scope()) {}
Node::~Node() = default;

namespace detail {

// A chain of a million nodes must not recurse: freeing a node frees its inputs' references, which come back here and wait in a list.
void release_node(Node* node) {
  thread_local PoolVector<Node*> waiting;
  thread_local bool busy = false;
  waiting.push_back(node);
  if (busy) return;
  busy = true;
  while (!waiting.empty()) {
    Node* n = waiting.back();
    waiting.pop_back();
    delete n;
  }
  busy = false;
}

std::string describe(const Node& node) {
  std::string text(node.name);
  if (node.scope) text += " in " + *node.scope;
  if (!node.label.empty()) text += " '" + node.label + "'";
  return text;
}

}  // namespace detail

Saved::~Saved() = default;

void Saved::keep(const Tensor& t) {
  if (!enabled_) return;
  if (entries_.empty()) entries_.reserve(4);
  entries_.push_back({t, t.version()});
}

void Saved::check_unchanged(std::string_view op, const std::string* scope) const {
  for (std::size_t i = 0; i < entries_.size(); i++)
    if (entries_[i].tensor.version() != entries_[i].version)
      fail(op, fmt::format("saved tensor {} of shape {} was changed in place before the backward pass used it{}{}: take the gradient "
                           "first, or change a clone()",
                           i, entries_[i].tensor.shape().str(), scope ? ", in " : "", scope ? *scope : ""));
}

Tensor& Targets::at(int input) {
  Slot& s = slots_[std::size_t(input)];
  if (!s.memory) s.memory = Tensor(s.shape, s.type);
  s.filled = true;
  return s.memory;
}

void Targets::pass(int input, const Tensor& t) {
  Slot& s = slots_[std::size_t(input)];
  if (s.memory && !(t.raw() == s.memory.raw()))
    s.memory.copy_from(t);  // a parameter's slice of the gradient block must hold it
  else
    s.memory = t;
  s.filled = true;
}

}  // namespace elbo
