// What the subject does, where, when and why.

#include "data/sentences_phrases.h"

namespace elbo {
namespace {

const char* form_of_be(Tense tense, bool is_plural) {
  return tense == Tense::past ? (is_plural ? "were" : "was") : (is_plural ? "are" : "is");
}

}  // namespace

SentencePhrases::SentencePhrases(WeightedGrammar& grammar) : grammar_(grammar) {
  for (const ThingGroup& things : thing_groups())
    for (const EnglishWord& deed : english_words(things.deeds)) {  // verbs:scene:weight
      const std::size_t at = deed.base.find(':'), then = deed.base.find(':', at + 1);
      deeds_[group_number(scenes(), deed.base.substr(at + 1, then - at - 1))].push_back(
          {group_number(verb_groups(), deed.base.substr(0, at)), &things, std::uint32_t(std::stoul(deed.base.substr(then + 1)))});
    }
}

WeightedGrammar::Node SentencePhrases::word(const char* text) {
  const auto [at, is_new] = words_.try_emplace(text, 0);
  if (is_new) at->second = grammar_.words({{text, 1}});
  return at->second;
}

WeightedGrammar::Node SentencePhrases::predicate(int scene, Tense tense, const SentenceSubject& subject, const Predicate& what) {
  return once({3, scene, int(tense), subject.is_plural, what.owned ? int(subject.pronoun) : 0, what.about_object, what.place_inside}, [&] {
    const SentenceLists& lists = sentence_lists();
    const VerbForm form = tense == Tense::past                          ? VerbForm::past
                          : tense == Tense::future || subject.is_plural ? VerbForm::base
                                                                        : VerbForm::third;
    const Node adverb = grammar_.words(ranked_words(lists.adverbs));
    std::vector<Node> before;
    if (tense == Tense::future) before.push_back(word("will"));
    const auto with_adverb = [&](std::vector<Node> parts, VerbForm of_verb) {
      parts.push_back(deed(scene, tense, subject, what, of_verb));
      const Node plain = grammar_.sequence(parts);
      parts.insert(parts.end() - 1, adverb);
      return grammar_.choice({{3, plain}, {1, grammar_.sequence(parts)}});
    };
    const Node simple = with_adverb(before, form);
    std::vector<Node> intended = before;
    before.push_back(word(tense == Tense::future ? "be" : form_of_be(tense, subject.is_plural)));
    const Node progressive = with_adverb(before, VerbForm::gerund);
    intended.insert(intended.end(), {grammar_.words(ranked_verbs(lists.wishes, form)), word("to")});
    intended.push_back(deed(scene, tense, subject, what, VerbForm::base));
    return grammar_.choice({{6, simple, factor_label(Factor::aspect, Aspect::simple)},
                            {2, progressive, factor_label(Factor::aspect, Aspect::progressive)},
                            {1, grammar_.sequence(intended), factor_label(Factor::aspect, Aspect::intended)}});
  });
}

WeightedGrammar::Node SentencePhrases::deed(int scene, Tense tense, const SentenceSubject& subject, const Predicate& what, VerbForm form) {
  const int clause = what.about_object ? 1 + 2 * int(tense) + what.place_inside : 0;
  return once({4, scene, what.owned ? int(subject.pronoun) : 0, clause, int(form)}, [&] {
    std::vector<WeightedGrammar::Branch> branches;
    for (const Deed& deed : deeds_[scene]) {
      if (what.about_object && deed.things->adjectives[0] == '\0') continue;  // of people, it would be taken to be about the subject
      const auto one_or_many = [&](bool many) {
        const Node thing = object(scene, *deed.things, many, subject, what.owned, !what.about_object);
        if (!what.about_object) return thing;
        const Node clause_about_it = object_clause(tense, *deed.things, many);
        return what.place_inside ? grammar_.sequence({thing, place(scene), clause_about_it}) : grammar_.sequence({thing, clause_about_it});
      };
      const Node objects = grammar_.choice({{1, one_or_many(false)}, {1, one_or_many(true), factor_label(Factor::object, 1)}});
      branches.push_back({deed.weight, grammar_.sequence({verb(deed.verbs, form), objects}), factor_label(Factor::deed, deed.verbs)});
    }
    return grammar_.choice(std::move(branches));
  });
}

WeightedGrammar::Node SentencePhrases::verb(int group, VerbForm form) {
  return once({9, group, int(form)}, [&] { return grammar_.words(ranked_verbs(verb_groups()[std::size_t(group)].words, form)); });
}

WeightedGrammar::Node SentencePhrases::place(int scene) {
  return once({5, scene}, [&] {
    std::vector<WeightedGrammar::Branch> branches;
    for_groups(scenes()[std::size_t(scene)].places, place_groups(), [&](const PlaceGroup& group, std::uint32_t weight) {
      branches.push_back({weight, grammar_.sequence({grammar_.words(ranked_words(group.prepositions)), word("the"),
                                                     grammar_.words(ranked_words(group.nouns))})});
    });
    return grammar_.choice(std::move(branches));
  });
}

WeightedGrammar::Node SentencePhrases::time(Tense tense) {
  return once({6, int(tense)}, [&] {
    const TenseWords& words = tense_words()[std::size_t(tense)];
    return grammar_.choice({{1, grammar_.words(ranked_words(words.times))},
                            {1, grammar_.sequence({word(words.determiner), grammar_.words(ranked_words(words.units))})}});
  });
}

WeightedGrammar::Node SentencePhrases::subject_clause(Tense tense, const SentenceSubject& subject) {
  return once({7, int(tense), int(subject.pronoun)}, [&] {
    constexpr const char* pronouns[] = {"", "he", "she", "they"};
    const SentenceLists& lists = sentence_lists();
    const Node who = word(pronouns[int(subject.pronoun)]);
    const VerbForm form = tense == Tense::past ? VerbForm::past : subject.is_plural ? VerbForm::base : VerbForm::third;
    return grammar_.choice(
        {{1, grammar_.sequence({reason(), who, word(form_of_be(tense, subject.is_plural)), grammar_.words(ranked_words(lists.states))})},
         {1, grammar_.sequence(
                 {grammar_.words({{"while", 3}, {"before", 2}, {"after", 1}}), who, grammar_.words(ranked_verbs(lists.pastimes, form))})}});
  });
}

WeightedGrammar::Node SentencePhrases::object_clause(Tense tense, const ThingGroup& things, bool is_plural) {
  return once({8, int(tense), int(&things - thing_groups().data()), is_plural}, [&] {
    const std::string first = english_words(things.adjectives)[0].base;
    const char* said = adjective_groups()[std::size_t(group_number(adjective_groups(), first))].words;
    return grammar_.sequence(
        {reason(), word(is_plural ? "they" : "it"), word(form_of_be(tense, is_plural)), grammar_.words(ranked_words(said))});
  });
}

WeightedGrammar::Node SentencePhrases::reason() { return grammar_.words({{"because", 3}, {"although", 1}}); }

}  // namespace elbo
