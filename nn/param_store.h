#pragma once
// Where parameters live: one contiguous block for the values and one for the gradients, in the order in which they were made, each
// parameter on a 64-byte boundary with zeros in the gaps. Clipping, updating and averaging over machines are one pass each.
//
// Parameters are made only through a Scope, which names them by path and initialises them:
//
//   ParamStore store({.seed = 1});
//   Scope root(store);
//   Linear layer(root / "encoder" / "0", 784, 400);     // "encoder/0/weight", "encoder/0/bias"
//   store.seal();                                       // lays the block out; from now on no parameter is added

#include <deque>
#include <functional>
#include <string>

#include "autograd/engine.h"
#include "nn/init.h"

namespace elbo {

class ParamStore;

// A handle on a parameter of a store, which must outlive it. Usable wherever a Var is: each use gives the current value.
class Parameter {
 public:
  Parameter() = default;
  operator Var() const { return Var(entry_->value, entry_->node); }  // NOLINT: a parameter is a Var
  const Tensor& value() const { return entry_->value; }
  const std::string& name() const { return entry_->name; }
  // The numbers of a buffer, for its layer to write. Throws for a trained parameter: the optimizer alone changes those.
  Tensor& buffer() const;
  explicit operator bool() const { return entry_ != nullptr; }

 private:
  friend class ParamStore;
  friend class Scope;
  struct Entry {
    std::string name;
    Tensor value;      // a part of the value block once the store is sealed
    NodeRef node;      // the leaf that graphs end in; its gradient slice lies in the gradient block
    Index offset = 0;  // in elements
    bool buffer = false;
  };
  explicit Parameter(Entry* entry) : entry_(entry) {}
  Entry* entry_ = nullptr;
};

struct ParamStoreOptions {
  std::uint64_t seed = 1;
  Init init = Init::glorot_uniform;
  DType type = DType::float32;  // float64: the same model for gradient checks
};

class ParamStore {
 public:
  explicit ParamStore(const ParamStoreOptions& options = {}) : options_(options) {}
  ParamStore(const ParamStore&) = delete;
  ParamStore& operator=(const ParamStore&) = delete;

  const ParamStoreOptions& options() const { return options_; }
  void seal();  // once, after the model is built
  bool sealed() const { return bool(values_); }

  struct Slot {
    std::string_view name;
    Shape shape;
    Index offset, size;  // elements of the blocks
  };
  int count() const { return int(parameters_.size()); }
  Slot slot(int i) const;
  Index numel() const;                        // trainable numbers, gaps not counted
  Tensor& values() { return values_; }        // (block,)
  Tensor& gradients() { return gradients_; }  // (block,): what backward() left; valid until the next pass over this store
  std::vector<Parameter> parameters() const;
  Parameter find(std::string_view name) const;  // empty if there is none

  // Zeros the gradients of parameters that a backward pass did not reach, so that the whole block is this pass's. Throws if a later
  // pass has written the block since.
  void complete(const Gradients& gradients);
  // Notes that values() was written: graphs that saved a parameter in elements begin .. end-1 must not be used any more.
  void touched(Index begin, Index end);

  // All buffers one after the other, copied: what belongs to a set of weights beside values(). Empty where there are none.
  Tensor buffers() const;
  void set_buffers(const Tensor& all);  // throws for another length

  // Values by name, buffers included; copies on load. load throws naming what is missing, unexpected or of another shape or type.
  std::vector<std::pair<std::string, Tensor>> tensors() const;
  void load(std::span<const std::pair<std::string, Tensor>> tensors, std::string_view source);

 private:
  friend class Scope;
  friend class Frozen;
  void set_trainable(bool on);
  Parameter add(std::string name, const Shape& shape, const Initializer& initializer, bool buffer);

  ParamStoreOptions options_;
  std::deque<Parameter::Entry> entries_;  // stable addresses: handles point into it
  std::vector<Parameter::Entry*> parameters_;
  Tensor values_, gradients_;
};

// While it lives, the store's parameters are constants: gradients pass through its layers to what they were given, and none is formed
// for the parameters themselves. For the part of a step in which one network is only the judge of another.
class Frozen {
 public:
  explicit Frozen(ParamStore& store);
  ~Frozen();
  Frozen(const Frozen&) = delete;
  Frozen& operator=(const Frozen&) = delete;

 private:
  ParamStore& store_;
};

// A place in the tree of names. Cheap to copy.
class Scope {
 public:
  explicit Scope(ParamStore& store) : store_(&store) {}
  Scope operator/(std::string_view name) const;  // the place below; throws for an empty name or one with '/'
  const std::string& path() const { return path_; }
  DType dtype() const { return store_->options().type; }
  Init init() const { return store_->options().init; }

  // A trained tensor "path/name". Its initial numbers depend on the store's seed and this path alone. Throws for a name given twice.
  Parameter parameter(std::string_view name, const Shape& shape, const Initializer& initializer) const;
  // A tensor that is saved but not trained (running statistics), filled with `value`.
  Parameter buffer(std::string_view name, const Shape& shape, double value) const;

 private:
  ParamStore* store_;
  std::string path_;
};

}  // namespace elbo
