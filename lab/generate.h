#pragma once
// Texts from codes: word by word, each given the ones before it.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/vocabulary.h"
#include "models/text.h"

namespace elbo {

//   greedy   the likeliest word each time
//   sample   drawn from softmax(logits / temperature), of the top_k likeliest words alone, of the fewest words that have top_p of the
//            probability together (Holtzman et al. 2020, "The curious case of neural text degeneration")
//   beam     the text with the highest log-probability among those kept, divided by ((5 + tokens) / 6)^length_penalty (Wu et al. 2016,
//            "Google's neural machine translation system")
enum class DecodeMethod { greedy, sample, beam };
DecodeMethod decode_method_from_name(std::string_view name);  // throws UsageError naming the nearest

struct DecodeOptions {
  DecodeMethod method = DecodeMethod::greedy;
  double temperature = 1;       // sample; 0 is greedy
  Index top_k = 0;              // sample; 0: all words
  double top_p = 1;             // sample
  Index beam = 5;               // beam: texts kept
  double length_penalty = 0.7;  // beam
  bool unknown = false;         // whether <unk> may come
  Index max_tokens = 100;       // the longest text
  std::uint64_t seed = 1;       // sample: the draws of text i depend on this and i alone
};

// The tokens of one text for each row of z (n, latent), without start and end; where max_tokens ended it, it simply stops.
std::vector<std::vector<std::int32_t>> generate_tokens(const TextModel& model, const Tensor& z, const DecodeOptions& options = {});
std::vector<std::string> generate_texts(const TextModel& model, const TextCodec& codec, const Tensor& z, const DecodeOptions& options = {});

}  // namespace elbo
