#include "lab/score.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "lab/complexity.h"
#include "lab/evaluate.h"
#include "tensor/error.h"
#include "tensor/nearest.h"

namespace elbo {
namespace {

constexpr std::array<const char*, 4> score_names = {"reconstruction", "elbo", "nll", "likelihood-ratio"};

bool gives_likelihood(const Run& run) { return run.model->variational() || run.model->latent() == 0; }

// log p(x) of both must be of the same x: the same pixels, made numbers in the same way, or the same tokens.
void require_comparable(const Run& run, const Run& background, const Split& split) {
  const auto refuse = [&](std::string_view why) { throw UsageError(fmt::format("--background {}: {}", background.path, why)); };
  if (!gives_likelihood(background)) refuse("is no VAE, which would have a likelihood");
  if (bool(run.codec) != bool(background.codec)) refuse("one of the two runs is on texts, the other is not");
  if (run.codec) {
    if (run.codec->json() != background.codec->json()) refuse("has another vocabulary");
    return;
  }
  if (run.example_shape != background.example_shape)
    refuse(fmt::format("its examples have shape {}, those of {} {}", background.example_shape.str(), run.path, run.example_shape.str()));
  const Likelihood mine = run.objective().likelihood(), its = background.objective().likelihood();
  if (mine != its && !(is_density(mine) && is_density(its)))
    refuse(fmt::format("has likelihood {}, {} has {}: their numbers are of different kinds", likelihood_name(its), run.path,
                       likelihood_name(mine)));
  const BatchOptions a = evaluation_options(run.config, split), b = evaluation_options(background.config, split);
  if (a.binarize != b.binarize || a.dequantize != b.dequantize)
    refuse("binarises or dequantises its pixels otherwise (data.binarize, data.dequantize)");
}

// Of each example in nats, not yet by tokens.
std::vector<double> negative_log_likelihoods(const Run& run, const Dataset& data, const ScoreOptions& options, PerExample& rows) {
  const bool code = run.model->latent() > 0;
  evaluate(run, data,
           {.part = options.part, .importance_samples = code ? 100 : 0, .decode = false, .seed = options.seed, .per_example = &rows});
  return code ? rows.nll : rows.total;
}

// -log p0(x); of a density, whose unit is a byte's 1/256, less what makes bytes of it: so that the code's length is of the same kind.
std::vector<double> simplicity(const Run& run, const Dataset& data, const ScoreOptions& options) {
  PerExample ignored;
  if (options.background) return negative_log_likelihoods(*options.background, data, options, ignored);
  std::vector<double> lengths = code_lengths(run, data.part(options.part));
  if (is_density(run.objective().likelihood()))
    for (double& length : lengths) length -= double(run.example_shape.numel()) * std::log(256.0);
  return lengths;
}

}  // namespace

Score score_from_name(std::string_view name) {
  const auto it = std::find(score_names.begin(), score_names.end(), name);
  if (it == score_names.end())
    throw UsageError(unknown_message("score", name, std::vector<std::string>(score_names.begin(), score_names.end())));
  return Score(it - score_names.begin());
}

std::string_view score_name(Score score) { return score_names[std::size_t(score)]; }

Score default_score(const Model& model) { return model.variational() ? Score::elbo : Score::reconstruction; }

std::vector<double> scores(const Run& run, const Dataset& data, const ScoreOptions& options) {
  const bool code = run.model->latent() > 0;
  const bool likelihood = options.score == Score::nll || options.score == Score::likelihood_ratio;
  if (options.score != Score::reconstruction && !run.model->variational() && !(likelihood && !code))
    throw UsageError(
        fmt::format("--score {}: {} is no VAE; reconstruction is what it can be scored by", score_name(options.score), run.path));
  if (options.background && options.score != Score::likelihood_ratio) throw UsageError("--background goes with --score likelihood-ratio");
  if (options.background) require_comparable(run, *options.background, data.part(options.part));
  PerExample rows;
  std::vector<double> all;
  if (likelihood) {
    const std::vector<double> of_background = options.score == Score::likelihood_ratio
                                                  ? simplicity(run, data, options)
                                                  : std::vector<double>(std::size_t(data.part(options.part).size()));
    all = negative_log_likelihoods(run, data, options, rows);
    for (std::size_t i = 0; i < all.size(); i++) all[i] -= of_background[i];
  } else {
    evaluate(run, data, {.part = options.part, .decode = false, .seed = options.seed, .per_example = &rows});
    all = options.score == Score::elbo || !code ? rows.total : rows.reconstruction_at_mean;
  }
  for (std::size_t i = 0; i < rows.tokens.size(); i++) all[i] /= rows.tokens[i];
  return all;
}

std::string background_text(const Run& run, const Run* background) {
  if (background) return background->path;
  return is_density(run.objective().likelihood()) ? "the length of each picture's PNG (Serra et al. 2020)"
                                                  : "the length of each picture in a code that learns it alone (Serra et al. 2020)";
}

}  // namespace elbo
