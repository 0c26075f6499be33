#pragma once
// Autoencoders and VAEs over texts, and the language model they are judged by: `text-vae`, `text-ae`, `text-lm` and all between.
//
//   encoder   embedding, recurrent layers over start, words, end; mean (and logvar) from the last state; reading both ways from both
//   decoder   from the embedding of the word before, with the code as first state, tanh(linear(z)) for each layer, or beside the input at
//             every step, or both: recurrent layers, a layer as wide as the vocabulary, softmax
//
// With model.decoder_input=none the decoder sees no words: tanh(linear(z)) of model.embed numbers is its input at every step. Without a
// code (model.latent=0) there is no encoder, and the decoder alone is a language model. Encoder and decoder share the embedding.

#include <vector>

#include "models/model.h"
#include "nn/recurrent.h"

namespace elbo {

class TextModel final : public Model {
 public:
  // example: (tokens predicted, words), the special ones among both. Throws UsageError for another.
  TextModel(const Config& config, const Shape& example, const Scope& scope);

  using Model::encode;
  // x: tokens, int32 (n, most), each row from start to end, then pad_token. A language model's code is (n, 0).
  Code encode(const Var& x, const PassContext& context) const override;
  // -log p(x | z) of each text, (n,): the sum over all its tokens but the start, each given those before it. `code` is what encode() gave
  // for the same x, or empty.
  Var text_loss(const Code& code, const Var& z, const Tensor& x, const PassContext& context) const override;
  std::vector<LayerSummary> summary() const override;
  bool learns_inputs() const override { return true; }

  Index words() const { return example_[1]; }
  // Token by token. z: (n, decoder_inputs()); of a language model (n, 0).
  struct Reading {
    std::vector<RecurrentState> states;
    Var code;  // what goes in beside each word, or in its stead; empty: nothing
    Index size = 0;
  };
  Reading begin(const Tensor& z) const;
  // Reads one token of each text, int32 (n,), and gives the logits of the next one, (n, words).
  Tensor next(Reading& reading, const Tensor& tokens) const;
  void reorder(Reading& reading, const Tensor& rows) const;  // int32: row i becomes what was row rows[i]
  // The likeliest next token at each position of x, given those before it in x: int32 (n, most - 1); pad_token behind a text's end.
  Tensor likeliest(const Tensor& z, const Tensor& x) const;

 private:
  struct Positions;
  Reading begin(const Var& z) const;
  Var inputs(const Var& words, const Reading& reading, Index steps) const;
  Var states_of(const Code& code, const Var& z, const Tensor& x, const PassContext& context) const;

  bool feeds_words_ = true;
  Embedding embedding_;
  RecurrentStack encoder_, decoder_;
  Linear mean_, logvar_, first_state_, code_;
  Parameter output_weights_, output_bias_;  // the weights are the embedding's with model.tied
  const std::string* output_scope_ = nullptr;
};

}  // namespace elbo
