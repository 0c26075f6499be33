#pragma once
// Random numbers in bulk, for one example: words in order, turned into numbers. See tensor/random.h for the keying.

#include <cstdint>

#include "tensor/isa.h"

namespace elbo {

struct RandomKernels {
  // Words 4 * first .. 4 * (first + blocks) - 1 of the stream; counter words 1 to 3 and the key as in RandomKey::block.
  void (*words)(std::uint32_t* out, std::uint32_t first, std::int64_t blocks, const std::uint32_t counter[3], const std::uint32_t key[2]);
  // n numbers from n words: the top 24 bits.
  void (*uniform_f32)(const std::uint32_t* words, float* out, std::int64_t n);
  void (*uniform_f64)(const std::uint32_t* words, double* out, std::int64_t n);
  // n normal numbers from n words, n even: pair (2i, 2i+1) gives numbers 2i and 2i+1.
  void (*normal_f32)(const std::uint32_t* words, float* out, std::int64_t n);
  void (*normal_f64)(const std::uint32_t* words, double* out, std::int64_t n);
};
ELBO_KERNEL_TABLE(RandomKernels, random_kernels);

}  // namespace elbo
