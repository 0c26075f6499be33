// Texts from codes, and figures of texts.

#include "lab/generate.h"

#include <doctest/doctest.h>

#include <cmath>

#include "autograd/mode.h"
#include "data/sentences.h"
#include "lab/paths.h"
#include "lab/text_figures.h"
#include "lab/text_samples.h"
#include "tensor/reduce.h"
#include "tests/support.h"

using namespace elbo;

namespace {

struct Built {
  Config config = preset("text-vae").config;
  ParamStore store;
  std::unique_ptr<Model> any;
  Built()
      : store((set_key(config, "model.units=7"), set_key(config, "model.embed=6"), set_key(config, "model.latent=3"),
               store_options(config))) {
    any = make_model(config, {12, 15}, store);
    for (const Parameter& p : store.parameters()) {  // far from even probabilities
      Tensor v = p.value();
      for (Index i = 0; i < v.numel(); i++) v.mutable_data<float>()[i] *= 3;
    }
  }
  const TextModel& model() const { return dynamic_cast<const TextModel&>(*any); }
};

Tensor codes(Index n, std::uint64_t seed = 1) {
  Tensor z({n, 3});
  fill_normal(z, {.seed = seed});
  return z;
}

// Of the text and, where it ended by itself, its end.
double log_probability(const TextModel& model, const Tensor& z, const std::vector<std::int32_t>& text, Index longest) {
  const NoGrad guard;
  std::vector<std::int32_t> tokens = {start_token};
  tokens.insert(tokens.end(), text.begin(), text.end());
  if (Index(text.size()) < longest) tokens.push_back(end_token);
  return -model.text_loss({}, Var(z.reshape({1, 3})), Tensor::from(tokens, {1, Index(tokens.size())}), {}).value().item();
}

}  // namespace

TEST_CASE("generated texts: greedy is what sampling from one word and a beam of one give; no special tokens come") {
  const Built b;
  const Tensor z = codes(40);
  DecodeOptions o{.max_tokens = 9};
  const auto greedy = generate_tokens(b.model(), z, o);
  DecodeOptions one = o;
  one.method = DecodeMethod::sample;
  one.top_k = 1;
  CHECK(generate_tokens(b.model(), z, one) == greedy);
  one.top_k = 0;
  one.temperature = 0;
  CHECK(generate_tokens(b.model(), z, one) == greedy);
  DecodeOptions beam = o;
  beam.method = DecodeMethod::beam;
  beam.beam = 1;
  beam.length_penalty = 0;
  CHECK(generate_tokens(b.model(), z, beam) == greedy);
  for (const auto& text : greedy) {
    CHECK(Index(text.size()) <= 9);
    for (const std::int32_t t : text) CHECK(t >= special_tokens);
  }
  o.unknown = true;
  for (const auto& text : generate_tokens(b.model(), z, o))
    for (const std::int32_t t : text) CHECK(t >= unknown_token);
  CHECK(generate_tokens(b.model(), z.slice(0, 0), o).empty());
}

TEST_CASE("generated texts: a text does not depend on those beside it, and sampling is a matter of the seed") {
  const Built b;
  const Tensor z = codes(700);
  DecodeOptions o{.method = DecodeMethod::sample, .max_tokens = 9, .seed = 5};
  const auto all = generate_tokens(b.model(), z, o), again = generate_tokens(b.model(), z, o);
  CHECK(all == again);
  const auto first = generate_tokens(b.model(), z.slice(0, 10), o);
  for (std::size_t i = 0; i < first.size(); i++) CHECK(first[i] == all[i]);
  o.seed = 6;
  CHECK(generate_tokens(b.model(), z, o) != all);
}

TEST_CASE("generated texts: words are drawn with the model's own probabilities, of the likeliest alone where that is asked") {
  const Built b;
  constexpr Index n = 4000;
  Tensor z({n, 3});
  z.fill(0.3);
  TextModel::Reading reading = b.model().begin(z.slice(0, 1));
  const Tensor logits = b.model().next(reading, Tensor::full({1}, start_token, DType::int32));
  std::vector<double> p(15);
  double sum = 0;
  for (Index w = 0; w < 15; w++)
    if (w == end_token || w >= special_tokens) sum += p[std::size_t(w)] = std::exp(logits.element(w));
  for (double& v : p) v /= sum;
  DecodeOptions o{.method = DecodeMethod::sample, .max_tokens = 1};
  const auto count = [&](std::int32_t word) {
    double times = 0;
    for (const auto& text : generate_tokens(b.model(), z, o)) times += word == end_token ? text.empty() : !text.empty() && text[0] == word;
    return times / n;
  };
  const auto best = std::int32_t(std::max_element(p.begin(), p.end()) - p.begin());
  const double likely = p[std::size_t(best)];
  CHECK(count(best) == doctest::Approx(likely).epsilon(5 * std::sqrt((1 - likely) / likely / n)));
  o.top_p = likely * 0.99;
  CHECK(count(best) == 1);
  o.top_p = 1;
  o.temperature = 1e-3;
  CHECK(count(best) == 1);
}

TEST_CASE("generated texts: a wider beam finds texts that are at least as likely, most often") {
  const Built b;
  const Tensor z = codes(30, 8);
  DecodeOptions o{.method = DecodeMethod::beam, .beam = 1, .length_penalty = 0, .max_tokens = 7};
  const auto narrow = generate_tokens(b.model(), z, o);
  o.beam = 12;
  const auto wide = generate_tokens(b.model(), z, o);
  double gain = 0;
  Index worse = 0;
  for (Index i = 0; i < 30; i++) {
    const double a = log_probability(b.model(), z[i], narrow[std::size_t(i)], 7),
                 c = log_probability(b.model(), z[i], wide[std::size_t(i)], 7);
    gain += c - a;
    worse += c < a - 1e-4;
  }
  CHECK(gain > 0);
  CHECK(worse <= 1);
}

TEST_CASE("figures of texts: edit distance, distinct n-grams, self-BLEU, copies") {
  const auto distance = [](std::vector<std::int32_t> a, std::vector<std::int32_t> b) { return edit_distance(a, b); };
  CHECK(distance({}, {1, 2}) == 2);
  CHECK(distance({1, 2, 3}, {1, 2, 3}) == 0);
  CHECK(distance({1, 2, 3, 4}, {2, 3, 5, 4}) == 2);
  CHECK(distance({7, 1, 2}, {1, 2}) == 1);

  const TokenLists same(5, {4, 5, 6, 7, 8}), different = {{4, 5, 6, 7}, {8, 9, 10, 11}, {12, 13, 14, 15}};
  CHECK(distinct(same, 1) == doctest::Approx(5.0 / 25));
  CHECK(distinct(same, 2) == doctest::Approx(4.0 / 20));
  CHECK(distinct(different, 1) == 1);
  CHECK(std::isnan(distinct({{4}}, 2)));
  CHECK(self_bleu(same) == doctest::Approx(1));
  CHECK(self_bleu(different) < 0.01);
  CHECK(std::isnan(self_bleu({{4, 5}})));
  // By hand: 3 of 4 words, (2 + 1) / (3 + 1), (1 + 1) / (2 + 1), (0 + 1) / (1 + 1); both as long.
  CHECK(self_bleu({{4, 5, 6, 7}, {4, 5, 6, 8}}) == doctest::Approx(std::pow(0.75 * 0.75 * (2.0 / 3) * 0.5, 0.25)));

  Split train =
      tokenised_split(TextCodec{.tokenizer = {TokenizerKind::whitespace}, .vocabulary = Vocabulary({"a", "b", "c"})}, {"a b", "c"});
  CHECK(copied({{4, 5}, {4}, {6}, {6, 6}}, train) == 0.5);
  SentenceFactors factors{};
  CHECK(parsed({draw_sentence(7, factors), "no such sentence .", draw_sentence(70000, factors), ""}) == 0.5);
  std::string written = draw_sentence(7, factors);  // as models' words are joined, and as people write
  written.erase(written.size() - 2, 1);
  written[0] = char(std::toupper(written[0]));
  CHECK(parsed({written}) == 1);
  CHECK(std::isnan(parsed({})));
}

TEST_CASE("paths between codes: ends, lengths, and the straight line where there is no arc") {
  const Tensor a = Tensor::from<double>({2, 0, 0}), b = Tensor::from<double>({0, 4, 0});
  const Tensor line = path_between(a, b, 5, PathKind::linear), arc = path_between(a, b, 5, PathKind::spherical);
  for (const Tensor& path : {line, arc}) {
    CHECK(path.at<double>({0, 0}) == doctest::Approx(2));
    CHECK(path.at<double>({4, 1}) == doctest::Approx(4));
  }
  CHECK(line.at<double>({2, 0}) == doctest::Approx(1));
  CHECK(arc.at<double>({2, 0}) == doctest::Approx(3 / std::sqrt(2.0)));
  CHECK(arc.at<double>({2, 1}) == doctest::Approx(3 / std::sqrt(2.0)));
  const Tensor same = path_between(a, a, 3, PathKind::spherical),
               zero = path_between(a, Tensor::zeros({3}, DType::float64), 3, PathKind::spherical);
  CHECK(same.at<double>({1, 0}) == doctest::Approx(2));
  CHECK(zero.at<double>({1, 0}) == doctest::Approx(1));
}

TEST_CASE("figures of texts: the entropy is a floor only for whole texts of known words, of parts that lack nothing") {
  const TextCodec codec{.tokenizer = {TokenizerKind::whitespace}, .vocabulary = Vocabulary({"a", "b", "c"}), .max_tokens = 3};
  Run run;
  Dataset data;
  data.entropy = 1.5;
  const auto comparable = [&](const std::vector<std::string>& texts, Part part = Part::test) {
    Split split = tokenised_split(codec, texts);
    split.part = part;
    return has_entropy(run, data, split);
  };
  CHECK(comparable({"a b", "c b a"}));
  CHECK_FALSE(comparable({"a b", "a b c a"}));  // cut
  CHECK_FALSE(comparable({"a b", "a word"}));
  CHECK(comparable({"a b"}, Part::train));
  run.config.data.exclude_labels = {2};
  CHECK_FALSE(comparable({"a b"}, Part::train));
  CHECK(comparable({"a b"}));
  run.config.model.classes = 2;
  CHECK_FALSE(comparable({"a b"}));  // p(x | label)
  run.config.model.classes = 0;
  data.entropy.reset();
  CHECK_FALSE(comparable({"a b"}));
}
