#include "tensor/resample.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/reduce.h"
#include "tests/support.h"
#include "tests/tensor/helpers.h"

using namespace elbo;

namespace {

// Sizes for test number `number`: whole numbers from `low` to `high`.
struct Draws {
  RandomKey key;
  std::uint32_t draw = 0;
  explicit Draws(std::uint64_t number) : key{.seed = 8, .purpose = Purpose::test, .step = number} {}
  Index operator()(Index low, Index high) { return low + Index(key.uniform(0, draw++) * double(high - low + 1)); }
};

// Any of the tables of weights for an axis of this size.
Taps any_taps(Draws& draw, Index size) {
  switch (draw(0, 4)) {
    case 0:
      return nearest_taps(size, draw(0, 1) ? size * draw(1, 4) : draw(1, 40));
    case 1:
      return bilinear_taps(size, draw(1, 40));
    case 2: {
      const Index kernel = draw(1, 5), padding = draw(0, kernel / 2), stride = draw(1, 3);
      if (size + 2 * padding < kernel) return mean_taps(size, size, stride, 0, true);
      return mean_taps(size, kernel, stride, padding, draw(0, 1) == 0);
    }
    case 3:
      return padded_taps(size, draw(0, 3), draw(0, 3), false);
    default:
      return padded_taps(size, draw(0, size - 1), draw(0, size - 1), true);
  }
}

double dot(const Tensor& a, const Tensor& b) { return total(multiply(a.to(DType::float64), b.to(DType::float64))); }

Tensor row_of(const Taps& taps, std::initializer_list<double> values) {
  const Tensor x = Tensor::from<double>(values, {1, 1, Index(values.size()), 1});
  return resample(x, nearest_taps(1, 1), taps).flatten();
}
Tensor numbers(std::initializer_list<double> values) { return Tensor::from<double>(values); }

}  // namespace

TEST_CASE("kernel: sums of weighted pixels agree with the plain loops, and their gradients are the transposed sums") {
  for (std::uint64_t number = 0; number < 300; number++) {
    Draws draw(number);
    const DType type = number % 2 ? DType::float64 : DType::float32;
    const Index n = draw(0, 3), h = draw(1, 17), w = draw(1, 17), c = draw(0, 3) ? draw(1, 9) : draw(10, 40);
    const Taps rows = any_taps(draw, h), columns = any_taps(draw, w), rows_back = rows.transposed(), columns_back = columns.transposed();
    const Tensor x = normal({n, h, w, c}, type, number), dy = normal({n, rows.count(), columns.count(), c}, type, number + 1000);
    CAPTURE(x.shape().str());
    CAPTURE(dy.shape().str());
    const Isa before = isa();
    set_isa(Isa::reference);
    const Tensor y = resample(x, rows, columns), dx = resample(dy, rows_back, columns_back);
    set_isa(before);
    const double terms = double(rows.index.size() * columns.index.size()) / double(std::min(h * w, rows.count() * columns.count()));
    for_each_isa([&](Isa isa) {
      CAPTURE(isa_name(isa));
      CHECK(difference(resample(x, rows, columns), y) <= (4 + terms) * epsilon(type));
      const Tensor back = resample(dy, rows_back, columns_back);
      CHECK(difference(back, dx) <= (4 + terms) * epsilon(type));
      if (type == DType::float64) CHECK(dot(y, dy) == doctest::Approx(dot(x, back)).epsilon(1e-12));
    });
  }
}

TEST_CASE("kernel: resampling gives the same bits for any number of threads") {
  const Tensor x = normal({3, 33, 29, 19});
  const Taps rows = bilinear_taps(33, 70), columns = bilinear_taps(29, 61), nearest = nearest_taps(29, 87);
  CHECK(same_for_any_threads([&] { return resample(x, rows, columns); }));
  CHECK(same_for_any_threads([&] { return resample(x, rows, nearest); }));
  CHECK(same_for_any_threads([&] { return resample(x, rows.transposed().transposed(), nearest); }));
  const Tensor dy = normal({3, 70, 87, 19});
  CHECK(same_for_any_threads([&] { return resample(dy, rows.transposed(), nearest.transposed()); }));
}

TEST_CASE("the tables of weights are what their names say") {
  CHECK(identical(row_of(nearest_taps(3, 7), {1, 2, 3}), numbers({1, 1, 1, 2, 2, 3, 3})));
  CHECK(identical(row_of(nearest_taps(5, 3), {1, 2, 3, 4, 5}), numbers({1, 2, 4})));
  CHECK(identical(row_of(bilinear_taps(2, 4), {0, 8}), numbers({0, 2, 6, 8})));
  CHECK(identical(row_of(bilinear_taps(4, 2), {0, 2, 4, 8}), numbers({1, 6})));
  CHECK(identical(row_of(bilinear_taps(1, 3), {5}), numbers({5, 5, 5})));
  CHECK(identical(row_of(padded_taps(3, 2, 1, false), {1, 2, 3}), numbers({0, 0, 1, 2, 3, 0})));
  CHECK(identical(row_of(padded_taps(3, 2, 1, true), {1, 2, 3}), numbers({3, 2, 1, 2, 3, 2})));
  CHECK(identical(row_of(mean_taps(5, 2, 2, 0, true), {1, 3, 5, 7, 100}), numbers({2, 6})));
  CHECK(identical(row_of(mean_taps(3, 2, 1, 1, true), {2, 4, 6}), numbers({1, 3, 5, 3})));
  CHECK(identical(row_of(mean_taps(3, 2, 1, 1, false), {2, 4, 6}), numbers({2, 3, 5, 6})));
  // A size that stays: every table of the kind leaves the images as they are, bit by bit.
  const Tensor x = normal({2, 5, 6, 3});
  CHECK(identical(resample(x, nearest_taps(5, 5), bilinear_taps(6, 6)), x));
  CHECK(identical(resample(x, mean_taps(5, 1, 1, 0, true), padded_taps(6, 0, 0, true)), x));
  // Weights of 0 are none: infinity at an edge stays where it is.
  CHECK(identical(row_of(bilinear_taps(3, 3), {INFINITY, 1, NAN}).slice(0, 2), numbers({INFINITY, 1})));
}

TEST_CASE("resampling checks what it is given") {
  const Taps two = nearest_taps(2, 4);
  CHECK(resample(Tensor({0, 2, 2, 3}), two, two).shape() == Shape{0, 4, 4, 3});
  CHECK(testing::contains(testing::error_of([&] { resample(Tensor({2, 2, 3}), two, two); }), "images (n, h, w, c)"));
  CHECK(testing::contains(testing::error_of([&] { resample(Tensor({1, 0, 2, 3}), two, two); }), "at least one pixel"));
  CHECK(testing::contains(testing::error_of([&] { resample(Tensor({1, 3, 2, 3}), two, two); }), "(1, 3, 2, 3)"));
  CHECK_THROWS_AS(resample(Tensor({1, 2, 2, 3}, DType::int32), two, two), Error);
}
