#pragma once
// What all optimizers share: which parameters they move, clipping, groups, the step count, their state in checkpoints.
//
//   Adam optimizer(store, {.learning_rate = 1e-3}, {.clip_norm = 5});
//   for (...) optimizer.step(backward(loss));
//
// An update is one pass over the store's contiguous blocks, cut into chunks by shapes alone: the same bits for any number of threads.
// It reads gradients and never writes them, but for those of parameters that the pass did not reach, which become zero.

#include <functional>
#include <optional>
#include <utility>

#include "nn/optim/schedule.h"
#include "nn/param_store.h"
#include "tensor/error.h"
#include "tensor/kernels/optimizer.h"

namespace elbo {

// Parameters with numbers of their own. A parameter belongs to the first group whose prefix and suffix its name has:
//   {.suffix = "/bias", .weight_decay = 0}      {.prefix = "encoder/", .rate = 0.1}
struct ParameterGroup {
  std::string prefix, suffix;          // an empty one fits every name
  double rate = 1;                     // times the optimizer's learning rate
  std::optional<double> weight_decay;  // instead of the optimizer's
};

struct UpdateOptions {
  double clip_norm = 0;   // > 0: gradients whose norm over all parameters moved exceeds this are scaled down to it
  double clip_value = 0;  // > 0: then each gradient is clamped to [-clip_value, clip_value]
  std::string prefix;     // moves only parameters whose names start with this, such as "decoder/"
  std::vector<ParameterGroup> groups;
  std::function<void(Tensor& gradients)> hook;  // sees the contiguous gradient block before clipping: averaging over machines
};

// A gradient with a NaN or an infinity in it, or too large for its norm.
struct NonFiniteGradient : Error {
  using Error::Error;
};

class Optimizer {
 public:
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  virtual std::string_view name() const = 0;

  // Moves the parameters against the gradients of the latest backward pass over the store. `learning_rate_scale` is for this step
  // alone. The graph of that pass must not be used again: saved parameters have changed. Throws NonFiniteGradient, having moved
  // nothing, when the gradients' norm is not finite.
  void step(const Gradients& gradients, double learning_rate_scale = 1);

  // Parameters of this group (its number in UpdateOptions::groups) stay as they are, and their moments, until -1 is held.
  void hold(int group) { held_ = group; }

  std::int64_t steps() const { return steps_; }                         // updates made so far
  double learning_rate() const { return learning_rate_.rate(steps_); }  // of the next step, before groups
  double last_gradient_norm() const { return norm_; }                   // of the last step, before clipping
  ParamStore& store() const { return store_; }

  // Elements offset .. offset + length - 1 of the store's blocks, all of one group (its number; -1: none).
  struct Range {
    Index offset, length;
    int group;
  };
  const std::vector<Range>& ranges() const { return ranges_; }

  // What a checkpoint needs besides steps(): the moments, each one contiguous block laid out as the store's from the first range to the
  // last. The tensors share memory with the optimizer's.
  const std::vector<std::pair<std::string, Tensor>>& state() const { return state_; }
  // Copies `state` in and sets the step count. Throws naming `source` for a block that is missing, unexpected or of another shape or
  // type; then nothing has changed.
  void load_state(std::span<const std::pair<std::string, Tensor>> state, std::int64_t steps, std::string_view source);

 protected:
  // `blocks` names the moments; they start at zero. Throws unless the store is sealed and some parameter has the prefix.
  Optimizer(ParamStore& store, Schedule learning_rate, double weight_decay, UpdateOptions options, std::vector<std::string> blocks);

  // One chunk of an update.
  struct Chunk {
    Index offset, length;
    double rate, weight_decay;
    GradientUse gradient;
  };
  // Called once before the chunks of update number `step` (from 1), for what depends on the step alone.
  virtual void begin(std::int64_t step) = 0;
  // Updates a chunk. Called from several threads.
  virtual void update(const Chunk& chunk) = 0;

  template <class T>
  T* weights(const Chunk& c) {
    return values_.mutable_data<T>() + c.offset;
  }
  template <class T>
  const T* gradients(const Chunk& c) const {
    return gradients_.data<T>() + c.offset;
  }
  template <class T>
  T* block(int i, const Chunk& c) {
    return state_[std::size_t(i)].second.mutable_data<T>() + (c.offset - ranges_.front().offset);
  }
  DType dtype() const { return values_.dtype(); }

 private:
  void find_ranges();
  double gradient_norm();

  ParamStore& store_;
  Schedule learning_rate_;
  double weight_decay_;
  UpdateOptions options_;
  std::vector<Range> ranges_, chunks_;
  std::vector<double> sums_;  // one a chunk
  Tensor values_, gradients_;
  std::vector<std::pair<std::string, Tensor>> state_;
  std::int64_t steps_ = 0;
  double norm_ = 0;
  int held_ = -1;
};

}  // namespace elbo
