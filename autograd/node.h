#pragma once
// The graph: one node for each use of an op, made as the forward pass runs.
//
// Nodes are numbered as they are made. That order is topological (an op's inputs exist before the op), so the backward pass walks
// numbers downwards and needs no sorting and no recursion. A node knows its inputs' nodes, what the op saved, and the shapes of its
// outputs; the values themselves belong to the Vars, so that a value nobody needs any more is freed during the forward pass.

#include <string>
#include <string_view>

#include "tensor/pool_vector.h"
#include "tensor/tensor.h"

namespace elbo {

class Node;

// A counted reference to a node. The last one frees the node, and then what only that node held: in a loop, without recursion.
class NodeRef {
 public:
  NodeRef() = default;
  explicit NodeRef(Node* adopted) : p_(adopted) {}
  NodeRef(const NodeRef& other);
  NodeRef(NodeRef&& other) noexcept : p_(std::exchange(other.p_, nullptr)) {}
  NodeRef& operator=(NodeRef other) noexcept {
    std::swap(p_, other.p_);
    return *this;
  }
  ~NodeRef();
  Node* get() const { return p_; }
  Node* operator->() const { return p_; }
  Node& operator*() const { return *p_; }
  explicit operator bool() const { return p_ != nullptr; }
  friend bool operator==(const NodeRef& a, const NodeRef& b) { return a.p_ == b.p_; }

 private:
  Node* p_ = nullptr;
};

// What forward keeps for backward: as little as possible, said explicitly. Remembers each tensor's version, so that a tensor changed
// in place before backward used it is an error and not a wrong gradient.
class Saved {
 public:
  explicit Saved(bool enabled = true) : enabled_(enabled) {}
  ~Saved();
  Saved(const Saved&) = delete;
  Saved& operator=(const Saved&) = delete;
  bool enabled() const { return enabled_; }  // false: there is no backward pass, and nothing is kept
  void keep(const Tensor& t);
  const Tensor& operator[](int i) const { return entries_[std::size_t(i)].tensor; }
  int size() const { return int(entries_.size()); }
  void check_unchanged(std::string_view op, const std::string* scope) const;
  void clear() { entries_.clear(); }

 private:
  struct Entry {
    Tensor tensor;
    std::uint32_t version;
  };
  PoolVector<Entry> entries_;
  bool enabled_;
};

// The gradients of an op's outputs. That of an output nobody used is empty: `if (dy[1]) ...`.
class Cotangents {
 public:
  explicit Cotangents(const Node& node) : node_(node) {}
  const Tensor& operator[](int output) const;

 private:
  const Node& node_;
};

// Where a backward rule puts its gradients. A rule fills memory; it never adds: only the engine adds gradients up, and only the
// engine sums a gradient down to the shape of a broadcast input.
class Targets {
 public:
  struct Slot {
    bool needed = false, filled = false;
    Shape shape;
    DType type = DType::float32;
    Tensor memory;
  };
  bool needed(int input) const { return slots_[std::size_t(input)].needed; }
  int size() const { return int(slots_.size()); }
  // Memory of the input's shape (of the output's shape for an op that broadcasts) which the rule must fill completely.
  Tensor& at(int input);
  // Hands on a tensor that exists, without a copy. It must not be written to afterwards.
  void pass(int input, const Tensor& t);

 private:
  friend class Engine;
  PoolVector<Slot> slots_;
};

struct Attribute {
  std::string name, value;
};
Attribute attribute(std::string_view name, double value);
Attribute attribute(std::string_view name, const Shape& value);

struct Edge {  // one input of a node
  NodeRef node;
  int output = 0;  // which of that node's outputs
  Shape shape;
  DType type = DType::float32;
};

struct Output {
  Shape shape;
  DType type = DType::float32;
  Tensor cotangent;  // used by the engine while it walks
};

class Node {
 public:
  explicit Node(std::string_view op_name);
  virtual ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  virtual void backward(Targets&) {}  // leaves have none
  virtual std::vector<Attribute> attributes() const { return {}; }
  virtual bool is_leaf() const { return true; }
  virtual bool broadcasts() const { return false; }

  static void* operator new(std::size_t bytes) { return pool_allocate(bytes); }
  static void operator delete(void* p, std::size_t bytes) { pool_free(p, bytes); }

  std::uint64_t number;      // order of making
  std::string_view name;     // the op's, or "leaf", "parameter", "input"
  const std::string* scope;  // path of the layer that made it; interned, never freed
  std::string label;         // a leaf's own name
  bool needs_gradient = false;
  bool released = false;    // a backward pass has used it up
  double microseconds = 0;  // forward time, where Record measures it
  PoolVector<Edge> inputs;
  PoolVector<Output> outputs;
  Saved saved;
  Tensor gradient_slice;         // a parameter's part of the contiguous gradient block
  std::uint64_t slice_pass = 0;  // the backward pass that wrote it last

  // Scratch of the engine's passes: which pass touched the node last, and what it found.
  std::uint64_t pass = 0, path_pass = 0;
  int kept = -1;  // index among the gradients that the pass returns
  bool on_path = false;

  int references = 1;  // graphs belong to one thread
};

inline NodeRef::NodeRef(const NodeRef& other) : p_(other.p_) {
  if (p_) p_->references++;
}
namespace detail {
void release_node(Node* node);
std::string describe(const Node& node);  // "linear in encoder/0", for messages
}  // namespace detail
inline NodeRef::~NodeRef() {
  if (p_ && --p_->references == 0) detail::release_node(p_);
}
inline const Tensor& Cotangents::operator[](int output) const { return node_.outputs[std::size_t(output)].cotangent; }

}  // namespace elbo
