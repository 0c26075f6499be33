#pragma once
// Layers that make images smaller or larger. They have no parameters. Images are (n, h, w, c).

#include "autograd/ops/pooling.h"
#include "autograd/ops/resample.h"

namespace elbo {

// The largest number of each window: MaxPool2d{{.kernel = 3, .stride = 2, .padding = 1}}; by default 2 x 2, side by side, which halves.
struct MaxPool2d {
  Window window;
  Var operator()(const Var& x) const { return max_pool2d(x, window); }
};

// The mean of each window; count_padding: padding counts as zeros.
struct AveragePool2d {
  Window window;
  bool count_padding = true;
  Var operator()(const Var& x) const { return average_pool2d(x, window, count_padding); }
};

// Larger by whole factors: Upsample{.factor = 2}.
struct Upsample {
  Extent factor = 2;
  Upsampling mode = Upsampling::nearest;
  Var operator()(const Var& x) const { return upsample_by(x, factor, mode); }
};

}  // namespace elbo
