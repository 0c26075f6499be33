#pragma once
// How odd each example is under a model. How well that tells one label from the others: lab/roc.h.
//
//   reconstruction     the reconstruction term at the code's mean
//   elbo               the negative ELBO, one latent sample
//   nll                -log p(x), importance-weighted with 100 samples; a language model's is exact
//   likelihood-ratio   -log p(x) + log p0(x), p0 what makes an example likely that has nothing to do with what the model learned:
//                        another model, trained on perturbed or more general data (Ren et al. 2019, "Likelihood ratios for
//                        out-of-distribution detection"); or without one a code that knows no data, whose length is -log p0(x) (Serra et
//                        al. 2020, "Input complexity and out-of-distribution detection with likelihood-based generative models";
//                        lab/complexity.h)
//
// All in nats an example, larger the odder; of texts per token, for long ones would else always come first. All but the last are known to
// fail where the odd examples are simpler than the data: those a model thinks likelier than its own (Nalisnick et al. 2019, "Do deep
// generative models know what they don't know?").

#include <cstdint>
#include <string_view>
#include <vector>

#include "lab/roc.h"
#include "models/run.h"

namespace elbo {

enum class Score { reconstruction, elbo, nll, likelihood_ratio };
Score score_from_name(std::string_view name);  // throws UsageError naming the nearest
std::string_view score_name(Score score);
Score default_score(const Model& model);  // elbo of a VAE, otherwise reconstruction

struct ScoreOptions {
  Part part = Part::test;
  Score score = Score::elbo;
  const Run* background = nullptr;  // likelihood-ratio: the model behind p0; null: the code
  std::uint64_t seed = 1;           // of the latent noise
};

// The scores of a part in its order. Throws UsageError for a score that the model has not, and for a background whose likelihood is of
// other numbers than the run's.
std::vector<double> scores(const Run& run, const Dataset& data, const ScoreOptions& options);

// What likelihood-ratio holds the likelihood against, for people: "a code of one picture (...)", "RUN".
std::string background_text(const Run& run, const Run* background);

}  // namespace elbo
