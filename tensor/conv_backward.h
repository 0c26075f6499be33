#pragma once
// The gradients of one layer, in both directions. Internal to tensor/conv*.cpp.

#include "tensor/conv_plan.h"

namespace elbo::conv {

// Of a layer that goes `forward` through the geometry. No image is empty.
template <class T>
void backward(const ConvGeometry& g, Direction forward, const ConvGradients<T>& gradients);
// The same for single pixels, all of them products.
template <class T>
void backward_pointwise(const ConvGeometry& g, bool transposed, const ConvGradients<T>& gradients);

}  // namespace elbo::conv
