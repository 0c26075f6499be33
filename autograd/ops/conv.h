#pragma once
// Convolution of images (n, h, w, c), with bias and activation in one pass over the result.

#include "autograd/record.h"
#include "tensor/conv.h"
#include "tensor/image.h"

namespace elbo {

// Zeros around an image, or the rule that says how many.
struct ConvPadding {
  enum class Rule : std::uint8_t { numbers, same };
  Rule rule = Rule::numbers;
  Index top = 0, bottom = 0, left = 0, right = 0;

  static ConvPadding valid() { return {}; }
  // As Keras: a convolution's result has size / stride (rounded up), a transposed one's size * stride; where the number of zeros is
  // odd, one more stands behind.
  static ConvPadding same() { return {.rule = Rule::same}; }
  static ConvPadding each(Index n) { return {.top = n, .bottom = n, .left = n, .right = n}; }  // as PyTorch's padding=n
};

struct ConvOptions {
  Extent stride = 1, dilation = 1;
  ConvPadding padding = {};
  Index groups = 1;
  // Transposed: rows and columns more behind, as PyTorch's; below max(stride, dilation). With padding in numbers alone: `same` says how
  // large the result is.
  Extent output_padding = 0;
  Activation activation = Activation::none;
};

// Geometry of conv2d and of conv_transpose2d for these shapes. Throws where they do not fit: see below.
ConvGeometry conv_geometry(const ConvOptions& options, const Shape& x, const Shape& filters);
ConvGeometry conv_transpose_geometry(const ConvOptions& options, const Shape& x, const Shape& filters);

namespace ops {

// y = f(x * filters + b), * as in tensor/conv.h; ds = dy f'(s), from y alone
// x: (n, h, w, c)   filters: (kh, kw, c / groups, o)   b: (o)   ->   y: (n, oh, ow, o)
//   oh = (h + top + bottom - dilation (kh - 1) - 1) / stride + 1, likewise ow
// dx = transposed convolution of ds   dfilters = products of x and ds at each tap, summed over pixels   db = ds summed over pixels
struct Conv2dOp {
  static constexpr std::string_view name = "conv2d";
  ConvOptions options;
  Tensor forward(Saved& saved, const Tensor& x, const Tensor& filters, const Tensor& b) const;
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const;
  std::vector<Attribute> attributes() const;
  static std::vector<Sample<Conv2dOp>> samples();
};

// The convolution's input gradient as a layer of its own: each pixel of x is spread over y through the filters.
// x: (n, h, w, c)   filters: (kh, kw, c, o / groups)   b: (o)   ->   y: (n, oh, ow, o)
//   oh = (h - 1) stride + dilation (kh - 1) + 1 - top - bottom + output padding, likewise ow
// dx = convolution of ds   dfilters, db as above
struct ConvTranspose2dOp {
  static constexpr std::string_view name = "conv_transpose2d";
  ConvOptions options;
  Tensor forward(Saved& saved, const Tensor& x, const Tensor& filters, const Tensor& b) const;
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const;
  std::vector<Attribute> attributes() const;
  static std::vector<Sample<ConvTranspose2dOp>> samples();
};

namespace conv_family {
using Ops = OpList<Conv2dOp, ConvTranspose2dOp>;
}
}  // namespace ops

inline Var conv2d(const Var& x, const Var& filters, const Var& b, const ConvOptions& options = {}) {
  return record(ops::Conv2dOp{options}, x, filters, b);
}
inline Var conv_transpose2d(const Var& x, const Var& filters, const Var& b, const ConvOptions& options = {}) {
  return record(ops::ConvTranspose2dOp{options}, x, filters, b);
}

}  // namespace elbo
