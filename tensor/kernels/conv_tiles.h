#pragma once
// Included by kernel files only: the register tiles of the convolutions, and the functions that conv.cpp's table is made of.

#include "tensor/kernels/conv.h"
#include "tensor/kernels/map.h"
#include "tensor/kernels/register_tile.h"

namespace elbo::ELBO_ISA_NAMESPACE {

// Rows of the tile: pixels in a forward pass, channels in a filter's gradient. Each row of `gather` has an address of its own, which wants
// a register: on AVX-512 eight rows are enough to hide the latency of the multiply-adds.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int conv_rows = 8;
#elif defined(__AVX2__)
constexpr int conv_rows = 6;
#else
constexpr int conv_rows = 4;
#endif
constexpr int conv_vectors = 2;

// conv_gather.cpp
void gather(const GatherPart<float>& part);
void gather(const GatherPart<double>& part);
// conv_correlate.cpp
void pack_channels(const float* x, std::int64_t pitch, std::int64_t n, float* out);
void pack_channels(const double* x, std::int64_t pitch, std::int64_t n, double* out);
void correlate(const CorrelatePart<float>& part);
void correlate(const CorrelatePart<double>& part);
void correlate_wide(const CorrelatePart<float>& part);
void correlate_wide(const CorrelatePart<double>& part);

}  // namespace elbo::ELBO_ISA_NAMESPACE
