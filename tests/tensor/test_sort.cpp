#include "tensor/sort.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tensor/error.h"
#include "tensor/shape_ops.h"
#include "tests/tensor/helpers.h"

using namespace elbo;

TEST_CASE("sort and argsort agree with the standard library's stable sort") {
  for (const DType type : {DType::float32, DType::float64, DType::int32, DType::uint8})
    for (const Index n : {0, 1, 2, 33, 1000})
      for (const bool descending : {false, true}) {
        const Tensor x = integers({3, n}, 40, std::uint64_t(n)).to(type);  // many equal ones
        const Tensor sorted = sort(x, -1, descending), order = argsort(x, -1, descending);
        for (Index r = 0; r < 3; r++) {
          std::vector<std::int32_t> expected(std::size_t(n), 0);
          for (std::size_t i = 0; i < expected.size(); i++) expected[i] = std::int32_t(i);
          const auto value = [&](std::int32_t i) { return x.element(r * n + i); };
          std::stable_sort(expected.begin(), expected.end(),
                           [&](auto a, auto b) { return descending ? value(a) > value(b) : value(a) < value(b); });
          bool right = true;
          for (Index i = 0; i < n; i++) {
            right = right && order.element(r * n + i) == expected[std::size_t(i)];
            right = right && sorted.element(r * n + i) == value(expected[std::size_t(i)]);
          }
          CHECK(right);
        }
      }
}

TEST_CASE("NaN sorts as the largest") {
  const Tensor x = Tensor::from<float>({3, NAN, -INFINITY, INFINITY, NAN, 1});
  CHECK(identical(argsort(x), Tensor::from<std::int32_t>({2, 5, 0, 3, 1, 4})));
  CHECK(identical(argsort(x, 0, true), Tensor::from<std::int32_t>({1, 4, 3, 0, 5, 2})));
  CHECK(std::isnan(sort(x).element(5)));
  CHECK(sort(x).element(3) == INFINITY);
  CHECK(top_k(x, 3).indices.element(2) == 3);
}

TEST_CASE("sorting along other axes") {
  const Tensor x = normal({4, 5, 6});
  for (int axis = 0; axis < 3; axis++) {
    const Tensor y = sort(x, axis);
    CHECK(identical(y, move_axis(sort(move_axis(x, axis, -1)), -1, axis)));
    const Index n = y.shape()[axis];
    for (Index i = 1; i < n; i++) CHECK(slice_axis(y, axis, i - 1, i).element(7) <= slice_axis(y, axis, i, i + 1).element(7));
  }
  CHECK_THROWS_AS(sort(x, 3), Error);
  CHECK_THROWS_AS(sort(Tensor::scalar(1)), Error);
}

TEST_CASE("the k largest") {
  const Tensor x = Tensor::from<float>({1, 9, 3, 9, 5, 2, 2, 2, 2, 2}, {2, 5});
  const TopK top = top_k(x, 3);
  CHECK(identical(top.values, Tensor::from<float>({9, 9, 5, 2, 2, 2}, {2, 3})));
  CHECK(identical(top.indices, Tensor::from<std::int32_t>({1, 3, 4, 0, 1, 2}, {2, 3})));
  CHECK(top_k(x, 0).values.shape() == Shape{2, 0});
  CHECK(identical(top_k(x, 5).values, sort(x, -1, true)));
  CHECK_THROWS_AS(top_k(x, 6), Error);
  CHECK_THROWS_AS(top_k(x, -1), Error);
  CHECK(same_for_any_threads([] { return top_k(normal({200, 300}), 10).indices; }));
}
