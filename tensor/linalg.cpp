#include "tensor/linalg.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "tensor/blas.h"
#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/gemm.h"
#include "tensor/reduce.h"

namespace elbo {
namespace {

// Rows become vectors with a fixed sign.
void fix_signs(double* vectors, Index n) {
  for (Index i = 0; i < n; i++) {
    double* v = vectors + i * n;
    const double* largest = std::max_element(v, v + n, [](double a, double b) { return std::fabs(a) < std::fabs(b); });
    if (*largest < 0)
      for (Index j = 0; j < n; j++) v[j] = -v[j];
  }
}

}  // namespace

SymmetricEigen symmetric_eigen(const Tensor& a) {
  require_rank("symmetric_eigen", "a matrix", a, 2);
  const Index n = a.shape()[0];
  if (n != a.shape()[1]) fail("symmetric_eigen", fmt::format("expected a square matrix, got shape {}", a.shape().str()));
  Tensor work = a.to(DType::float64).clone(), ascending(Shape{n}, DType::float64);
  double *m = work.mutable_data<double>(), *w = ascending.mutable_data<double>();
  for (Index i = 0; i < n; i++)
    for (Index j = 0; j <= i; j++)
      if (!std::isfinite(m[i * n + j])) fail("symmetric_eigen", fmt::format("element ({}, {}) is {}", i, j, m[i * n + j]));
  if (n > 0) blas_symmetric_eigen(n, m, w);
  std::reverse(w, w + n);
  for (Index i = 0; i < n / 2; i++) std::swap_ranges(m + i * n, m + (i + 1) * n, m + (n - 1 - i) * n);
  fix_signs(m, n);
  return {ascending.to(a.dtype()), work.to(a.dtype())};
}

PrincipalComponents principal_components(const Tensor& x, Index k) {
  require_rank("principal_components", "examples (n, d)", x, 2);
  const Index n = x.shape()[0], d = x.shape()[1];
  if (n < 1 || k < 1 || k > d)
    fail("principal_components", fmt::format("expected 1 to {} components of at least one example, got {} of {}", d, k, n));
  const Tensor centre = mean(x, {0}).to(DType::float64);
  Tensor scatter = Tensor::zeros({d, d}, DType::float64);
  constexpr Index block = 512;  // examples at a time in float64: 3 MB of 784 numbers each
  for (Index begin = 0; begin < n; begin += block) {
    const Tensor part = subtract(x.slice(begin, std::min(n, begin + block)).to(DType::float64), centre);
    const double* p = part.data<double>();
    gemm<double>(true, false, d, d, part.shape()[0], p, d, p, d, scatter.mutable_data<double>(), d, {.accumulate = true});
  }
  // The centre may be rounded to x's type: what that moved is far below the rounding of x itself.
  const SymmetricEigen eigen = symmetric_eigen(scale_shift(scatter, 1.0 / double(n)));
  return {centre.to(x.dtype()), eigen.vectors.slice(0, k).clone().to(x.dtype()),
          maximum(eigen.values.slice(0, k), Tensor::scalar(0, DType::float64)).to(x.dtype())};
}

}  // namespace elbo
