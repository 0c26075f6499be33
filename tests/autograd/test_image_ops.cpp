// What the golden values and the gradient check of each op do not show: functions composed of several ops, conveniences, errors.

#include <doctest/doctest.h>

#include "autograd/engine.h"
#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "tensor/reduce.h"
#include "tests/support.h"
#include "tests/tensor/helpers.h"

using namespace elbo;
using testing::contains, testing::error_of;

TEST_CASE("pixel_shuffle puts channels where TensorFlow's depth_to_space does, and pixel_unshuffle puts them back") {
  const Index n = 2, h = 3, w = 4, c = 5, r = 3;
  const Tensor x = normal({n, h, w, r * r * c}, DType::float64);
  const Tensor y = pixel_shuffle(Var(x), r).value();
  REQUIRE(y.shape() == Shape{n, h * r, w * r, c});
  for (Index i = 0; i < h * r; i++)
    for (Index j = 0; j < w * r; j++)
      for (Index k = 0; k < c; k++) REQUIRE(y.at<double>({1, i, j, k}) == x.at<double>({1, i / r, j / r, (i % r * r + j % r) * c + k}));
  CHECK(identical(pixel_unshuffle(Var(y), r).value(), x));
  CHECK(identical(pixel_shuffle(Var(x), 1).value(), x));
  CHECK(pixel_shuffle(Var(Tensor({0, 2, 2, 4})), 2).shape() == Shape{0, 4, 4, 1});
  const Var v = leaf(x);
  const Tensor dy = normal(y.shape(), DType::float64, 1);
  CHECK(identical(backward(pixel_shuffle(v, r), {.cotangent = dy})[v], pixel_unshuffle(Var(dy), r).value()));
  CHECK(contains(error_of([] { pixel_shuffle(Var(Tensor({1, 2, 2, 6})), 2); }), "[pixel_shuffle] expected channels in multiples of 2 x 2"));
  CHECK(contains(error_of([] { pixel_unshuffle(Var(Tensor({1, 2, 3, 6})), 2); }), "multiples of 2, got (1, 2, 3, 6)"));
}

TEST_CASE("global_average_pool is the mean over all pixels") {
  const Tensor x = normal({3, 4, 5, 7}, DType::float64);
  CHECK(difference(global_average_pool(Var(x)).value(), mean(x, {1, 2})) == 0);
  const Tensor window = average_pool2d(Var(x), {.kernel = {4, 5}}).value();
  CHECK(difference(global_average_pool(Var(x)).value(), window.reshape({3, 7})) <= 1e-15);
  const auto f = [](std::span<const Var> v) { return std::vector<Var>{global_average_pool(v[0])}; };
  CHECK(gradcheck(f, {x}).passed());
  CHECK(contains(error_of([] { global_average_pool(Var(Tensor({3, 4}))); }), "images (n, h, w, c)"));
}

TEST_CASE("upsampling by a factor, and its errors") {
  const Var x(normal({2, 3, 4, 5}));
  CHECK(identical(upsample_by(x, {2, 3}).value(), upsample(x, {6, 12}).value()));
  CHECK(identical(upsample_by(x, 4, Upsampling::bilinear).value(), upsample(x, {12, 16}, Upsampling::bilinear).value()));
  const Tensor y = upsample_by(x, 4).value();
  for (Index i = 0; i < 12; i++)
    for (Index j = 0; j < 16; j++) REQUIRE(identical(y[1][i][j].clone(), x.value()[1][i / 4][j / 4].clone()));
  CHECK(contains(error_of([&] { upsample_by(x, 0); }), "factors of at least 1"));
  CHECK(contains(error_of([&] { upsample(x, {0, 3}); }), "[upsample] expected a size of at least one pixel, got (0, 3)"));
  CHECK(contains(error_of([&] { upsample(Var(normal({3, 4})), 2); }), "images (n, h, w, c)"));
}

TEST_CASE("padding: zeros may exceed the image, a mirror may not") {
  const Var x(normal({1, 3, 4, 2}));
  CHECK(pad(x, {.top = 5, .right = 6}).shape() == Shape{1, 8, 10, 2});
  CHECK(total(pad(x, {.top = 5, .right = 6}).value()) == doctest::Approx(total(x.value())));
  CHECK(contains(error_of([&] { pad(x, {.bottom = 3}, Padding::reflect); }), "must be smaller than the image, 3 x 4; got top 0, bottom 3"));
  CHECK(contains(error_of([&] { pad(x, {.left = -1}); }), "margins of at least 0"));
}

TEST_CASE("pooling: the gradient of windows that leave pixels out is 0 there") {
  const Var x = leaf(normal({1, 5, 5, 3}, DType::float64));
  for (const Var& y : {max_pool2d(x), average_pool2d(x), average_pool2d(x, {}, false)}) {
    const Tensor dx = backward(y, {.cotangent = Tensor::ones(y.shape(), DType::float64)})[x];
    CHECK(total(dx) == doctest::Approx(12));
    for (Index i = 0; i < 5; i++) CHECK(dx.at<double>({0, i, 4, 1}) == 0);
  }
}
