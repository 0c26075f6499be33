#include <cmath>
#include <map>

#include "data/english.h"
#include "data/weighted_grammar.h"
#include "tests/support.h"

using namespace elbo;

namespace {

// a (b | c) d?, where c d can also be made as one of two.
WeightedGrammar ambiguous() {
  WeightedGrammar g;
  const auto d = g.words({{"d", 1}}), middle = g.words({{"b", 1}, {"c", 2}}), a = g.words({{"a", 1}});
  const auto open = g.sequence({a, middle}), closed = g.sequence({a, middle, d}),
             twice = g.sequence({g.words({{"a", 3}, {"e", 1}}), g.words({{"c", 1}}), d});
  g.start(g.choice({{1, open, 1}, {2, closed, 2}, {3, twice, 4}}));
  return g;
}

}  // namespace

TEST_CASE("a grammar knows its numbers exactly, and finds every derivation") {
  const WeightedGrammar g = ambiguous();
  CHECK(g.vocabulary() == std::vector<std::string>{"d", "b", "c", "a", "e"});
  CHECK(g.facts().derivations == 6);
  CHECK(g.facts().shortest == 2);
  CHECK(g.facts().longest == 3);
  CHECK(g.facts().mean_length == doctest::Approx(2 + 5.0 / 6));
  double entropy = 0;
  for (const double p : {1 / 18.0, 2 / 18.0, 2 / 18.0, 4 / 18.0, 3 / 8.0, 1 / 8.0}) entropy -= p * std::log(p);
  CHECK(g.facts().entropy == doctest::Approx(entropy).epsilon(1e-14));

  const auto both = g.parse("a c d");
  REQUIRE(both.size() == 2);
  CHECK(both[0].label == 2);
  CHECK(both[0].log_probability == doctest::Approx(std::log(4 / 18.0)).epsilon(1e-14));
  CHECK(both[1].label == 4);
  CHECK(both[1].log_probability == doctest::Approx(std::log(3 / 8.0)).epsilon(1e-14));
  CHECK(g.parse("  a   b ").size() == 1);
  for (const char* no : {"", " ", "a", "a d", "a b d d", "b a", "a x", "A b", "ab", "a\tb", "a b c d a b c d"}) CHECK(g.parse(no).empty());
  CHECK(elbo::testing::error_of([] {
          WeightedGrammar none;
          none.start(none.words({{"a", 1}}));
        }) != "");
}

TEST_CASE("what a grammar draws has the probabilities that its weights say") {
  const WeightedGrammar g = ambiguous();
  constexpr int draws = 72000;
  std::map<std::pair<std::string, std::uint64_t>, int> seen;
  for (std::uint32_t i = 0; i < draws; i++) {
    std::string text;
    const std::uint64_t label = g.draw({1, Purpose::test, 7}, i, text).label;
    seen[{text, label}]++;
  }
  CHECK(seen.size() == 6);
  for (const auto& [what, n] : seen) {
    double p = 0;
    for (const auto& derivation : g.parse(what.first))
      if (derivation.label == what.second) p = std::exp(derivation.log_probability);
    CHECK(std::abs(n - draws * p) < 4 * std::sqrt(draws * p * (1 - p)));
  }
}

TEST_CASE("forms of English words") {
  const auto noun = [](const char* word) { return plural(english_words(word)[0]); };
  CHECK(noun("net") == "nets");
  CHECK(noun("box") == "boxes");
  CHECK(noun("branch") == "branches");
  CHECK(noun("lily") == "lilies");
  CHECK(noun("toy") == "toys");
  CHECK(noun("child/children") == "children");
  const auto verb = [](const char* word) {
    std::string forms;
    for (const VerbForm form : {VerbForm::base, VerbForm::third, VerbForm::past, VerbForm::gerund})
      forms += verb_form(english_words(word)[0], form) + " ";
    return forms;
  };
  CHECK(verb("mend") == "mend mends mended mending ");
  CHECK(verb("carry") == "carry carries carried carrying ");
  CHECK(verb("enjoy") == "enjoy enjoys enjoyed enjoying ");
  CHECK(verb("scrub") == "scrub scrubs scrubbed scrubbing ");
  CHECK(verb("open") == "open opens opened opening ");
  CHECK(verb("repair") == "repair repairs repaired repairing ");
  CHECK(verb("wipe") == "wipe wipes wiped wiping ");
  CHECK(verb("fix") == "fix fixes fixed fixing ");
  CHECK(verb("write/wrote") == "write writes wrote writing ");
  CHECK(takes_an("apple"));
  CHECK(takes_an("honest"));
  CHECK(!takes_an("useful"));
  CHECK(!takes_an("horse"));
}
