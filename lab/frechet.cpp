#include "lab/frechet.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "tensor/error.h"
#include "tensor/linalg.h"
#include "tensor/matmul.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

// V diag(root of each eigenvalue) V^T: the symmetric root of a positive semi-definite matrix.
Tensor symmetric_root(const Tensor& a) {
  const SymmetricEigen e = symmetric_eigen(a);
  const Index n = a.size(0);
  Tensor scaled = e.vectors.clone();
  double* row = scaled.mutable_data<double>();
  for (Index i = 0; i < n; i++)  // a negative eigenvalue is rounding's
    for (Index j = 0; j < n; j++) row[i * n + j] *= std::sqrt(std::max(0.0, e.values.at<double>({i})));
  return matmul(e.vectors, scaled, true, false);
}

// Squared distances |a|^2 + |b|^2 - 2ab between rows, a block of queries at a time, which is what memory holds: f(row of a, its distances
// to all of b).
template <class F>
void for_distances(const Tensor& a, const Tensor& b, F&& f) {
  constexpr Index rows = 512;
  const Index m = a.size(0), n = b.size(0), d = a.size(1);
  const auto squares = [d](const Tensor& t) {
    std::vector<double> s(std::size_t(t.size(0)), 0.0);
    const double* x = t.data<double>();
    for (Index i = 0; i < t.size(0); i++)
      for (Index j = 0; j < d; j++) s[std::size_t(i)] += x[i * d + j] * x[i * d + j];
    return s;
  };
  const std::vector<double> aa = squares(a), bb = squares(b);
  for (Index first = 0; first < m; first += rows) {
    const Index last = std::min(m, first + rows);
    Tensor products = matmul(a.slice(first, last), b, false, true);
    double* p = products.mutable_data<double>();
    parallel(last - first, [&](Index i) {
      double* row = p + i * n;
      for (Index j = 0; j < n; j++) row[j] = std::max(0.0, aa[std::size_t(first + i)] + bb[std::size_t(j)] - 2 * row[j]);
      f(first + i, row);
    });
  }
}

// Of each row the squared distance to its k-th nearest other row.
std::vector<double> radii(const Tensor& x, Index k) {
  const Index n = x.size(0);
  std::vector<double> r(std::size_t(n), 0.0);
  for_distances(x, x, [&](Index i, double* distances) {
    std::swap(distances[i], distances[n - 1]);  // itself
    std::nth_element(distances, distances + k - 1, distances + n - 1);
    r[std::size_t(i)] = distances[k - 1];
  });
  return r;
}

// The share of `points` in the balls around `centres`.
double share_within(const Tensor& points, const Tensor& centres, const std::vector<double>& radius) {
  std::vector<char> within(std::size_t(points.size(0)), 0);
  for_distances(points, centres, [&](Index i, const double* distances) {
    for (std::size_t j = 0; j < radius.size() && !within[std::size_t(i)]; j++) within[std::size_t(i)] = distances[j] <= radius[j];
  });
  return double(std::count(within.begin(), within.end(), 1)) / double(points.size(0));
}

}  // namespace

GaussianFit fit_gaussian(const Tensor& features) {
  require_rank("frechet", "features (n, d)", features, 2);
  const Index n = features.size(0), d = features.size(1);
  if (n <= d) fail("frechet", fmt::format("expected more examples than features, got {} examples of {} features", n, d));
  Tensor centred = features.dtype() == DType::float64 ? features.clone() : features.to(DType::float64);
  double* x = centred.mutable_data<double>();
  GaussianFit g{Tensor::zeros({d}, DType::float64), {}};
  double* mean = g.mean.mutable_data<double>();
  for (Index i = 0; i < n; i++)
    for (Index j = 0; j < d; j++) mean[j] += x[i * d + j];
  for (Index j = 0; j < d; j++) {
    mean[j] /= double(n);
    if (!std::isfinite(mean[j])) fail("frechet", fmt::format("feature {} is not finite", j));
  }
  for (Index i = 0; i < n; i++)
    for (Index j = 0; j < d; j++) x[i * d + j] -= mean[j];
  g.covariance = matmul(centred, centred, true, false);
  double* c = g.covariance.mutable_data<double>();
  for (Index i = 0; i < d * d; i++) c[i] /= double(n - 1);
  return g;
}

double frechet_distance(const GaussianFit& a, const GaussianFit& b) {
  const Index d = a.mean.numel();
  if (b.mean.numel() != d) fail("frechet", fmt::format("expected features of one dimension, got {} and {}", d, b.mean.numel()));
  require_shape("frechet", "a covariance", a.covariance, {d, d});
  require_shape("frechet", "a covariance", b.covariance, {d, d});
  const Tensor root = symmetric_root(a.covariance);
  const SymmetricEigen product = symmetric_eigen(matmul(matmul(root, b.covariance), root));
  double sum = 0;
  for (Index i = 0; i < d; i++) {
    const double gap = a.mean.at<double>({i}) - b.mean.at<double>({i});
    sum += gap * gap + a.covariance.at<double>({i, i}) + b.covariance.at<double>({i, i});
    sum -= 2 * std::sqrt(std::max(0.0, product.values.at<double>({i})));
  }
  if (!std::isfinite(sum)) fail("frechet", "the means are not finite");
  return std::max(0.0, sum);
}

PrecisionRecall precision_recall(const Tensor& samples, const Tensor& data, Index k) {
  require_rank("precision_recall", "samples (m, d)", samples, 2);
  require_shape("precision_recall", "data (n, d)", data, {data.size(0), samples.size(1)});
  if (k < 1 || samples.size(0) <= k || data.size(0) <= k)
    fail("precision_recall", fmt::format("expected more than k = {} samples and data, got {} and {}", k, samples.size(0), data.size(0)));
  const Tensor s = samples.to(DType::float64), x = data.to(DType::float64);
  return {share_within(s, x, radii(x, k)), share_within(x, s, radii(s, k))};
}

}  // namespace elbo
