#pragma once
// Does each dimension of a code stand for one factor of the data? Two answers, for data whose factors are known.
//
// Mutual information gap (Chen, Li, Grosse and Duvenaud 2018, "Isolating sources of disentanglement in VAEs"): of each factor v, over the
// two code dimensions that say the most of it,
//
//   gap(v) = (I(z_first; v) - I(z_second; v)) / H(v)
//
// 1: one dimension says all and no other anything; 0: two say equally much. Information in nats, from counts: each dimension in 20 bins
// of equal count, factors as below. Counting n examples adds about (bins - 1)^2 / 2n nats to each I, which nearly cancels in the gap.
//
// DCI (Eastwood and Williams 2018, "A framework for the quantitative evaluation of disentangled representations"), from an importance R_ij
// of dimension i for factor j: the size of its weight in a linear regression with L1 penalty (lab/lasso.h), all of variance 1.
//
//   disentanglement   of a dimension 1 - H(P_i) / log factors, P_i = R_i. over its sum; the mean, weighted by each dimension's share of R
//   completeness      of a factor 1 - H(P_j) / log dimensions, P_j = R_.j over its sum, 0 where nothing has a weight; the mean over factors
//   informativeness   of a factor the share of its variance that the regression explains on held-out examples (R squared, below 0 where
//                     it is worse than the mean); the mean over factors
//
// Weights are linear: a factor that a code holds in a bent way counts as less informative than it is, where the gap still sees it. Read the
// first two together with the third: of factors that are not explained they say little.
//
// Factors, by their values: whole numbers are discrete (for the regression a target for each value); others are in 20 bins of equal count,
// and "hue" and "rotation" angles in degrees, with cosine and sine as targets, which keep their proportions: over a few degrees the one
// hardly changes, and hardly counts. (The digits' rotation is in radians, a sixth of one at most, where that makes no difference.) The
// importance for several targets is the root of the sum of squares of their weights. Factors with one value, or more than 100 discrete
// ones, have NaN and are in no mean.

#include <string>
#include <vector>

#include "data/dataset.h"

namespace elbo {

enum class FactorKind : std::uint8_t { discrete, continuous, angle };

struct FactorFigures {
  std::string name;
  FactorKind kind = FactorKind::continuous;
  double entropy = 0;  // nats, of its bins
  double gap = 0;      // of mutual information
  Index first = 0;     // the dimension that says the most of it
  double completeness = 0, informativeness = 0;
};

struct DisentanglementFigures {
  double mutual_information_gap = 0, disentanglement = 0, completeness = 0, informativeness = 0;
  std::vector<FactorFigures> factors;
  std::vector<double> dimensions;  // the disentanglement of each; NaN for a dimension without any weight
  Tensor information, importance;  // float64 (dimensions, factors): nats; R. NaN for factors that are left out
};

// codes: the encoder's means (n, d) of the examples of `split`, any float type; names: of its factors (Dataset::factor_names). For the
// regressions examples 0 to 2 of every five are fitted to, 3 chooses the penalty, 4 measures informativeness. Throws Error for parts
// without factors, fewer than 100 examples, and numbers that are not finite.
DisentanglementFigures disentanglement(const Tensor& codes, const Split& split, const std::vector<std::string>& names);

// How the values of a factor are taken.
FactorKind kind_of_factor(const Tensor& values, const std::string& name);

}  // namespace elbo
