#pragma once
// The built-in sentences: plain English from a grammar with known probabilities, drawn from nothing but integers.
//
// A hidden scene and tense govern who does what to which thing where, and in which words. A sentence can be derived in one way only, its
// scene and all other factors included, so that the entropy of the sentences is that of the derivations, summed exactly: no model can
// come below it. Words (data/sentences_words.h) are shared by several scenes; what is done to which thing tells the scene. As with the
// digits (data/digits.h), example `index` depends on its index alone and is the same on every machine.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/shape.h"

namespace elbo {

// Validation examples follow the training ones, and test examples these: 50000 .. 54999, 55000 .. 59999.
inline constexpr Index sentences_train = 50000, sentences_valid = 5000, sentences_test = 5000;
inline constexpr int sentence_scenes = 20;

// What a sentence is derived from, but for the choice of words: numbers of values named by sentence_factors().
struct SentenceFactors {
  int scene;       // harbour, kitchen, ...
  int tense;       // past, present, future
  int aspect;      // mended, was mending, wanted to mend
  int deed;        // group of verbs: mend, carry, ...
  int subject;     // singular, plural
  int modifier;    // of the subject: none, "who knew anna", "from the village", "with the hats"
  int pronoun;     // that refers back to the subject, here or as a possessive: none, he, she, they
  int possessive;  // whether the object is his, hers or theirs
  int object;      // singular, plural
  int place;       // not told, told first, told after the object
  int time;        // not told, told first, told last
  int clause;      // none, about the subject ("because she was late"), about the object ("because it was dusty")

  bool operator==(const SentenceFactors&) const = default;
};

// A factor's values by name, in the order of SentenceFactors.
struct SentenceFactor {
  const char* name;
  int SentenceFactors::*place;
  std::vector<std::string> values;
};
const std::vector<SentenceFactor>& sentence_factors();

// Example `index`: 5 to 18 words in lower case, one space apart, of which the last is a full stop.
std::string draw_sentence(Index index, SentenceFactors& factors);

// The grammar as a whole.
double sentence_entropy();                              // nats a sentence, exact but for rounding
double sentence_mean_length();                          // words, the full stop included
std::uint64_t sentence_count();                         // different sentences
const std::vector<std::string>& sentence_vocabulary();  // the full stop included

struct SentenceParse {
  double log_probability;  // nats
  SentenceFactors factors;
};
// Nothing for what the grammar cannot make. Read as the `basic` tokenizer reads it: "Monday." is "monday .", as what models write is
// joined.
std::optional<SentenceParse> parse_sentence(std::string_view sentence);
std::vector<SentenceParse> sentence_derivations(std::string_view sentence);  // all: one, or none

}  // namespace elbo
