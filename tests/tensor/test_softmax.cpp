#include "tensor/softmax.h"

#include <doctest/doctest.h>

#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/reduce.h"
#include "tests/tensor/helpers.h"

using namespace elbo;

TEST_CASE("kernel: softmax and its gradient agree with the plain loops") {
  for (const DType type : {DType::float32, DType::float64})
    for (const Shape& shape :
         {Shape{1}, Shape{5}, Shape{3, 7}, Shape{10, 10}, Shape{4, 65}, Shape{2, 3, 33}, Shape{3, 1000}, Shape{130, 600}}) {
      const Tensor x = scale_shift(normal(shape, type), 5), dy = normal(shape, type, 1);
      const Isa before = isa();
      set_isa(Isa::reference);
      const Tensor p = softmax(x), l = log_softmax(x), dp = softmax_backward(p, dy), dl = log_softmax_backward(l, dy);
      set_isa(before);
      for_each_isa([&](Isa isa) {
        CAPTURE(isa_name(isa));
        CAPTURE(shape.str());
        // The twins add n numbers up one by one in double, and sum(dy) is about sqrt(n): its rounding grows likewise.
        const double eps = epsilon(type), n = double(shape.back()), serial = std::sqrt(n) * 0x1p-52;
        CHECK(difference(softmax(x), p) <= 4 * eps + serial);
        CHECK(difference(log_softmax(x), l) <= 4 * eps + serial);
        CHECK(difference(softmax_backward(p, dy), dp) <= 4 * eps + serial);
        CHECK(difference(log_softmax_backward(l, dy), dl) <= 4 * eps * std::sqrt(n));
        CHECK(same_for_any_threads([&] { return softmax(x); }));
      });
    }
}

TEST_CASE("kernel: softmax is stable, and rows do not depend on where they lie") {
  for_each_isa([](Isa isa) {
    CAPTURE(isa_name(isa));
    const Tensor x = Tensor::from<float>({1e4, 1e4, -1e4, -INFINITY}, {1, 4});
    CHECK(identical(softmax(x), Tensor::from<float>({0.5, 0.5, 0, 0}, {1, 4})));
    CHECK(log_softmax(x).element(0) == doctest::Approx(-std::log(2)));
    CHECK(log_softmax(x).element(2) == doctest::Approx(-20000 - std::log(2)));
    CHECK(std::isnan(softmax(Tensor::full({3}, -INFINITY)).element(0)));
    CHECK(std::isnan(softmax(Tensor::from<float>({1, NAN, 2})).element(0)));
    const Tensor rows = normal({50, 13});
    const Tensor y = softmax(rows), l = log_softmax(rows);
    for (Index r = 0; r < 50; r++) {
      CHECK(identical(softmax(rows[r].clone()), y[r].clone()));
      CHECK(identical(log_softmax(rows[r].clone()), l[r].clone()));
    }
    CHECK(difference(sum(y, {1}), Tensor::ones({50})) < 1e-6);
  });
}

TEST_CASE("softmax along other axes") {
  const Tensor x = normal({4, 5, 6}, DType::float64), dy = normal({4, 5, 6}, DType::float64, 1);
  for (int axis = 0; axis < 3; axis++) {
    const Tensor y = softmax(x, axis), l = log_softmax(x, axis);
    CHECK(difference(exp(l), y) < 1e-14);
    CHECK(difference(divide(exp(x), sum(exp(x), {axis}, true)), y) < 1e-14);
    CHECK(difference(softmax_backward(y, dy, axis), multiply(y, subtract(dy, sum(multiply(y, dy), {axis}, true)))) < 1e-14);
    CHECK(difference(log_softmax_backward(l, dy, axis), subtract(dy, multiply(y, sum(dy, {axis}, true)))) < 1e-14);
  }
  CHECK_THROWS_AS(softmax(x, 3), Error);
  CHECK_THROWS_AS(softmax(Tensor::scalar(1)), Error);
  CHECK_THROWS_AS(softmax_backward(x, dy[0]), Error);
  CHECK(softmax(Tensor({0, 3})).shape() == Shape{0, 3});
  CHECK(softmax(Tensor({3, 0})).shape() == Shape{3, 0});
}
