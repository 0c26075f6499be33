// Rows of the table of keys: what recurrent networks and texts have, and the schedules of the objective's weights.

#include "data/vocabulary.h"
#include "models/config_rows.h"

namespace elbo {

void recurrent_rows(Table& t) {
  t.integer(
      "model.embed", 1, 1 << 16, "text: width of a word's vector", [](Config & c) -> auto& { return c.model.embed; });
  t.integer(
      "model.units", 1, 1 << 16, "text, conv-lstm: units of the decoder's recurrent layers",
      [](Config & c) -> auto& { return c.model.units; });
  t.optional<Index>(
      "model.encoder_units", "whole number, or null", "text, conv-lstm: the same of the encoder; null: as many as model.units",
      [](Config & c) -> auto& { return c.model.encoder_units; }, [](const Json& v) { return integer_of(v, 1, 1 << 16); });
  t.integer(
      "model.layers", 1, 64, "text: recurrent layers of encoder and decoder, one over the other",
      [](Config & c) -> auto& { return c.model.layers; });
  t.choice(
      "model.cell", {"lstm", "gru"}, "text, conv-lstm: kind of recurrent layer", [](Config & c) -> auto& { return c.model.cell; });
  t.boolean(
      "model.bidirectional", "text: the encoder reads in both directions", [](Config & c) -> auto& { return c.model.bidirectional; });
  t.choice(
      "model.decoder_input", {"tokens", "none"}, "text: the decoder is fed the words before (teacher forcing), or the code alone",
      [](Config & c) -> auto& { return c.model.decoder_input; });
  t.choice(
      "model.code_input", {"first-state", "every-step", "both"},
      "text: the decoder gets the code as its first state, beside its input at every step, or both",
      [](Config & c) -> auto& { return c.model.code_input; });
  t.boolean(
      "model.tied", "text: embedding and output layer share one matrix (model.units then equals model.embed)",
      [](Config & c) -> auto& { return c.model.tied; });
  t.number(
      "model.dropout", 0, 0.99, "text: share of the embeddings' numbers, and of the output layer's inputs, dropped in training",
      [](Config & c) -> auto& { return c.model.dropout; });
  t.boolean(
      "model.locked_dropout", "text: the same numbers at all steps of a sentence (variational dropout)",
      [](Config & c) -> auto& { return c.model.locked_dropout; });
}

void schedule_rows(Table& t) {
  t.choice(
      "objective.anneal.shape", {"none", "linear", "logistic", "cyclical"}, "how the KL's weight rises from 0 to objective.beta",
      [](Config & c) -> auto& { return c.objective.anneal_shape; });
  t.number(
      "objective.anneal.steps", 0, double(most_steps),
      "updates over which it rises (cyclical: in which all cycles lie); below 1 a share of all updates",
      [](Config & c) -> auto& { return c.objective.anneal_steps; });
  t.integer(
      "objective.anneal.cycles", 1, 1 << 20, "cyclical: how often it rises anew, in the first half of each cycle",
      [](Config & c) -> auto& { return c.objective.anneal_cycles; });
  t.number(
      "objective.free_bits", 0, 1e6, "nats of KL a dimension that cost nothing: max(this, batch mean)",
      [](Config & c) -> auto& { return c.objective.free_bits; });
  t.number(
      "objective.free_bits_total", 0, 1e6, "the same of all dimensions together",
      [](Config & c) -> auto& { return c.objective.free_bits_total; });
  t.number(
      "objective.capacity", 0, 1e6, "nats: each nat of KL above or below it costs objective.beta (Burgess et al. 2018); 0: off",
      [](Config & c) -> auto& { return c.objective.capacity; });
  t.number(
      "objective.capacity_steps", 0, double(most_steps), "updates over which the capacity rises from 0; below 1 a share of all updates",
      [](Config & c) -> auto& { return c.objective.capacity_steps; });
  t.number(
      "objective.target_kl", 0, 1e6, "nats: the KL's weight is controlled so that the KL comes to this; 0: off",
      [](Config & c) -> auto& { return c.objective.target_kl; });
  t.integer(
      "objective.pretrain_epochs", 0, most_steps,
      "the first so many epochs train a plain autoencoder, after which the decoder starts anew and the objective's schedules begin",
      [](Config & c) -> auto& { return c.objective.pretrain_epochs; });
  t.integer(
      "objective.aggressive", 0, 10000,
      "the encoder is updated up to so many times before each update of all, until the mutual information no longer grows; 0: off",
      [](Config & c) -> auto& { return c.objective.aggressive; });
}

void text_rows(Table& t) {
  t.choice(
      "data.tokenizer", strings(tokenizer_names()), "texts: how they are divided", [](Config & c) -> auto& { return c.data.tokenizer; });
  t.boolean(
      "data.lower_case", "tokenizer basic: in lower case", [](Config & c) -> auto& { return c.data.lower_case; });
  t.integer(
      "data.max_tokens", 1, 1 << 20, "texts: the longest, in tokens", [](Config & c) -> auto& { return c.data.max_tokens; });
  t.choice(
      "data.overlong", {"cut", "skip"}, "longer texts are cut, without an end, or left out",
      [](Config & c) -> auto& { return c.data.overlong; });
  t.integer(
      "data.min_count", 1, most_steps, "a token seen less often in the training part is unknown",
      [](Config & c) -> auto& { return c.data.min_count; });
  t.add<Index>(
      "data.max_vocabulary", "whole number, 0 or 5 to 2^24",
      "the most frequent tokens alone, so many with the four special ones; 0: any number",
      [](Config & c) -> auto& { return c.data.max_vocabulary; },
      [](Config& c, const Json& v) {
        const Index n = integer_of(v, 0, 1 << 24);
        if (n > 0 && n <= special_tokens) expected("0, or a whole number from 5 to 2^24");
        c.data.max_vocabulary = n;
      });
  t.number(
      "data.word_dropout", 0, 1, "share of the words that the decoder is fed which become unknown, in training",
      [](Config & c) -> auto& { return c.data.word_dropout; });
}

}  // namespace elbo
