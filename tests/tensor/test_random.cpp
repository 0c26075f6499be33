#include "tensor/random.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/reduce.h"
#include "tensor/shape_ops.h"
#include "tensor/sort.h"
#include "tests/tensor/helpers.h"

using namespace elbo;

namespace {

const RandomKey key{.seed = 12345, .purpose = Purpose::latent, .step = 678};

Tensor normals(const Shape& shape, DType type = DType::float32, std::uint32_t first = 0) {
  Tensor t(shape, type);
  fill_normal(t, key, first);
  return t;
}
Tensor uniforms(const Shape& shape, DType type = DType::float32, std::uint32_t first = 0) {
  Tensor t(shape, type);
  fill_uniform(t, key, first);
  return t;
}

}  // namespace

TEST_CASE("kernel: moments, tails and distribution of a million normal numbers") {
  for_each_isa([](Isa isa) {
    for (const DType type : {DType::float32, DType::float64}) {
      CAPTURE(isa_name(isa));
      CAPTURE(dtype_name(type));
      const Index n = Index{1} << 20;
      const Tensor x = normals({1 << 10, 1 << 10}, type).flatten();
      const double root = std::sqrt(double(n));  // bounds: five standard deviations of each estimate
      CHECK(all_finite(x));
      CHECK(std::fabs(total(x) / double(n)) < 5 / root);
      const Tensor x2 = square(x);
      CHECK(std::fabs(total(x2) / double(n) - 1) < 5 * std::sqrt(2) / root);
      CHECK(std::fabs(total(multiply(x, x2)) / double(n)) < 5 * std::sqrt(15) / root);
      CHECK(std::fabs(total(square(x2)) / double(n) - 3) < 5 * std::sqrt(96) / root);
      // Neighbours are a pair of one radius: they must not be correlated, nor must their squares.
      const Tensor pairs = x.reshape({n / 2, 2}), a = slice_axis(pairs, 1, 0, 1), b = slice_axis(pairs, 1, 1, 2);
      CHECK(std::fabs(total(multiply(a, b)) / double(n / 2)) < 5 * std::sqrt(2) / root);
      CHECK(std::fabs(total(multiply(square(a), square(b))) / double(n / 2) - 1) < 5 * 4 / root);
      for (const double t : {2.0, 3.0, 4.0, 5.0}) {
        const double expected = double(n) * std::erfc(t * std::sqrt(0.5)) / 2;
        for (const double side : {1.0, -1.0}) {
          const double count = total(greater(scale_shift(x, side), Tensor::scalar(t, type)));
          CHECK(std::fabs(count - expected) < 5 * std::sqrt(expected) + 1);
        }
      }
      CHECK(max(abs(x)).item() < 6.67);
    }
  });
  // Kolmogorov and Smirnov: the largest distance to Phi, times sqrt(n), exceeds 1.95 once in a thousand times.
  const Tensor sorted = sort(normals({1, 1 << 20}).flatten());
  double distance = 0;
  for (Index i = 0; i < sorted.numel(); i++)
    distance =
        std::max(distance, std::fabs(std::erfc(-sorted.element(i) * std::sqrt(0.5)) / 2 - (double(i) + 0.5) / double(sorted.numel())));
  CHECK(distance * std::sqrt(double(sorted.numel())) < 1.95);
}

TEST_CASE("kernel: uniform numbers are the words of the stream, the same bits on every instruction set") {
  for_each_isa([](Isa isa) {
    CAPTURE(isa_name(isa));
    for (const Index draws : {1, 2, 3, 4, 5, 63, 64, 65, 1023, 1024, 1025, 5000}) {
      CAPTURE(draws);
      const Tensor x = uniforms({3, draws}, DType::float32, 10), y = uniforms({3, draws}, DType::float64, 10);
      bool right = true;
      for (Index r = 0; r < 3; r++)
        for (Index i = 0; i < draws; i++) {
          const double expected = double(key.word(std::uint32_t(10 + r), std::uint32_t(i)) >> 8) * 0x1p-24;
          right = right && x.element(r * draws + i) == expected && y.element(r * draws + i) == expected;
        }
      CHECK(right);
    }
  });
  const Tensor x = uniforms({1 << 20});
  CHECK(min(x).item() >= 0);
  CHECK(max(x).item() < 1);
  CHECK(std::fabs(total(x) / (1 << 20) - 0.5) < 5 * std::sqrt(1.0 / 12) / 1024);
  CHECK(std::fabs(variance(x).item() - 1.0 / 12) < 5 * std::sqrt(1.0 / 180) / 1024);
}

TEST_CASE("kernel: normal numbers are the same on every instruction set and in both types but for rounding") {
  const Isa before = isa();
  set_isa(Isa::reference);
  const Tensor exact = normals({64, 1111}, DType::float64);
  set_isa(before);
  for_each_isa([&](Isa isa) {
    CAPTURE(isa_name(isa));
    CHECK(difference(normals({64, 1111}, DType::float64), exact) < 1e-14);
    // float32 rounds the uniform number first: near 1 that moves a radius of about 0 by up to sqrt(2^-24).
    const Tensor x = normals({64, 1111}).to(DType::float64);
    CHECK(max(abs(subtract(x, exact))).item() < std::sqrt(0x1p-24));
    CHECK(mean(abs(subtract(x, exact))).item() < 1e-6);
  });
}

TEST_CASE("kernel: draws depend on neither threads nor the split of a batch") {
  for_each_isa([](Isa isa) {
    CAPTURE(isa_name(isa));
    for (const Shape& shape : {Shape{100, 20}, Shape{7, 3}, Shape{5, 4097}, Shape{2, 100'001}, Shape{1000}, Shape{10, 4, 5}}) {
      CAPTURE(shape.str());
      for (const DType type : {DType::float32, DType::float64}) {
        CHECK(same_for_any_threads([&] { return normals(shape, type); }));
        CHECK(same_for_any_threads([&] { return uniforms(shape, type); }));
        const Tensor whole = normals(shape, type);
        const Index rows = shape[0], cut = rows / 3;
        Tensor first(shape.with(0, cut), type), second(shape.with(0, rows - cut), type);
        fill_normal(first, key, 0);
        fill_normal(second, key, std::uint32_t(cut));
        CHECK(identical(concatenate({first, second}, 0), whole));
        // The same by number, backwards.
        std::vector<std::int32_t> examples;
        for (Index i = rows; i-- > 0;) examples.push_back(std::int32_t(i));
        Tensor reversed(shape, type);
        fill_normal(reversed, key, examples);
        CHECK(identical(gather_rows(reversed, Tensor::from(examples, {rows})), whole));
      }
    }
  });
}

TEST_CASE("a draw depends on every part of its key") {
  const auto draw = [](const RandomKey& k, std::uint32_t example = 0) {
    Tensor t(Shape{1, 50});
    fill_normal(t, k, example);
    return t;
  };
  const Tensor one = draw(key);
  CHECK(identical(one, draw(key)));
  CHECK_FALSE(identical(one, draw({.seed = key.seed + 1, .purpose = key.purpose, .step = key.step})));
  CHECK_FALSE(identical(one, draw({.seed = key.seed + (std::uint64_t{1} << 40), .purpose = key.purpose, .step = key.step})));
  CHECK_FALSE(identical(one, draw({.seed = key.seed, .purpose = Purpose::dropout, .step = key.step})));
  CHECK_FALSE(identical(one, draw({.seed = key.seed, .purpose = key.purpose, .step = key.step + 1})));
  CHECK_FALSE(identical(one, draw({.seed = key.seed, .purpose = key.purpose, .step = key.step + (std::uint64_t{1} << 32)})));
  CHECK_FALSE(identical(one, draw(key, 1)));
}

TEST_CASE("Bernoulli draws have their frequency") {
  const Index n = 200'000;
  for (const double p : {0.0, 0.001, 0.3, 0.5, 0.9, 1.0}) {
    CAPTURE(p);
    Tensor x(Shape{100, n / 100});
    fill_bernoulli(x, Tensor::full(x.shape(), p), key);
    CHECK(std::fabs(total(x) - p * double(n)) <= 5 * std::sqrt(p * (1 - p) * double(n)));
    CHECK(difference(multiply(x, scale_shift(x, -1, 1)), zeros_like(x)) == 0);  // nothing but 0 and 1
  }
  Tensor x(Shape{3});
  CHECK_THROWS_AS(fill_bernoulli(x, Tensor::zeros({4}), key), Error);
}

TEST_CASE("a permutation is one, and every element may come first") {
  for (const Index n : {0, 1, 2, 10, 1000}) {
    auto p = permutation(n, key);
    CHECK(p == permutation(n, key));
    std::sort(p.begin(), p.end());
    bool right = Index(p.size()) == n;
    for (std::size_t i = 0; i < p.size(); i++) right = right && p[i] == std::int32_t(i);
    CHECK(right);
  }
  CHECK(permutation(1000, key) != permutation(1000, {.seed = key.seed, .purpose = key.purpose, .step = 1}));
  std::vector<int> first(10), last(10);
  for (std::uint64_t step = 0; step < 10'000; step++) {
    const auto p = permutation(10, {.seed = 1, .purpose = Purpose::shuffle, .step = step});
    first[std::size_t(p.front())]++;
    last[std::size_t(p.back())]++;
  }
  for (const auto& counts : {first, last})
    for (int c : counts) CHECK(std::abs(c - 1000) < 5 * 30);  // standard deviation 30
  CHECK_THROWS_AS(permutation(-1, key), Error);
}
