#pragma once
// From texts to tokens: what a data set of texts needs before a model sees it.

#include "data/dataset.h"
#include "data/vocabulary.h"

namespace elbo {

struct TextOptions {
  Tokenizer tokenizer;
  Index max_tokens = 100;      // longer texts are cut, or
  bool skip_overlong = false;  // left out of their part
  Index min_count = 2;         // a token seen less often in the training part is unknown
  Index max_vocabulary = 0;    // entries, the special ones too; 0: any number
};

// Makes the codec from the training part (of what is left of its texts once they are cut), and tokens of all parts. Adds notes on what was
// cut or left out. Throws Error for data that are no texts, and where nothing is left to train on.
void tokenise(Dataset& data, const TextOptions& options, const OnRead& on_read = {});
// With a codec that there is.
void tokenise(Dataset& data, std::shared_ptr<const TextCodec> codec, bool skip_overlong, const OnRead& on_read = {});

// A part of texts that are given, such as a user's own sentences.
Split tokenised_split(const TextCodec& codec, const std::vector<std::string>& texts);

}  // namespace elbo
