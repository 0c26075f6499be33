// Convolution forward, and every gradient that has the same form. Compiled once for each instruction set.
//
// A tile of the result, a few pixels by two vectors of channels, stays in registers while k runs over the patch: each step loads two
// vectors of the packed filters and one number of each pixel. The pixels' addresses are offsets to one pointer that moves along a run.

#include <algorithm>
#include <cstring>

#include "tensor/kernels/activate.h"
#include "tensor/kernels/conv_tiles.h"

namespace elbo::ELBO_ISA_NAMESPACE {
namespace {

// What all tiles of one panel share.
template <class T>
struct Panel {
  const GatherPart<T>& part;
  const T* w;             // its K rows
  std::int64_t n, width;  // its first column, and how many the result has
};

// P pixels by V vectors. With `short_runs` (the taps of a grey image) every step has its own offset.
template <class T, int P, int V, bool short_runs>
void tile(const Panel<T>& panel, const ConvPixel* pixels) {
  using B = Batch<T>;
  constexpr int W = int(B::size);
  const GatherPart<T>& part = panel.part;
  B sum[P][V];
  std::int64_t at[P];
  unrolled<P>([&](auto p) {
    at[p] = pixels[p].in;
    unrolled<V>([&](auto v) { sum[p][v] = B(T(0)); });
  });
  const T* w = panel.w;
  const auto step = [&](const T* x) {
    B row[V];
    unrolled<V>([&](auto v) { row[v] = B::load_aligned(w + v * W); });
    unrolled<P>([&](auto p) {
      const B value(x[at[p]]);
      unrolled<V>([&](auto v) { sum[p][v] = multiply_add(value, row[v], sum[p][v]); });
    });
    w += V * W;
  };
  if constexpr (short_runs) {
    for (std::int64_t r = 0; r < part.run_count; r++)
      for (std::int64_t i = 0; i < part.run; i++) step(part.x + part.runs[r] + i);
  } else {
    for (std::int64_t r = 0; r < part.run_count; r++) {
      const T* x = part.x + part.runs[r];
#pragma GCC unroll 4
      for (std::int64_t i = 0; i < part.run; i++, x++) step(x);
    }
  }
  const bool whole = panel.width == V * W;
  unrolled<V>([&](auto v) {
    const std::int64_t width = std::clamp<std::int64_t>(panel.width - v * W, 0, W);
    const B bias = !part.bias ? B(T(0))
                   : whole    ? B::load_unaligned(part.bias + panel.n + v * W)
                              : load_part(part.bias + panel.n + v * W, width, T(0));
    unrolled<P>([&](auto p) {
      T* y = part.y + pixels[p].out + panel.n + v * W;
      B value = sum[p][v];
      if (part.bias) value += bias;
      if (part.activation != Activation::none) value = activate(part.activation, value);
      if (whole)
        value.store_unaligned(y);
      else
        store_part(y, value, width);
    });
  });
}

template <class T, int V, bool short_runs, int P = conv_rows>
void tiles(const Panel<T>& panel, const ConvPixel* pixels, std::int64_t count) {
  if constexpr (P > 0) {
    if (count == P) return tile<T, P, V, short_runs>(panel, pixels);
    tiles<T, V, short_runs, P - 1>(panel, pixels, count);
  }
}

template <class T, int V>
void panel_of(const Panel<T>& panel) {
  const GatherPart<T>& part = panel.part;
  const bool short_runs = part.run < 8;
  // Tiles of nearly equal height: none is so low that its multiply-adds wait for each other.
  const std::int64_t count = (part.pixel_count + conv_rows - 1) / conv_rows;
  for (std::int64_t i = 0; i < count; i++) {
    const std::int64_t p0 = part.pixel_count * i / count, p1 = part.pixel_count * (i + 1) / count;
    (short_runs ? tiles<T, V, true> : tiles<T, V, false>)(panel, part.pixels + p0, p1 - p0);
  }
}

template <class T>
void gather_of(const GatherPart<T>& part) {
  constexpr std::int64_t W = Batch<T>::size, columns = conv_vectors * W;
  const std::int64_t K = part.run_count * part.run;
  for (std::int64_t n = 0; n < part.N; n += columns) {
    const Panel<T> panel{part, part.w + n * K, n, std::min(columns, part.N - n)};
    (panel.width <= W ? panel_of<T, 1> : panel_of<T, conv_vectors>)(panel);
  }
}

}  // namespace

void gather(const GatherPart<float>& part) { gather_of(part); }
void gather(const GatherPart<double>& part) { gather_of(part); }

}  // namespace elbo::ELBO_ISA_NAMESPACE
