#pragma once
// What a model's own texts are worth: alike or copied, likely under a language model, and what a language model learns from them.

#include <functional>
#include <string_view>

#include "lab/text_samples.h"

namespace elbo {

struct SampledTextOptions {
  const Run* language_model = nullptr;  // a run of text-lm; null: sample_lm_perplexity and reverse_perplexity are NaN
  Index texts = 1000;                   // that the other figures are of; distinct and self-BLEU depend on how many they are
  Index training_texts = 50000;         // that the language model of reverse_perplexity is trained on
  Part part = Part::test;               // that it is measured on
  std::uint64_t seed = 1;
  std::function<void(std::string_view)> on_note = {};  // told what takes its time
};

struct SampledTextFigures {
  double distinct_1, distinct_2, self_bleu;  // of the texts
  double copied;                             // share that is in the training part of `data`
  double parsed;                             // share that the grammar makes; NaN where the data are not `sentences`
  // exp(nats per token): of the texts under the language model; and of the part under a language model of that one's configuration, trained
  // on this model's texts, its epoch chosen by the validation part where there is one (Zhao et al. 2018, "Adversarially regularized
  // autoencoders"): high where the texts leave out what the data have, while the other is low for the safest text repeated.
  double sample_lm_perplexity, reverse_perplexity;
};

// Texts from codes of the prior (of a plain autoencoder: of a Gaussian fitted to its codes), each word drawn from the decoder's
// distribution as it is, unknown words among them. `data`: the run's. Throws UsageError for a language model that is none; Error where
// training fails.
SampledTextFigures sampled_text_figures(const Run& run, const Dataset& data, const SampledTextOptions& options = {});

}  // namespace elbo
