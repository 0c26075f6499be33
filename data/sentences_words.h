#pragma once
// The words of the built-in sentences (data/sentences.h), in groups that the scenes share.
//
// Words of a list stand in the order of their frequency: the one at place k (from 0) has a weight in proportion to 1 / (k + 1). No verb
// stands in two groups, nor does a thing; what is done to which thing tells the scene.

#include <span>

namespace elbo {

struct WordGroup {
  const char *name, *words;
};

struct PlaceGroup {
  const char *name, *prepositions, *nouns;
};

// Things (or people) that something is done to.
struct ThingGroup {
  const char *name, *nouns;
  const char*
      adjectives;     // groups; what is said of the thing in a clause of its own is of the first. Empty: people, described by their scene
  const char* deeds;  // "clean:kitchen": in the kitchen such things are washed. A deed names one scene, and only once
};

// Groups with their weights: "sailors:8 traders:3".
struct Scene {
  const char *name, *people, *manners, *places;
};

// When: "yesterday", or "last" before "week".
struct TenseWords {
  const char *name, *times, *units, *determiner;
};

std::span<const Scene> scenes();
std::span<const ThingGroup> thing_groups();
std::span<const WordGroup> verb_groups();       // what the subject does
std::span<const WordGroup> people_groups();     // subjects
std::span<const WordGroup> manner_groups();     // adjectives of people
std::span<const WordGroup> adjective_groups();  // adjectives of things
std::span<const PlaceGroup> place_groups();
std::span<const TenseWords> tense_words();

// Lists by themselves.
struct SentenceLists {
  const char *women, *men;        // names
  const char *hes, *shes;         // nouns of people that are one or the other; the others are either
  const char *adverbs, *wishes;   // slowly; want (to)
  const char *bonds, *origins;    // who know ...; from the ...
  const char* luggage;            // with the ...
  const char *states, *pastimes;  // because she was hungry; while she waited
};
const SentenceLists& sentence_lists();

}  // namespace elbo
