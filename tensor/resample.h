#pragma once
// Images resampled: each pixel of the result is a sum of weighted pixels of an image, and the weight of pixel (i, j) is that of row i
// times that of column j. Nearest and bilinear enlargement, average pooling, padding and cropping are all of this kind, and so is the
// gradient of each: the same sums with both tables of weights transposed.
//
//   resample(x, bilinear_taps(14, 56), bilinear_taps(14, 56))                  // (n, 14, 14, c) -> (n, 56, 56, c)
//
// float32 and float64. The same bits for any number of threads: each number is one sum in a fixed order, rows first.

#include "tensor/image.h"
#include "tensor/pool_vector.h"

namespace elbo {

// Along one axis: which pixels make each pixel of the result, a sparse matrix by rows. Pixel i of the result is the sum over k from
// first[i] to first[i + 1] - 1 of weight[k] times pixel index[k]; 0 where there is no such k.
struct Taps {
  Index size = 0;     // pixels of the image that is read
  bool picks = true;  // at most one pixel in each sum, with weight 1: numbers are only moved
  PoolVector<Index> first{0};
  PoolVector<std::int32_t> index;
  PoolVector<double> weight;

  Index count() const { return Index(first.size()) - 1; }  // pixels of the result
  void add(Index pixel, double w);                         // a further pixel in the sum that is being made; nothing for w = 0
  void end_of_sum() { first.push_back(Index(index.size())); }
  Taps transposed() const;  // of the gradient: pixel index[k] receives weight[k] times pixel i
};

// Pixel i is pixel floor(i size / count).
Taps nearest_taps(Index size, Index count);
// Pixel centres lie at i + 1/2, the edges of both images upon each other; outside the outermost centres the image goes on unchanged.
// (PyTorch's interpolate with align_corners=False, TensorFlow's resize.)
Taps bilinear_taps(Index size, Index count);
// Means of `kernel` pixels every `stride`, of an image with `padding` zeros on either side. `count_padding`: those count as numbers;
// otherwise the mean is of the image's own pixels.
Taps mean_taps(Index size, Index kernel, Index stride, Index padding, bool count_padding);
// The image with `before` and `after` more pixels: zeros, or its own mirrored at the edge pixel, which is not repeated.
Taps padded_taps(Index size, Index before, Index after, bool reflect);

// x (n, rows.size, columns.size, c) -> (n, rows.count(), columns.count(), c)
Tensor resample(const Tensor& x, const Taps& rows, const Taps& columns);
void resample(const Tensor& x, const Taps& rows, const Taps& columns, Tensor& out);

}  // namespace elbo
