#pragma once
// The optimizers' updates: one pass over weights, gradients and moments that stream by. Gradients are read, never written.

#include <cstdint>
#include <limits>

#include "tensor/isa.h"

namespace elbo {

// A moment smaller than this is kept as 0. Decaying by a factor, it would reach the subnormal numbers and stay there for ever (a tenth of
// the last ones rounds to 0), and arithmetic on those takes the processor a hundred times as long: measured, Adam took 3 times as long
// after three epochs of MNIST, whose border pixels are seldom anything but 0. Larger by 1 / epsilon than the smallest normal number, so
// that products of a moment are normal too. Beside Adam's epsilon of 1e-8 such a moment moves no weight by 1e-20.
template <class T>
constexpr T least_moment = std::numeric_limits<T>::min() / std::numeric_limits<T>::epsilon();

struct GradientUse {
  double scale = 1;                                       // from clipping by norm
  double clip = std::numeric_limits<double>::infinity();  // by value
};

// Each kernel takes n numbers of every block. With d the gradient times `scale`, clamped to [-clip, clip]:

// d += weight_decay w;  m = momentum m + fresh d;  w -= rate (m, or d + momentum m if nesterov).  Without m (null): w -= rate d.
struct SgdNumbers {
  GradientUse gradient;
  double rate, momentum, fresh, weight_decay;
  bool nesterov;
};

// d += weight_decay w;  v = rho v + (1 - rho) d^2;  mean = rho mean + (1 - rho) d;  s = sqrt(v - mean^2) + epsilon;
// m = momentum m + d / s;  w -= rate m.  Without mean (null): s = sqrt(v) + epsilon.  Without m (null): w -= rate d / s.
struct RmspropNumbers {
  GradientUse gradient;
  double rate, rho, epsilon, momentum, weight_decay;
};

// w *= keep;  d += weight_decay w;  m = beta1 m + (1 - beta1) d;  v = beta2 v + (1 - beta2) d^2;  top = max(top, v);
// w -= rate m / (root sqrt(top) + epsilon).  Without top (null) v stands in its place.
// The bias corrections lie in rate = learning rate / (1 - beta1^t) and root = 1 / sqrt(1 - beta2^t).
struct AdamNumbers {
  GradientUse gradient;
  double rate, beta1, beta2, epsilon, root, weight_decay, keep;
};

template <class T>
struct OptimizerTable {
  double (*squares)(const T* g, std::int64_t n);  // their sum
  void (*sgd)(T* w, const T* g, T* m, std::int64_t n, const SgdNumbers& k);
  void (*rmsprop)(T* w, const T* g, T* v, T* mean, T* m, std::int64_t n, const RmspropNumbers& k);
  void (*adam)(T* w, const T* g, T* m, T* v, T* top, std::int64_t n, const AdamNumbers& k);
};

struct OptimizerKernels {
  OptimizerTable<float> f32;
  OptimizerTable<double> f64;
};
ELBO_KERNEL_TABLE(OptimizerKernels, optimizer_kernels);

}  // namespace elbo
