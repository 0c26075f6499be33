#pragma once
// How far a set of samples lies from a set of data, in features of theirs: rows of numbers (n, d), such as a classifier's
// (lab/classifier.h).
//
//   Frechet distance      of two Gaussians fitted to the sets (Dowson and Landau 1982, "The Frechet distance between multivariate normal
//                         distributions"; on features of a network: Heusel et al. 2017, "GANs trained by a two time-scale update rule"):
//                         |m1 - m2|^2 + tr(C1 + C2 - 2 (C1^1/2 C2 C1^1/2)^1/2), in squared units of the features. Estimates from n examples
//                         are too high, by the less the larger n: compare distances of equally many, and with that of data to data
//   precision, recall     (Kynkaanniemi et al. 2019, "Improved precision and recall metric for assessing generative models"): a set's
//                         manifold is the union of balls around its members, each reaching to its k-th nearest other member. Precision is
//                         the share of samples within the manifold of the data, recall the share of data within that of the samples
//
// All is computed in float64.

#include "tensor/tensor.h"

namespace elbo {

struct GaussianFit {
  Tensor mean;        // float64 (d,)
  Tensor covariance;  // float64 (d, d), divided by n - 1
};
// Throws Error unless n > d (the covariance would be singular whatever the data are), or for numbers that are not finite.
GaussianFit fit_gaussian(const Tensor& features);

// The squared distance, at least 0. Throws Error for Gaussians of different dimensions, NaN and infinity.
double frechet_distance(const GaussianFit& a, const GaussianFit& b);

struct PrecisionRecall {
  double precision = 0, recall = 0;
};
// Of samples (m, d) against data (n, d). Throws Error unless m and n exceed k >= 1.
PrecisionRecall precision_recall(const Tensor& samples, const Tensor& data, Index k = 3);

}  // namespace elbo
