// The tables of ELBO_ISA=reference, filled with the plain loops of reference.h.

#include "tensor/kernels/reference.h"

#include <utility>

#include "tensor/kernels/philox.h"
#include "tensor/kernels/pixels.h"
#include "tensor/kernels/random.h"

namespace elbo::isa_reference {
namespace {

template <class T, int... U, int... B, int... P>
constexpr ElementwiseTable<T> elementwise_table(std::integer_sequence<int, U...>, std::integer_sequence<int, B...>,
                                                std::integer_sequence<int, P...>) {
  ElementwiseTable<T> t{};
  ((t.unary[U] =
        [](const T* x, T* y, std::int64_t n) {
          for (std::int64_t i = 0; i < n; i++) y[i] = T(reference::unary(Unary(U), double(x[i])));
        }),
   ...);
  ((t.binary[B] =
        [](const T* a, std::int64_t sa, const T* b, std::int64_t sb, T* y, std::int64_t n) {
          for (std::int64_t i = 0; i < n; i++) y[i] = T(reference::binary(Binary(B), double(a[i * sa]), double(b[i * sb])));
        }),
   ...);
  ((t.parametric[P] =
        [](const T* x, T* y, std::int64_t n, T p, T q) {
          for (std::int64_t i = 0; i < n; i++) y[i] = T(reference::parametric(Parametric(P), double(x[i]), double(p), double(q)));
        }),
   ...);
  t.where = [](const T* condition, const T* a, const T* b, T* y, std::int64_t n) {
    for (std::int64_t i = 0; i < n; i++) y[i] = condition[i] != T(0) ? a[i] : b[i];
  };
  return t;
}

template <class T>
constexpr ElementwiseTable<T> elementwise_table() {
  return elementwise_table<T>(std::make_integer_sequence<int, int(Unary::count)>{}, std::make_integer_sequence<int, int(Binary::count)>{},
                              std::make_integer_sequence<int, int(Parametric::count)>{});
}

}  // namespace

constinit const ElementwiseKernels elementwise_kernels = {elementwise_table<float>(), elementwise_table<double>()};

namespace {

void words(std::uint32_t* out, std::uint32_t first, std::int64_t blocks, const std::uint32_t counter[3], const std::uint32_t key[2]) {
  for (std::int64_t b = 0; b < blocks; b++, out += 4) {
    out[0] = first + std::uint32_t(b), out[1] = counter[0], out[2] = counter[1], out[3] = counter[2];
    philox_rounds(out[0], out[1], out[2], out[3], key[0], key[1]);
  }
}

template <class T>
void uniform(const std::uint32_t* words, T* out, std::int64_t n) {
  for (std::int64_t i = 0; i < n; i++) out[i] = T(double(words[i] >> 8) * 0x1p-24);
}

template <class T>
void normal(const std::uint32_t* words, T* out, std::int64_t n) {
  for (std::int64_t i = 0; i < n; i += 2) {
    const double radius = std::sqrt(-2 * std::log((double(words[i]) + 1) * 0x1p-32));
    const double angle = double(words[i + 1]) * (2 * M_PI * 0x1p-32);
    out[i] = T(radius * std::cos(angle));
    out[i + 1] = T(radius * std::sin(angle));
  }
}

}  // namespace

constinit const RandomKernels random_kernels = {words, uniform<float>, uniform<double>, normal<float>, normal<double>};

namespace {

template <class From>
float pixel(From x) {
  return std::is_same_v<From, std::uint8_t> ? float(x) / 255 : float(x);
}
template <class From, class To>
void value(const From* x, To* y, std::int64_t n) {
  for (std::int64_t i = 0; i < n; i++) y[i] = std::is_same_v<From, std::uint8_t> ? To(x[i]) / 255 : To(x[i]);
}
template <class From, class To>
void threshold(const From* x, To* y, std::int64_t n) {
  for (std::int64_t i = 0; i < n; i++) y[i] = pixel(x[i]) >= 0.5f ? 1 : 0;
}
template <class From, class To>
void bernoulli(const From* x, const std::uint32_t* words, To* y, std::int64_t n) {
  for (std::int64_t i = 0; i < n; i++) y[i] = double(words[i] >> 8) * 0x1p-24 < double(pixel(x[i])) ? 1 : 0;
}
template <class To>
void dequantize(const std::uint8_t* x, const std::uint32_t* words, To* y, std::int64_t n) {
  for (std::int64_t i = 0; i < n; i++) y[i] = To((x[i] + double(words[i] >> 16) * 0x1p-16) / 256);
}
template <class From, class To>
constexpr PixelTable<From, To> make_pixel_table() {
  return {value<From, To>, threshold<From, To>, bernoulli<From, To>};
}

}  // namespace

constinit const PixelKernels pixel_kernels = {make_pixel_table<std::uint8_t, float>(),
                                              make_pixel_table<std::uint8_t, double>(),
                                              make_pixel_table<float, float>(),
                                              make_pixel_table<float, double>(),
                                              dequantize<float>,
                                              dequantize<double>};

}  // namespace elbo::isa_reference
