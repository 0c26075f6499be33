#pragma once
// Sums of weighted pixels (tensor/resample.h): the table of plain functions that each instruction set fills.

#include <cstdint>

#include "tensor/isa.h"

namespace elbo {

// One axis: number i of the result is the sum over k from first[i] to first[i + 1] - 1 of weight[k] x[index[k]].
template <class T>
struct TapsOf {
  const std::int64_t* first;
  const std::int32_t* index;
  const T* weight;
};

// How many numbers beyond its length the scratch row of a kernel must hold: the widest vector.
inline constexpr std::int64_t scratch_tail = 16;

template <class T>
struct ResampleTable {
  // Rows begin .. end-1 of one image's result, y pointing at row `begin`. The image has rows of `width` pixels of `channels` numbers, the
  // result of `count`. scratch: width * channels + scratch_tail numbers.
  void (*rows)(const T* x, std::int64_t width, std::int64_t channels, TapsOf<T> rows, TapsOf<T> columns, std::int64_t count,
               std::int64_t begin, std::int64_t end, T* scratch, T* y);
};

struct ResampleKernels {
  ResampleTable<float> f32;
  ResampleTable<double> f64;
};
ELBO_KERNEL_TABLE(ResampleKernels, resample_kernels);

}  // namespace elbo
