// Bytes and floats to what a model computes with: plain loops, which the compiler turns into vector instructions; every step is
// exact or correctly rounded, so the twins in reference.cpp give the same bits. Compiled once for each instruction set.

#include "tensor/kernels/pixels.h"

#include <cstring>
#include <type_traits>

#include "tensor/kernels/map.h"

namespace elbo::ELBO_ISA_NAMESPACE {
namespace {

template <class T, class From>
inline T value_of(From x) {
  if constexpr (std::is_same_v<From, std::uint8_t>)
    return T(std::int32_t(x)) / T(255);
  else
    return T(x);
}

template <class From, class To>
void value(const From* x, To* y, std::int64_t n) {
  if constexpr (std::is_same_v<From, To>)
    std::memcpy(y, x, std::size_t(n) * sizeof(To));
  else
    for (std::int64_t i = 0; i < n; i++) y[i] = value_of<To>(x[i]);
}

template <class From, class To>
void threshold(const From* x, To* y, std::int64_t n) {
  constexpr From half = std::is_same_v<From, std::uint8_t> ? From(128) : From(0.5);
  for (std::int64_t i = 0; i < n; i++) y[i] = x[i] >= half ? To(1) : To(0);
}

template <class From, class To>
void bernoulli(const From* x, const std::uint32_t* words, To* y, std::int64_t n) {
  for (std::int64_t i = 0; i < n; i++) y[i] = float(std::int32_t(words[i] >> 8)) * 0x1p-24f < value_of<float>(x[i]) ? To(1) : To(0);
}

template <class To>
void dequantize(const std::uint8_t* x, const std::uint32_t* words, To* y, std::int64_t n) {
  for (std::int64_t i = 0; i < n; i++) y[i] = To(std::int32_t(x[i]) << 16 | std::int32_t(words[i] >> 16)) * To(0x1p-24);
}

template <class From, class To>
constexpr PixelTable<From, To> pixel_table() {
  return {value<From, To>, threshold<From, To>, bernoulli<From, To>};
}

}  // namespace

extern const PixelKernels pixel_kernels;
constinit const PixelKernels pixel_kernels = {pixel_table<std::uint8_t, float>(),
                                              pixel_table<std::uint8_t, double>(),
                                              pixel_table<float, float>(),
                                              pixel_table<float, double>(),
                                              dequantize<float>,
                                              dequantize<double>};

}  // namespace elbo::ELBO_ISA_NAMESPACE
