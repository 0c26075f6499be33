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
struct GatherPanel {
  const GatherPart<T>& part;
  const T* w;             // its K rows
  std::int64_t n, width;  // its first column, and how many the result has
};

// Pixels by V vectors. Where there are fewer pixels than the tile has rows the last one stands for the others too: it is computed and
// written more than once, and there is one tile to compile. With `short_runs` (the taps of a grey image) every step has its own offset.
template <class T, int V, bool short_runs>
void tile(const GatherPanel<T>& panel, const ConvPixel* first, std::int64_t count) {
  using B = Batch<T>;
  constexpr int W = int(B::size), P = conv_rows;
  const GatherPart<T>& part = panel.part;
  const ConvPixel* pixel[P];
  B sum[P][V];
  std::int64_t at[P];
  unrolled<P>([&](auto p) {
    pixel[p] = first + std::min<std::int64_t>(p, count - 1);
    at[p] = pixel[p]->in;
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
  for (std::int64_t r = 0; r < part.run_count; r++) {
    const T* x = part.x + part.runs[r];
    if constexpr (short_runs) {
      for (std::int64_t i = 0; i < part.run; i++) step(x + i);
    } else {
#pragma GCC unroll 4
      for (std::int64_t i = 0; i < part.run; i++, x++) step(x);
    }
  }
  const bool whole = panel.width == V * W;
  unrolled<V>([&](auto v) {
    const std::int64_t width = std::clamp<std::int64_t>(panel.width - v * W, 0, W);
    B bias(T(0));
    if (part.bias) {
      const T* biases = part.bias + panel.n + v * W;
      bias = whole ? B::load_unaligned(biases) : load_part(biases, width, T(0));
    }
    unrolled<P>([&](auto p) {
      T* y = part.y + pixel[p]->out + panel.n + v * W;
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

template <class T, int V>
void panel_of(const GatherPanel<T>& panel) {
  const GatherPart<T>& part = panel.part;
  for (std::int64_t i = 0; i < part.pixel_count; i += conv_rows) {
    const std::int64_t count = std::min<std::int64_t>(conv_rows, part.pixel_count - i);
    // float64 is for checks: one form of the loop is enough.
    if (sizeof(T) == 4 && part.run < 8)
      tile<T, V, sizeof(T) == 4>(panel, part.pixels + i, count);
    else
      tile<T, V, false>(panel, part.pixels + i, count);
  }
}

template <class T>
void gather_of(const GatherPart<T>& part) {
  constexpr std::int64_t W = Batch<T>::size, columns = conv_vectors * W;
  const std::int64_t K = part.run_count * part.run;
  for (std::int64_t n = 0; n < part.N; n += columns) {
    const GatherPanel<T> panel{part, part.w + n * K, n, std::min(columns, part.N - n)};
    (panel.width <= W ? panel_of<T, 1> : panel_of<T, conv_vectors>)(panel);
  }
}

}  // namespace

void gather(const GatherPart<float>& part) { gather_of(part); }
void gather(const GatherPart<double>& part) { gather_of(part); }

}  // namespace elbo::ELBO_ISA_NAMESPACE
