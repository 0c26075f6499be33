#include "data/weighted_grammar.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "tensor/error.h"

namespace elbo {
namespace {

std::uint64_t saturating_sum(std::uint64_t a, std::uint64_t b) {
  return a > std::numeric_limits<std::uint64_t>::max() - b ? std::numeric_limits<std::uint64_t>::max() : a + b;
}
std::uint64_t saturating_product(std::uint64_t a, std::uint64_t b) {
  return b != 0 && a > std::numeric_limits<std::uint64_t>::max() / b ? std::numeric_limits<std::uint64_t>::max() : a * b;
}

}  // namespace

WeightedGrammar::Node WeightedGrammar::add(Kind kind, std::vector<Item> items, std::uint32_t total, std::uint64_t starts,
                                           const Facts& facts) {
  nodes_.push_back({kind, std::uint32_t(items_.size()), std::uint32_t(items.size()), total, starts, facts});
  items_.insert(items_.end(), items.begin(), items.end());
  return Node(nodes_.size() - 1);
}

WeightedGrammar::Node WeightedGrammar::words(const WeightedWords& words) {
  std::vector<Item> items;
  std::vector<std::uint32_t> weights;
  std::uint32_t total = 0;
  for (const auto& [word, weight] : words) total += weight;
  std::uint64_t starts = 0;
  Facts facts{.derivations = words.size(), .mean_length = 1, .shortest = 1, .longest = 1};
  for (const auto& [word, weight] : words) {
    const auto [at, is_new] = numbers_.try_emplace(word, std::int32_t(vocabulary_.size()));
    if (is_new) vocabulary_.push_back(word);
    const double log_probability = std::log(double(weight) / total);
    items.push_back({at->second, weight, log_probability, 0});
    facts.entropy -= double(weight) / total * log_probability;
    starts |= std::uint64_t{1} << (at->second % 64);
  }
  std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.of < b.of; });  // as the parser looks them up
  for (std::uint32_t before = 0; Item & item : items) before += std::exchange(item.before, before);
  return add(Kind::words, std::move(items), total, starts, facts);
}

WeightedGrammar::Node WeightedGrammar::choice(std::vector<Branch> branches) {
  if (branches.size() == 1 && branches[0].label == 0) return branches[0].node;
  std::uint32_t total = 0;
  for (const Branch& branch : branches) total += branch.weight;
  std::vector<Item> items;
  std::uint64_t starts = 0;
  Facts facts{.derivations = 0, .shortest = std::numeric_limits<int>::max()};
  std::uint32_t before = 0;
  for (const Branch& branch : branches) {
    const Entry& child = nodes_[std::size_t(branch.node)];
    const double p = double(branch.weight) / total;
    items.push_back({branch.node, before, std::log(p), branch.label});
    before += branch.weight;
    starts |= child.starts;
    facts.entropy += p * (child.facts.entropy - std::log(p));
    facts.mean_length += p * child.facts.mean_length;
    facts.derivations = saturating_sum(facts.derivations, child.facts.derivations);
    facts.shortest = std::min(facts.shortest, child.facts.shortest);
    facts.longest = std::max(facts.longest, child.facts.longest);
  }
  return add(Kind::choice, std::move(items), total, starts, facts);
}

WeightedGrammar::Node WeightedGrammar::sequence(const std::vector<Node>& nodes) {
  if (nodes.size() == 1) return nodes[0];
  std::vector<Item> items;
  Facts facts;
  for (const Node node : nodes) {
    const Facts& child = nodes_[std::size_t(node)].facts;
    items.push_back({node, 0, 0, 0});
    facts.entropy += child.entropy;
    facts.derivations = saturating_product(facts.derivations, child.derivations);
    facts.mean_length += child.mean_length;
    facts.shortest += child.shortest;
    facts.longest += child.longest;
  }
  return add(Kind::sequence, std::move(items), 1, nodes_[std::size_t(nodes.at(0))].starts, facts);
}

void WeightedGrammar::start(Node node) {
  start_ = node;
  branches_.assign(vocabulary_.size(), 0);
  const Entry& entry = nodes_[std::size_t(node)];
  std::vector<std::uint64_t> marked(nodes_.size());
  if (entry.kind != Kind::choice || entry.count > 64) throw Error("a grammar starts with a choice between up to 64 branches");
  for (std::uint32_t i = 0; i < entry.count; i++) mark(items_[entry.first + i].of, std::uint64_t{1} << i, marked);
}

void WeightedGrammar::mark(Node node, std::uint64_t branch, std::vector<std::uint64_t>& marked) {
  if ((marked[std::size_t(node)] & branch) != 0) return;
  marked[std::size_t(node)] |= branch;
  const Entry& entry = nodes_[std::size_t(node)];
  for (std::uint32_t i = entry.first; i < entry.first + entry.count; i++)
    if (entry.kind == Kind::words)
      branches_[std::size_t(items_[i].of)] |= branch;
    else
      mark(items_[i].of, branch, marked);
}

// ---- drawing

class WeightedGrammar::Draws {
 public:
  Draws(const RandomKey& key, std::uint32_t example) : key_(key), example_(example) {}

  // Below `total`, all equally likely: what would make some likelier is drawn again (Lemire 2019).
  std::uint32_t below(std::uint32_t total) {
    std::uint64_t product = std::uint64_t{word()} * total;
    if (std::uint32_t(product) < total)
      for (const std::uint32_t least = (0u - total) % total; std::uint32_t(product) < least;) product = std::uint64_t{word()} * total;
    return std::uint32_t(product >> 32);
  }

 private:
  std::uint32_t word() {
    if (draw_ % 4 == 0) block_ = key_.block(example_, draw_ / 4);
    return block_[draw_++ % 4];
  }

  const RandomKey& key_;
  std::uint32_t example_, draw_ = 0;
  PhiloxBlock block_{};
};

void WeightedGrammar::draw(Node node, Draws& draws, std::string& text, Derivation& derivation) const {
  const Entry& entry = nodes_[std::size_t(node)];
  const Item *items = items_.data() + entry.first, *end = items + entry.count;
  if (entry.kind == Kind::sequence) {
    for (; items != end; items++) draw(items->of, draws, text, derivation);
    return;
  }
  const std::uint32_t drawn = draws.below(entry.total);
  const Item* item = std::upper_bound(items, end, drawn, [](std::uint32_t value, const Item& i) { return value < i.before; }) - 1;
  derivation = derivation.with(*item);
  if (entry.kind == Kind::choice) return draw(item->of, draws, text, derivation);
  if (!text.empty()) text += ' ';
  text += vocabulary_[std::size_t(item->of)];
}

WeightedGrammar::Derivation WeightedGrammar::draw(const RandomKey& key, std::uint32_t example, std::string& text) const {
  Draws draws(key, example);
  Derivation derivation;
  draw(start_, draws, text, derivation);
  return derivation;
}

// ---- parsing

// Follows every derivation from left to right for as long as it makes the words of the text.
class WeightedGrammar::Parser {
 public:
  Parser(const WeightedGrammar& grammar, const std::vector<std::int32_t>& words) : grammar_(grammar), words_(words) {}

  std::vector<Derivation> run() {
    std::uint64_t branches = ~std::uint64_t{0};  // that can make each of the words: of most sentences, very few
    for (const std::int32_t word : words_) branches &= grammar_.branches_[std::size_t(word)];
    const Item* items = grammar_.items_.data() + grammar_.nodes_[std::size_t(grammar_.start_)].first;
    for (; branches != 0 && !words_.empty(); branches &= branches - 1) {
      const Item& item = items[std::countr_zero(branches)];
      match(item.of, 0, Derivation{}.with(item), nullptr);
    }
    return std::move(found_);
  }

 private:
  // What is still to come after a node: the rest of the sequence that it stands in, then the rest of the one around that.
  struct Rest {
    const Item *next, *end;
    const Rest* around;
  };

  void match(Node node, std::size_t at, const Derivation& so_far, const Rest* rest) {
    const Entry& entry = grammar_.nodes_[std::size_t(node)];
    if (at + std::size_t(entry.facts.shortest) > words_.size() || (entry.starts >> (words_[at] % 64) & 1) == 0) return;
    const Item *items = grammar_.items_.data() + entry.first, *end = items + entry.count;
    switch (entry.kind) {
      case Kind::words:
        if (const Item* item = std::lower_bound(items, end, words_[at], [](const Item& i, std::int32_t word) { return i.of < word; });
            item != end && item->of == words_[at])
          go_on(at + 1, so_far.with(*item), rest);
        break;
      case Kind::choice:
        for (; items != end; items++) match(items->of, at, so_far.with(*items), rest);
        break;
      case Kind::sequence: {
        const Rest here{items + 1, end, rest};
        match(items->of, at, so_far, &here);
        break;
      }
    }
  }

  void go_on(std::size_t at, const Derivation& so_far, const Rest* rest) {
    while (rest != nullptr && rest->next == rest->end) rest = rest->around;
    if (rest == nullptr) {
      if (at == words_.size()) found_.push_back(so_far);
      return;
    }
    const Rest here{rest->next + 1, rest->end, rest->around};
    match(rest->next->of, at, so_far, &here);
  }

  const WeightedGrammar& grammar_;
  const std::vector<std::int32_t>& words_;
  std::vector<Derivation> found_;
};

std::vector<WeightedGrammar::Derivation> WeightedGrammar::parse(std::string_view text) const {
  const auto longest = std::size_t(facts().longest);
  std::vector<std::int32_t> words;
  std::string word;
  for (std::size_t at = text.find_first_not_of(' '); at < text.size(); at = text.find_first_not_of(' ', at)) {
    word = text.substr(at, text.find(' ', at) - at);
    at += word.size();
    const auto found = numbers_.find(word);
    if (found == numbers_.end() || words.size() == longest) return {};
    words.push_back(found->second);
  }
  return Parser(*this, words).run();
}

}  // namespace elbo
