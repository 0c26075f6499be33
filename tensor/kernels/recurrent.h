#pragma once
// One step of a recurrent layer for one example: what stands between its matrix products. An example's gates lie side by side, n units
// each; the functions are applied where they lie.

#include <cstdint>

#include "tensor/isa.h"

namespace elbo {

template <class T>
struct RecurrentTable {
  // Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000. gates: i, f, g, o, each n sums of products; afterwards
  // sigmoid(i), sigmoid(f), tanh(g), sigmoid(o). c = f c_before + i g;  h = o tanh(c).
  void (*lstm)(T* gates, const T* c_before, T* c, T* h, std::int64_t n);
  // From the gates and both c as lstm() left them, and dh + dy (dy may be null), the gradient of h: the gradients of the sums of products.
  // dc holds the gradient of c from later steps, and afterwards that of c_before.
  void (*lstm_backward)(const T* gates, const T* c_before, const T* c, const T* dh, const T* dy, T* dc, T* dsums, std::int64_t n);
  // Cho et al. 2014, in the variant whose reset gate acts on the product. gates: r, z, n of the input and m of h_before, each n sums;
  // afterwards sigmoid(r), sigmoid(z), tanh(n + r m), m. h = (1 - z) n + z h_before.
  void (*gru)(T* gates, const T* h_before, T* h, std::int64_t n);
  // Likewise: the gradients of the four sums; dh_before receives the part of h_before's gradient that does not pass through products.
  void (*gru_backward)(const T* gates, const T* h_before, const T* dh, const T* dy, T* dh_before, T* dsums, std::int64_t n);
};

struct RecurrentKernels {
  RecurrentTable<float> f32;
  RecurrentTable<double> f64;
};
ELBO_KERNEL_TABLE(RecurrentKernels, recurrent_kernels);

}  // namespace elbo
