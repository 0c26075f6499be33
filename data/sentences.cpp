#include "data/sentences.h"

#include "data/sentences_rules.h"
#include "data/sentences_words.h"
#include "data/tokenizer.h"
#include "tensor/random.h"

namespace elbo {
namespace {

const WeightedGrammar& sentence_grammar() {
  static const WeightedGrammar grammar = make_sentence_grammar();
  return grammar;
}

const WeightedGrammar::Facts& sentence_facts() { return sentence_grammar().facts(); }

SentenceFactors factors_of(std::uint64_t label) {
  SentenceFactors factors;
  for (const SentenceFactor& factor : sentence_factors()) {
    factors.*factor.place = int(label % (1 << factor_bits));
    label >>= factor_bits;
  }
  return factors;
}

template <class Groups>
std::vector<std::string> names_of(const Groups& groups) {
  std::vector<std::string> names;
  for (const auto& group : groups) names.emplace_back(group.name);
  return names;
}

}  // namespace

const std::vector<SentenceFactor>& sentence_factors() {
  using F = SentenceFactors;
  static const std::vector<SentenceFactor> factors = {
      {"scene", &F::scene, names_of(scenes())},
      {"tense", &F::tense, names_of(tense_words())},
      {"aspect", &F::aspect, {"simple", "progressive", "intended"}},
      {"deed", &F::deed, names_of(verb_groups())},
      {"subject", &F::subject, {"singular", "plural"}},
      {"modifier", &F::modifier, {"none", "relative", "origin", "luggage"}},
      {"pronoun", &F::pronoun, {"none", "he", "she", "they"}},
      {"possessive", &F::possessive, {"no", "yes"}},
      {"object", &F::object, {"singular", "plural"}},
      {"place", &F::place, {"none", "first", "after"}},
      {"time", &F::time, {"none", "first", "last"}},
      {"clause", &F::clause, {"none", "subject", "object"}},
  };
  return factors;
}

std::string draw_sentence(Index index, SentenceFactors& factors) {
  std::string sentence;
  factors = factors_of(sentence_grammar().draw({0, Purpose::sentences, 0}, std::uint32_t(index), sentence).label);
  return sentence;
}

double sentence_entropy() { return sentence_facts().entropy; }
double sentence_mean_length() { return sentence_facts().mean_length; }
std::uint64_t sentence_count() { return sentence_facts().derivations; }
const std::vector<std::string>& sentence_vocabulary() { return sentence_grammar().vocabulary(); }

std::vector<SentenceParse> sentence_derivations(std::string_view sentence) {
  std::string words;
  Tokenizer().split(sentence, [&](std::string_view word) { words.append(words.empty() ? "" : " ").append(word); });
  std::vector<SentenceParse> result;
  for (const auto& derivation : sentence_grammar().parse(words))
    result.push_back({derivation.log_probability, factors_of(derivation.label)});
  return result;
}

std::optional<SentenceParse> parse_sentence(std::string_view sentence) {
  const std::vector<SentenceParse> all = sentence_derivations(sentence);
  if (all.empty()) return std::nullopt;
  return all[0];
}

}  // namespace elbo
