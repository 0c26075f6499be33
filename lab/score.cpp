#include "lab/score.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "tensor/error.h"
#include "tensor/nearest.h"

namespace elbo {

constexpr std::array<const char*, 3> score_names = {"reconstruction", "elbo", "nll"};

Score score_from_name(std::string_view name) {
  const auto it = std::find(score_names.begin(), score_names.end(), name);
  if (it == score_names.end())
    throw UsageError(unknown_message("score", name, std::vector<std::string>(score_names.begin(), score_names.end())));
  return Score(it - score_names.begin());
}

Score default_score(const Model& model) { return model.variational() ? Score::elbo : Score::reconstruction; }

std::vector<double> scores(const Run& run, const Dataset& data, Part part, Score score, std::uint64_t seed) {
  const bool code = run.model->latent() > 0, exact = score == Score::nll && !code;  // a language model's nll is its total
  if (score != Score::reconstruction && !run.model->variational() && !exact)
    throw UsageError(
        fmt::format("--score {}: {} is no VAE; reconstruction is what it can be scored by", score_names[std::size_t(score)], run.path));
  PerExample rows;
  evaluate(run, data,
           {.part = part, .importance_samples = score == Score::nll ? 100 : 0, .decode = false, .seed = seed, .per_example = &rows});
  std::vector<double> all = score == Score::nll && code     ? rows.nll
                            : score == Score::elbo || !code ? rows.total
                                                            : rows.reconstruction_at_mean;
  for (std::size_t i = 0; i < rows.tokens.size(); i++) all[i] /= rows.tokens[i];
  return all;
}

std::optional<RocArea> roc_area(const std::vector<double>& scores, const std::vector<bool>& odd) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] < scores[b]; });
  double ranks = 0, positive = 0;  // ranks of the odd ones; equal scores share the mean of theirs
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && scores[order[end]] == scores[order[begin]]) end++;
    const double rank = double(begin + end + 1) / 2;
    for (std::size_t k = begin; k < end; k++)
      if (odd[order[k]]) ranks += rank, positive++;
  }
  const double negative = double(scores.size()) - positive;
  if (positive == 0 || negative == 0) return std::nullopt;
  const double a = (ranks - positive * (positive + 1) / 2) / (positive * negative);
  const double q1 = a / (2 - a), q2 = 2 * a * a / (1 + a);
  const double variance = (a * (1 - a) + (positive - 1) * (q1 - a * a) + (negative - 1) * (q2 - a * a)) / (positive * negative);
  return RocArea{a, std::sqrt(std::max(0.0, variance)), Index(positive), Index(negative)};
}

}  // namespace elbo
