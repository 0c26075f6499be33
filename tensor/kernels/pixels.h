#pragma once
// From how examples are stored (bytes, or float32) to what a model computes with (float32 or float64).
//
// A byte b stands for b / 255. `words` are one Philox word an element.

#include <cstdint>

#include "tensor/isa.h"

namespace elbo {

template <class From, class To>
struct PixelTable {
  void (*value)(const From* x, To* y, std::int64_t n);      // the value itself
  void (*threshold)(const From* x, To* y, std::int64_t n);  // 1 where the value is at least 1/2, otherwise 0
  void (*bernoulli)(const From* x, const std::uint32_t* words, To* y,
                    std::int64_t n);  // 1 with the value as probability: u < value, u the top 24 bits
};

struct PixelKernels {
  PixelTable<std::uint8_t, float> u8_f32;
  PixelTable<std::uint8_t, double> u8_f64;
  PixelTable<float, float> f32_f32;
  PixelTable<float, double> f32_f64;
  // (b + u) / 256, u the word's top 16 bits in [0, 1): exact in float32, and below 1.
  void (*dequantize_f32)(const std::uint8_t* x, const std::uint32_t* words, float* y, std::int64_t n);
  void (*dequantize_f64)(const std::uint8_t* x, const std::uint32_t* words, double* y, std::int64_t n);
};
ELBO_KERNEL_TABLE(PixelKernels, pixel_kernels);

}  // namespace elbo
