#pragma once
// The kernels behind conv.h: convolution straight from the images, without a matrix of patches in between.
//
// Seen as a product of matrices, a convolution has a row for each pixel of its result and a step of k for each number of that pixel's
// patch: filter taps times channels. The row is never written out. Its numbers are read where they lie, in a strip of the image with
// zeros around it: pixel p's begin at p.in, and all pixels have theirs at the same offsets from there, in runs of neighbours.

#include <cstdint>

#include "tensor/activation.h"
#include "tensor/isa.h"

namespace elbo {

struct ConvPixel {
  std::int32_t in;   // where its patch begins in the strip, in elements
  std::int32_t out;  // where its channels lie in the result
};

// y(p, j) = f(bias[j] + the sum over k of x(p, k) w(k, j)) for pixels p and j < N. Step k = r * run + i is x[p.in + runs[r] + i].
template <class T>
struct GatherPart {
  const T* x;
  const ConvPixel* pixels;
  std::int64_t pixel_count;
  const std::int32_t* runs;
  std::int64_t run_count, run;
  const T* w;  // gather: packed as GemmTable::pack does; dots: N rows, one for each j; depthwise: run_count rows of N
  std::int64_t N;
  T* y;
  const T* bias;  // N numbers, or null
  Activation activation;
};

// c[p * ldc + j] += the sum over the pixels i of x_i[p] y_i[j], p < rows, j < columns: a step through one image whose pixels lie
// `step` apart, and where places[i] says in the other.
template <class T>
struct CorrelatePart {
  const std::int32_t* places;
  std::int64_t pixels, step;
  const T *a, *b;  // x_i and y_i are at a + places[i] and b + i * step, in `correlate_wide` at a + i * step and b + places[i]
  T* c;
  std::int64_t ldc;
  int rows, columns;
};

constexpr int dots_most = 4;  // columns of a result, and rows of `correlate_wide`

template <class T>
struct ConvTable {
  int rows;           // of correlate's register tile
  int columns;        // of both tiles
  int least_columns;  // of a panel, where no more are left
  // The sums above: for results of many channels, of at most dots_most, and where every channel has a filter of its own (run and N are
  // the number of channels; step i of a run counts for column i alone).
  void (*gather)(const GatherPart<T>& part);
  void (*dots)(const GatherPart<T>& part);
  void (*depthwise)(const GatherPart<T>& part);
  // A tile for correlate: `rows` numbers of each of n pixels, `pitch` apart, become neighbours. It may read that many even where fewer
  // channels are left.
  void (*pack_channels)(const T* x, std::int64_t pitch, std::int64_t n, T* out);
  void (*correlate)(const CorrelatePart<T>& part);       // of both no more than ConvTable has, a and b have all of them
  void (*correlate_wide)(const CorrelatePart<T>& part);  // rows <= dots_most, any number of columns
  // dw[r * N + j] += the sum over pixels of x[p.in + runs[r] + j] ds[p.out + j]
  void (*correlate_depthwise)(const GatherPart<T>& part, const T* ds, T* dw);
};

struct ConvKernels {
  ConvTable<float> f32;
  ConvTable<double> f64;
};
ELBO_KERNEL_TABLE(ConvKernels, conv_kernels);

}  // namespace elbo
