#pragma once
// Convolution of images (n, h, w, c) and its gradients, straight from the images (kernels/conv.h). One geometry serves both directions:
// a convolution goes from its input to its output, a transposed convolution the other way, and each is the other's input gradient.
//
// Work is cut by shapes alone, and each number is summed in one fixed order: the same bits for any number of threads, and a picture's
// result does not depend on the others of its batch. Layers of 1x1 filters and stride 1 are products of matrices: theirs does not either
// where gemm.h says so, below the sizes at which OpenBLAS is chosen.

#include "tensor/activation.h"
#include "tensor/shape.h"

namespace elbo {

//   output(n, i, j, o) = sum over taps (y, x) and channels c of input(n, i sh + y dh - top, j sw + x dw - left, c) filter(y, x, c, o)
//
// What lies outside the input is 0. With groups, output channel o of group o / (O / groups) sees that group's input channels alone.
struct ConvGeometry {
  Index n = 0;
  Index h = 0, w = 0, c = 0;    // input
  Index oh = 0, ow = 0, o = 0;  // output
  Index kh = 1, kw = 1;         // filter
  Index sh = 1, sw = 1;         // stride
  Index dh = 1, dw = 1;         // dilation
  Index top = 0, left = 0;      // padding before the input; what it takes behind follows from the sizes
  Index groups = 1;

  Index taps() const { return kh * kw; }
  Index group_inputs() const { return c / groups; }
  Index group_outputs() const { return o / groups; }
  bool depthwise() const { return groups > 1 && groups == c && groups == o; }
};

// How the numbers of the filters lie: (kh, kw, c / groups, o) in a convolution, (kh, kw, o, c / groups) in a transposed one, whose input
// is our output. Both read (kh, kw, in, out) for their layer.
enum class FilterOrder : std::uint8_t { input_output, output_input };

// The filters' part in a pass forward: what is added and applied to each pixel.
template <class T>
struct ConvEpilogue {
  const T* bias = nullptr;  // one number a channel of the result
  Activation activation = Activation::none;
};

// output from input, as above.
template <class T>
void conv_output(const ConvGeometry& g, FilterOrder order, const T* input, const T* filters, T* output, const ConvEpilogue<T>& e = {});

// input from output: input(.., c) = the sum of output(.., o) filter(.., c, o) over all places where the formula above has their product.
template <class T>
void conv_input(const ConvGeometry& g, FilterOrder order, const T* output, const T* filters, T* input, const ConvEpilogue<T>& e = {});

// All gradients of one layer. `dy` is that of the layer's result y = f(s); what is differentiated on is ds = dy f'(s), taken from y.
template <class T>
struct ConvGradients {
  const T* x;  // the layer's input
  const T* filters;
  const T* y;  // its result; not read where there is no activation
  const T* dy;
  Activation activation = Activation::none;
  T *dx = nullptr, *dfilters = nullptr, *dbias = nullptr;  // filled where not null
};

// Of a layer y = conv_output(x), and of a transposed one, y = conv_input(x).
template <class T>
void conv_backward(const ConvGeometry& g, const ConvGradients<T>& gradients);
template <class T>
void conv_transpose_backward(const ConvGeometry& g, const ConvGradients<T>& gradients);

}  // namespace elbo
