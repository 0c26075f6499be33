#include "tensor/linalg.h"

#include <doctest/doctest.h>

#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/matmul.h"
#include "tensor/reduce.h"
#include "tensor/shape_ops.h"
#include "tests/tensor/helpers.h"

using namespace elbo;

namespace {

Tensor identity(Index n) {
  Tensor t = Tensor::zeros({n, n}, DType::float64);
  for (Index i = 0; i < n; i++) t.set<double>({i, i}, 1);
  return t;
}

}  // namespace

TEST_CASE("eigenvalues of a symmetric matrix") {
  for (const Index n : {1, 2, 5, 40, 150}) {
    const Tensor r = normal({n, n}, DType::float64), a = add(r, transpose(r));
    const SymmetricEigen e = symmetric_eigen(a);
    // V^T diag(w) V = a, V V^T = 1, w descending, the largest entry of each row positive
    CHECK(difference(matmul(e.vectors, multiply(e.vectors, e.values.reshape({n, 1})), true, false), a) < 1e-12);
    CHECK(difference(matmul(e.vectors, e.vectors, false, true), identity(n)) < 1e-13);
    for (Index i = 1; i < n; i++) CHECK(e.values.element(i - 1) >= e.values.element(i));
    CHECK(difference(max(e.vectors, {1}), max(abs(e.vectors), {1})) == 0);
  }
  const SymmetricEigen known = symmetric_eigen(Tensor::from<float>({2, 99, 1, 2}, {2, 2}));  // the upper triangle is not read
  CHECK(difference(known.values, Tensor::from<float>({3, 1})) < 1e-6);
  CHECK(difference(known.vectors[0], Tensor::full({2}, std::sqrt(0.5))) < 1e-6);
  CHECK(known.vectors.dtype() == DType::float32);
  CHECK(symmetric_eigen(Tensor(Shape{0, 0})).values.shape() == Shape{0});
  CHECK_THROWS_AS(symmetric_eigen(normal({2, 3})), Error);
  CHECK_THROWS_AS(symmetric_eigen(Tensor::full({2, 2}, NAN)), Error);
  CHECK(same_for_any_threads([] { return symmetric_eigen(matmul(normal({200, 200}), normal({200, 200}), true, false)).vectors; }));
}

TEST_CASE("principal components find the directions of a Gaussian") {
  const Index n = 20'000, d = 6;
  const Tensor deviations = Tensor::from<double>({5, 3, 2, 1, 0.5, 0.1}), shift = Tensor::from<double>({100, -50, 0, 3, 7, 1});
  const Tensor mix =
      symmetric_eigen(add(normal({d, d}, DType::float64, 3), transpose(normal({d, d}, DType::float64, 3)))).vectors;  // a rotation
  const Tensor x = add(matmul(multiply(normal({n, d}, DType::float64), deviations), mix), shift);
  for (const DType type : {DType::float32, DType::float64}) {
    const PrincipalComponents p = principal_components(x.to(type), 4);
    CHECK(p.components.shape() == Shape{4, d});
    CHECK(difference(p.mean.to(DType::float64), mean(x, {0})) < 1e-6);
    for (Index i = 0; i < 4; i++) {
      const double s = deviations.element(i);
      CHECK(p.variances.element(i) == doctest::Approx(s * s).epsilon(0.03));
      CHECK(std::fabs(matmul(p.components.to(DType::float64), mix, false, true).at<double>({i, i})) == doctest::Approx(1).epsilon(0.001));
    }
    // The variance along a component is that of the codes.
    const Tensor codes = matmul(subtract(x.to(type), p.mean), p.components, false, true);
    CHECK(difference(divide(variance(codes, {0}), p.variances), Tensor::ones({4}, type)) < 1e-5);
  }
  CHECK_THROWS_AS(principal_components(x, 7), Error);
  CHECK_THROWS_AS(principal_components(x, 0), Error);
  CHECK(principal_components(x.slice(0, 1), 2).variances.element(0) == 0);
}
