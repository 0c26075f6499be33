#pragma once
// Normalisation: numbers minus their mean over their deviation, then scaled and shifted channel by channel. float32 and float64, channels
// last. The variance is the mean square deviation from the mean (not the mean square minus the squared mean, which cancels), gathered in
// chunks that shapes alone decide: the same bits for any number of threads. A channel of one value everywhere has variance exactly 0.

#include "tensor/tensor.h"

namespace elbo {

// What is normalised together: x seen as (blocks, rows, channels), the channels of a block in groups of equal size. Each group of each
// block has a mean and a variance of its own, over all rows and all channels of the group.
struct Normalisation {
  Index blocks = 1, rows = 0, channels = 0, groups = 0;
  Index least = 1;  // numbers that each mean needs: in a batch two, for one would be normalised to 0 in training, but not in evaluation
  Index count() const { return rows * (channels / groups); }  // numbers in each mean
  Shape statistics() const { return {blocks, groups}; }

  // Each channel over the whole batch (batch normalisation), or groups of channels in each example by itself (group normalisation).
  // Throw naming `op` unless x is (n, ..., channels), and for groups that do not divide the channels.
  static Normalisation batch(std::string_view op, const Tensor& x);
  static Normalisation group(std::string_view op, const Tensor& x, Index groups);
};

struct Normalised {
  Tensor y;                      // gain (x - mean) scale + bias
  Tensor mean, variance, scale;  // (blocks, groups); scale = 1 / sqrt(variance + epsilon)
};
// gain and bias: (channels,). Throws where a mean would be that of too few numbers. A number that is alone in its group becomes the bias.
Normalised normalise(std::string_view op, const Tensor& x, const Normalisation& s, const Tensor& gain, const Tensor& bias, double epsilon);
// The same with the mean and the scale given.
Tensor standardise(const Tensor& x, const Normalisation& s, const Tensor& mean, const Tensor& scale, const Tensor& gain,
                   const Tensor& bias);

// Gradients from the cotangents of y, the mean and the variance (those of the last two may be empty); with m numbers in each mean and
// sums over them (d = x - mean, g = gain):
//   dbias = sum dy over rows and blocks        dgain = sum dy d scale
//   dx = g scale dy - scale sum(g dy) / m - d scale^3 sum(g dy d) / m + dmean / m + 2 d dvariance / m
// `fixed`: mean and scale do not depend on x, dx = g scale dy. Null pointers: not wanted.
struct NormaliseInputs {
  const Tensor &x, &mean, &scale, &gain;
};
struct NormaliseCotangents {
  const Tensor &y, &mean, &variance;
};
struct NormaliseGradients {
  Tensor *x, *gain, *bias;
};
void normalise_backward(const NormaliseInputs& in, const Normalisation& s, const NormaliseCotangents& dy, bool fixed,
                        const NormaliseGradients& out);

}  // namespace elbo
