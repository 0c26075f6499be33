// Lists of words with their weights, and noun phrases.

#include "data/sentences_phrases.h"

#include <algorithm>
#include <cmath>

namespace elbo {
namespace {

// The r-th word of a list 1 / r^1.5 as often as the first: whole texts, which mix many lists, then follow Zipf's law.
template <class Form>
WeightedWords ranked(std::string_view list, std::uint32_t weight, Form form) {
  WeightedWords words;
  for (const EnglishWord& word : english_words(list)) {
    const double rank = double(words.size() + 1);
    words.emplace_back(form(word), weight * std::uint32_t(2520 / (rank * std::sqrt(rank))));
  }
  return words;
}

bool has_word(std::string_view list, const std::string& word) {
  const auto words = english_words(list);
  return std::any_of(words.begin(), words.end(), [&](const EnglishWord& w) { return w.base == word; });
}

}  // namespace

WeightedWords ranked_words(std::string_view list, std::uint32_t weight) {
  return ranked(list, weight, [](const EnglishWord& word) { return word.base; });
}
WeightedWords ranked_nouns(std::string_view list, bool is_plural, std::uint32_t weight) {
  return ranked(list, weight, [is_plural](const EnglishWord& noun) { return is_plural ? plural(noun) : noun.base; });
}
WeightedWords ranked_verbs(std::string_view list, VerbForm form) {
  return ranked(list, 1, [form](const EnglishWord& verb) { return verb_form(verb, form); });
}

void merge_words(WeightedWords& into, const WeightedWords& words) {
  for (const auto& word : words) {
    const auto same = std::find_if(into.begin(), into.end(), [&](const auto& w) { return w.first == word.first; });
    if (same == into.end())
      into.push_back(word);
    else
      same->second += word.second;
  }
}

std::uint32_t total_weight(const WeightedWords& words) {
  std::uint32_t sum = 0;
  for (const auto& word : words) sum += word.second;
  return sum;
}

// A determiner before words that begin with `first`; "a" has a weight of its own, and is "an" where it has to be.
WeightedGrammar::Node SentencePhrases::determined(const WeightedWords& determiners, std::uint32_t a, const WeightedWords& first,
                                                  const std::vector<Node>& rest) {
  const auto phrase = [&](Node determiner, const WeightedWords& words) {
    std::vector<Node> parts = {determiner, grammar_.words(words)};
    parts.insert(parts.end(), rest.begin(), rest.end());
    return grammar_.sequence(parts);
  };
  std::vector<WeightedGrammar::Branch> branches = {{total_weight(determiners), phrase(grammar_.words(determiners), first)}};
  if (a != 0) {
    WeightedWords with_a, with_an;
    for (const auto& word : first) (takes_an(word.first) ? with_an : with_a).push_back(word);
    std::vector<WeightedGrammar::Branch> articles;
    if (!with_a.empty()) articles.push_back({total_weight(with_a), phrase(word("a"), with_a)});
    if (!with_an.empty()) articles.push_back({total_weight(with_an), phrase(word("an"), with_an)});
    branches.push_back({a, grammar_.choice(std::move(articles))});
  }
  return grammar_.choice(std::move(branches));
}

const WeightedWords& SentencePhrases::people(int scene, const SentenceSubject& subject) {
  WeightedWords& result = people_[{scene, subject.is_plural, int(subject.pronoun)}];
  if (!result.empty()) return result;
  const SentenceLists& lists = sentence_lists();
  const std::string groups = std::string(scenes()[std::size_t(scene)].people) + " folk:3 family:2";
  const char* other = subject.pronoun == Pronoun::he ? lists.shes : subject.pronoun == Pronoun::she ? lists.hes : "";
  for_groups(groups, people_groups(), [&](const WordGroup& group, std::uint32_t weight) {
    std::string fitting;
    for (const EnglishWord& word : english_words(group.words))
      if (!has_word(other, word.base))
        fitting += (fitting.empty() ? "" : " ") + word.base + (word.irregular.empty() ? "" : "/") + word.irregular;
    merge_words(result, ranked_nouns(fitting, subject.is_plural, weight));
  });
  return result;
}

WeightedWords SentencePhrases::manners(int scene) {
  WeightedWords result;
  for_groups(scenes()[std::size_t(scene)].manners, manner_groups(),
             [&](const WordGroup& group, std::uint32_t weight) { merge_words(result, ranked_words(group.words, weight)); });
  return result;
}

WeightedGrammar::Node SentencePhrases::subject(int scene, Tense tense, const SentenceSubject& subject, bool modified) {
  const int pronoun = subject.is_plural ? 0 : int(subject.pronoun);
  return once({0, scene, modified ? int(tense) : 0, subject.is_plural, pronoun, modified}, [&] {
    const SentenceLists& lists = sentence_lists();
    const WeightedWords determiners =
        subject.is_plural ? WeightedWords{{"the", 6}, {"two", 1}, {"some", 1}, {"three", 1}} : WeightedWords{{"the", 6}};
    const std::uint32_t a = subject.is_plural ? 0 : 2;
    const WeightedWords persons = people(scene, subject);
    std::vector<Node> rest, noun_and_rest = {grammar_.words(persons)};
    if (modified) rest.push_back(modifier(scene, tense, subject.is_plural));
    noun_and_rest.insert(noun_and_rest.end(), rest.begin(), rest.end());
    std::vector<WeightedGrammar::Branch> branches = {{4, determined(determiners, a, persons, rest)},
                                                     {2, determined(determiners, a, manners(scene), noun_and_rest)}};
    if (!modified) {
      WeightedWords names;
      if (subject.pronoun != Pronoun::she) merge_words(names, ranked_words(lists.men));
      if (subject.pronoun != Pronoun::he) merge_words(names, ranked_words(lists.women));
      branches.push_back({4, subject.is_plural ? grammar_.sequence({grammar_.words(ranked_words(lists.women)), word("and"),
                                                                    grammar_.words(ranked_words(lists.men))})
                                               : grammar_.words(names)});
    }
    return grammar_.choice(std::move(branches));
  });
}

WeightedGrammar::Node SentencePhrases::modifier(int scene, Tense tense, bool is_plural) {
  return once({1, scene, int(tense), is_plural}, [&] {
    const SentenceLists& lists = sentence_lists();
    const VerbForm form = tense == Tense::past ? VerbForm::past : is_plural ? VerbForm::base : VerbForm::third;
    WeightedWords names = ranked_words(lists.women);
    merge_words(names, ranked_words(lists.men));
    const auto persons = [&](bool many) { return grammar_.words(people(scene, {many, Pronoun::none})); };
    const Node whom = grammar_.choice({{1, grammar_.words(names)},
                                       {1, grammar_.sequence({word("the"), persons(false)})},
                                       {1, grammar_.sequence({word("the"), persons(true)})}});
    const Node luggage =
        grammar_.choice({{1, grammar_.words(ranked_nouns(lists.luggage, false))}, {1, grammar_.words(ranked_nouns(lists.luggage, true))}});
    return grammar_.choice(
        {{2, grammar_.sequence({word("who"), grammar_.words(ranked_verbs(lists.bonds, form)), whom}),
          factor_label(Factor::modifier, Modifier::relative)},
         {1, grammar_.sequence({word("from"), word("the"), grammar_.words(ranked_words(lists.origins))}),
          factor_label(Factor::modifier, Modifier::origin)},
         {1, grammar_.sequence({word("with"), word("the"), luggage}), factor_label(Factor::modifier, Modifier::luggage)}});
  });
}

WeightedGrammar::Node SentencePhrases::object(int scene, const ThingGroup& things, bool is_plural, const SentenceSubject& subject,
                                              bool owned, bool described) {
  const auto of_things = int(&things - thing_groups().data());
  const int owner = owned ? int(subject.pronoun) : 0;
  const bool are_people = things.adjectives[0] == '\0';
  return once({2, are_people ? scene : 0, of_things, is_plural, owner, described}, [&] {
    constexpr const char* possessives[] = {"", "his", "her", "their"};
    const WeightedWords determiners = owned       ? WeightedWords{{possessives[owner], 1}}
                                      : is_plural ? WeightedWords{{"the", 6}, {"some", 2}, {"two", 1}, {"three", 1}, {"many", 1}}
                                                  : WeightedWords{{"the", 6}, {"another", 1}, {"that", 1}};
    const std::uint32_t a = owned || is_plural ? 0 : 3;
    const WeightedWords heads = ranked_nouns(things.nouns, is_plural);
    const Node bare = determined(determiners, a, heads, {});
    if (!described) return bare;
    return grammar_.choice(
        {{2, bare}, {1, determined(determiners, a, are_people ? manners(scene) : adjectives(things), {grammar_.words(heads)})}});
  });
}

WeightedWords SentencePhrases::adjectives(const ThingGroup& things) {
  WeightedWords result;
  for (const EnglishWord& name : english_words(things.adjectives))
    merge_words(result, ranked_words(adjective_groups()[std::size_t(group_number(adjective_groups(), name.base))].words));
  return result;
}

}  // namespace elbo
