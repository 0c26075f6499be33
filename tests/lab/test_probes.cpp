#include "lab/probes.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "lab/codes.h"
#include "lab/knn.h"
#include "lab/softmax_regression.h"
#include "tensor/elementwise.h"
#include "tensor/matmul.h"
#include "tensor/parallel.h"
#include "tensor/random.h"
#include "tests/support.h"

using namespace elbo;
using elbo::testing::contains;
using elbo::testing::error_of;

namespace {

// Classes in turn, features N(0, 1), of which feature `label` is moved by `distance`.
LabelledFeatures moved_classes(Index n, Index d, Index classes, double distance, std::uint64_t seed) {
  LabelledFeatures f{Tensor({n, d}, DType::float64), Tensor({n}, DType::int32)};
  fill_normal(f.x, {.seed = seed});
  for (Index i = 0; i < n; i++) {
    f.labels.set<std::int32_t>({i}, std::int32_t(i % classes));
    f.x.mutable_data<double>()[i * d + i % classes] += distance;
  }
  return f;
}

// The loss by its definition, one example after the other.
double plain_loss(const LabelledFeatures& f, const SoftmaxRegression& s, double l2) {
  const Index n = f.x.size(0), d = f.x.size(1), k = s.bias.numel();
  double loss = 0, squares = 0;
  for (Index i = 0; i < n; i++) {
    double sum = 0, at_label = 0;
    for (Index c = 0; c < k; c++) {
      double logit = s.bias.element(c);
      for (Index j = 0; j < d; j++) logit += f.x.at<double>({i, j}) * s.weights.at<double>({j, c});
      sum += std::exp(logit);
      if (c == f.labels.at<std::int32_t>({i})) at_label = logit;
    }
    loss += std::log(sum) - at_label;
  }
  for (const double w : s.weights.values<double>()) squares += w * w;
  return loss / double(n) + l2 / 2 * squares;
}

Tensor first_numbers(const Tensor& neighbours) {
  Tensor first({neighbours.size(0)}, DType::int32);
  for (Index i = 0; i < first.numel(); i++) first.set<std::int32_t>({i}, neighbours.at<std::int32_t>({i, 0}));
  return first;
}

Dataset labelled_pictures(Index train, Index valid, Index test) {
  Dataset data;
  data.classes = 3;
  data.example_shape = {2, 2, 1};
  const auto fill = [](Split& s, Index n, std::uint64_t seed) {
    if (n == 0) return;
    const LabelledFeatures f = moved_classes(n, 4, 3, 4, seed);
    s.labels = f.labels;
    s.values = Tensor({n, 2, 2, 1});
    for (Index i = 0; i < s.values.numel(); i++) s.values.mutable_data<float>()[i] = float(1 / (1 + std::exp(-f.x.element(i))));
  };
  fill(data.train, train, 1);
  fill(data.valid, valid, 2);
  fill(data.test, test, 3);
  return data;
}

Run probed_run(Index latent) {
  Run r;
  r.path = "a run";
  r.config.model.latent = latent;
  r.config.model.hidden = {5};
  r.example_shape = {2, 2, 1};
  r.store = std::make_unique<ParamStore>(store_options(r.config));
  r.model = make_model(r.config, r.example_shape, *r.store);
  return r;
}

}  // namespace

TEST_CASE("softmax regression ends where the loss has no slope, and the loss is its definition's") {
  const LabelledFeatures f = moved_classes(300, 4, 3, 1.5, 1);
  const SoftmaxProblem problem(f.x, f.labels, 3);
  for (const double l2 : {1e-1, 1e-3}) {
    SoftmaxRegression s = problem.fit({.l2 = l2, .tolerance = 1e-9});
    REQUIRE(s.converged);
    CHECK(plain_loss(f, s, l2) == doctest::Approx(s.loss).epsilon(1e-12));
    const double h = 1e-5;
    const auto slope = [&](Tensor& t, Index i) {
      double* at = t.mutable_data<double>() + i;
      const double before = *at;
      *at = before + h;
      const double above = plain_loss(f, s, l2);
      *at = before - h;
      const double below = plain_loss(f, s, l2);
      *at = before;
      return (above - below) / (2 * h);
    };
    for (Index i = 0; i < s.weights.numel(); i++) CHECK(std::abs(slope(s.weights, i)) < 1e-8);
    for (Index i = 0; i < s.bias.numel(); i++) CHECK(std::abs(slope(s.bias, i)) < 1e-8);
  }
}

TEST_CASE("softmax regression: without features that say anything the frequencies; from another answer the same answer") {
  Tensor labels = Tensor::from<std::int32_t>({0, 1, 1, 2, 1, 0, 1, 1});
  const SoftmaxRegression s = SoftmaxProblem(Tensor::full({8, 2}, 3), labels, 4).fit({.tolerance = 1e-10, .iterations = 1000});
  // Class 3 never comes: its probability goes to 0 as fast as the tolerance asks for.
  CHECK(s.bias.element(1) - s.bias.element(0) == doctest::Approx(std::log(5.0 / 2)).epsilon(1e-6));
  CHECK(s.bias.element(2) - s.bias.element(0) == doctest::Approx(std::log(1.0 / 2)).epsilon(1e-6));
  CHECK(s.bias.element(3) - s.bias.element(0) < -10);

  const LabelledFeatures f = moved_classes(400, 3, 3, 2, 2);
  const SoftmaxProblem problem(f.x, f.labels, 3);
  const SoftmaxRegression other = problem.fit({.l2 = 1e-1, .tolerance = 1e-10});
  const SoftmaxRegression direct = problem.fit({.l2 = 1e-3, .tolerance = 1e-10}),
                          after = problem.fit({.l2 = 1e-3, .tolerance = 1e-10}, &other);
  CHECK(after.iterations > 0);
  for (Index i = 0; i < 9; i++) CHECK(direct.weights.element(i) == doctest::Approx(after.weights.element(i)).epsilon(1e-6));
  const SoftmaxRegression again = problem.fit({.l2 = 1e-1, .tolerance = 1e-9}, &other);  // begins where it ends
  CHECK(again.iterations == 0);
}

TEST_CASE("softmax regression: the same bits for any number of threads") {
  const LabelledFeatures f = moved_classes(1500, 6, 4, 1, 3);
  const auto fit = [&] { return SoftmaxProblem(f.x, f.labels, 4).fit({.l2 = 1e-3}); };
  const int before = threads();
  set_threads(1);
  const SoftmaxRegression one = fit();
  set_threads(3);
  const SoftmaxRegression three = fit();
  set_threads(before);
  CHECK(identical(one.weights, three.weights));
  CHECK(identical(one.bias, three.bias));
}

TEST_CASE("softmax regression of two Gaussians reaches the share that the best rule has") {
  // Means 2 apart in each of 2 of the features, so 2 sqrt 2 apart: the best rule is right with probability Phi(sqrt 2) = 0.9214.
  const LabelledFeatures train = moved_classes(3000, 3, 2, 2, 4), test = moved_classes(4000, 3, 2, 2, 5);
  const ProbeAccuracy a = probe_features(train, moved_classes(500, 3, 2, 2, 6), test, 2);
  MESSAGE("linear probe ", a.linear, ", neighbours ", a.knn, ", best rule ", 0.9214);
  CHECK(a.converged);
  CHECK(a.linear == doctest::Approx(0.9214).epsilon(0.01));
  CHECK(a.knn > 0.88);
  CHECK(a.knn < 0.935);
}

// The numbers of the nearest, one distance after the other.
static Tensor plain_search(const Tensor& queries, const Tensor& examples, Index count) {
  const Index m = queries.size(0), n = examples.size(0), d = queries.size(1);
  Tensor found({m, count}, DType::int32);
  for (Index i = 0; i < m; i++) {
    std::vector<std::pair<float, std::int32_t>> all;
    for (Index j = 0; j < n; j++) {
      float sum = 0;
      for (Index k = 0; k < d; k++) {
        const float difference = queries.data<float>()[i * d + k] - examples.data<float>()[j * d + k];
        sum += difference * difference;
      }
      all.emplace_back(sum, std::int32_t(j));
    }
    std::partial_sort(all.begin(), all.begin() + count, all.end());
    for (Index k = 0; k < count; k++) found.mutable_data<std::int32_t>()[i * count + k] = all[std::size_t(k)].second;
  }
  return found;
}

TEST_CASE("nearest rows are those of a plain search, and of equal distances the first") {
  Tensor q({40, 7}), x({2500, 7});
  fill_normal(q, {.seed = 1});
  fill_normal(x, {.seed = 2});
  const Tensor far = add(x, Tensor::scalar(100)), queries = add(q, Tensor::scalar(100));  // a mean that would eat the digits
  CHECK(identical(nearest_rows(q, x, 5).indices, plain_search(q, x, 5)));
  const Tensor there = nearest_rows(queries, far, 5).indices;
  CHECK(identical(there, plain_search(queries, far, 5)));
  const int before = threads();
  set_threads(1);
  CHECK(identical(nearest_rows(queries, far, 5).indices, there));
  set_threads(before);

  const Tensor own = first_numbers(nearest_rows(x, x, 1).indices);
  for (Index i = 0; i < 2500; i++) REQUIRE(own.at<std::int32_t>({i}) == i);
  const Tensor equal = nearest_rows(Tensor::ones({1, 2}), Tensor::from<float>({0, 1, 2, 1, 1, 2, 1, 0}, {4, 2}), 4).indices;
  for (Index i = 0; i < 4; i++) CHECK(equal.at<std::int32_t>({0, i}) == i);
  CHECK(contains(error_of([&] { nearest_rows(q, x.slice(0, 3), 4); }), "4 neighbours wanted among 3"));
}

TEST_CASE("neighbours vote; of equally many votes the class of the nearest wins") {
  const Tensor labels = Tensor::from<std::int32_t>({7, 7, 8, 8, 9});
  const Tensor neighbours = Tensor::from<std::int32_t>({2, 0, 1, 3, 0, 2, 4, 0, 1, 4, 2, 3}, {3, 4});
  const Tensor chosen = majority_vote(neighbours, labels);
  CHECK(chosen.at<std::int32_t>({0}) == 8);  // 8 7 7 8
  CHECK(chosen.at<std::int32_t>({1}) == 7);  // 7 8 9 7
  CHECK(chosen.at<std::int32_t>({2}) == 8);  // 7 9 8 8
}

TEST_CASE("probes do not see the features' scale and place") {
  const LabelledFeatures train = moved_classes(600, 3, 3, 2, 7), valid = moved_classes(200, 3, 3, 2, 8),
                         test = moved_classes(500, 3, 3, 2, 9);
  const auto elsewhere = [](const LabelledFeatures& f) {
    return LabelledFeatures{add(multiply(f.x, Tensor::scalar(1e-3, DType::float64)), Tensor::scalar(5, DType::float64)), f.labels};
  };
  const ProbeAccuracy a = probe_features(train, valid, test, 3), b = probe_features(elsewhere(train), elsewhere(valid), elsewhere(test), 3);
  CHECK(a.linear == doctest::Approx(b.linear).epsilon(1e-9));
  CHECK(a.knn == doctest::Approx(b.knn).epsilon(1e-9));
  CHECK(a.l2 == b.l2);
  // Codes that say nothing: one class, whichever it is.
  const auto constant = [](const LabelledFeatures& f) { return LabelledFeatures{Tensor::ones(f.x.shape()), f.labels}; };
  CHECK(probe_features(constant(train), constant(valid), constant(test), 3).linear == doctest::Approx(1.0 / 3).epsilon(0.01));
}

TEST_CASE("figures of a run: code and baselines on the same examples, null where they do not apply") {
  const Run run = probed_run(2);
  const Dataset data = labelled_pictures(300, 90, 150);
  const ProbeFigures f = probe_figures(run, data);
  CHECK(f.train == 300);
  CHECK(f.valid == 90);
  CHECK(f.test == 150);
  CHECK(f.most_frequent == doctest::Approx(1.0 / 3));
  // The run's weights are its initial ones: trained and untrained are the same.
  CHECK(f.code.linear == f.untrained.linear);
  CHECK(f.code.knn == f.untrained.knn);
  CHECK(f.code.linear > f.most_frequent);
  CHECK(f.raw.linear > 0.95);
  CHECK(f.raw.knn > 0.95);
  CHECK(f.principal_components.linear > 0.9);  // three means lie in a plane

  // Other weights: the code's figures change, those of the baselines do not.
  Run other = probed_run(2);
  other.store->values().fill(0);
  const ProbeFigures g = probe_figures(other, data);
  CHECK(g.code.linear == doctest::Approx(1.0 / 3));
  CHECK(g.untrained.linear == f.untrained.linear);
  CHECK(g.raw.linear == f.raw.linear);

  const ProbeFigures few = probe_figures(run, data, {.train = 120, .valid = 30, .test = 60, .baselines = false});
  CHECK(few.train == 120);
  CHECK(few.valid == 30);
  CHECK(few.test == 60);
  CHECK(few.most_frequent == doctest::Approx(1.0 / 3));  // the labels keep their shares
  CHECK(std::isnan(few.raw.linear));
  CHECK(std::isnan(few.untrained.knn));

  const ProbeFigures without = probe_figures(run, labelled_pictures(300, 0, 60), {.baselines = false});
  CHECK(without.train == 240);
  CHECK(without.valid == 60);

  Dataset unlabelled = labelled_pictures(30, 9, 15);
  unlabelled.classes = 0;
  CHECK(std::isnan(probe_figures(run, unlabelled).code.linear));
  CHECK(contains(error_of([&] { probe_figures(run, data, {.neighbours = 0}); }), "[probe]"));
}
