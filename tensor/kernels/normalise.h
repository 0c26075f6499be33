#pragma once
// Normalisation of columns: the table of plain functions that each instruction set fills. (Means and variances: kernels/reduce.h.)

#include <cstdint>

#include "tensor/isa.h"

namespace elbo {

// x, dy, y and dx hold n rows of `width` numbers without gaps; the other arrays one number for each column.
template <class T>
struct NormaliseTable {
  // y = scale (x - mean) + bias
  void (*apply)(const T* x, std::int64_t n, std::int64_t width, const T* mean, const T* scale, const T* bias, T* y);
  // sum = dy summed down each column, product = dy (x - mean) likewise
  void (*sums)(const T* x, const T* dy, std::int64_t n, std::int64_t width, const T* mean, double* sum, double* product);
  // dx = scale dy + (slope (x - mean) + shift)
  void (*backward)(const T* x, const T* dy, std::int64_t n, std::int64_t width, const T* mean, const T* scale, const T* slope,
                   const T* shift, T* dx);
};

struct NormaliseKernels {
  NormaliseTable<float> f32;
  NormaliseTable<double> f64;
};
ELBO_KERNEL_TABLE(NormaliseKernels, normalise_kernels);

}  // namespace elbo
