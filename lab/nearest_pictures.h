#pragma once
// Pixel distances of pictures to the nearest of many others: what tells copies of training examples and pictures of nothing from new ones.
// A distance is the Euclidean one over all numbers of a picture (0 .. 1 each), so a picture of 784 pixels is at most 28 from another.

#include <span>
#include <vector>

#include "models/run.h"

namespace elbo {

// The examples of a part as pictures to compare with: their values as numbers, without the noise of dequantisation or of dynamic
// binarisation, whose means they are. A run that binarises by threshold has seen no other picture, so there they are black and white.
BatchOptions plain_options(const Run& run, Index batch = 500);
// The first `count` of a part (count, example...), float32. Throws Error where it has fewer.
Tensor plain_pictures(const Run& run, const Split& split, Index count);

// Those at these places of a part, (n, example...), float32.
Tensor plain_pictures(const Run& run, const Split& split, std::span<const Index> places);

// The nearest of rows that come in blocks, so that memory holds one block: candidates by a matrix product in float32, their distances
// exactly in float64. Of two whose distances differ by less than that product's rounding, either may be taken.
class NearestRows {
 public:
  explicit NearestRows(const Tensor& queries);  // (m, ...), any float type
  void add(const Tensor& rows);                 // (n, ...), as many numbers a row

  // Of each query, in the order in which rows were added; -1 and infinity before any.
  const std::vector<Index>& indices() const { return indices_; }
  const std::vector<double>& distances() const { return distances_; }

 private:
  Tensor queries_;  // float32 (m, d)
  Index added_ = 0;
  std::vector<Index> indices_;
  std::vector<double> distances_;
};

// For each picture (m, example...) the nearest example of the run's training part, by pixels. Throws Error where that is empty.
NearestRows nearest_training(const Run& run, const Dataset& data, const Tensor& pictures);
// The distances to them.
std::vector<double> training_distances(const Run& run, const Dataset& data, const Tensor& pictures);

double mean_distance(const std::vector<double>& numbers);  // of none: NaN

}  // namespace elbo
