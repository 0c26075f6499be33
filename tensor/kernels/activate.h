#pragma once
// Included by kernel files only: activations as the last thing that a product does.

#include "tensor/activation.h"
#include "tensor/kernels/functors.h"

namespace elbo::ELBO_ISA_NAMESPACE {
namespace {

// Out of line, one copy of each: they are called once for each vector of a finished tile.
template <class B>
[[gnu::noinline]] B activate(Activation f, B x) {
  switch (f) {
    case Activation::none:
      return x;
    case Activation::relu:
      return relu(x);
    case Activation::tanh:
      return xsimd::tanh(x);
    case Activation::sigmoid:
      return sigmoid(x);
  }
  return x;
}

}  // namespace
}  // namespace elbo::ELBO_ISA_NAMESPACE
