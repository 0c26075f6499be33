#pragma once
// Figures of texts: what evaluate() measures where examples are tokens.

#include "lab/evaluate.h"
#include "models/text.h"

namespace elbo {

// Gathers what can be had while evaluate() goes over the batches.
class TextCounts {
 public:
  explicit TextCounts(const Run& run, const Split& split);
  void add(const Batch& batch, const Var& mean);  // the codes' means, (n, latent)
  // Fills tokens, perplexity, token_accuracy, nll_perplexity from what was gathered and from the figures so far.
  void fill(Figures& f) const;

 private:
  const TextModel& model_;
  double tokens_ = 0, right_ = 0;
};

// Free-running greedy decoding from the codes' means (n, latent) in the order of the part: the share of texts that come back as they were,
// and the edit distance in tokens, mean over the texts. Texts are compared as the model sees them, unknown words equal.
struct FreeRunning {
  double exact_match = 0, edit_distance = 0;
};
FreeRunning free_running(const Run& run, const Split& split, const Tensor& means);

// The reconstruction term where each text is given the code z (n, latent; in the order of the part) of another one: of the next one in a
// permutation that depends on the number of texts alone. Mean over the texts.
double shuffled_reconstruction(const Run& run, const Split& split, const Tensor& z);

// Whether nats a text of this part, as the model sees it, can be held against the entropy of the data: where it is known, and no text is
// cut or has a word that the model does not know, which would be cheaper than what the entropy counts; of training and validation, no label
// is left out; and the model is given no label: what it says of a text it has then been told in part.
bool has_entropy(const Run& run, const Dataset& data, const Split& split);

// The fewest insertions, deletions and exchanges that make one of the other (Levenshtein 1966).
Index edit_distance(std::span<const std::int32_t> a, std::span<const std::int32_t> b);

}  // namespace elbo
