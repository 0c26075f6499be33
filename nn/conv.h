#pragma once
// Convolution layers over images (n, h, w, c).

#include "autograd/ops/conv.h"
#include "nn/layers.h"

namespace elbo {

struct ConvConfig {
  Index in = 1, out = 1;  // channels
  Extent kernel = 3, stride = 1, dilation = 1;
  ConvPadding padding = ConvPadding::same();
  Index groups = 1;
  Extent output_padding = 0;  // of a transposed convolution
  Nonlinearity activation = Nonlinearity::none;
};

// y = f(x * filters + b)      x: (n, h, w, in) -> (n, oh, ow, out); sizes as conv2d says
// Parameters: filters (kh, kw, in / groups, out), bias (out,). Fan-in kh kw in / groups, fan-out kh kw out / groups: what one number of
// the result is made of, and of the input goes into.
struct Conv2d {
  Conv2d() = default;
  Conv2d(const Scope& scope, const ConvConfig& config);
  Var operator()(const Var& x) const;

  ConvConfig config;
  Parameter filters, bias;
  const std::string* scope = nullptr;
};

// The transposed convolution: with a stride it enlarges.
// Parameters: filters (kh, kw, in, out / groups), bias (out,). Fan-in kh kw out / groups, fan-out kh kw in, as PyTorch's ConvTranspose2d
// and Keras's Conv2DTranspose count them: they look at the filters alone, which are those of the convolution whose input gradient it is.
struct ConvTranspose2d {
  ConvTranspose2d() = default;
  ConvTranspose2d(const Scope& scope, const ConvConfig& config);
  Var operator()(const Var& x) const;

  ConvConfig config;
  Parameter filters, bias;
  const std::string* scope = nullptr;
};

}  // namespace elbo
