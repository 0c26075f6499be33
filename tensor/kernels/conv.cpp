// Convolutions whose result has few channels, and those where every channel has a filter of its own; the table of all kernels. Compiled
// once for each instruction set.

#include "tensor/kernels/conv.h"

#include <algorithm>

#include "tensor/kernels/activate.h"
#include "tensor/kernels/conv_tiles.h"

namespace elbo::ELBO_ISA_NAMESPACE {
namespace {

// ---- dots: one column is one dot product of patch and filter, so vectors run along the patch

// The sums of the lanes of n vectors, n a power of two: halves of pairs are added until one vector holds them all.
template <class T, int n>
void sum_lanes(const Batch<T> (&x)[n], T* out) {
  constexpr int W = int(Batch<T>::size);
  alignas(64) T lanes[n * W];
  unrolled<n>([&](auto i) { x[i].store_aligned(lanes + i * W); });
  for (int half = W / 2; half > 0; half /= 2)
    for (int i = 0; i < n; i++)
      for (int l = 0; l < half; l++) lanes[i * W + l] += lanes[i * W + l + half];
  for (int i = 0; i < n; i++) out[i] = lanes[i * W];
}

// P pixels by N columns; a missing pixel is the last one again, so that every pixel's sum is formed in the same way.
template <class T, int P, int N>
void dots_tile(const GatherPart<T>& part, const ConvPixel* pixels, std::int64_t count) {
  using B = Batch<T>;
  constexpr std::int64_t W = B::size;
  const std::int64_t K = part.run_count * part.run;
  B sum[P * N];
  std::int64_t at[P];
  unrolled<P>([&](auto p) {
    at[p] = pixels[std::min<std::int64_t>(p, count - 1)].in;
    unrolled<N>([&](auto j) { sum[p * N + j] = B(T(0)); });
  });
  for (std::int64_t r = 0; r < part.run_count; r++) {
    const T *x = part.x + part.runs[r], *w = part.w + r * part.run;
    const auto add = [&](auto&& load) {
      B filter[N];
      unrolled<N>([&](auto j) { filter[j] = load(w + j * K); });
      unrolled<P>([&](auto p) {
        const B value = load(x + at[p]);
        unrolled<N>([&](auto j) { sum[p * N + j] = multiply_add(value, filter[j], sum[p * N + j]); });
      });
    };
    std::int64_t i = 0;
    for (; i + W <= part.run; i += W, x += W, w += W) add([](const T* from) { return B::load_unaligned(from); });
    if (i < part.run) add([&](const T* from) { return load_part(from, part.run - i, T(0)); });
  }
  constexpr std::int64_t padded = (P * N + W - 1) / W * W;
  alignas(64) T value[padded] = {};
  sum_lanes(sum, value);
  if (part.bias)
    for (int i = 0; i < P * N; i++) value[i] += part.bias[i % N];
  if (part.activation != Activation::none)
    for (std::int64_t i = 0; i < padded; i += W) activate(part.activation, B::load_aligned(value + i)).store_aligned(value + i);
  for (std::int64_t p = 0; p < count; p++)
    for (int j = 0; j < N; j++) part.y[pixels[p].out + j] = value[p * N + j];
}

template <class T>
void dots(const GatherPart<T>& part) {
  const auto all = [&]<int P, int N>() {
    for (std::int64_t i = 0; i < part.pixel_count; i += P)
      dots_tile<T, P, N>(part, part.pixels + i, std::min<std::int64_t>(P, part.pixel_count - i));
  };
  switch (part.N) {
    case 1:
      return all.template operator()<8, 1>();
    case 2:
      return all.template operator()<4, 2>();
    case 3:
      return all.template operator()<4, 3>();
    default:
      return all.template operator()<2, 4>();
  }
}

// ---- depthwise: vectors run along the channels

// Four pixels (the last again for missing ones) by the vector of channels from c on, of which `width` exist.
template <class T, bool whole>
void depthwise_tile(const GatherPart<T>& part, const ConvPixel* pixels, std::int64_t count, std::int64_t c, std::int64_t width) {
  using B = Batch<T>;
  constexpr int P = 4;
  const auto load = [&](const T* from) { return whole ? B::load_unaligned(from) : load_part(from, width, T(0)); };
  B sum[P];
  std::int64_t at[P], to[P];
  unrolled<P>([&](auto p) {
    const ConvPixel& pixel = pixels[std::min<std::int64_t>(p, count - 1)];
    at[p] = pixel.in + c, to[p] = pixel.out + c;
    sum[p] = B(T(0));
  });
  for (std::int64_t r = 0; r < part.run_count; r++) {
    const B filter = load(part.w + r * part.N + c);
    const T* x = part.x + part.runs[r];
    unrolled<P>([&](auto p) { sum[p] = multiply_add(load(x + at[p]), filter, sum[p]); });
  }
  unrolled<P>([&](auto p) {
    if (part.bias) sum[p] += load(part.bias + c);
    if (part.activation != Activation::none) sum[p] = activate(part.activation, sum[p]);
    whole ? sum[p].store_unaligned(part.y + to[p]) : store_part(part.y + to[p], sum[p], width);
  });
}

template <class T>
void depthwise(const GatherPart<T>& part) {
  constexpr std::int64_t W = Batch<T>::size;
  for (std::int64_t i = 0; i < part.pixel_count; i += 4)
    for (std::int64_t c = 0; c < part.N; c += W) {
      const std::int64_t width = std::min(W, part.N - c);
      (width == W ? depthwise_tile<T, true> : depthwise_tile<T, false>)(part, part.pixels + i, part.pixel_count - i, c, width);
    }
}

// Three taps at a time by one vector of channels, over all pixels.
template <class T, bool whole>
void depthwise_taps(const GatherPart<T>& part, const T* ds, T* dw, std::int64_t r, std::int64_t c, std::int64_t width) {
  using B = Batch<T>;
  constexpr int taps = 3;
  const auto load = [&](const T* from) { return whole ? B::load_unaligned(from) : load_part(from, width, T(0)); };
  const int count = int(std::min<std::int64_t>(taps, part.run_count - r));
  const T* x[taps];
  B sum[taps];
  unrolled<taps>([&](auto t) {
    x[t] = part.x + part.runs[r + std::min<int>(t, count - 1)] + c;
    sum[t] = B(T(0));
  });
  for (std::int64_t i = 0; i < part.pixel_count; i++) {
    const B slope = load(ds + part.pixels[i].out + c);
    unrolled<taps>([&](auto t) { sum[t] = multiply_add(load(x[t] + part.pixels[i].in), slope, sum[t]); });
  }
  for (int t = 0; t < count; t++) {
    T* to = dw + (r + t) * part.N + c;
    whole ? (load(to) + sum[t]).store_unaligned(to) : store_part(to, load(to) + sum[t], width);
  }
}

template <class T>
void correlate_depthwise(const GatherPart<T>& part, const T* ds, T* dw) {
  constexpr std::int64_t W = Batch<T>::size;
  for (std::int64_t c = 0; c < part.N; c += W)
    for (std::int64_t r = 0; r < part.run_count; r += 3) {
      const std::int64_t width = std::min(W, part.N - c);
      (width == W ? depthwise_taps<T, true> : depthwise_taps<T, false>)(part, ds, dw, r, c, width);
    }
}

template <class T>
constexpr ConvTable<T> conv_table() {
  constexpr int W = int(Batch<T>::size);
  return {conv_rows, conv_vectors * W, W, gather, dots<T>, depthwise<T>, pack_channels, correlate, correlate_wide, correlate_depthwise<T>};
}

}  // namespace

extern const ConvKernels conv_kernels;
constinit const ConvKernels conv_kernels = {conv_table<float>(), conv_table<double>()};

}  // namespace elbo::ELBO_ISA_NAMESPACE
