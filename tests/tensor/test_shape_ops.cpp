#include "tensor/shape_ops.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tensor/error.h"
#include "tests/tensor/helpers.h"

using namespace elbo;

TEST_CASE("permute agrees with counting, for every order of up to four axes") {
  for (const Shape& shape : {Shape{37, 70}, Shape{100, 3}, Shape{5, 6, 7}, Shape{40, 33, 35}, Shape{2, 1, 4, 3}, Shape{3, 17, 2, 36},
                             Shape{2, 0, 3}, Shape{1, 1}})
    for (const DType type : {DType::float32, DType::float64, DType::int32, DType::uint8}) {
      const Tensor x = Tensor::arange(0, double(shape.numel()), 1, DType::int32).to(type).reshape(shape);
      std::vector<int> axes(std::size_t(shape.rank()));
      for (std::size_t i = 0; i < axes.size(); i++) axes[i] = int(i);
      do {
        const Tensor y = permute(x, axes);
        bool right = true;
        for (Index i = 0; i < y.numel(); i++) {
          const auto at = position_of(i, y.shape());
          std::vector<Index> from(at.size());
          for (std::size_t k = 0; k < at.size(); k++) from[std::size_t(axes[k])] = at[k];
          right = right && y.element(i) == x.element(flat_of(from, shape));
        }
        CAPTURE(shape.str());
        CAPTURE(y.shape().str());
        REQUIRE(right);
      } while (std::next_permutation(axes.begin(), axes.end()));
    }
}

TEST_CASE("permute names wrong axes") {
  const Tensor x = normal({2, 3, 4});
  CHECK_THROWS_AS(permute(x, {0, 1}), Error);
  CHECK_THROWS_AS(permute(x, {0, 1, 1}), Error);
  CHECK_THROWS_AS(permute(x, {0, 1, 3}), Error);
  CHECK_THROWS_AS(transpose(x), Error);
  CHECK(permute(x, {-1, 0, 1}).shape() == Shape{4, 2, 3});
  CHECK(move_axis(x, 0, -1).shape() == Shape{3, 4, 2});
  CHECK(identical(move_axis(move_axis(x, 0, 2), 2, 0), x));
  CHECK(transpose(normal({3, 0})).shape() == Shape{0, 3});
}

TEST_CASE("concatenate and split are inverse") {
  for (int axis = -3; axis < 3; axis++) {
    const Tensor x = normal({5, 6, 7});
    const Index n = x.size(axis);
    const auto parts = split(x, {2, 0, n - 3, 1}, axis);
    CHECK(parts.size() == 4);
    CHECK(parts[1].numel() == 0);
    CHECK(identical(concatenate(parts, axis), x));
  }
  const Tensor a = Tensor::from<std::int32_t>({1, 2, 3, 4}, {2, 2}), b = Tensor::from<std::int32_t>({5, 6}, {2, 1});
  CHECK(identical(concatenate({a, b}, 1), Tensor::from<std::int32_t>({1, 2, 5, 3, 4, 6}, {2, 3})));
  CHECK_THROWS_AS(concatenate({a, b}, 0), Error);
  CHECK_THROWS_AS(concatenate({a, normal({2, 2})}, 0), Error);
  CHECK_THROWS_AS(concatenate(std::span<const Tensor>(), 0), Error);
  CHECK_THROWS_AS(split(a, {1, 2}, 0), Error);
  CHECK_THROWS_AS(split(a, {-1, 3}, 0), Error);
}

TEST_CASE("stack") {
  const Tensor a = Tensor::from<float>({1, 2}), b = Tensor::from<float>({3, 4});
  CHECK(identical(stack({a, b}), Tensor::from<float>({1, 2, 3, 4}, {2, 2})));
  CHECK(identical(stack({a, b}, 1), Tensor::from<float>({1, 3, 2, 4}, {2, 2})));
  CHECK(identical(stack({a, b}, -1), stack({a, b}, 1)));
  CHECK(stack({normal({}), normal({})}).shape() == Shape{2});
  CHECK_THROWS_AS(stack({a, normal({3})}), Error);
}

TEST_CASE("slices of an axis and their gradient") {
  const Tensor x = Tensor::from<float>({1, 2, 3, 4, 5, 6}, {2, 3});
  CHECK(identical(slice_axis(x, 1, 1, 3), Tensor::from<float>({2, 3, 5, 6}, {2, 2})));
  CHECK(identical(slice_axis(x, 0, 1, 2), Tensor::from<float>({4, 5, 6}, {1, 3})));
  CHECK(slice_axis(x, -1, 2, 2).shape() == Shape{2, 0});
  CHECK(identical(pad_axis(slice_axis(x, 1, 1, 2), 1, 1, 1), Tensor::from<float>({0, 2, 0, 0, 5, 0}, {2, 3})));
  CHECK(identical(pad_axis(Tensor(Shape{2, 0}), 1, 1, 1), Tensor::zeros({2, 2})));
  CHECK_THROWS_AS(slice_axis(x, 1, 2, 4), Error);
  CHECK_THROWS_AS(slice_axis(x, 1, 2, 1), Error);
  CHECK_THROWS_AS(pad_axis(x, 1, -1, 0), Error);
}

TEST_CASE("rows by number, and their gradient") {
  const Tensor x = normal({10, 3}, DType::float64), k = Tensor::from<std::int32_t>({9, 0, 9, 4}, {2, 2});
  const Tensor y = gather_rows(x, k);
  CHECK(y.shape() == Shape{2, 2, 3});
  CHECK(identical(y[0][0], x[9]));
  CHECK(identical(y[1][1], x[4]));
  const Tensor dy = normal({2, 2, 3}, DType::float64, 1), dx = scatter_add_rows(dy, k, 10);
  CHECK(dx.shape() == x.shape());
  CHECK(dx.element(9 * 3) == dy.element(0) + dy.element(6));
  CHECK(dx.element(0) == dy.element(3));
  CHECK(dx.element(1 * 3) == 0);
  // <gather(x), dy> = <x, scatter(dy)>: one is the other's transpose
  double left = 0, right = 0;
  for (Index i = 0; i < y.numel(); i++) left += y.element(i) * dy.element(i);
  for (Index i = 0; i < x.numel(); i++) right += x.element(i) * dx.element(i);
  CHECK(left == doctest::Approx(right).epsilon(1e-14));
  CHECK_THROWS_AS(gather_rows(x, Tensor::from<std::int32_t>({10})), Error);
  CHECK_THROWS_AS(gather_rows(x, Tensor::from<std::int32_t>({-1})), Error);
  CHECK_THROWS_AS(gather_rows(x, normal({2})), Error);
  CHECK_THROWS_AS(scatter_add_rows(dy, k, 9), Error);
  CHECK(gather_rows(x, Tensor(Shape{0}, DType::int32)).shape() == Shape{0, 3});
  CHECK(gather_rows(Tensor::arange(0, 5), Tensor::from<std::int32_t>({3, 1})).element(0) == 3);
}

TEST_CASE("the gradient of rows adds in the order of the indices, for any number of threads") {
  const Tensor dy = normal({5000, 64}), k = integers({5000}, 300);
  CHECK(same_for_any_threads([&] { return scatter_add_rows(dy, k, 300); }));
  Tensor expected = Tensor::zeros({300, 64});
  for (Index i = 0; i < 5000; i++)
    for (Index j = 0; j < 64; j++) expected.mutable_data<float>()[Index(k.element(i)) * 64 + j] += dy.data<float>()[i * 64 + j];
  CHECK(identical(scatter_add_rows(dy, k, 300), expected));
}

TEST_CASE("one-hot rows") {
  CHECK(identical(one_hot(Tensor::from<std::int32_t>({2, 0}), 3), Tensor::from<float>({0, 0, 1, 1, 0, 0}, {2, 3})));
  CHECK(one_hot(integers({4, 5}, 7), 7, DType::float64).shape() == Shape{4, 5, 7});
  CHECK_THROWS_AS(one_hot(Tensor::from<std::int32_t>({3}), 3), Error);
}
