#include "lab/codes.h"

#include <doctest/doctest.h>

#include <cmath>

#include "lab/knn.h"
#include "lab/mixture.h"
#include "models/gradcheck.h"
#include "tensor/parallel.h"
#include "tests/support.h"

using namespace elbo;
using elbo::testing::contains;
using elbo::testing::error_of;

namespace {

Run small_run(bool variational) {
  Run r;
  r.path = "a run";
  r.config.model.latent = 3;
  r.config.model.hidden = {5};
  r.config.model.variational = variational;
  r.example_shape = {2, 2, 1};
  r.store = std::make_unique<ParamStore>(store_options(r.config));
  r.model = make_model(r.config, r.example_shape, *r.store);
  r.codes.mean = Tensor::from<double>({1, -2, 0.5});
  r.codes.covariance = Tensor::from<double>({4, 1, 0, 1, 9, 0, 0, 0, 0}, {3, 3});  // no variance in the last dimension
  return r;
}

// Mean and covariance of the rows of z.
std::pair<std::vector<double>, std::vector<double>> moments(const Tensor& z) {
  const Index n = z.size(0), d = z.size(1);
  std::vector<double> mean(std::size_t(d), 0.0), covariance(std::size_t(d * d), 0.0);
  for (Index i = 0; i < n; i++)
    for (Index j = 0; j < d; j++) mean[std::size_t(j)] += z.at<double>({i, j}) / double(n);
  for (Index i = 0; i < n; i++)
    for (Index j = 0; j < d; j++)
      for (Index k = 0; k < d; k++)
        covariance[std::size_t(j * d + k)] +=
            (z.at<double>({i, j}) - mean[std::size_t(j)]) * (z.at<double>({i, k}) - mean[std::size_t(k)]) / double(n);
  return {mean, covariance};
}

}  // namespace

TEST_CASE("cholesky of a singular covariance") {
  const Tensor a = Tensor::from<double>({4, 2, 0, 2, 5, 0, 0, 0, 0}, {3, 3});
  const Tensor l = cholesky(a);
  const double expected[] = {2, 0, 0, 1, 2, 0, 0, 0, 0};
  for (Index i = 0; i < 9; i++) CHECK(l.element(i) == doctest::Approx(expected[i]));
}

TEST_CASE("codes drawn from prior and fitted Gaussian have their moments") {
  const Run run = small_run(true);
  const auto [prior_mean, prior_covariance] = moments(draw_codes(run, 40000, CodeSource::prior, 2, 1));
  const auto [mean, covariance] = moments(draw_codes(run, 40000, CodeSource::gaussian, 1, 1));
  for (std::size_t j = 0; j < 3; j++) {
    CHECK(std::abs(prior_mean[j]) < 0.05);
    CHECK(std::abs(mean[j] - run.codes.mean.element(Index(j))) < 0.08);
    for (std::size_t k = 0; k < 3; k++) {
      CHECK(std::abs(prior_covariance[3 * j + k] - (j == k ? 4 : 0)) < 0.12);
      CHECK(std::abs(covariance[3 * j + k] - run.codes.covariance.element(Index(3 * j + k))) < 0.3);
    }
  }
  // Temperature 0: the mean alone. More codes: the first ones stay.
  const Tensor cold = draw_codes(run, 2, CodeSource::gaussian, 0, 1);
  CHECK(cold.at<double>({1, 1}) == -2);
  CHECK(identical(draw_codes(run, 7, CodeSource::gaussian, 1, 3).slice(0, 2), draw_codes(run, 2, CodeSource::gaussian, 1, 3)));
}

TEST_CASE("a run without statistics has no fitted Gaussian") {
  Run run = small_run(false);
  run.codes = {};
  CHECK(contains(error_of([&] { draw_codes(run, 1, CodeSource::gaussian, 1, 1); }), "--resume"));
  CHECK(default_code_source(*run.model) == CodeSource::gaussian);
  CHECK(default_code_source(*small_run(true).model) == CodeSource::prior);
}

TEST_CASE("the plane of two dimensions: first to the right, second upwards") {
  const Tensor z = plane_codes(small_run(true), 3, 4, 0, 2);
  REQUIRE(z.shape() == Shape{9, 3});
  const double expected[9][3] = {{-4, 0, 4}, {0, 0, 4}, {4, 0, 4}, {-4, 0, 0}, {0, 0, 0}, {4, 0, 0}, {-4, 0, -4}, {0, 0, -4}, {4, 0, -4}};
  for (Index i = 0; i < 9; i++)
    for (Index j = 0; j < 3; j++) CHECK(z.at<double>({i, j}) == expected[i][j]);
  // A plain autoencoder: standard deviations around the mean of its codes.
  const Tensor a = plane_codes(small_run(false), 3, 2, 1, 0);
  CHECK(a.at<double>({2, 0}) == 1 + 2 * 2);
  CHECK(a.at<double>({2, 1}) == -2 + 2 * 3);
  CHECK(a.at<double>({2, 2}) == 0.5);
  CHECK(contains(error_of([] { plane_codes(small_run(true), 3, 4, 0, 3); }), "--dims 0,3"));
}

TEST_CASE("nearest codes, with and without the query itself") {
  const Tensor codes = Tensor::from<float>({0, 0, 3, 4, 0, 1, 10, 10}, {4, 2});
  const Neighbours own = nearest_rows(codes, codes, 2, true);
  CHECK(own.indices.at<std::int32_t>({0, 0}) == 2);
  CHECK(own.indices.at<std::int32_t>({0, 1}) == 1);
  CHECK(own.distances.at<float>({0, 1}) == 5);
  CHECK(nearest_rows(codes, codes, 1, false).indices.at<std::int32_t>({3, 0}) == 3);
  CHECK(contains(error_of([&] { nearest_rows(codes, codes, 4, true); }), "4 neighbours wanted among 3"));
}

TEST_CASE("decoding and reconstruction do not depend on how many there are") {
  const Run run = small_run(true);
  const Tensor codes = draw_codes(run, 700, CodeSource::prior, 1, 1), pictures = decode_codes(*run.model, codes);
  CHECK(pictures.shape() == Shape{700, 2, 2, 1});
  const Tensor last = decode_codes(*run.model, codes.slice(699, 700));
  for (Index i = 0; i < 4; i++) CHECK(pictures.element(699 * 4 + i) == doctest::Approx(last.element(i)).epsilon(1e-6));
  CHECK(reconstruct(*run.model, pictures, {}).shape() == pictures.shape());
}

TEST_CASE("a mixture finds clusters that one Gaussian misses") {
  // Three clusters of standard deviation 0.1 at (0, 0), (5, 0), (0, 5), with shares 1/2, 1/4, 1/4.
  constexpr Index n = 800;
  Tensor x({n, 2}, DType::float64);
  fill_normal(x, {.purpose = Purpose::test});
  for (Index i = 0; i < n; i++) {
    const Index c = i % 4;
    x.set<double>({i, 0}, 0.1 * x.at<double>({i, 0}) + (c == 2 ? 5 : 0));
    x.set<double>({i, 1}, 0.1 * x.at<double>({i, 1}) + (c == 3 ? 5 : 0));
  }
  const Mixture three = fit_mixture(x, 3), one = fit_mixture(x, 1);
  // The entropy of such data is log 0.1^2 2 pi e + H(1/2, 1/4, 1/4) nats, up to the fit's few parameters.
  CHECK(three.mean_log_density(x) == doctest::Approx(-(std::log(0.01 * 2 * M_PI * std::exp(1.0)) + 1.5 * std::log(2))).epsilon(0.03));
  CHECK(one.mean_log_density(x) < three.mean_log_density(x) - 2);
  double heaviest = 0;
  for (const auto& c : three.components) heaviest = std::max(heaviest, c.weight);
  CHECK(heaviest == doctest::Approx(0.5).epsilon(0.01));

  const Tensor z = three.draw(2000, 1, 1);
  Index near = 0, right = 0;
  for (Index i = 0; i < 2000; i++) {
    const double a = z.at<double>({i, 0}), b = z.at<double>({i, 1});
    near += std::hypot(a, b) < 1 || std::hypot(a - 5, b) < 1 || std::hypot(a, b - 5) < 1;
    right += a > 4;
  }
  CHECK(near == 2000);
  CHECK(std::abs(double(right) / 2000 - 0.25) < 0.04);
  CHECK(identical(three.draw(5, 1, 2), three.draw(9, 1, 2).slice(0, 5)));
  const int before = threads();
  set_threads(1);
  const Mixture again = fit_mixture(x, 3);
  set_threads(before);
  for (std::size_t c = 0; c < 3; c++) CHECK(identical(again.components[c].covariance, three.components[c].covariance));
  CHECK(contains(error_of([&] { fit_mixture(x.slice(0, 2), 3); }), "components"));
}

TEST_CASE("the gradients of whole models pass the check") {
  for (const char* likelihood : {"bernoulli", "squared-error", "gaussian", "gaussian-optimal"})
    for (const bool variational : {true, false}) {
      Config config;
      config.model.hidden = {9, 6};
      config.model.latent = 3;
      config.model.variational = variational;
      config.objective.likelihood = likelihood;
      for (const GradcheckResult& r : gradcheck_parameters(config, {4, 4, 1})) {
        CAPTURE(likelihood);
        CAPTURE(r.op);
        CHECK(r.passed());
        CHECK(r.error32 < 1e-4);
      }
    }
}
