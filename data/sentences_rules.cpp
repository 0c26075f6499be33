#include "data/sentences_rules.h"

#include <map>

#include "data/sentences_phrases.h"

namespace elbo {
namespace {

using Node = WeightedGrammar::Node;

// Which optional parts a sentence has.
struct Plan {
  bool modified, owned;
  Told place, time;
  Clause clause;
};

// One way to make a sentence.
struct Way {
  std::uint32_t weight;
  std::uint64_t label;
  std::vector<Node> parts;
};

// No sentence can be derived in two ways. Each part is known by its first word: a preposition, a word of time, a determiner or a name,
// "who", a verb, a conjunction. No two groups that can stand in one place share a word. Where "they" may be the subject or the object, no
// word can be said of both. Verb and thing together name the scene.
class SentenceRules {
 public:
  explicit SentenceRules(WeightedGrammar& grammar) : grammar_(grammar), phrases_(grammar) {}

  Node start() {
    std::vector<WeightedGrammar::Branch> branches;
    for (int scene = 0; scene < int(scenes().size()); scene++) {
      std::vector<Way> ways;
      for (const auto& [tense, weight] : {std::pair{Tense::past, 5u}, {Tense::present, 2u}, {Tense::future, 2u}})
        add_ways(scene, tense, weight, ways);
      branches.push_back({1, choice_of_ways(ways), factor_label(Factor::scene, scene)});
    }
    return grammar_.choice(std::move(branches));
  }

 private:
  // The same as a choice between sequences, with beginnings in common made once: the parser then reads them once.
  Node choice_of_ways(const std::vector<Way>& ways, std::size_t from = 0) {
    std::map<Node, std::vector<Way>> by_part;
    for (const Way& way : ways) by_part[way.parts[from]].push_back(way);
    std::vector<WeightedGrammar::Branch> branches;
    for (const auto& [part, same] : by_part) {
      if (same.size() == 1) {
        branches.push_back(
            {same[0].weight, grammar_.sequence({same[0].parts.begin() + std::ptrdiff_t(from), same[0].parts.end()}), same[0].label});
        continue;
      }
      std::uint32_t weight = 0;
      for (const Way& way : same) weight += way.weight;
      branches.push_back({weight, grammar_.sequence({part, choice_of_ways(same, from + 1)})});
    }
    return grammar_.choice(std::move(branches));
  }

  // Which optional parts a sentence has: every combination that stays within 18 words.
  void add_ways(int scene, Tense tense, std::uint32_t tense_weight, std::vector<Way>& ways) {
    constexpr std::uint32_t fronts[] = {8, 1, 1}, endings[] = {6, 2, 1, 1}, yes_or_no[] = {4, 1};  // none, time, place; none, time, clauses
    constexpr int front_length[] = {0, 2, 3}, ending_length[] = {0, 2, 4, 3};
    for (int front = 0; front < 3; front++)
      for (int modifier = 0; modifier < 2; modifier++)
        for (int place = 0; place < 2; place++)
          for (int ending = 0; ending < 4; ending++)
            for (int owned = 0; owned < 2; owned++) {
              const int length = front_length[front] + 4 * modifier + 3 * place + ending_length[ending];
              if (length > 7 || (front == 1 && ending == 1) || (front == 2 && place == 1)) continue;
              const Plan plan{.modified = modifier == 1,
                              .owned = owned == 1,
                              .place = front == 2   ? Told::first
                                       : place == 1 ? Told::last
                                                    : Told::nowhere,
                              .time = front == 1    ? Told::first
                                      : ending == 1 ? Told::last
                                                    : Told::nowhere,
                              .clause = ending < 2 ? Clause::none : Clause(ending - 1)};
              const std::uint32_t weight = tense_weight * fronts[front] * yes_or_no[modifier] * endings[ending] * yes_or_no[owned];
              if (plan.owned || plan.clause == Clause::subject) {
                ways.push_back(way(scene, tense, plan, {false, Pronoun::he}, 3 * weight));
                ways.push_back(way(scene, tense, plan, {false, Pronoun::she}, 3 * weight));
                ways.push_back(way(scene, tense, plan, {true, Pronoun::they}, 4 * weight));
              } else {
                ways.push_back(way(scene, tense, plan, {false, Pronoun::none}, 6 * weight));
                ways.push_back(way(scene, tense, plan, {true, Pronoun::none}, 4 * weight));
              }
            }
  }

  Way way(int scene, Tense tense, const Plan& plan, const SentenceSubject& subject, std::uint32_t weight) {
    std::vector<Node> parts;
    if (plan.place == Told::first) parts.push_back(phrases_.place(scene));
    if (plan.time == Told::first) parts.push_back(phrases_.time(tense));
    parts.push_back(phrases_.subject(scene, tense, subject, plan.modified));
    const bool about_object = plan.clause == Clause::object;
    const bool place_inside = plan.place == Told::last && about_object;
    parts.push_back(phrases_.predicate(scene, tense, subject, {plan.owned, about_object, place_inside}));
    if (plan.place == Told::last && !place_inside) parts.push_back(phrases_.place(scene));
    if (plan.time == Told::last) parts.push_back(phrases_.time(tense));
    if (plan.clause == Clause::subject) parts.push_back(phrases_.subject_clause(tense, subject));
    parts.push_back(phrases_.word("."));
    return {weight,
            factor_label(Factor::tense, tense) + factor_label(Factor::subject, subject.is_plural) +
                factor_label(Factor::pronoun, subject.pronoun) + factor_label(Factor::possessive, plan.owned) +
                factor_label(Factor::place, plan.place) + factor_label(Factor::time, plan.time) + factor_label(Factor::clause, plan.clause),
            std::move(parts)};
  }

  WeightedGrammar& grammar_;
  SentencePhrases phrases_;
};

}  // namespace

WeightedGrammar make_sentence_grammar() {
  WeightedGrammar grammar;
  grammar.start(SentenceRules(grammar).start());
  return grammar;
}

}  // namespace elbo
