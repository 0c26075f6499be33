#include "tensor/matmul.h"

#include <doctest/doctest.h>

#include "tensor/error.h"
#include "tensor/random.h"

using namespace elbo;

namespace {

// Whole numbers: products and sums are exact in any order, so results are compared for equality.
Tensor whole_numbers(const Shape& shape, int start) {
  Tensor t(shape, DType::float64);
  for (Index i = 0; i < t.numel(); i++) t.mutable_data<double>()[i] = double((i * 7 + start) % 11 - 5);
  return t;
}

double plain_sum(const double* a, const double* b, Index m, Index n, Index M, Index N, Index K, bool ta, bool tb) {
  double sum = 0;
  for (Index k = 0; k < K; k++) sum += (ta ? a[k * M + m] : a[m * K + k]) * (tb ? b[n * K + k] : b[k * N + n]);
  return sum;
}

std::string message_of(auto f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("matmul: two matrices, all transposes") {
  for (bool ta : {false, true})
    for (bool tb : {false, true}) {
      const Index M = 5, N = 7, K = 3;
      const Tensor a = whole_numbers(ta ? Shape{K, M} : Shape{M, K}, 1), b = whole_numbers(tb ? Shape{N, K} : Shape{K, N}, 2);
      const Tensor c = matmul(a, b, ta, tb);
      REQUIRE(c.shape() == Shape{M, N});
      for (Index m = 0; m < M; m++)
        for (Index n = 0; n < N; n++) CHECK(c.at<double>({m, n}) == plain_sum(a.data<double>(), b.data<double>(), m, n, M, N, K, ta, tb));
    }
}

TEST_CASE("matmul: leading axes pair up or repeat") {
  struct Lead {
    Shape a, b, out;
  };
  const Index M = 3, N = 4, K = 2;
  for (const Lead& lead : {Lead{{6}, {6}, {6}}, Lead{{2, 5}, {5}, {2, 5}}, Lead{{2, 1}, {5}, {2, 5}}, Lead{{1, 5}, {2, 1}, {2, 5}},
                           Lead{{}, {2, 5}, {2, 5}}, Lead{{2, 5}, {}, {2, 5}}, Lead{{2, 1, 3, 1}, {5, 1, 4}, {2, 5, 3, 4}}})
    for (bool ta : {false, true})
      for (bool tb : {false, true}) {
        const Tensor a = whole_numbers(ta ? lead.a.append(K).append(M) : lead.a.append(M).append(K), 1);
        const Tensor b = whole_numbers(tb ? lead.b.append(N).append(K) : lead.b.append(K).append(N), 2);
        const Tensor c = matmul(a, b, ta, tb);
        REQUIRE(c.shape() == lead.out.append(M).append(N));
        for (Index i = 0; i < lead.out.numel(); i++) {
          // the index along each leading axis, and the operands' matrices there
          Index rest = i, at_a = 0, at_b = 0, stride_a = 1, stride_b = 1;
          for (int axis = 1; axis <= lead.out.rank(); axis++) {
            const Index here = rest % lead.out.size(-axis);
            rest /= lead.out.size(-axis);
            if (axis <= lead.a.rank()) at_a += (lead.a.size(-axis) == 1 ? 0 : here) * stride_a, stride_a *= lead.a.size(-axis);
            if (axis <= lead.b.rank()) at_b += (lead.b.size(-axis) == 1 ? 0 : here) * stride_b, stride_b *= lead.b.size(-axis);
          }
          for (Index m = 0; m < M; m++)
            for (Index n = 0; n < N; n++)
              CHECK(c.element((i * M + m) * N + n) ==
                    plain_sum(a.data<double>() + at_a * M * K, b.data<double>() + at_b * K * N, m, n, M, N, K, ta, tb));
        }
      }
}

TEST_CASE("matmul: empty sizes") {
  CHECK(matmul(Tensor::ones({0, 3}), Tensor::ones({3, 4})).shape() == Shape{0, 4});
  CHECK(identical(matmul(Tensor::ones({2, 0}), Tensor::ones({0, 4})), Tensor::zeros({2, 4})));
  CHECK(matmul(Tensor::ones({0, 2, 3}), Tensor::ones({0, 3, 4})).shape() == Shape{0, 2, 4});
}

TEST_CASE("matmul: errors name both shapes and the likely cause") {
  const Tensor a = Tensor::ones({2, 3}), w = Tensor::ones({5, 3});
  const std::string inner = message_of([&] { matmul(a, w); });
  CHECK(inner.starts_with("[matmul] "));
  CHECK(inner.find("(2, 3) and (5, 3)") != inner.npos);
  CHECK(inner.find("transpose") != inner.npos);
  CHECK(matmul(a, w, false, true).shape() == Shape{2, 5});
  CHECK(message_of([&] { matmul(Tensor::ones({3}), w); }).find("rank 2") != std::string::npos);
  CHECK(message_of([&] { matmul(Tensor::ones({2, 4, 3}), Tensor::ones({3, 3, 5})); }).find("leading axes") != std::string::npos);
  CHECK_THROWS_AS(matmul(a, Tensor::ones({3, 5}, DType::float64)), Error);
  CHECK_THROWS_AS(matmul(a.to(DType::int32), Tensor::ones({3, 5}, DType::int32)), Error);
  Tensor out({2, 4});
  CHECK_THROWS_AS(matmul(a, w, out, false, true), Error);
}
