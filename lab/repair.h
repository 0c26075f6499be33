#pragma once
// Completing pictures of which a part is hidden, by what a model has learned: the code is inferred from the visible numbers alone, and the
// decoder fills in the rest.
//
//   q = N(m, s^2) maximises  E log p(visible x | z) - beta KL(q(z) || N(0, I)),    z from q        (a VAE)
//   m minimises the reconstruction term of the visible numbers                                     (a plain autoencoder)
//
// by Adam on m and log s^2 of each picture, from where the encoder puts the picture whose hidden part is the training data's mean. Jimenez
// Rezende, Mohamed and Wierstra 2014 ("Stochastic backpropagation and approximate inference in deep generative models") complete pictures
// by repeated passes through encoder and decoder, whose encoder was never taught incomplete ones; one such pass is measured beside it.

#include <string_view>
#include <vector>

#include "models/run.h"

namespace elbo {

// 1 where a number is visible, 0 where it is hidden, for `count` examples of shape (h, w, c): (count, h, w, c), float32.
//   left, right, top, bottom   that half is hidden (of an odd number of pixels the smaller one)
//   centre                     the middle half of both sides
//   noise                      each pixel with probability 1/2, drawn by `seed` and the example's number
// Throws UsageError for other names (which it lists) and for vectors.
Tensor named_mask(std::string_view name, const Shape& example, Index count, std::uint64_t seed);
// A picture (h, w, c): pixels whose mean over channels is below 1/2 are hidden, in all examples. Throws Error where it hides none or all.
Tensor picture_mask(const Tensor& picture, Index count);

// The mean of each number over a part, as the model sees it: the example's shape.
Tensor mean_example(const Run& run, const Split& split);

struct RepairOptions {
  Index steps = 300;
  double learning_rate = 0.05;
  Index samples = 0;  // completions from codes drawn from q, of a VAE
  std::uint64_t seed = 1;
  Tensor labels = {};  // int32 (n,): of a conditional model
};

// Pictures as large as the inputs: visible numbers as they were, hidden ones filled in.
struct Repair {
  Tensor mean_fill, one_pass, inferred;
  std::vector<Tensor> sampled;
  // Squared error of the hidden numbers, mean over the examples; `whole`: of the reconstruction of the whole picture, for comparison.
  double mean_fill_error = 0, one_pass_error = 0, inferred_error = 0, whole_error = 0;
  double hidden = 0;  // numbers hidden, mean over the examples
};

// x, mask: (n, example...); mean: (example...). Throws Error for shapes that do not fit, and for a run of gaussian-optimal whose training
// has not finished.
Repair repair(const Run& run, const Tensor& x, const Tensor& mask, const Tensor& mean, const RepairOptions& options = {});

}  // namespace elbo
