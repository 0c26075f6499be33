#include "tensor/pooling.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/reduce.h"
#include "tests/support.h"
#include "tests/tensor/helpers.h"

using namespace elbo;

namespace {

Tensor backward_of(const Tensor& x, const Tensor& dy, const Window& w) {
  const Tensor y = max_pool2d(x, w);
  Tensor dx = empty_like(x);
  max_pool2d_backward(x, y, dy, w, dx);
  return dx;
}

// One picture of one channel.
Tensor picture(const std::vector<float>& values, Index h, Index w) { return Tensor::from<float>(values, {1, h, w, 1}); }

}  // namespace

TEST_CASE("kernel: max pooling and its gradient agree with the plain loops") {
  const RandomKey key{.seed = 9, .purpose = Purpose::test};
  std::uint32_t draws = 0;
  const auto draw = [&](Index low, Index high) { return low + Index(key.uniform(0, draws++) * double(high - low + 1)); };
  set_poison(true);
  for (std::uint64_t number = 0; number < 300; number++) {
    const DType type = number % 2 ? DType::float64 : DType::float32;
    const Extent kernel(draw(1, 5), draw(1, 5));
    const Window w{.kernel = kernel, .stride = {draw(0, 3), draw(0, 3)}, .padding = {draw(0, kernel.h / 2), draw(0, kernel.w / 2)}};
    const Index least_h = std::max<Index>(1, kernel.h - 2 * w.padding.h), least_w = std::max<Index>(1, kernel.w - 2 * w.padding.w);
    const Shape shape{draw(0, 3), draw(least_h, 17), draw(least_w, 17), draw(0, 3) ? draw(1, 9) : draw(10, 40)};
    // Every third has many equal numbers, zeros of both signs, infinities and NaN.
    Tensor x = normal(shape, type, number);
    if (number % 3 == 0) {
      const Tensor few = integers(shape, 12, number);
      for_float("test", type, [&]<class T>(T) {
        const T values[] = {T(0), T(-0.0), T(1), T(-1), T(2), T(-2), T(INFINITY), T(-INFINITY), T(-INFINITY), T(-3), T(1), T(NAN)};
        for (Index i = 0; i < x.numel(); i++) x.mutable_data<T>()[i] = values[few.data<std::int32_t>()[i]];
      });
    }
    const Isa before = isa();
    set_isa(Isa::reference);
    const Tensor y = max_pool2d(x, w), dy = normal(y.shape(), type, number + 1000), dx = backward_of(x, dy, w);
    set_isa(before);
    for_each_isa([&](Isa isa) {
      CAPTURE(isa_name(isa));
      CAPTURE(shape.str());
      CHECK(difference(max_pool2d(x, w), y) == 0);
      CHECK(difference(backward_of(x, dy, w), dx) == 0);  // even the order of addition is the same
    });
  }
  set_poison(false);
}

TEST_CASE("kernel: max pooling gives the same bits for any number of threads, its gradient where chunks share windows too") {
  const Tensor x = normal({2, 70, 41, 33}), dy = normal({2, 70, 41, 33}, DType::float32, 1);
  const Window w{.kernel = 3, .stride = 1, .padding = 1};
  CHECK(same_for_any_threads([&] { return max_pool2d(x, w); }));
  CHECK(same_for_any_threads([&] { return backward_of(x, dy, w); }));
  const Isa before = isa();
  const Tensor dx = backward_of(x, dy, w);
  set_isa(Isa::reference);
  CHECK(identical(backward_of(x, dy, w), dx));
  set_isa(before);
}

TEST_CASE("kernel: max pooling: the first of equal numbers receives the gradient, NaN stays NaN") {
  for_each_isa([](Isa isa) {
    CAPTURE(isa_name(isa));
    const Tensor x = picture({1, 3, 3, 2, 3, 0}, 2, 3);
    CHECK(identical(max_pool2d(x, {.kernel = {2, 3}}), picture({3}, 1, 1)));
    CHECK(identical(backward_of(x, picture({5}, 1, 1), {.kernel = {2, 3}}), picture({0, 5, 0, 0, 0, 0}, 2, 3)));
    const Tensor none = picture({-INFINITY, -INFINITY}, 1, 2);  // nothing but -infinity: the first
    CHECK(max_pool2d(none, {.kernel = {1, 2}}).item() == -INFINITY);
    CHECK(identical(backward_of(none, picture({5}, 1, 1), {.kernel = {1, 2}}), picture({5, 0}, 1, 2)));
    const Tensor bad = picture({1, INFINITY, NAN, NAN}, 1, 4);
    CHECK(std::isnan(max_pool2d(bad, {.kernel = {1, 4}}).item()));
    CHECK(identical(backward_of(bad, picture({5}, 1, 1), {.kernel = {1, 4}}), picture({0, 0, 5, 0}, 1, 4)));
    // Padding never wins, and windows that share a number add up there.
    const Tensor y = max_pool2d(picture({-1, -2, -3}, 1, 3), {.kernel = {1, 2}, .stride = 1, .padding = {0, 1}});
    CHECK(identical(y, picture({-1, -1, -2, -3}, 1, 4)));
    const Tensor dx =
        backward_of(picture({-1, -2, -3}, 1, 3), picture({1, 10, 100, 1000}, 1, 4), {.kernel = {1, 2}, .stride = 1, .padding = {0, 1}});
    CHECK(identical(dx, picture({11, 100, 1000}, 1, 3)));
  });
}

TEST_CASE("pooling: sizes as PyTorch's, and windows that do not fit") {
  const Tensor x({2, 7, 5, 3});
  CHECK(window_count("test", {}, x) == Extent(3, 2));
  CHECK(window_count("test", {.kernel = 3, .stride = 2, .padding = 1}, x) == Extent(4, 3));
  CHECK(window_count("test", {.kernel = {7, 1}, .stride = {1, 2}}, x) == Extent(1, 3));
  CHECK(max_pool2d(Tensor({0, 7, 5, 3}), {}).shape() == Shape{0, 3, 2, 3});
  CHECK(max_pool2d(Tensor({2, 7, 5, 0}), {}).shape() == Shape{2, 3, 2, 0});
  const auto message = [](const Shape& shape, const Window& w) { return testing::error_of([&] { max_pool2d(Tensor(shape), w); }); };
  CHECK(testing::contains(message({2, 7, 5, 3}, {.kernel = {8, 2}}), "[max_pool2d] a window of 8 does not fit the height, 7 pixels"));
  CHECK(testing::contains(message({2, 7, 5, 3}, {.kernel = 3, .padding = {0, 2}}), "half the kernel, got 2 with kernel 3 for the width"));
  CHECK(testing::contains(message({2, 7, 5, 3}, {.kernel = 0}), "at least 1, got kernel 0"));
  CHECK(testing::contains(message({2, 7, 5, 3}, {.stride = {-1, 1}}), "stride -1 for the height"));
  CHECK(testing::contains(message({7, 5, 3}, {}), "images (n, h, w, c)"));
  CHECK(testing::contains(message({1, 0, 5, 3}, {}), "at least one pixel"));
}
