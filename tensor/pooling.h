#pragma once
// Windows that slide over images, and the largest number in each. (Their mean: mean_taps of tensor/resample.h.)

#include "tensor/image.h"

namespace elbo {

// Windows of `kernel` pixels, every `stride` pixels (0: kernel by kernel, side by side), over images with `padding` more pixels on every
// side. As in PyTorch padding is at most half the kernel, and a last window that would reach beyond the padding is left out:
// size' = floor((size + 2 padding - kernel) / stride) + 1.
struct Window {
  Extent kernel = 2, stride = 0, padding = 0;
  Extent step() const { return {stride.h ? stride.h : kernel.h, stride.w ? stride.w : kernel.w}; }
};

// How many windows there are down and across. Throws naming `op` unless x is images and the windows fit.
Extent window_count(std::string_view op, const Window& window, const Tensor& x);

// The largest number of each window and channel, never one of the padding: (n, h, w, c) -> (n, h', w', c). NaN in a window gives NaN.
Tensor max_pool2d(const Tensor& x, const Window& window);
// Its gradient: dy goes to the first number of the window, row by row, that is the largest (the first NaN, where there is one).
void max_pool2d_backward(const Tensor& x, const Tensor& y, const Tensor& dy, const Window& window, Tensor& out);

}  // namespace elbo
