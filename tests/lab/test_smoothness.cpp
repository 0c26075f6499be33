#include "lab/smoothness.h"

#include <doctest/doctest.h>

#include <cmath>

#include "lab/codes.h"
#include "lab/evaluate.h"
#include "lab/mixture.h"
#include "lab/nearest_pictures.h"
#include "tests/lab/known_run.h"
#include "tests/support.h"

using namespace elbo;
using namespace elbo::testing;

TEST_CASE("smoothness: a linear decoder goes the shortest way, which is the cross-fade where it reconstructs exactly") {
  const Run run = identity_run();
  const Dataset data = known_data(50, 21);
  const Classifier classifier({2, 2, 1}, 2);
  const auto s = smoothness(run, data, &classifier);
  REQUIRE(s);
  CHECK(s->pairs == 10);
  CHECK(s->steps == 10);
  MESSAGE("path ratio ", *s->decoded.length_ratio, " exact 1");
  CHECK(*s->decoded.length_ratio == doctest::Approx(1).epsilon(1e-6));
  CHECK(*s->cross_fade.length_ratio == doctest::Approx(1).epsilon(1e-6));
  CHECK(s->decoded.midpoint_distance == doctest::Approx(s->cross_fade.midpoint_distance).epsilon(1e-6));
  CHECK(*s->decoded.entropy == doctest::Approx(*s->cross_fade.entropy).epsilon(1e-5));

  double midpoint = 0, entropy = 0;
  for (Index i = 0; i < 10; i++) {
    Tensor path({11, 2, 2, 1});
    for (Index k = 0; k <= 10; k++)
      for (Index j = 0; j < 4; j++) {
        const double a = data.test.values.element(4 * i + j), b = data.test.values.element(4 * (10 + i) + j);
        path.mutable_data<float>()[4 * k + j] = float(a + double(k) / 10 * (b - a));
      }
    double least = 10;
    for (Index j = 0; j < 50; j++) least = std::min(least, plain_distance(path, 5, data.train.values, j));
    midpoint += least / 10;
    const Tensor logits = classifier.logits(path);
    for (Index k = 0; k <= 10; k++) {
      const double p = 1 / (1 + std::exp(logits.element(2 * k + 1) - logits.element(2 * k)));
      entropy -= (p * std::log(p) + (1 - p) * std::log1p(-p)) / 110;
    }
  }
  CHECK(s->cross_fade.midpoint_distance == doctest::Approx(midpoint).epsilon(1e-5));
  CHECK(*s->cross_fade.entropy == doctest::Approx(entropy).epsilon(1e-5));
  CHECK(entropy > 0.01);
  CHECK(!smoothness(run, data, nullptr)->decoded.entropy);
}

TEST_CASE("smoothness: a decoder that bends its way by a right angle") {
  // z = relu(x0) - relu(x1), decoded to (relu(z), relu(-z), 0, 0): from (a, 0, ...) to (0, b, ...) along both axes.
  const Run run = known_run(1, {2},
                            {{"encoder/0/weight", {1, 0, 0, 0, 0, 1, 0, 0}},
                             {"encoder/mean/weight", {1, -1}},
                             {"decoder/0/weight", {1, -1}},
                             {"decoder/output/weight", {1, 0, 0, 1, 0, 0, 0, 0}}});
  Dataset data = known_data(1, 4);
  data.train.values = Tensor::from<float>({0, 0, 0, 0}, {1, 2, 2, 1});
  data.test.values = Tensor::from<float>({3, 0, 0, 0, 1, 0, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0}, {4, 2, 2, 1});
  const auto s = smoothness(run, data, nullptr, {.steps = 14});  // 14: a step meets the corner, z = 0
  REQUIRE(s);
  const double bent = (7.0 / 5 + 2 / std::sqrt(2.0)) / 2;
  MESSAGE("path ratio ", *s->decoded.length_ratio, " exact ", bent);
  CHECK(*s->decoded.length_ratio == doctest::Approx(bent).epsilon(1e-6));
  CHECK(s->decoded.midpoint_distance == doctest::Approx((0.5 + 0) / 2).epsilon(1e-5));
  CHECK(*s->cross_fade.length_ratio == doctest::Approx(1).epsilon(1e-6));
  CHECK(s->cross_fade.midpoint_distance == doctest::Approx((2.5 + std::sqrt(0.5)) / 2).epsilon(1e-6));
  CHECK_THROWS_AS(smoothness(run, data, nullptr, {.steps = 3}), UsageError);
  CHECK_THROWS_AS(smoothness(run, data, nullptr, {.pairs = 0}), UsageError);
  // Ends that are one picture have no straight line to compare with.
  data.test.values = Tensor::from<float>({0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 9, 0}, {4, 2, 2, 1});
  const auto equal = smoothness(run, data, nullptr);
  REQUIRE(equal);
  CHECK(*equal->decoded.length_ratio == doctest::Approx(1).epsilon(1e-6));
}

TEST_CASE("smoothness: a run that does not use its code has none") {
  Run run = known_run(2, {}, {{"decoder/output/bias", {0.1F, 0.2F, 0.3F, 0.4F}}});
  run.codes = {Tensor::zeros({2}, DType::float64), Tensor::zeros({2, 2}, DType::float64)};
  Dataset data = known_data(5, 6);
  CHECK(!smoothness(run, data, nullptr));
  data.classes = 0;  // no labels: no classifier
  Figures f;
  f.pictures = picture_figures(run, data, 1, {}, 20);
  CHECK(std::isnan(f.pictures.path_midpoint));
  CHECK(contains(to_text(f), "no figures of paths: the run does not use its code (all examples have the same)"));
  f.variational = true;
  CHECK(contains(to_text(f), "no figures of paths: the run does not use its code (no mean has a variance above 0.01)"));
  f.pictures = {};
  CHECK_FALSE(contains(to_text(f), "no figures of paths"));
  Dataset one = data;
  one.test.values = data.test.values.slice(0, 1);
  CHECK(contains(error_of([&] { smoothness(run, one, nullptr); }), "two test examples"));
}

TEST_CASE("whether a code is used: of a VAE by the prior's scale, of a plain autoencoder by none") {
  const auto codes = [](std::vector<float> values) { return Tensor::from<float>(values, {Index(values.size()) / 2, 2}); };
  const Tensor wide = codes({0, 1, 0, -1}), narrow = codes({0, 1e-6F, 0, -1e-6F}), far = codes({7, 0, 7.01F, 0}),
               constant = codes({7, 0, 7, 0});
  const Tensor rounded = codes({7, 0, std::nextafter(7.0F, 8.0F), 0});
  for (const bool variational : {true, false}) {
    CHECK(uses_its_code(wide, variational));
    CHECK(uses_its_code(narrow, variational) != variational);
    CHECK(uses_its_code(far, variational) != variational);
    CHECK_FALSE(uses_its_code(constant, variational));
    CHECK_FALSE(uses_its_code(rounded, variational));
    CHECK_FALSE(uses_its_code(codes({0, 0, 0, 0}), variational));
  }
  // A healthy autoencoder of a code a thousandth as large has the same paths.
  std::vector<float> small(16, 0.0F), large(16, 0.0F);
  for (std::size_t i = 0; i < 4; i++) small[5 * i] = 1e-3F, large[5 * i] = 1e3F;
  const Run run = known_run(4, {}, {{"encoder/mean/weight", small}, {"decoder/output/weight", large}});
  const auto s = smoothness(run, known_data(20, 12), nullptr), same = smoothness(identity_run(), known_data(20, 12), nullptr);
  REQUIRE(s);
  CHECK(s->decoded.midpoint_distance == doctest::Approx(same->decoded.midpoint_distance).epsilon(1e-5));
}

TEST_CASE("holes: random codes beside codes of data") {
  // The code is the picture tenfold larger: what a standard normal code shows lies near the origin.
  std::vector<float> ten(16, 0.0F), tenth(16, 0.0F);
  for (std::size_t i = 0; i < 4; i++) ten[5 * i] = 10, tenth[5 * i] = 0.1F;
  Run run = known_run(4, {}, {{"encoder/mean/weight", ten}, {"decoder/output/weight", tenth}});
  const Dataset data = known_data(80, 40);
  const Holes without = holes(run, data, nullptr);
  CHECK(without.codes == 40);
  CHECK(!without.gaussian);
  CHECK(!without.ratio(without.gaussian));

  run.codes = {Tensor::full({4}, 5, DType::float64), Tensor::zeros({4, 4}, DType::float64)};
  const Holes h = holes(run, data, nullptr, 30, 2);
  CHECK(h.codes == 30);
  const auto plain = [&](const Tensor& pictures) {
    double sum = 0;
    for (Index i = 0; i < 30; i++) {
      double least = 100;
      for (Index j = 0; j < 80; j++) least = std::min(least, plain_distance(pictures, i, data.train.values, j));
      sum += least / 30;
    }
    return sum;
  };
  CHECK(h.reconstruction.distance == doctest::Approx(plain(data.test.values)).epsilon(1e-5));
  CHECK(h.prior.distance == doctest::Approx(plain(decode_codes(*run.model, draw_codes(run, 30, CodeSource::prior, 1, 2)))).epsilon(1e-5));
  CHECK(h.gaussian->distance == doctest::Approx(plain(Tensor::full({30, 2, 2, 1}, 0.5))).epsilon(1e-5));  // no variance: its mean alone
  CHECK(h.mixture->distance ==
        doctest::Approx(plain(decode_codes(*run.model, fit_mixture(mixture_codes(run, data.train)).draw(30, 1, 2)))).epsilon(1e-5));
  CHECK(h.prior.distance > 1.5 * h.reconstruction.distance);  // near a corner of the data's cube
  CHECK(*h.ratio(h.prior) == doctest::Approx(h.prior.distance / h.reconstruction.distance));
  CHECK(!h.prior.entropy);
  const Classifier classifier({2, 2, 1}, 2);
  const Holes judged = holes(run, data, &classifier, 30, 2);
  const auto entropy = [&](const Tensor& pictures) {  // of two classes, by their probabilities
    const Tensor logits = classifier.logits(pictures);
    double sum = 0;
    for (Index i = 0; i < 30; i++) {
      const double p = 1 / (1 + std::exp(double(logits.at<float>({i, 1})) - double(logits.at<float>({i, 0}))));
      sum -= (p * std::log(p) + (1 - p) * std::log(1 - p)) / 30;
    }
    return sum;
  };
  CHECK(judged.prior.distance == h.prior.distance);
  CHECK(*judged.prior.entropy ==
        doctest::Approx(entropy(decode_codes(*run.model, draw_codes(run, 30, CodeSource::prior, 1, 2)))).epsilon(1e-6));
  CHECK(*judged.gaussian->entropy == doctest::Approx(entropy(Tensor::full({30, 2, 2, 1}, 0.5))).epsilon(1e-6));
  CHECK(*judged.reconstruction.entropy == doctest::Approx(entropy(data.test.values.slice(0, 30))).epsilon(1e-6));
  CHECK(!holes(run, known_data(9, 4), nullptr).mixture);
  CHECK_THROWS_AS(holes(run, data, nullptr, 0), UsageError);
}
