#include "lab/sample_quality.h"

#include <doctest/doctest.h>

#include <cmath>

#include "lab/codes.h"
#include "lab/frechet.h"
#include "lab/nearest_pictures.h"
#include "tensor/parallel.h"
#include "tests/lab/known_run.h"
#include "tests/support.h"

using namespace elbo;
using namespace elbo::testing;

namespace {

// Codes drawn are all this picture.
void always(Run& run, const Tensor& picture) {
  run.codes.mean = picture.to(DType::float64).reshape({4});
  run.codes.covariance = Tensor::zeros({4, 4}, DType::float64);
}

}  // namespace

TEST_CASE("the nearest of rows in blocks is that of a plain search, for any number of threads") {
  const Tensor queries = known_split(Part::test, 1100).values, rows = known_split(Part::train, 300).values;
  const auto search = [&] {
    NearestRows nearest(queries);
    for (const Index first : {0, 130, 131}) nearest.add(rows.slice(first, first == 0 ? 130 : first == 130 ? 131 : 300));
    return nearest;
  };
  const NearestRows nearest = search();
  for (Index i = 0; i < 1100; i += 7) {
    double least = 10;
    for (Index j = 0; j < 300; j++) least = std::min(least, plain_distance(queries, i, rows, j));
    CHECK(nearest.distances()[std::size_t(i)] == doctest::Approx(least).epsilon(1e-6));
    CHECK(plain_distance(queries, i, rows, nearest.indices()[std::size_t(i)]) == nearest.distances()[std::size_t(i)]);
  }
  const int before = threads();
  set_threads(1);
  CHECK(search().distances() == nearest.distances());
  set_threads(before);
  CHECK(std::isinf(NearestRows(queries).distances()[0]));
  CHECK(contains(error_of([&] { NearestRows(queries).add(Tensor::zeros({1, 5})); }), "[nearest]"));
}

TEST_CASE("pictures to compare with: as they are, or black and white by threshold") {
  Run run = identity_run();
  const Split split = known_split(Part::test, 5);
  CHECK(identical(plain_pictures(run, split, 3), split.values.slice(0, 3)));
  run.config.data.binarize = "dynamic";
  CHECK(identical(plain_pictures(run, split, 5), split.values));
  const std::vector<Index> places = {4, 0};
  const Tensor two = plain_pictures(run, split, places);
  CHECK(identical(two[0], split.values[4]));
  CHECK(identical(two[1], split.values[0]));
  run.config.data.binarize = "threshold";
  const Tensor black = plain_pictures(run, split, 5);
  for (Index i = 0; i < 20; i++) CHECK(black.element(i) == (split.values.element(i) >= 0.5));
  CHECK(contains(error_of([&] { plain_pictures(run, split, 6); }), "holds 5"));
}

TEST_CASE("memorising: copies, and a decoder that draws one picture far from all") {
  Run run = identity_run();
  const Dataset data = known_data(60, 25);
  always(run, data.train.values[7]);
  const Memorising copy = memorising(run, data, {.count = 1000});
  CHECK(copy.samples == 25);
  CHECK(copy.training == 60);
  CHECK(copy.sample_distance == 0);
  double expected = 0;
  for (Index i = 0; i < 25; i++) {
    double least = 10;
    for (Index j = 0; j < 60; j++) least = std::min(least, plain_distance(data.test.values, i, data.train.values, j));
    expected += least / 25;
  }
  CHECK(copy.test_distance == doctest::Approx(expected).epsilon(1e-6));
  CHECK(copy.ratio() == 0);

  const Tensor far = Tensor::full({2, 2, 1}, 9);
  always(run, far);
  double least = 100;
  for (Index j = 0; j < 60; j++) least = std::min(least, plain_distance(far, 0, data.train.values, j));
  CHECK(memorising(run, data).ratio() == doctest::Approx(least / expected).epsilon(1e-6));

  Dataset same = data;  // the test part was trained on
  same.train.values = data.test.values;
  CHECK(!memorising(run, same).ratio());
  CHECK_THROWS_AS(memorising(run, data, {.count = 0}), UsageError);
}

TEST_CASE("sample quality: a run that reconstructs exactly, and what its figures are made of") {
  Run run = identity_run();
  const Dataset data = known_data(300, 200);
  const Classifier classifier({2, 2, 1}, 2);
  run.codes = {Tensor::full({4}, 0.5, DType::float64), Tensor::zeros({4, 4}, DType::float64)};
  for (Index j = 0; j < 4; j++) run.codes.covariance.set<double>({j, j}, 1.0 / 12);  // the data's own moments
  const SampleQuality q = sample_quality(run, data, classifier, {.seed = 3});
  CHECK(q.samples == 200);
  CHECK(q.training == 200);
  REQUIRE(q.sample_distance);
  REQUIRE(q.sample_distance_floor);
  const GaussianFit test = fit_gaussian(classifier.features(data.test.values));
  CHECK(std::abs(*q.reconstruction_distance) < 1e-4 * *q.sample_distance_floor);
  CHECK(*q.sample_distance_floor == frechet_distance(fit_gaussian(classifier.features(data.train.values.slice(0, 200))), test));
  const Tensor samples = decode_codes(*run.model, draw_codes(run, 200, CodeSource::gaussian, 1, 3));
  CHECK(*q.sample_distance == frechet_distance(fit_gaussian(classifier.features(samples)), test));
  CHECK(*q.precision > 0.3);
  CHECK(*q.recall > 0.3);

  // One picture again and again: it may be real, and covers next to nothing. Another, far away, is not real.
  always(run, data.test.values[3]);
  const SampleQuality one = sample_quality(run, data, classifier);
  CHECK(*one.precision == 1);
  CHECK(*one.recall <= 1.0 / 200);
  CHECK(*one.sample_distance > 2 * *q.sample_distance);
  always(run, Tensor::full({2, 2, 1}, 9));
  CHECK(*sample_quality(run, data, classifier).precision == 0);
}

TEST_CASE("sample quality: too few examples give no distance, and errors") {
  Run run = identity_run();
  Dataset data = known_data(300, 128);
  always(run, data.test.values[0]);
  const Classifier classifier({2, 2, 1}, 2);
  const SampleQuality q = sample_quality(run, data, classifier);
  CHECK(q.test == 128);
  CHECK(!q.sample_distance);
  CHECK(!q.sample_distance_floor);
  CHECK(!q.reconstruction_distance);
  CHECK(q.precision);
  CHECK(!sample_quality(run, data, classifier, {.count = 3}).precision);
  CHECK(contains(error_of([&] { sample_quality(run, data, Classifier({3, 2, 1}, 2)); }), "shape"));
  data.test = {};
  CHECK(contains(error_of([&] { sample_quality(run, data, classifier); }), "test part is empty"));
}
