#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "data/checksum.h"
#include "data/english.h"
#include "data/sentences.h"
#include "data/sentences_rules.h"
#include "data/sentences_words.h"

using namespace elbo;

namespace {

constexpr Index everything = sentences_train + sentences_valid + sentences_test;

struct Drawn {
  std::vector<std::string> sentences;
  std::vector<SentenceFactors> factors;
};
const WeightedGrammar& grammar() {
  static const WeightedGrammar made = make_sentence_grammar();
  return made;
}

const Drawn& drawn() {
  static const Drawn all = [] {
    Drawn d;
    d.sentences.resize(std::size_t(everything)), d.factors.resize(std::size_t(everything));
    for (std::size_t i = 0; i < d.sentences.size(); i++) d.sentences[i] = draw_sentence(Index(i), d.factors[i]);
    return d;
  }();
  return all;
}

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  for (const EnglishWord& word : english_words(text)) words.push_back(word.base);
  return words;
}

using Counts = std::unordered_map<std::string, std::array<int, sentence_scenes>>;
// How often each word stands in the training sentences of each scene.
const Counts& counts() {
  static const Counts all = [] {
    Counts c;
    for (std::size_t i = 0; i < std::size_t(sentences_train); i++)
      for (const std::string& word : words_of(drawn().sentences[i])) c[word][std::size_t(drawn().factors[i].scene)]++;
    return c;
  }();
  return all;
}

}  // namespace

TEST_CASE("the sentences are the same everywhere") {
  std::string all;
  for (const std::string& sentence : drawn().sentences) all += sentence + "\n";
  // Golden: whoever changes a word or a weight changes this, and makes every recorded result another one.
  CHECK(xxh64(all.data(), all.size()) == 3160366341189470100u);
  SentenceFactors factors;
  for (const Index index : {59999, 0, 777}) {
    CHECK(draw_sentence(index, factors) == drawn().sentences[std::size_t(index)]);
    CHECK(factors == drawn().factors[std::size_t(index)]);
  }
}

TEST_CASE("a sentence has 5 to 18 words in lower case, one space apart, and ends in a full stop") {
  std::size_t least = 99, most = 0, total = 0, wrong = 0;
  for (const std::string& sentence : drawn().sentences) {
    const std::size_t words = std::size_t(std::count(sentence.begin(), sentence.end(), ' ')) + 1;
    least = std::min(least, words), most = std::max(most, words), total += words;
    const std::string_view body = std::string_view(sentence).substr(0, sentence.size() - 2);
    wrong += sentence.substr(body.size()) != " ." || body.find("  ") != body.npos || body[0] == ' ' || body.back() == ' ' ||
             body.find_first_not_of(" abcdefghijklmnopqrstuvwxyz") != body.npos;
  }
  CHECK(wrong == 0);
  CHECK(least == 5);
  CHECK(most == 18);
  CHECK(grammar().facts().longest == 18);
  CHECK(double(total) / double(everything) == doctest::Approx(sentence_mean_length()).epsilon(0.005));
  CHECK(sentence_mean_length() == doctest::Approx(10.39).epsilon(0.01));
}

TEST_CASE("every sentence has one derivation, with the factors and the probability that it was drawn with") {
  int wrong = 0;
  for (std::uint32_t i = 0; i < 20000; i++) {
    std::string sentence;
    const double log_probability = grammar().draw({0, Purpose::sentences, 0}, i, sentence).log_probability;
    const auto found = sentence_derivations(sentence);
    wrong += found.size() != 1 || !(found[0].factors == drawn().factors[i]) || std::abs(found[0].log_probability - log_probability) > 1e-9;
  }
  CHECK(wrong == 0);
  // Neither have their neighbours, of which a few are sentences: one word is another.
  int sentences = 0, twice = 0;
  const auto& vocabulary = sentence_vocabulary();
  const RandomKey key{1, Purpose::test, 3};
  for (std::uint32_t i = 0; i < 2000; i++) {
    std::vector<std::string> words = words_of(drawn().sentences[i]);
    words[key.word(i, 0) % words.size()] = vocabulary[key.word(i, 1) % vocabulary.size()];
    std::string sentence;
    for (const std::string& word : words) sentence += word + " ";
    const std::size_t found = sentence_derivations(sentence).size();
    sentences += found > 0, twice += found > 1;
  }
  CHECK(twice == 0);
  CHECK(sentences > 5);
  CHECK(sentences < 500);
}

TEST_CASE("the entropy is that of the sentences drawn") {
  CHECK(grammar().facts().entropy == sentence_entropy());
  constexpr int draws = 200000;
  double sum = 0, squares = 0;
  for (std::uint32_t i = 0; i < draws; i++) {
    std::string sentence;
    const double nats = -grammar().draw({1, Purpose::test, 5}, i, sentence).log_probability;
    sum += nats, squares += nats * nats;
  }
  const double mean = sum / draws, error = std::sqrt((squares / draws - mean * mean) / draws);
  MESSAGE("entropy " << sentence_entropy() << " nats, of sentences drawn " << mean << " +- " << error << "; " << sentence_count()
                     << " sentences of " << sentence_vocabulary().size() << " words");
  CHECK(std::abs(mean - sentence_entropy()) < 4 * error);
  CHECK(sentence_entropy() == doctest::Approx(22.21971834).epsilon(1e-8));
  CHECK(sentence_count() == 256067722173120u);
}

TEST_CASE("words are as frequent as in text, and few test sentences stand in the training part") {
  CHECK(sentence_vocabulary().size() >= 800);
  CHECK(sentence_vocabulary().size() <= 1500);
  std::vector<int> frequencies;
  for (const std::string& word : sentence_vocabulary()) {
    const auto found = counts().find(word);
    REQUIRE(found != counts().end());
    int n = 0;
    for (const int of_scene : found->second) n += of_scene;
    frequencies.push_back(n);
  }
  CHECK(counts().size() == frequencies.size());
  std::sort(frequencies.rbegin(), frequencies.rend());
  CHECK(frequencies.back() >= 2);
  // Zipf's law: frequency in inverse proportion to rank.
  double n = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (int rank = 5; rank <= 500; rank++) {
    const double log_rank = std::log(rank), log_frequency = std::log(frequencies[std::size_t(rank - 1)]);
    n++, x += log_rank, y += log_frequency, xx += log_rank * log_rank, xy += log_rank * log_frequency;
  }
  const double slope = (n * xy - x * y) / (n * xx - x * x);
  MESSAGE("slope of log frequency over log rank: " << slope);
  CHECK(slope > -1.3);
  CHECK(slope < -0.7);

  const auto test = drawn().sentences.end() - sentences_test;
  const std::unordered_set<std::string> train(drawn().sentences.begin(), drawn().sentences.begin() + sentences_train);
  const auto seen = std::count_if(test, drawn().sentences.end(), [&](const std::string& s) { return train.count(s) != 0; });
  MESSAGE(seen << " test sentences stand in the training part");
  CHECK(seen < sentences_test / 100);
}

TEST_CASE("verb and thing tell the scene, no word by itself tells it surely") {
  // Each form of a verb, and each thing, is of one group: so is a deed, which names one scene.
  std::map<std::string, std::string> verb_of, thing_of, adjective_of;
  for (const WordGroup& group : verb_groups())
    for (const EnglishWord& verb : english_words(group.words))
      for (const VerbForm form : {VerbForm::base, VerbForm::third, VerbForm::past, VerbForm::gerund})
        CHECK_MESSAGE(verb_of.emplace(verb_form(verb, form), group.name).second, verb.base);
  std::set<std::string> deeds, busy;
  std::size_t total = 0;
  for (const ThingGroup& group : thing_groups()) {
    for (const EnglishWord& noun : english_words(group.nouns)) {
      CHECK_MESSAGE(thing_of.emplace(noun.base, group.name).second, noun.base);
      CHECK_MESSAGE(thing_of.emplace(plural(noun), group.name).second, noun.base);
    }
    for (const EnglishWord& deed : english_words(group.deeds)) {
      const std::size_t colon = deed.base.find(':');
      deeds.insert(deed.base.substr(0, colon) + " " + group.name), total++;
      busy.insert(deed.base.substr(colon + 1, deed.base.rfind(':') - colon - 1));
    }
  }
  CHECK(deeds.size() == total);
  CHECK(busy.size() == std::size_t(sentence_scenes));
  CHECK(scenes().size() == std::size_t(sentence_scenes));
  // "because they were late": the people; "dusty": the things.
  for (const WordGroup& group : adjective_groups())
    for (const std::string& word : words_of(group.words)) CHECK_MESSAGE(adjective_of.emplace(word, group.name).second, word);
  for (const std::string& state : words_of(sentence_lists().states)) CHECK(adjective_of.count(state) == 0);
  std::set<std::string> places;
  for (const PlaceGroup& group : place_groups())
    for (const std::string& preposition : words_of(group.prepositions))
      for (const std::string& noun : words_of(group.nouns)) CHECK(places.insert(preposition + " " + noun).second);

  // The word that says most of the scene, going by the training part, is wrong about more than a quarter of the test part.
  int right = 0;
  for (std::size_t i = drawn().sentences.size() - std::size_t(sentences_test); i < drawn().sentences.size(); i++) {
    double best = 0;
    int guess = 0;
    for (const std::string& word : words_of(drawn().sentences[i])) {
      const auto& of_scenes = counts().at(word);
      const auto most = std::max_element(of_scenes.begin(), of_scenes.end());
      double n = 0;
      for (const int of_scene : of_scenes) n += of_scene;
      if (*most / n > best) best = *most / n, guess = int(most - of_scenes.begin());
    }
    right += guess == drawn().factors[i].scene;
  }
  MESSAGE("scene told by the best word: " << double(right) / sentences_test);
  CHECK(right < sentences_test * 3 / 4);
}

TEST_CASE("words agree over distance, and pronouns with what they stand for") {
  const auto names_of = [](const char* sentence) {
    std::string names;
    if (const auto found = parse_sentence(sentence))
      for (const SentenceFactor& factor : sentence_factors()) names += factor.values[std::size_t(found->factors.*factor.place)] + " ";
    return names;
  };
  CHECK(names_of("the fishermen who knew anna were carefully mending their torn nets near the harbour .") ==
        "harbour past progressive mend plural relative they yes plural after none none ");
  CHECK(names_of("  in the kitchen a   waiter cooks the pie because he is hungry .  ") ==
        "kitchen present simple cook singular none he no singular first none subject ");
  CHECK(names_of("tomorrow the nurse with the bags will want to visit her patient .") ==
        "hospital future intended greet singular luggage she yes singular none first none ");
  CHECK(names_of("ruth and tom packed the nets under the oak although they were rusty .") ==
        "camp past simple pack plural none none no plural after none object ");
  CHECK(names_of("ruth and tom packed the nets under the oak although they were ill .") ==
        "camp past simple pack plural none they no plural after none subject ");
  CHECK(names_of("the tourist helped a guest .") != "");

  for (const char* wrong : {
           "the fishermen who knew anna was carefully mending their torn nets near the harbour .",  // number of the subject
           "the fishermen who knows anna are carefully mending their torn nets near the harbour .",
           "the fishermen who knew anna were carefully mending his torn nets near the harbour .",
           "the fisherman who knew anna was carefully mending her torn nets near the harbour .",
           "in the kitchen a waiter cooks the pie because she is hungry .",
           "in the kitchen a waiter cooked the pie because he is hungry .",  // tense
           "yesterday the nurse with the bags will want to visit her patient .",
           "ruth and tom packed the net under the oak although they were rusty .",
           "ruth and tom packed the nets under the oak although it was rusty .",
           "the tourist helped an guest .",
           "the nurse mended the nets with a song .",  // no such words
           "the nurse mended the pilgrims .",          // no such deed
           "the tourist helped a guest",
           "the tourist helped a guest . .",
       }) {
    CAPTURE(wrong);
    CHECK(!parse_sentence(wrong));
  }
  for (const char* wrong : {"tourist the helped a guest .", "", "  ", ".", "\n\xff"}) CHECK(!parse_sentence(wrong));
  for (const char* written : {"The tourist helped a guest .", "the tourist helped a guest."}) CHECK(parse_sentence(written));
  CHECK(!parse_sentence(std::string(1000000, 'a')));
  std::string endless;
  for (int i = 0; i < 100000; i++) endless += "the ";
  CHECK(!parse_sentence(endless));

  // In what is drawn: the first form of "be", unless it is in a clause, is that of the subject, whatever stands between.
  int far = 0, wrong = 0;
  for (std::size_t i = 0; i < 20000; i++) {
    const SentenceFactors& f = drawn().factors[i];
    if (f.aspect != int(Aspect::progressive) || f.tense == int(Tense::future)) continue;
    const std::vector<std::string> words = words_of(drawn().sentences[i]);
    const auto be =
        std::find_if(words.begin(), words.end(), [](const std::string& w) { return w == "is" || w == "are" || w == "was" || w == "were"; });
    far += f.modifier != 0;
    wrong += be == words.end() || (*be == "are" || *be == "were") != (f.subject == 1) || (*be == "was" || *be == "were") != (f.tense == 0);
  }
  CHECK(wrong == 0);
  CHECK(far > 500);
}

TEST_CASE("each value of a factor is drawn, and scenes alike") {
  for (const SentenceFactor& factor : sentence_factors()) {
    std::vector<int> seen(factor.values.size());
    for (Index i = 0; i < sentences_train; i++) seen.at(std::size_t(drawn().factors[std::size_t(i)].*factor.place))++;
    for (std::size_t v = 0; v < seen.size(); v++) {
      CAPTURE(factor.values[v]);
      CHECK(seen[v] > (factor.place == &SentenceFactors::deed ? 200 : 1000));
    }
    if (factor.place == &SentenceFactors::scene)
      for (const int n : seen) CHECK(std::abs(n - 2500) < 4 * 49);  // 49: standard deviation
  }
}
