#pragma once
// The grammar of the built-in sentences (data/sentences.h), made from its words (data/sentences_words.h).

#include "data/weighted_grammar.h"

namespace elbo {

WeightedGrammar make_sentence_grammar();

// A derivation's label holds its factors, in the order of SentenceFactors.
enum class Factor : int { scene, tense, aspect, deed, subject, modifier, pronoun, possessive, object, place, time, clause };
inline constexpr int factor_bits = 5;
template <class Value>
std::uint64_t factor_label(Factor factor, Value value) {
  return std::uint64_t(value) << (factor_bits * int(factor));
}

// Numbers of a factor's values, where the grammar has to tell them apart.
enum class Tense : int { past, present, future };
enum class Aspect : int { simple, progressive, intended };
enum class Modifier : int { none, relative, origin, luggage };
enum class Pronoun : int { none, he, she, they };
enum class Told : int { nowhere, first, last };
enum class Clause : int { none, subject, object };

}  // namespace elbo
