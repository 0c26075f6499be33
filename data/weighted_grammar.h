#pragma once
// Finite grammars with integer weights: drawn from, counted, measured and parsed by one and the same tables.
//
// A node is a set of words, a choice between nodes, or a sequence of nodes; each is made of nodes that exist, so that there is no
// recursion and everything about a node (entropy, number of derivations, lengths) is known when it is made. A derivation carries a label:
// the sum of the labels of the branches taken, in which each branch sets bits of its own.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tensor/random.h"

namespace elbo {

using WeightedWords = std::vector<std::pair<std::string, std::uint32_t>>;

class WeightedGrammar {
 public:
  using Node = std::int32_t;
  struct Branch {
    std::uint32_t weight;
    Node node;
    std::uint64_t label = 0;
  };
  struct Facts {
    double entropy = 0;             // of the derivation, nats
    std::uint64_t derivations = 1;  // stays at 2^64 - 1 once it would be more
    double mean_length = 0;         // words
    int shortest = 0, longest = 0;
  };
  struct Derivation {
    double log_probability = 0;  // nats
    std::uint64_t label = 0;

    // One step further.
    template <class Step>
    Derivation with(const Step& step) const {
      return {log_probability + step.log_probability, label + step.label};
    }
  };

  Node words(const WeightedWords& words);  // each once
  Node choice(std::vector<Branch> branches);
  Node sequence(const std::vector<Node>& nodes);
  // Where draws and parses begin, when everything is made. A choice between up to 64 branches (throws Error for anything else): what
  // words each can make tells the parser which to try.
  void start(Node node);

  const Facts& facts() const { return nodes_[std::size_t(start_)].facts; }
  const std::vector<std::string>& vocabulary() const { return vocabulary_; }

  // Appends the words, each after a space but for the first of `text`. Every choice has exactly the probabilities that
  // its weights say.
  Derivation draw(const RandomKey& key, std::uint32_t example, std::string& text) const;
  // Every derivation of a text.
  std::vector<Derivation> parse(std::string_view text) const;

 private:
  enum class Kind : std::uint8_t { words, choice, sequence };
  struct Item {
    std::int32_t of;       // word or node
    std::uint32_t before;  // sum of the weights before it
    double log_probability;
    std::uint64_t label;
  };
  struct Entry {
    Kind kind;
    std::uint32_t first, count;  // its items
    std::uint32_t total;         // sum of its weights
    std::uint64_t starts;        // bit w % 64 for each word w that it can start with
    Facts facts;
  };
  class Draws;
  class Parser;

  Node add(Kind kind, std::vector<Item> items, std::uint32_t total, std::uint64_t starts, const Facts& facts);
  void mark(Node node, std::uint64_t branch, std::vector<std::uint64_t>& marked);
  void draw(Node node, Draws& draws, std::string& text, Derivation& derivation) const;

  std::vector<Entry> nodes_;
  std::vector<Item> items_;
  std::vector<std::string> vocabulary_;
  std::unordered_map<std::string, std::int32_t> numbers_;  // of the words
  Node start_ = 0;
  std::vector<std::uint64_t> branches_;  // of each word: bit b where it can stand in branch b of the start
};

}  // namespace elbo
