#pragma once
// Pooling: one number for each window of an image and channel. Images are (n, h, w, c).

#include "autograd/ops/reduce.h"
#include "autograd/record.h"
#include "tensor/pooling.h"

namespace elbo {
namespace ops {

// y = the largest x of each window, never the padding; NaN if any is        x: (n, h, w, c) -> (n, h', w', c), sizes as tensor/pooling.h
// dx = sum of dy over the windows in which x is the first largest number, row by row
struct MaxPool2dOp {
  static constexpr std::string_view name = "max_pool2d";
  Window window;
  Tensor forward(Saved& saved, const Tensor& x) const;
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const;
  std::vector<Attribute> attributes() const;
  static std::vector<Sample<MaxPool2dOp>> samples();
};

// y = the mean x of each window; padding counts as zeros, or, without count_padding, not at all        shapes as above
// dx = sum of dy / count over the windows that hold x
struct AveragePool2dOp {
  static constexpr std::string_view name = "average_pool2d";
  Window window;
  bool count_padding = true;
  Tensor forward(Saved& saved, const Tensor& x) const;
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const;
  std::vector<Attribute> attributes() const;
  static std::vector<Sample<AveragePool2dOp>> samples();
};

namespace pooling_family {
using Ops = OpList<MaxPool2dOp, AveragePool2dOp>;
}
}  // namespace ops

// max_pool2d(x, {.kernel = 3, .stride = 2, .padding = 1}); by default windows of 2 x 2 side by side.
inline Var max_pool2d(const Var& x, const Window& window = {}) { return record(ops::MaxPool2dOp{window}, x); }
// count_padding as PyTorch's count_include_pad.
inline Var average_pool2d(const Var& x, const Window& window = {}, bool count_padding = true) {
  return record(ops::AveragePool2dOp{window, count_padding}, x);
}
// The mean of each channel: (n, h, w, c) -> (n, c).
inline Var global_average_pool(const Var& x) {
  require_images("global_average_pool", x.value());
  return mean(x, {1, 2});
}

}  // namespace elbo
