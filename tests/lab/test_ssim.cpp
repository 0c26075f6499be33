#include "lab/ssim.h"

#include <doctest/doctest.h>

#include "tensor/elementwise.h"
#include "tensor/parallel.h"
#include "tests/support.h"

using namespace elbo;
using elbo::testing::contains;
using elbo::testing::error_of;

namespace {

// As in ssim_reference.py.
Tensor made_pictures(const Shape& shape, std::int64_t a, std::int64_t b) {
  Tensor x(shape);
  for (std::int64_t i = 0; i < x.numel(); i++) x.mutable_data<float>()[i] = float(double((i * a + i * i * b) % 251) / 250);
  return x;
}

Tensor blend(const Tensor& x, const Tensor& y) {
  Tensor z(x.shape());
  for (Index i = 0; i < x.numel(); i++) z.mutable_data<float>()[i] = float(0.7 * x.element(i) + 0.3 * y.element(i));
  return z;
}

}  // namespace

TEST_CASE("structural similarity of made-up pictures is that of loops over windows") {
  // python3 tests/lab/ssim_reference.py
  const double wide[] = {0.9079641628179203, 0.8799112826974901}, small[] = {0.8871244329208409, 0.9132154503185064};
  const auto check = [](const Shape& shape, const double* expected) {
    const Tensor x = made_pictures(shape, 7, 3), y = blend(x, made_pictures(shape, 5, 11));
    const std::vector<double> s = structural_similarity(x, y);
    REQUIRE(s.size() == 2);
    for (std::size_t i = 0; i < 2; i++) CHECK(s[i] == doctest::Approx(expected[i]).epsilon(1e-9));
    CHECK(structural_similarity(x.to(DType::float64), y.to(DType::float64)) == s);
  };
  check({2, 14, 13, 2}, wide);
  check({2, 6, 9, 1}, small);  // a window of 5x5
}

TEST_CASE("structural similarity: 1 for equal pictures, symmetric, near -1 for contrasts turned round, the same bits for any threads") {
  const Tensor x = made_pictures({3, 12, 15, 3}, 7, 3), y = made_pictures({3, 12, 15, 3}, 5, 11);
  for (const double s : structural_similarity(x, x)) CHECK(s == 1);
  const std::vector<double> s = structural_similarity(x, y);
  CHECK(structural_similarity(y, x) == s);
  for (const double v : s) CHECK(std::abs(v) < 0.3);
  for (const double v : structural_similarity(x, subtract(Tensor::scalar(1), x))) CHECK(v < -0.9);
  const int before = threads();
  set_threads(1);
  CHECK(structural_similarity(x, y) == s);
  set_threads(before);

  // Pictures of one grey level each: only the means differ.
  const double a = 0.5, b = 0.25, c1 = 1e-4;
  const std::vector<double> flat = structural_similarity(Tensor::full({1, 11, 11, 1}, a), Tensor::full({1, 11, 11, 1}, b));
  CHECK(flat[0] == doctest::Approx((2 * a * b + c1) / (a * a + b * b + c1)).epsilon(1e-9));
}

TEST_CASE("structural similarity: windows and errors") {
  CHECK(similarity_window(28, 28) == 11);
  CHECK(similarity_window(11, 40) == 11);
  CHECK(similarity_window(10, 40) == 9);
  CHECK(similarity_window(1, 5) == 1);
  CHECK(similarity_window(2, 2) == 1);
  CHECK(structural_similarity(Tensor({0, 4, 4, 1}), Tensor({0, 4, 4, 1})).empty());
  CHECK(contains(error_of([] { structural_similarity(Tensor({2, 3}), Tensor({2, 3})); }), "[ssim]"));
  CHECK(contains(error_of([] { structural_similarity(Tensor({1, 3, 3, 1}), Tensor({1, 3, 4, 1})); }), "[ssim]"));
}
