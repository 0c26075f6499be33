#include "lab/ssim.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "tensor/error.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

constexpr double window_deviation = 1.5;
constexpr double stabiliser_mean = 0.01 * 0.01, stabiliser_variance = 0.03 * 0.03;  // C1 and C2

std::vector<double> gaussian_window(Index side) {
  std::vector<double> weights;
  double sum = 0;
  for (Index i = 0; i < side; i++) {
    const double d = (double(i) - double(side - 1) / 2) / window_deviation;
    weights.push_back(std::exp(-0.5 * d * d));
    sum += weights.back();
  }
  for (double& w : weights) w /= sum;
  return weights;
}

// What the windows weigh: both pictures, their squares and their product.
constexpr std::size_t window_maps = 5;

// The mean over windows of one channel. x and y: pixel (i, j) at (i * w + j) * step. The window is a product of two of one dimension, so
// rows are weighed first, and what they give is weighed down the columns.
double channel_similarity(const float* x, const float* y, Index h, Index w, Index step, const std::vector<double>& weights) {
  const Index side = Index(weights.size()), rows = h - side + 1, columns = w - side + 1;
  std::vector<double> across(std::size_t(h * columns) * window_maps, 0.0);
  for (Index i = 0; i < h; i++)
    for (Index j = 0; j < columns; j++) {
      double* to = across.data() + std::size_t(i * columns + j) * window_maps;
      for (Index k = 0; k < side; k++) {
        const Index at = (i * w + j + k) * step;
        const double a = double(x[at]), b = double(y[at]), weight = weights[std::size_t(k)];
        to[0] += weight * a;
        to[1] += weight * b;
        to[2] += weight * (a * a);
        to[3] += weight * (b * b);
        to[4] += weight * (a * b);
      }
    }
  double sum = 0;
  for (Index i = 0; i < rows; i++)
    for (Index j = 0; j < columns; j++) {
      double m[window_maps] = {};
      for (Index k = 0; k < side; k++) {
        const double* from = across.data() + std::size_t((i + k) * columns + j) * window_maps;
        for (std::size_t f = 0; f < window_maps; f++) m[f] += weights[std::size_t(k)] * from[f];
      }
      const double vx = m[2] - m[0] * m[0], vy = m[3] - m[1] * m[1], covariance = m[4] - m[0] * m[1];
      sum += (2 * (m[0] * m[1]) + stabiliser_mean) * (2 * covariance + stabiliser_variance) /
             ((m[0] * m[0] + m[1] * m[1] + stabiliser_mean) * (vx + vy + stabiliser_variance));
    }
  return sum / double(rows * columns);
}

}  // namespace

Index similarity_window(Index height, Index width) {
  const Index shorter = std::min(height, width);
  return shorter >= 11 ? 11 : shorter % 2 == 1 ? shorter : shorter - 1;
}

std::vector<double> structural_similarity(const Tensor& x, const Tensor& y) {
  require_rank("ssim", "pictures (n, h, w, c)", x, 4);
  require_shape("ssim", "the other pictures", y, x.shape());
  const Index n = x.size(0), h = x.size(1), w = x.size(2), c = x.size(3);
  if (h < 1 || w < 1 || c < 1) fail("ssim", fmt::format("expected pictures with pixels, got {}", x.shape().str()));
  const std::vector<double> weights = gaussian_window(std::max<Index>(1, similarity_window(h, w)));
  const Tensor a = x.to(DType::float32), b = y.to(DType::float32);
  const float *pa = a.data<float>(), *pb = b.data<float>();
  std::vector<double> result(std::size_t(n), 0.0);
  parallel(n, [&](Index i) {
    double sum = 0;
    for (Index k = 0; k < c; k++) sum += channel_similarity(pa + i * h * w * c + k, pb + i * h * w * c + k, h, w, c, weights);
    result[std::size_t(i)] = sum / double(c);
  });
  return result;
}

}  // namespace elbo
