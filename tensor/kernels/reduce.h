#pragma once
// The reduction kernels: which there are, and the table of plain functions that each instruction set fills. Results are double
// whatever the type of the numbers: tensor/reduce.cpp joins the parts of a long reduction before it rounds once.

#include <cstdint>

#include "tensor/isa.h"

namespace elbo {

enum class Fold : int {
  sum,
  deviations,         // sum of (x - shift)
  square_deviations,  // sum of (x - shift)^2
  exponentials,       // sum of exp(x - shift)
  max,                // NaN if any number is NaN
  min,
  count
};

template <class T>
struct ReduceTable {
  // y[r] = fold of the n numbers from x + r * stride; `shift` is one number a row.
  void (*rows[int(Fold::count)])(const T* x, std::int64_t rows, std::int64_t n, std::int64_t stride, const T* shift, double* y);
  // y[i] = fold over r < n of x[r * stride + i], for i < width; `shift` is one number a column.
  void (*columns[int(Fold::count)])(const T* x, std::int64_t n, std::int64_t width, std::int64_t stride, const T* shift, double* y);
  // index[i] = the first r < n where x[r * stride + i] is value[i] (or NaN where value[i] is NaN), for i < width.
  void (*first_equal)(const T* x, std::int64_t n, std::int64_t width, std::int64_t stride, const T* value, std::int32_t* index);
};

struct ReduceKernels {
  ReduceTable<float> f32;
  ReduceTable<double> f64;
};
ELBO_KERNEL_TABLE(ReduceKernels, reduce_kernels);

}  // namespace elbo
