#include "lab/lasso.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/matmul.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

// One target. `slopes` holds X^T (y - X w) / n and follows every change of w.
void descend(const double* gram, std::vector<double>& slopes, std::vector<double>& w, double l1) {
  const std::size_t d = w.size();
  constexpr int most_sweeps = 10000;
  for (int sweep = 0; sweep < most_sweeps; sweep++) {
    double largest = 0;
    for (std::size_t j = 0; j < d; j++) {
      const double curvature = gram[j * d + j];
      if (!(curvature > 0)) continue;
      const double pull = slopes[j] + curvature * w[j];
      const double shrunk = std::copysign(std::max(0.0, std::abs(pull) - l1), pull) / curvature;
      const double change = shrunk - w[j];
      if (change == 0) continue;
      w[j] = shrunk;
      for (std::size_t k = 0; k < d; k++) slopes[k] -= change * gram[k + j * d];
      largest = std::max(largest, std::abs(change));
    }
    if (largest <= 1e-7) return;
  }
}

// Mean squared error over examples and targets, and the standard error of that mean over examples.
struct ValidationError {
  double mean, standard_error;
};
ValidationError validation_error(const Tensor& x, const Tensor& y, const Tensor& weights) {
  const Tensor predicted = matmul(x, weights);
  const Index n = y.size(0), targets = y.size(1);
  double sum = 0, squares = 0;
  for (Index i = 0; i < n; i++) {
    double error = 0;
    for (Index t = i * targets; t < (i + 1) * targets; t++) {
      const double difference = predicted.data<double>()[t] - y.data<double>()[t];
      error += difference * difference / double(targets);
    }
    sum += error;
    squares += error * error;
  }
  const double mean = sum / double(n);
  return {mean, std::sqrt(std::max(0.0, squares / double(n) - mean * mean) / double(std::max<Index>(1, n - 1)))};
}

}  // namespace

Tensor lasso(const Tensor& gram, const Tensor& products, double l1, const Tensor& start) {
  require_rank("lasso", "products (d, targets)", products, 2);
  const Index d = products.size(0), targets = products.size(1);
  require_shape("lasso", "X^T X", gram, {d, d});
  if (start) require_shape("lasso", "weights to begin from", start, {d, targets});
  if (!(l1 >= 0)) throw UsageError(fmt::format("[lasso] expected an l1 of at least 0, got {}", l1));
  Tensor weights = start ? start.clone() : zeros_like(products);
  const Tensor slopes = start ? subtract(products, matmul(gram, start)) : products;
  double* to = weights.mutable_data<double>();
  const double *from = slopes.data<double>(), *g = gram.data<double>();
  parallel(targets, [&](Index t) {
    std::vector<double> slope(static_cast<std::size_t>(d)), w(static_cast<std::size_t>(d));
    for (Index j = 0; j < d; j++) slope[std::size_t(j)] = from[j * targets + t], w[std::size_t(j)] = to[j * targets + t];
    descend(g, slope, w, l1);
    for (Index j = 0; j < d; j++) to[j * targets + t] = w[std::size_t(j)];
  });
  return weights;
}

LassoFit fit_lasso(const Tensor& x, const Tensor& y, const Tensor& x_valid, const Tensor& y_valid) {
  const Index n = x.size(0);
  if (n < 1 || x_valid.size(0) < 1) fail("lasso", fmt::format("expected examples to fit to and others, got {} and {}", n, x_valid.size(0)));
  const Tensor by = Tensor::scalar(1 / double(n), DType::float64);
  const Tensor gram = multiply(matmul(x, x, true), by), products = multiply(matmul(x, y, true), by);
  std::vector<LassoFit> fits;
  std::vector<ValidationError> errors;
  for (double l1 = 1; l1 > 0x1p-11; l1 /= 2) {
    fits.push_back({lasso(gram, products, l1, fits.empty() ? Tensor() : fits.back().weights), l1});
    errors.push_back(validation_error(x_valid, y_valid, fits.back().weights));
  }
  const ValidationError best =
      *std::min_element(errors.begin(), errors.end(), [](const ValidationError& a, const ValidationError& b) { return a.mean < b.mean; });
  std::size_t chosen = 0;
  while (errors[chosen].mean > best.mean + best.standard_error) chosen++;
  return fits[chosen];
}

}  // namespace elbo
