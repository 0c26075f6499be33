#pragma once
// How odd each example is under a model, and how well that tells one label from the others.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/evaluate.h"

namespace elbo {

//   reconstruction   the reconstruction term at the code's mean
//   elbo             the negative ELBO, one latent sample
//   nll              importance-weighted, 100 samples; a language model's is exact
// All in nats an example, larger the odder; of texts per token, for long ones would else always come first.
enum class Score { reconstruction, elbo, nll };
Score score_from_name(std::string_view name);  // throws UsageError naming the nearest
Score default_score(const Model& model);       // elbo of a VAE, otherwise reconstruction

// The scores of a part in its order. Throws UsageError for a score that the model has not.
std::vector<double> scores(const Run& run, const Dataset& data, Part part, Score score, std::uint64_t seed);

// Area under the curve of the ROC: how often an odd example scores above an ordinary one (ties count half), with its standard error (Hanley
// and McNeil 1982). Nothing where one of the two kinds is missing.
struct RocArea {
  double area, standard_error;
  Index odd, ordinary;
};
std::optional<RocArea> roc_area(const std::vector<double>& scores, const std::vector<bool>& odd);

}  // namespace elbo
