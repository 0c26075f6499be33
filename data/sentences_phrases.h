#pragma once
// The parts of a built-in sentence as nodes of its grammar: who does what to which thing, where, when and why.

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "data/english.h"
#include "data/sentences_rules.h"
#include "data/sentences_words.h"
#include "tensor/error.h"

namespace elbo {

// Lists of words with their weights.
WeightedWords ranked_words(std::string_view list, std::uint32_t weight = 1);
WeightedWords ranked_nouns(std::string_view list, bool is_plural, std::uint32_t weight = 1);
WeightedWords ranked_verbs(std::string_view list, VerbForm form);
void merge_words(WeightedWords& into, const WeightedWords& words);  // a word of both has both weights
std::uint32_t total_weight(const WeightedWords& words);

// Number of the group with a name; throws Error where there is none.
template <class Groups>
int group_number(const Groups& groups, std::string_view name) {
  for (int i = 0; i < int(groups.size()); i++)
    if (groups[std::size_t(i)].name == name) return i;
  throw Error("the sentences have no group '" + std::string(name) + "'");
}

// Calls f(group, weight) for the groups of "looks:2 moods:1".
template <class Groups, class F>
void for_groups(std::string_view list, const Groups& groups, F&& f) {
  for (const EnglishWord& item : english_words(list)) {
    const std::size_t colon = item.base.find(':');
    const auto& group = groups[std::size_t(group_number(groups, item.base.substr(0, colon)))];
    f(group, std::uint32_t(std::stoul(item.base.substr(colon + 1))));
  }
}

// Who the subject is, as far as other words agree with it. Without a pronoun nothing tells he from she.
struct SentenceSubject {
  bool is_plural;
  Pronoun pronoun;
};

// What belongs to verb and object.
struct Predicate {
  bool owned;         // the object is the subject's
  bool about_object;  // a clause about the object
  bool place_inside;  // the place, before that clause
};

class SentencePhrases {
 public:
  using Node = WeightedGrammar::Node;

  explicit SentencePhrases(WeightedGrammar& grammar);

  Node word(const char* text);
  Node place(int scene);
  Node time(Tense tense);
  Node subject(int scene, Tense tense, const SentenceSubject& subject, bool modified);
  Node predicate(int scene, Tense tense, const SentenceSubject& subject, const Predicate& what);
  Node subject_clause(Tense tense, const SentenceSubject& subject);

 private:
  struct Deed {
    int verbs;
    const ThingGroup* things;
    std::uint32_t weight;
  };

  Node determined(const WeightedWords& determiners, std::uint32_t a, const WeightedWords& first, const std::vector<Node>& rest);
  const WeightedWords& people(int scene, const SentenceSubject& subject);
  WeightedWords manners(int scene);
  WeightedWords adjectives(const ThingGroup& things);
  Node modifier(int scene, Tense tense, bool is_plural);
  Node object(int scene, const ThingGroup& things, bool is_plural, const SentenceSubject& subject, bool owned, bool described);
  Node deed(int scene, Tense tense, const SentenceSubject& subject, const Predicate& what, VerbForm form);
  Node verb(int group, VerbForm form);
  Node object_clause(Tense tense, const ThingGroup& things, bool is_plural);
  Node reason();

  // The node made for a key the first time.
  template <class Make>
  Node once(const std::array<int, 7>& key, Make&& make) {
    const auto found = made_.find(key);
    return found != made_.end() ? found->second : made_[key] = make();
  }

  WeightedGrammar& grammar_;
  std::map<int, std::vector<Deed>> deeds_;  // of each scene
  std::map<std::array<int, 7>, Node> made_;
  std::map<std::string, Node> words_;
  std::map<std::array<int, 3>, WeightedWords> people_;
};

}  // namespace elbo
