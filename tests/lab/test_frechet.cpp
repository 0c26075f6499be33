#include "lab/frechet.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "tensor/parallel.h"
#include "tensor/random.h"
#include "tests/support.h"

using namespace elbo;
using elbo::testing::contains;
using elbo::testing::error_of;

namespace {

GaussianFit gaussian(std::initializer_list<double> mean, std::initializer_list<double> covariance) {
  const Index d = Index(mean.size());
  return {Tensor::from<double>(mean), Tensor::from<double>(covariance, {d, d})};
}

// Rows at (x, 0) for the numbers given.
Tensor on_a_line(std::initializer_list<float> xs) {
  Tensor t = Tensor::zeros({Index(xs.size()), 2});
  Index i = 0;
  for (const float x : xs) t.set<float>({i++, 0}, x);
  return t;
}

Tensor normal(Index n, Index d, std::uint64_t step) {
  Tensor t({n, d}, DType::float64);
  fill_normal(t, {.purpose = Purpose::test, .step = step});
  return t;
}

}  // namespace

TEST_CASE("Frechet distance: closed forms") {
  // One dimension: (m1 - m2)^2 + (s1 - s2)^2.
  CHECK(frechet_distance(gaussian({1}, {9}), gaussian({-1}, {0.25})) == doctest::Approx(4 + 6.25).epsilon(1e-13));
  // Equal covariances, whatever they are: the means' distance alone.
  const auto c = {2.0, 0.7, -0.3, 0.7, 1.0, 0.2, -0.3, 0.2, 3.0};
  CHECK(frechet_distance(gaussian({0, 0, 0}, c), gaussian({3, 0, 4}, c)) == doctest::Approx(25).epsilon(1e-13));
  CHECK(frechet_distance(gaussian({0, 0, 0}, c), gaussian({0, 0, 0}, c)) < 1e-13);
  // Diagonal ones: sum of (s1 - s2)^2; one direction without variance.
  const GaussianFit a = gaussian({0, 0, 1}, {4, 0, 0, 0, 1, 0, 0, 0, 0}), b = gaussian({0, 1, 1}, {1, 0, 0, 0, 9, 0, 0, 0, 16});
  CHECK(frechet_distance(a, b) == doctest::Approx(1 + 1 + 4 + 16).epsilon(1e-12));
  CHECK(frechet_distance(b, a) == doctest::Approx(frechet_distance(a, b)).epsilon(1e-12));
  // Two that do not commute. In two dimensions the trace of the root is sqrt(tr(C1 C2) + 2 sqrt(det C1 det C2)).
  const GaussianFit p = gaussian({0, 0}, {4, 0, 0, 1}), q = gaussian({0, 0}, {2, 1, 1, 3});
  const double apart = 5 + 5 - 2 * std::sqrt(8 + 3 + 2 * std::sqrt(4 * 5.0));
  CHECK(frechet_distance(p, q) == doctest::Approx(apart).epsilon(1e-13));
  MESSAGE("Frechet distance of Gaussians whose covariances do not commute: ", frechet_distance(p, q), " exact ", apart);
  CHECK(contains(error_of([&] { frechet_distance(a, p); }), "3 and 2"));
}

TEST_CASE("Gaussians fitted to features, and the distance between sets of known moments") {
  const GaussianFit g = fit_gaussian(Tensor::from<float>({0, 0, 2, 0, 1, 3}, {3, 2}));
  const double covariance[] = {1, 0, 0, 3};  // over n - 1 = 2
  for (Index i = 0; i < 4; i++) CHECK(g.covariance.element(i) == doctest::Approx(covariance[i]));
  CHECK(g.mean.element(1) == doctest::Approx(1));
  CHECK(contains(error_of([] { fit_gaussian(Tensor::zeros({2, 2})); }), "2 examples of 2 features"));
  CHECK(contains(error_of([] { fit_gaussian(Tensor::full({4, 2}, NAN)); }), "not finite"));
  // x and 2x + 1 of the same numbers: |m + 1|^2 + tr C exactly, whatever the sample's moments are.
  const Tensor x = normal(400, 3, 1);
  Tensor y = x.clone();
  double expected = 0;
  for (Index i = 0; i < y.numel(); i++) y.mutable_data<double>()[i] = 2 * x.element(i) + 1;
  const GaussianFit fx = fit_gaussian(x);
  for (Index j = 0; j < 3; j++) expected += std::pow(fx.mean.element(j) + 1, 2) + fx.covariance.at<double>({j, j});
  CHECK(frechet_distance(fx, fit_gaussian(y)) == doctest::Approx(expected).epsilon(1e-12));
}

TEST_CASE("precision and recall of known sets") {
  // Data at 0, 1, 2, 3 and 10 with k = 1: balls of radius 1, 1, 1, 1 and 7.
  const Tensor data = on_a_line({0, 1, 2, 3, 10});
  // -1 is on the edge of a ball, -1.5 outside all; 5 and 16.9 are within that of 10, 17.5 is not.
  const PrecisionRecall a = precision_recall(on_a_line({-1, -1.5F, 5, 16.9F, 17.5F}), data, 1);
  CHECK(a.precision == doctest::Approx(3.0 / 5));
  // Samples' radii: 0.5, 0.5, 6, 0.6, 0.6; the ball of 5 covers data from -1 to 11.
  CHECK(a.recall == doctest::Approx(1));
  // Samples that repeat one mode: all real, none of the data covered.
  const PrecisionRecall collapsed = precision_recall(on_a_line({1.1F, 1.11F, 1.12F, 1.13F}), data, 1);
  CHECK(collapsed.precision == 1);
  CHECK(collapsed.recall == 0);
  // Far from all data.
  const PrecisionRecall far = precision_recall(on_a_line({100, 101, 102, 103}), data);
  CHECK(far.precision == 0);
  CHECK(far.recall == 0);
  CHECK(contains(error_of([&] { precision_recall(on_a_line({1, 2, 3}), data); }), "k = 3"));
}

TEST_CASE("precision and recall agree with a plain computation, for any number of threads") {
  const Tensor s = normal(700, 4, 2), x = normal(600, 4, 3);
  const auto distance = [](const Tensor& a, Index i, const Tensor& b, Index j) {
    double sum = 0;
    for (Index k = 0; k < 4; k++) sum += std::pow(a.element(4 * i + k) - b.element(4 * j + k), 2);
    return sum;
  };
  const auto covered = [&](const Tensor& points, const Tensor& centres) {
    std::vector<double> radius;
    for (Index i = 0; i < centres.size(0); i++) {
      std::vector<double> all;
      for (Index j = 0; j < centres.size(0); j++)
        if (i != j) all.push_back(distance(centres, i, centres, j));
      std::sort(all.begin(), all.end());
      radius.push_back(all[2]);
    }
    Index within = 0;
    for (Index i = 0; i < points.size(0); i++) {
      bool any = false;
      for (Index j = 0; j < centres.size(0) && !any; j++) any = distance(points, i, centres, j) <= radius[std::size_t(j)];
      within += any;
    }
    return double(within) / double(points.size(0));
  };
  const PrecisionRecall r = precision_recall(s, x);
  CHECK(r.precision == covered(s, x));
  CHECK(r.recall == covered(x, s));
  CHECK(r.precision < 1);
  const int before = threads();
  set_threads(1);
  const PrecisionRecall again = precision_recall(s, x);
  set_threads(before);
  CHECK(again.precision == r.precision);
  CHECK(again.recall == r.recall);
}
