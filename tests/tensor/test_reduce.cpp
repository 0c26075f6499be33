#include "tensor/reduce.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tests/tensor/helpers.h"

using namespace elbo;

namespace {

// The numbers that enter each result, in row-major order, by counting through all of x.
std::vector<std::vector<double>> groups(const Tensor& x, const Axes& axes) {
  const Shape kept = reduced_shape("test", x.shape(), axes, true);
  std::vector<std::vector<double>> g(std::size_t(kept.numel()));
  for (Index i = 0; i < x.numel(); i++) g[std::size_t(flat_of(position_of(i, x.shape()), kept))].push_back(x.element(i));
  return g;
}

template <class F>
Tensor naive_of(const std::vector<std::vector<double>>& g, const Shape& shape, F&& f) {
  Tensor y(shape, DType::float64);
  for (std::size_t i = 0; i < g.size(); i++) y.mutable_data<double>()[i] = f(g[i]);
  return y;
}
template <class F>
double naive(const Tensor& x, F&& f) {
  return f(groups(x, {})[0]);
}

double add_up(const std::vector<double>& v) {
  long double s = 0;
  for (double x : v) s += x;
  return double(s);
}
double average(const std::vector<double>& v) { return add_up(v) / double(v.size()); }
double spread(const std::vector<double>& v) {
  const double m = average(v);
  long double s = 0;
  for (double x : v) s += (x - m) * (x - m);
  return double(s) / double(v.size());
}
double log_sum(const std::vector<double>& v) {
  long double s = 0;
  for (double x : v) s += std::exp(static_cast<long double>(x));
  return double(std::log(s));
}

const std::vector<std::pair<Shape, Axes>> cases = {
    {{}, {}},
    {{1}, {}},
    {{7}, {0}},
    {{1000}, {}},
    {{70000}, {0}},
    {{3, 5}, {0}},
    {{3, 5}, {-1}},
    {{33, 129}, {0}},
    {{33, 129}, {1}},
    {{300, 1000}, {0}},
    {{1000, 300}, {1}},
    {{2, 100000}, {1}},
    {{100000, 3}, {0}},
    {{4, 6, 9}, {1}},
    {{4, 6, 9}, {0, 2}},
    {{4, 6, 9}, {0, 1}},
    {{2, 3, 4, 5}, {1, 3}},
    {{2, 3, 4, 5}, {0, 2}},
    {{2, 1, 4, 1, 5, 3}, {0, 3, -1}},
    {{5, 40, 500}, {1}},
    {{8, 14, 14, 32}, {0, 1, 2}},
    {{8, 14, 14, 32}, {1, 2}},
};

}  // namespace

TEST_CASE("kernel: reductions agree with naive loops over shapes, types and instruction sets") {
  for (const DType type : {DType::float32, DType::float64}) {
    for (const auto& c : cases) {
      const Shape& shape = c.first;
      const Axes& axes = c.second;
      const Tensor x = normal(shape, type);
      const auto g = groups(x, axes);
      const auto naive = [&](auto&& f) { return naive_of(g, reduced_shape("test", shape, axes, false), f); };
      const Tensor sums = naive(add_up), means = naive(average), variances = naive(spread), logs = naive(log_sum);
      const Tensor largest = naive([](const auto& v) { return *std::max_element(v.begin(), v.end()); });
      const Tensor smallest = naive([](const auto& v) { return *std::min_element(v.begin(), v.end()); });
      const Tensor where_largest = naive([](const auto& v) { return double(std::max_element(v.begin(), v.end()) - v.begin()); });
      const Tensor where_smallest = naive([](const auto& v) { return double(std::min_element(v.begin(), v.end()) - v.begin()); });
      for_each_isa([&](Isa isa) {
        CAPTURE(isa_name(isa));
        CAPTURE(dtype_name(type));
        CAPTURE(shape.str());
        CAPTURE(axes.str());
        const double eps = epsilon(type), n = double(reduced_count(shape, axes));
        CHECK(difference(sum(x, axes), sums) <= 4 * eps * std::sqrt(n));
        CHECK(difference(mean(x, axes), means) <= 4 * eps);
        CHECK(difference(variance(x, axes), variances) <= 8 * eps);
        CHECK(difference(logsumexp(x, axes), logs) <= 8 * eps);
        CHECK(difference(max(x, axes), largest) == 0);
        CHECK(difference(min(x, axes), smallest) == 0);
        CHECK(difference(argmax(x, axes), where_largest) == 0);
        CHECK(difference(argmin(x, axes), where_smallest) == 0);
      });
    }
  }
}

TEST_CASE("kernel: rows of any length, from any address") {
  for_each_isa([](Isa isa) {
    CAPTURE(isa_name(isa));
    const Tensor all = normal({200}, DType::float32);
    for (Index n = 1; n <= 70; n++)
      for (Index begin = 0; begin < 5; begin++) {
        const Tensor x = all.slice(begin, begin + n);
        REQUIRE(std::fabs(sum(x).item() - naive(x, add_up)) <= 1e-6 * double(n));
        REQUIRE(max(x).item() == naive(x, [](const auto& v) { return *std::max_element(v.begin(), v.end()); }));
        REQUIRE(identical(sum(x), sum(x.clone())));  // alignment changes nothing
        REQUIRE(sum(x.reshape({1, n}), {0}).reshape({n, 1}).shape() == Shape{n, 1});
        REQUIRE(difference(sum(x.reshape({1, n}), {0}), x) == 0);  // columns: each number is a result
      }
  });
}

TEST_CASE("a float32 sum of ten million ones is exact") {
  for_each_isa([](Isa isa) {
    CAPTURE(isa_name(isa));
    const Tensor x = Tensor::ones({10'000'000});
    CHECK(sum(x).item() == 10'000'000);
    CHECK(total(x) == 10'000'000);
    CHECK(mean(x).item() == 1);
    CHECK(difference(sum(x.reshape({5'000'000, 2}), {0}), Tensor::full({2}, 5'000'000)) == 0);
  });
}

TEST_CASE("reductions give the same bits for any number of threads") {
  for (const Shape& shape : {Shape{1'000'003}, Shape{3, 400'001}, Shape{400'001, 3}, Shape{700, 900}, Shape{40, 30, 500}}) {
    CAPTURE(shape.str());
    const Tensor x = normal(shape);
    for (const Axes& axes : {Axes{}, Axes{0}, Axes{-1}}) {
      CHECK(same_for_any_threads([&] { return sum(x, axes); }));
      CHECK(same_for_any_threads([&] { return variance(x, axes); }));
      CHECK(same_for_any_threads([&] { return logsumexp(x, axes); }));
      CHECK(same_for_any_threads([&] { return argmax(x, axes); }));
    }
    CHECK(same_for_any_threads([&] { return cumulative_sum(x, 0); }));
  }
}

TEST_CASE("shapes of reductions") {
  const Tensor x = normal({2, 3, 4});
  CHECK(sum(x).shape() == Shape{});
  CHECK(sum(x, {}, true).shape() == Shape{1, 1, 1});
  CHECK(sum(x, {1}).shape() == Shape{2, 4});
  CHECK(sum(x, {-2}, true).shape() == Shape{2, 1, 4});
  CHECK(argmax(x, {0, 2}).shape() == Shape{3});
  CHECK(argmax(x, {0, 2}, true).shape() == Shape{1, 3, 1});
  CHECK(argmax(x).dtype() == DType::int32);
  CHECK_THROWS_AS(sum(x, {3}), Error);
  CHECK_THROWS_AS(sum(x, {0, -3}), Error);
  CHECK_THROWS_AS(sum(integers({3}, 5)), Error);
  Tensor kept({2, 1, 4}), removed({2, 4}), wrong({2, 3});
  sum(x, {1}, kept);
  sum(x, {1}, removed);
  CHECK(identical(kept.reshape({2, 4}), removed));
  CHECK_THROWS_AS(sum(x, {1}, wrong), Error);
}

TEST_CASE("axes of size zero") {
  const Tensor x = Tensor::zeros({0, 3});
  CHECK(difference(sum(x, {0}), Tensor::zeros({3})) == 0);
  CHECK(sum(x).item() == 0);
  CHECK(std::isnan(mean(x).item()));
  CHECK(std::isnan(variance(x).item()));
  CHECK(logsumexp(x).item() == -INFINITY);
  CHECK_THROWS_AS(max(x, {0}), Error);
  CHECK_THROWS_AS(argmin(x), Error);
  CHECK(max(x, {1}).shape() == Shape{0});
  CHECK(sum(x, {1}).shape() == Shape{0});
  CHECK(cumulative_sum(x, 0).shape() == Shape{0, 3});
}

TEST_CASE("kernel: NaN and infinity in reductions") {
  for_each_isa([](Isa isa) {
    CAPTURE(isa_name(isa));
    for (const Index at : {0, 1, 17, 36}) {
      Tensor x = normal({37});
      x.set<float>({at}, NAN);
      CHECK(std::isnan(max(x).item()));
      CHECK(std::isnan(min(x).item()));
      CHECK(argmax(x).item() == at);
      CHECK(argmin(x).item() == at);
      const Tensor column = x.reshape({37, 1}), two = broadcast_to(column, {37, 2});
      CHECK(std::isnan(max(two, {0}).element(1)));
      CHECK(argmax(two, {0}).element(1) == at);
      x.set<float>({at}, INFINITY);
      CHECK(max(x).item() == INFINITY);
      CHECK(logsumexp(x).item() == INFINITY);
      CHECK(sum(x).item() == INFINITY);
    }
    CHECK(logsumexp(Tensor::full({5}, -INFINITY)).item() == -INFINITY);
    CHECK(logsumexp(Tensor::full({5}, 1000)).item() == doctest::Approx(1000 + std::log(5)));
    CHECK(max(Tensor::full({5}, -INFINITY)).item() == -INFINITY);
    CHECK(argmax(Tensor::full({5}, -INFINITY)).item() == 0);
    CHECK(argmax(Tensor::from<float>({1, 3, 3, 2})).item() == 1);
  });
}

TEST_CASE("variance keeps its digits far from zero, and divides by n - 1 when asked") {
  Tensor x = scale_shift(normal({100'000}), 1, 10'000);
  CHECK(variance(x).item() == doctest::Approx(naive(x, spread)).epsilon(1e-6));
  CHECK(variance(Tensor::full({1000}, 0.1)).item() < 0.1 * 0.1 * 0x1p-42);  // the mean is off by a few roundings
  CHECK(variance(Tensor::from<float>({1, 2, 3, 4})).item() == 1.25);
  CHECK(variance(Tensor::from<float>({1, 2, 3, 4}), {}, false, true).item() == doctest::Approx(5.0 / 3));
  CHECK(std::isnan(variance(Tensor::from<float>({1}), {}, false, true).item()));
}

TEST_CASE("sum_to undoes broadcasting") {
  const std::vector<std::pair<Shape, Shape>> pairs = {
      {{33, 129}, {129}},     {{33, 129}, {1, 129}},  {{33, 129}, {33, 1}},      {{33, 129}, {}}, {{33, 129}, {1}}, {{4, 5, 6}, {5, 1}},
      {{4, 5, 6}, {4, 1, 6}}, {{4, 5, 6}, {1, 5, 1}}, {{2, 3, 4, 5}, {3, 1, 5}}, {{0, 5}, {5}},   {{5, 0}, {5, 1}}, {{3, 1, 4}, {1, 4}}};
  for (const auto& pair : pairs) {
    const auto &whole = pair.first, &part = pair.second;
    CAPTURE(whole.str());
    CAPTURE(part.str());
    const Tensor t = normal(whole, DType::float64);
    Tensor expected = Tensor::zeros(part, DType::float64);
    for (Index i = 0; i < t.numel(); i++) expected.mutable_data<double>()[flat_of(position_of(i, whole), part)] += t.element(i);
    CHECK(difference(sum_to(t, part), expected) < 1e-13);
    Tensor out(part, DType::float64);
    sum_to(t, out);
    CHECK(identical(out, sum_to(t, part)));
  }
  const Tensor t = normal({3, 4});
  CHECK(sum_to(t, {3, 4}).shares_storage_with(t));
  CHECK_THROWS_AS(sum_to(t, {3}), Error);
  CHECK_THROWS_AS(sum_to(t, {1, 3, 4}), Error);
  CHECK_THROWS_AS(sum_to(t, {2, 4}), Error);
}

TEST_CASE("sum_to takes no memory from the system in steady state") {
  const Tensor t = normal({128, 784});
  Tensor columns(Shape{784}), rows(Shape{128, 1}), all(Shape{});
  const auto step = [&] { sum_to(t, columns), sum_to(t, rows), sum_to(t, all); };
  step();
  const auto before = memory_stats().system_calls;
  for (int i = 0; i < 10; i++) step();
  CHECK(memory_stats().system_calls == before);
}

TEST_CASE("cumulative sums, forwards and from the end") {
  const Tensor x = normal({3, 4, 5}, DType::float64);
  for (int axis = 0; axis < 3; axis++)
    for (const bool reverse : {false, true}) {
      const Tensor y = cumulative_sum(x, axis, reverse);
      for (Index i = 0; i < x.numel(); i++) {
        auto at = position_of(i, x.shape());
        const Index here = at[std::size_t(axis)];
        double expected = 0;
        for (Index k = reverse ? here : 0; k < (reverse ? x.shape()[axis] : here + 1); k++) {
          at[std::size_t(axis)] = k;
          expected += x.element(flat_of(at, x.shape()));
        }
        REQUIRE(y.element(i) == doctest::Approx(expected).epsilon(1e-14));
      }
    }
  CHECK(cumulative_sum(Tensor::ones({10'000'000}), 0).element(9'999'999) == 10'000'000);
}
