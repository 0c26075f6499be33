#pragma once
// Ways through the latent space: between two codes, along one dimension, from one group of examples towards another.

#include <string_view>

#include "lab/codes.h"

namespace elbo {

enum class PathKind { linear, spherical };
PathKind path_kind_from_name(std::string_view name);  // throws UsageError naming the nearest

// `steps` codes from one to the other, both (latent,) of any float type, ends included: (steps, latent), float64.
// Spherical: along the arc between their directions (Shoemake 1985; White 2016, "Sampling generative networks"), so that the codes between
// two from N(0, I) are as long as they are; the lengths change evenly. Along the straight line where the directions are the same, opposite
// or not defined.
Tensor path_between(const Tensor& from, const Tensor& to, Index steps, PathKind kind);

// The same between the codes of two examples (the first row of each), as the decoder reads them: beside the codes of a conditional model
// the labels, from one's to the other's in equal steps.
Tensor labelled_path(const Model& model, const EncodedExamples& from, const EncodedExamples& to, Index steps, PathKind kind);

// `steps` codes in which dimension `unit` goes from -range to range and the others stay at 0, (steps, latent), float64; for a plain
// autoencoder in standard deviations of the training codes around their mean.
Tensor traversal(const Run& run, Index unit, Index steps, double range);

// The same for several dimensions, one after the other, as the decoder reads them: (units * steps, decoder_inputs()). `label`: which one a
// conditional model is given.
Tensor traversals(const Run& run, const std::vector<Index>& units, Index steps, double range, Index label = 0);

// Dimensions by what they carry, most first: by their KL, of a plain autoencoder by the variance of their means.
struct UnitWeight {
  Index unit;
  double weight;  // nats an example; of a plain autoencoder the variance
};
std::vector<UnitWeight> weigh_units(const EncodedExamples& codes);

// The mean of codes (n, latent): (latent,), float64. Throws Error for none.
Tensor mean_code(const Tensor& codes);

}  // namespace elbo
