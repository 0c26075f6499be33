#pragma once
// t-SNE: codes of many dimensions as points of a plane that keeps who is near whom (van der Maaten and Hinton 2008, "Visualizing data using
// t-SNE").
//
//   p(j | i)  ~ exp(-b_i |x_i - x_j|^2), with b_i such that exp(entropy of p(. | i)) is the perplexity: about so many neighbours count
//   P_ij      = (p(j | i) + p(i | j)) / 2n
//   Q_ij      ~ 1 / (1 + |y_i - y_j|^2)
//   y         minimises KL(P || Q), nats
//
// All pairs are computed, so time and memory grow with n^2: a thousand points take a second or two. It begins at the first two principal
// components (Kobak and Berens 2019, "The art of using t-SNE for single-cell transcriptomics"), so nothing in it is random. Distances
// between groups, their sizes and their densities mean nothing; that points are neighbours does.

#include <vector>

#include "tensor/tensor.h"

namespace elbo {

struct TsneOptions {
  double perplexity = 30;   // capped by (n - 1) / 3
  Index iterations = 500;   // updates
  Index exaggerated = 125;  // of these, the first with P times `exaggeration`: groups form early
  double exaggeration = 12;
  double learning_rate = 0;  // 0: n / exaggeration / 4, at least 20 (after Belkina et al. 2019)
};

struct Tsne {
  Tensor points;             // float64 (n, 2), centred
  double perplexity = 0;     // in use
  double learning_rate = 0;  // in use
  double start = 0;          // KL(P || Q) at the beginning, nats
  double divergence = 0;     // and at the end
};

inline constexpr Index most_tsne_points = 2000;

// x: (n, d) of any float type, 4 <= n <= most_tsne_points. The same bits for any number of threads. Throws Error for other shapes and for
// numbers that are not finite, UsageError for options out of range.
Tsne tsne(const Tensor& x, const TsneOptions& options = {});

// p(j | i) for the rows of x: float64 (n, n), each row sums to 1, the diagonal is 0. The perplexity is met to 1e-6 of itself, but for rows
// whose nearest neighbours are equally far and more than it.
Tensor tsne_neighbours(const Tensor& x, double perplexity);

// KL(P || Q), nats, of points y (n, 2) for conditional probabilities (n, n) as above.
double tsne_divergence(const Tensor& conditional, const Tensor& y);

}  // namespace elbo
