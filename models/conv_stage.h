#pragma once
// What convolutional networks are stacked from.

#include <optional>

#include "models/config.h"
#include "nn/conv.h"
#include "nn/norm.h"

namespace elbo {

// A convolution, perhaps between two changes of size, then what normalises its result, then the activation.
struct ConvStage {
  // Kernel, normalisation and activation are those of `model`; `config` says the rest. Parameters: those of the convolution in `scope`,
  // those of the norm in scope/norm.
  ConvStage(const Scope& scope, const ModelConfig& model, ConvConfig config, bool transposed = false);
  Var operator()(Var x, bool training) const;

  const ConvConfig& config() const { return conv.filters ? conv.config : transposed.config; }
  const Parameter& filters() const { return conv.filters ? conv.filters : transposed.filters; }
  const std::string& scope() const { return conv.filters ? *conv.scope : *transposed.scope; }
  Index parameters() const;

  Index enlarge = 1;  // before it, by repeating pixels
  Conv2d conv;        // or, instead
  ConvTranspose2d transposed;
  Index shuffle = 1;  // after it, channels become pixels
  std::optional<BatchNorm> batch;
  std::optional<GroupNorm> group;
  Nonlinearity activation = Nonlinearity::none;  // after the norm; without one the convolution applies it
};

}  // namespace elbo
