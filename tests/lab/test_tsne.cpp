#include "lab/tsne.h"

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

Tensor noise(Index n, Index d, std::uint64_t seed) {
  Tensor x({n, d}, DType::float64);
  fill_normal(x, {.seed = seed});
  return x;
}

// Row i belongs to cluster i % 3, whose centre is 12 along axis i % 3; deviations 1.
Tensor three_clusters(Index n, Index d) {
  Tensor x = noise(n, d, 4);
  for (Index i = 0; i < n; i++) x.set<double>({i, i % 3}, x.at<double>({i, i % 3}) + 12);
  return x;
}

// KL(P || Q) by the definition, from conditional probabilities and points.
double plain_divergence(const Tensor& p, const Tensor& y) {
  const Index n = p.size(0);
  const auto w = [&](Index i, Index j) {
    const double a = y.at<double>({i, 0}) - y.at<double>({j, 0}), b = y.at<double>({i, 1}) - y.at<double>({j, 1});
    return 1 / (1 + a * a + b * b);
  };
  double all = 0, sum = 0;
  for (Index i = 0; i < n; i++)
    for (Index j = 0; j < n; j++) all += i == j ? 0 : w(i, j);
  for (Index i = 0; i < n; i++)
    for (Index j = 0; j < n; j++) {
      const double pij = (p.at<double>({i, j}) + p.at<double>({j, i})) / (2 * double(n));
      if (pij > 0) sum += pij * std::log(pij * all / w(i, j));
    }
  return sum;
}

}  // namespace

TEST_CASE("t-SNE: neighbours have the perplexity that was asked for, at any scale and density") {
  Tensor x = noise(90, 5, 1);
  for (Index i = 0; i < 30; i++)  // a third of the points a thousand times as dense, and far away
    for (Index j = 0; j < 5; j++) x.set<double>({i, j}, 1e6 + x.at<double>({i, j}) / 1000);
  for (const double perplexity : {4.0, 20.0}) {
    const Tensor p = tsne_neighbours(x, perplexity);
    for (Index i = 0; i < 90; i++) {
      double sum = 0, entropy = 0;
      for (Index j = 0; j < 90; j++) {
        const double v = p.at<double>({i, j});
        sum += v;
        if (v > 0) entropy -= v * std::log(v);
      }
      CHECK(p.at<double>({i, i}) == 0);
      CHECK(sum == doctest::Approx(1).epsilon(1e-12));
      CHECK(std::exp(entropy) == doctest::Approx(perplexity).epsilon(1e-6));
    }
  }
  // The nearer of two rows is the likelier neighbour, in the ratio of the formula: log p falls with the squared distance along one line.
  const Tensor three = Tensor::from<double>({0, 1, 2, 4, 8}, {5, 1});
  const Tensor p = tsne_neighbours(three, 2);
  const auto slope = [&](Index j, Index k) {
    const double a = three.element(j), b = three.element(k);
    return std::log(p.at<double>({0, j}) / p.at<double>({0, k})) / (b * b - a * a);
  };
  CHECK(slope(1, 2) == doctest::Approx(slope(2, 3)).epsilon(1e-9));
  CHECK(slope(1, 2) > 0);
}

TEST_CASE("t-SNE: separated clusters stay separated, and the divergence falls") {
  const Tensor x = three_clusters(90, 10);
  const Tsne t = tsne(x, {.perplexity = 12, .iterations = 250, .exaggerated = 60});
  double widest = 0, narrowest = INFINITY;  // within a cluster, and between two
  for (Index i = 0; i < 90; i++)
    for (Index j = 0; j < i; j++) {
      const double d =
          std::hypot(t.points.at<double>({i, 0}) - t.points.at<double>({j, 0}), t.points.at<double>({i, 1}) - t.points.at<double>({j, 1}));
      if (i % 3 == j % 3)
        widest = std::max(widest, d);
      else
        narrowest = std::min(narrowest, d);
    }
  CHECK(narrowest > widest);
  CHECK(t.divergence < 0.5 * t.start);
  CHECK(t.perplexity == 12);
  const Tensor p = tsne_neighbours(x, 12);
  CHECK(t.divergence == doctest::Approx(plain_divergence(p, t.points)).epsilon(1e-9));
  CHECK(tsne_divergence(p, t.points) == doctest::Approx(t.divergence).epsilon(1e-9));
  CHECK(tsne(x, {.perplexity = 12, .iterations = 120, .exaggerated = 60}).divergence > t.divergence);
  // At a minimum no small change of one point lowers it.
  const Tsne settled = tsne(three_clusters(24, 4), {.perplexity = 5, .iterations = 3000, .exaggerated = 100});
  const Tensor q = tsne_neighbours(three_clusters(24, 4), 5);
  for (const double change : {-1e-3, 1e-3}) {
    Tensor moved = settled.points.clone();
    moved.set<double>({7, 1}, moved.at<double>({7, 1}) + change);
    CHECK(tsne_divergence(q, moved) > settled.divergence);
  }
}

TEST_CASE("t-SNE: the same for any number of threads, and finite where all points are one") {
  const Tensor x = noise(70, 6, 2);
  const TsneOptions options{.perplexity = 10, .iterations = 40, .exaggerated = 20};
  const int before = threads();
  set_threads(1);
  const Tsne one = tsne(x, options);
  set_threads(3);
  const Tsne three = tsne(x, options);
  set_threads(before);
  CHECK(identical(one.points, three.points));
  CHECK(one.divergence == three.divergence);
  const Tsne same = tsne(Tensor::full({12, 3}, 0.5), options);
  for (const double v : same.points.values<double>()) CHECK(std::isfinite(v));
  CHECK(same.perplexity == doctest::Approx(11.0 / 3));  // capped
}

TEST_CASE("t-SNE: what it does not take") {
  CHECK(contains(error_of([] { tsne(Tensor::zeros({3, 2})); }), "expected 4 to 2000 points"));
  CHECK(contains(error_of([] { tsne(Tensor::zeros({most_tsne_points + 1, 2})); }), "expected 4 to 2000 points"));
  Tensor bad = Tensor::zeros({8, 2});
  bad.set<float>({3, 1}, NAN);
  CHECK(contains(error_of([&] { tsne(bad); }), "finite"));
  CHECK_THROWS_AS(tsne(Tensor::zeros({8, 2}), {.perplexity = 1}), UsageError);
  CHECK_THROWS_AS(tsne(Tensor::zeros({8, 2}), {.iterations = 0}), UsageError);
  CHECK_THROWS_AS(tsne_neighbours(Tensor::zeros({8, 2}), 8), UsageError);
}
