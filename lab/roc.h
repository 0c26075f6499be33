#pragma once
// How well a score tells odd examples from ordinary ones: the receiver operating characteristic. Examples are called odd from some score
// on; as that falls, the share of odd ones that are found rises, and with it the share of ordinary ones that are called odd as well.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tensor/tensor.h"

namespace elbo {

// The area under the curve: how often an odd example scores above an ordinary one, ties counted half; 1/2 for a score that knows nothing.
// With its standard error by the variances of the shares that each example is above (DeLong, DeLong and Clarke-Pearson 1988, "Comparing the
// areas under two or more correlated receiver operating characteristic curves"),
//
//   variance = Var over odd i of (share of ordinary below i) / m  +  Var over ordinary j of (share of odd above j) / n
//
// which assumes no distribution of the scores, and holds below 1/2 as above it. NaN where one kind has a single example.
struct RocArea {
  double area = 0, standard_error = 0;
  Index odd = 0, ordinary = 0;  // m, n
};
// Nothing where one of the two kinds is missing. Throws Error for lengths that differ and scores that are not numbers.
std::optional<RocArea> roc_area(const std::vector<double>& scores, const std::vector<bool>& odd);

// The curve from (0, 0) to (1, 1): false alarms (share of the ordinary) and found (share of the odd), a point for each different score from
// the highest down. Throws Error as above, and where one of the kinds is missing.
std::vector<std::pair<double, double>> roc_curve(const std::vector<double>& scores, const std::vector<bool>& odd);

// The curve as a picture, uint8 (h, w, 3): axes from 0 to 1, the diagonal of a score that knows nothing, the area with its standard error;
// `title` above it, cut where it is too long.
Tensor roc_picture(const std::vector<std::pair<double, double>>& curve, const RocArea& area, const std::string& title);

}  // namespace elbo
