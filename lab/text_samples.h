#pragma once
// What sampled texts are like, beside those of other models and the data: figures of a set of texts.

#include <cstdint>
#include <span>
#include <vector>

#include "models/run.h"

namespace elbo {

using TokenLists = std::vector<std::vector<std::int32_t>>;

// Distinct n-grams over all n-grams (Li et al. 2016, "A diversity-promoting objective function"): 1 where none comes twice. NaN for none.
double distinct(const TokenLists& texts, std::size_t n);

// The mean BLEU (Papineni et al. 2002; 1- to 4-grams, one added to the counts of 2- to 4-grams as Lin and Och 2004 do) of each text against
// all the others (Zhu et al. 2018, "Texygen"): 1 where they are all the same. NaN for fewer than two.
double self_bleu(const TokenLists& texts);

// The share of texts that are in the training part, token by token. NaN without texts or such a part.
double copied(const TokenLists& texts, const Split& train);

// The share of texts that the grammar of `sentences` makes (data/sentences.h). NaN for none.
double parsed(const std::vector<std::string>& texts);

// Throws UsageError for a run that is no language model.
void require_language_model(const Run& run);

// exp(nats per token) of texts under a language model: of texts with another vocabulary, which are put together and divided anew; or of its
// own tokens.
double perplexity_under(const Run& language_model, const std::vector<std::string>& texts);
double perplexity_under(const Run& language_model, const Split& split);

struct SampleFigures {
  double distinct_1, distinct_2, self_bleu, tokens;  // tokens: mean length
};
SampleFigures sample_figures(const TokenLists& texts);

}  // namespace elbo
