// Scores of how odd examples are: their ROC, the codes that likelihoods are held against.

#include "lab/score.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "data/picture.h"
#include "lab/complexity.h"
#include "lab/evaluate.h"
#include "tensor/parallel.h"
#include "tensor/random.h"
#include "tests/lab/known_run.h"
#include "tests/support.h"

using namespace elbo;
using elbo::testing::contains;
using elbo::testing::error_of;
using elbo::testing::message_of;

namespace {

// A VAE of pictures (2, 2, 1) with the weights of its initialisation.
Run small_vae(const std::vector<std::string>& settings, std::uint64_t seed = 1) {
  Run r;
  r.path = "a run";
  r.config.train.seed = seed;
  for (const char* setting : {"model.latent=2", "model.hidden=[5]", "model.init=fan-in-uniform"}) set_key(r.config, setting);
  for (const std::string& setting : settings) set_key(r.config, setting);
  r.example_shape = {2, 2, 1};
  r.store = std::make_unique<ParamStore>(store_options(r.config));
  r.model = make_model(r.config, r.example_shape, *r.store);
  return r;
}

std::vector<double> nll_of(const Run& run, const Dataset& data) {
  PerExample rows;
  evaluate(run, data, {.importance_samples = 100, .per_example = &rows});
  return rows.nll;
}

}  // namespace

TEST_CASE("roc: the area of known orders, ties counted half; the curve's own area is the same") {
  CHECK(roc_area({1, 2, 3, 4}, {false, false, true, true})->area == 1);
  CHECK(roc_area({1, 2, 3, 4}, {true, true, false, false})->area == 0);
  CHECK(roc_area({1, 1, 1, 1}, {true, false, true, false})->area == 0.5);
  CHECK(roc_area({1, 2, 2, 3}, {false, true, false, true})->area == doctest::Approx(3.5 / 4));
  CHECK_FALSE(roc_area({1, 2}, {true, true}));
  CHECK(std::isnan(roc_area({1, 2, 3}, {true, false, false})->standard_error));
  CHECK(contains(error_of([] { roc_area({1, NAN}, {true, false}); }), "example 1"));
  CHECK(contains(error_of([] { roc_curve({1, 2}, {false, false}); }), "none of one kind"));
  using Points = std::vector<std::pair<double, double>>;
  CHECK(roc_curve({1, 2, 2, 3}, {false, true, false, true}) == Points{{0, 0}, {0, 0.5}, {0.5, 1}, {1, 1}});

  std::vector<double> scores;
  std::vector<bool> odd;
  for (std::uint32_t i = 0; i < 300; i++) {
    scores.push_back(double(RandomKey{.purpose = Purpose::test}.word(i, 0) % 40) + (i % 3 == 0 ? 9 : 0));
    odd.push_back(i % 3 == 0);
  }
  const auto curve = roc_curve(scores, odd);
  double under = 0;
  for (std::size_t k = 1; k < curve.size(); k++)
    under += (curve[k].first - curve[k - 1].first) * (curve[k].second + curve[k - 1].second) / 2;
  CHECK(under == doctest::Approx(roc_area(scores, odd)->area).epsilon(1e-12));
  CHECK(curve.back() == std::pair(1.0, 1.0));
}

TEST_CASE("roc: the standard error is that of areas drawn again and again, above 1/2 as below it") {
  constexpr int times = 400, m = 30, n = 50;
  double sum = 0, squares = 0, error = 0;
  for (std::uint64_t t = 0; t < times; t++) {
    Tensor drawn({m + n}, DType::float64);
    fill_normal(drawn, {.purpose = Purpose::test, .step = t});
    std::vector<double> scores(drawn.data<double>(), drawn.data<double>() + m + n), negative;
    std::vector<bool> odd(m + n);
    for (std::size_t i = 0; i < m; i++) scores[i] += 1, odd[i] = true;
    for (const double s : scores) negative.push_back(-s);
    const RocArea a = *roc_area(scores, odd), b = *roc_area(negative, odd);
    CHECK(b.area == doctest::Approx(1 - a.area));
    CHECK(b.standard_error == doctest::Approx(a.standard_error));
    sum += a.area, squares += a.area * a.area, error += a.standard_error / times;
  }
  const double mean = sum / times, deviation = std::sqrt(squares / times - mean * mean);
  const double exact = 0.5 * std::erfc(-0.5);  // P(a normal one moved by 1 is above another) = Phi(1 / sqrt 2)
  CHECK(std::abs(mean - exact) < 4 * deviation / std::sqrt(times));
  CHECK(std::abs(error / deviation - 1) < 4 / std::sqrt(2.0 * times));
}

TEST_CASE("complexity: code lengths are those of a code: over all pictures their probabilities add up to 1") {
  for (const Shape& shape : {Shape{9}, Shape{3, 3, 1}, Shape{2, 2, 2}}) {
    double sum = 0;
    Tensor x(shape);
    for (int code = 0; code < 1 << x.numel(); code++) {
      for (Index i = 0; i < x.numel(); i++) x.mutable_data<float>()[i] = float(code >> i & 1);
      sum += std::exp(-context_tree_length(x));
    }
    CHECK(sum == doctest::Approx(1).epsilon(1e-12));
  }
}

TEST_CASE("complexity: closed forms where one neighbourhood is all there is; what repeats is short, noise is as long as it is") {
  const auto estimated = [](double ones, double zeros) {
    return std::log(std::numbers::pi) + std::lgamma(ones + zeros + 1) - std::lgamma(ones + 0.5) - std::lgamma(zeros + 0.5);
  };
  CHECK(context_tree_length(Tensor::from<float>({1}, {1})) == doctest::Approx(std::numbers::ln2));
  CHECK(context_tree_length(Tensor::zeros({12, 10, 1})) == doctest::Approx(estimated(0, 120)));
  CHECK(context_tree_length(Tensor::zeros({12, 10, 3})) == doctest::Approx(3 * estimated(0, 120)));
  CHECK(context_tree_length(Tensor::from<float>({0.25f}, {1})) == doctest::Approx(estimated(0.25, 0.75)));
  CHECK(context_tree_length(Tensor::full({5, 4, 1}, 0.25)) == doctest::Approx(estimated(5, 15)));
  // 1 0 1: behind a 0 two ones, behind the 1 a zero, with ever the same split below: nine times a half of each way and then the leaf.
  const double none = -estimated(2, 1), zero = -estimated(2, 0), one = -estimated(0, 1);
  // Behind "0" stand (0 0 ...) and (0 1 0 ...), which the second neighbour tells apart: one one each.
  double apart = 2 * -estimated(1, 0);
  const double behind_zero = std::log(0.5 * std::exp(zero) + 0.5 * std::exp(apart));
  CHECK(context_tree_length(Tensor::from<float>({1, 0, 1}, {3})) ==
        doctest::Approx(-std::log(0.5 * std::exp(none) + 0.5 * std::exp(behind_zero + one))));

  Tensor stripes({28, 28, 1}), noise({28, 28, 1});
  for (Index i = 0; i < 784; i++) {
    stripes.mutable_data<float>()[i] = float(i % 28 / 2 % 2);
    noise.mutable_data<float>()[i] = float(RandomKey{.purpose = Purpose::test}.word(std::uint32_t(i), 1) % 2);
  }
  CHECK(context_tree_length(stripes) < 60);
  CHECK(context_tree_length(noise) > 784 * std::numbers::ln2 * 0.97);
  CHECK(context_tree_length(noise) < 784 * std::numbers::ln2 + 30);

  // The bits between the frames of a PNG's chunks.
  Tensor bytes({9, 14, 3}, DType::uint8);
  for (Index i = 0; i < bytes.numel(); i++) bytes.mutable_data<std::uint8_t>()[i] = std::uint8_t(i * i);
  const std::vector<std::byte> file = encode_png(bytes);
  double packed = 0;
  for (std::size_t at = 8; at < file.size();) {
    std::size_t length = 0;
    for (std::size_t k = 0; k < 4; k++) length = 256 * length + std::size_t(file[at + k]);
    if (file[at + 4] == std::byte('I') && file[at + 5] == std::byte('D')) packed += double(length);
    at += length + 12;
  }
  CHECK(png_length(bytes) == doctest::Approx(packed * 8 * std::numbers::ln2));
}

TEST_CASE("scores: a likelihood ratio is the difference of the two likelihoods, to another model or to a code") {
  const Dataset data = testing::known_data(40, 30);
  for (const std::string likelihood : {"objective.likelihood=bernoulli", "objective.likelihood=gaussian"}) {
    const Run run = small_vae({likelihood}), background = small_vae({likelihood}, 2);
    const std::vector<double> nll = nll_of(run, data), its = nll_of(background, data);
    const auto plain = scores(run, data, {.score = Score::nll});
    const auto ratio = scores(run, data, {.score = Score::likelihood_ratio, .background = &background});
    const auto own = scores(run, data, {.score = Score::likelihood_ratio, .background = &run});
    for (std::size_t i = 0; i < 30; i++) {
      CHECK(plain[i] == nll[i]);
      CHECK(ratio[i] == doctest::Approx(nll[i] - its[i]));
      CHECK(own[i] == 0);
    }
    CHECK(its != nll);
  }
  const Run run = small_vae({});
  const auto coded = scores(run, data, {.score = Score::likelihood_ratio});
  const std::vector<double> nll = nll_of(run, data);
  for (std::size_t i = 0; i < 30; i++) CHECK(coded[i] == doctest::Approx(nll[i] - context_tree_length(data.test.values[Index(i)])));

  Dataset bytes = data;
  for (Split* s : {&bytes.train, &bytes.test}) s->values = to_pixels(s->values);
  const Run density = small_vae({"objective.likelihood=gaussian"});
  const auto by_png = scores(density, bytes, {.score = Score::likelihood_ratio});
  const std::vector<double> density_nll = nll_of(density, bytes);
  for (std::size_t i = 0; i < 30; i++)
    CHECK(by_png[i] == doctest::Approx(density_nll[i] + 4 * std::log(256) - png_length(bytes.test.values[Index(i)])));
}

TEST_CASE("scores: what a run has not, and backgrounds that are of other numbers") {
  const Dataset data = testing::known_data(40, 30);
  const Run vae = small_vae({}), plain = testing::identity_run();
  const auto refused = [&](const Run& run, const ScoreOptions& o) { return message_of<UsageError>([&] { scores(run, data, o); }); };
  for (const Score s : {Score::elbo, Score::nll, Score::likelihood_ratio}) CHECK(contains(refused(plain, {.score = s}), "is no VAE"));
  CHECK(scores(plain, data, {.score = Score::reconstruction}).size() == 30);
  CHECK(contains(refused(vae, {.score = Score::nll, .background = &vae}), "likelihood-ratio"));
  const auto behind = [&](const Run& background) { return refused(vae, {.score = Score::likelihood_ratio, .background = &background}); };
  CHECK(contains(behind(plain), "is no VAE"));
  CHECK(contains(behind(small_vae({"objective.likelihood=gaussian"})), "different kinds"));
  CHECK(contains(behind(small_vae({"data.binarize=threshold"})), "binarises"));
  CHECK(contains(refused(small_vae({"objective.likelihood=gaussian"}), {.score = Score::likelihood_ratio}), "no dequantised bytes"));
  CHECK(contains(refused(small_vae({"objective.likelihood=squared-error"}), {.score = Score::likelihood_ratio}), "no log-likelihood"));
  CHECK(score_from_name("likelihood-ratio") == Score::likelihood_ratio);
  CHECK(contains(message_of<UsageError>([] { score_from_name("likelyhood-ratio"); }), "likelihood-ratio"));
}
