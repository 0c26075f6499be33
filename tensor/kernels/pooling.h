#pragma once
// The largest number of windows over an image, and its gradient: the table of plain functions that each instruction set fills.

#include <cstdint>

#include "tensor/isa.h"

namespace elbo {

// Along one axis: window i covers pixels begin[i] .. end[i]-1, at least one; both grow with i.
struct Spans {
  const std::int64_t *begin, *end;
  std::int64_t count;
};

template <class T>
struct PoolingTable {
  // Rows begin .. end-1 of one image's result, y pointing at row `begin`. The image has rows of `width` pixels of `channels` numbers.
  // scratch: width * channels + scratch_tail (kernels/resample.h) numbers.
  void (*max)(const T* x, std::int64_t width, std::int64_t channels, Spans rows, Spans columns, std::int64_t begin, std::int64_t end,
              T* scratch, T* y);
  // Rows begin .. end-1 of one image's gradient. x, y, dy and dx are whole images.
  void (*max_backward)(const T* x, const T* y, const T* dy, std::int64_t width, std::int64_t channels, Spans rows, Spans columns,
                       std::int64_t begin, std::int64_t end, T* dx);
};

struct PoolingKernels {
  PoolingTable<float> f32;
  PoolingTable<double> f64;
};
ELBO_KERNEL_TABLE(PoolingKernels, pooling_kernels);

}  // namespace elbo
