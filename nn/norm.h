#pragma once
// Layers that normalise: over the batch, over groups of channels, over the features of one example. Inputs are (n, ..., channels): images
// (n, h, w, c) or rows (n, c). Each has a gain, ones at first, and a bias, zeros at first.

#include "nn/param_store.h"

namespace elbo {

struct BatchNormOptions {
  double momentum = 0.1;  // what a batch counts in the running statistics (PyTorch's momentum; Keras's is 1 minus this)
  double epsilon = 1e-5;
};

// Batch normalisation (Ioffe and Szegedy 2015): y = gain (x - mean) / sqrt(variance + epsilon) + bias, channel by channel.
// Parameters: gain, bias (channels,). Buffers: running_mean (channels,), zeros at first; running_variance (channels,), ones.
//
// In training mean and variance are the batch's, and it takes at least two numbers a channel. Each such call also updates the running
// statistics, as PyTorch does: running = (1 - momentum) running + momentum batch, with the unbiased variance (divided by m - 1) for the
// running one. Whether gradients are recorded makes no difference to that, but `Record` (drawing a graph) leaves them as they are.
// In evaluation the running statistics are used, and nothing changes. They are saved with the parameters, and never trained.
// Nor do they change while a KeepStatistics lives: for a training pass beside the one whose inputs they describe.
struct BatchNorm {
  BatchNorm() = default;
  BatchNorm(const Scope& scope, Index channels, const BatchNormOptions& options = {});
  Var operator()(const Var& x, bool training) const;

  Parameter gain, bias, running_mean, running_variance;
  BatchNormOptions options;
  const std::string* scope = nullptr;
};

class KeepStatistics {
 public:
  KeepStatistics();
  ~KeepStatistics();
  KeepStatistics(const KeepStatistics&) = delete;
  KeepStatistics& operator=(const KeepStatistics&) = delete;

 private:
  bool before_;
};

// Group normalisation (Wu and He 2018): the channels of each example in `groups` groups of neighbours, each by its own mean and variance
// over all pixels; the same in training and evaluation, whatever the batch. Parameters: gain, bias (channels,). One group normalises
// whole examples; as many as channels is instance normalisation. Throws for groups that do not divide the channels.
struct GroupNorm {
  GroupNorm() = default;
  GroupNorm(const Scope& scope, Index channels, Index groups, double epsilon = 1e-5);
  Var operator()(const Var& x) const;

  Parameter gain, bias;
  Index groups = 1;
  double epsilon = 1e-5;
  const std::string* scope = nullptr;
};

// Layer normalisation over the last axis (Ba, Kiros and Hinton 2016): y = g (x - mean) / sqrt(variance + epsilon) + b.
// Parameters: gain (features,), ones at first; bias (features,), zeros.
struct LayerNorm {
  LayerNorm() = default;
  LayerNorm(const Scope& scope, Index features, double epsilon = 1e-5);
  Var operator()(const Var& x) const;

  Parameter gain, bias;
  double epsilon = 1e-5;
  const std::string* scope = nullptr;
};

}  // namespace elbo
