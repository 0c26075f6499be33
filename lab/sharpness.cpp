#include "lab/sharpness.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "autograd/mode.h"
#include "lab/codes.h"
#include "models/evaluation.h"
#include "tensor/error.h"
#include "tensor/matmul.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

// Rounding a number 0 .. 1 to one of 256 adds noise that is uniform over 1/255; its power is the same at every frequency, and the
// squares of the filter's numbers sum to 20.
constexpr double rounding_noise = 1.0 / (12 * 255.0 * 255.0);
constexpr double rounding_laplacian = 20 * rounding_noise;

constexpr Index batch_size = 50;

// The transform's cosines or sines, scaled so that it keeps sums of squares: (1, n, n).
Tensor waves(Index n, double (*wave)(double)) {
  Tensor t({1, n, n});
  float* to = t.mutable_data<float>();
  for (Index u = 0; u < n; u++)
    for (Index x = 0; x < n; x++) to[u * n + x] = float(wave(2 * std::numbers::pi * double(u * x % n) / double(n)) / std::sqrt(double(n)));
  return t;
}

double cosine(double x) { return std::cos(x); }
double sine(double x) { return std::sin(x); }

// Of one picture, all channels together: the variance of the filter's response over the inner pixels.
double laplacian_variance(const float* x, Index h, Index w, Index c) {
  double sum = 0, squares = 0;
  for (Index i = 1; i + 1 < h; i++)
    for (Index j = 1; j + 1 < w; j++)
      for (Index k = 0; k < c; k++) {
        const float* at = x + (i * w + j) * c + k;
        const double response = double(at[-w * c]) + double(at[w * c]) + double(at[-c]) + double(at[c]) - 4 * double(*at);
        sum += response;
        squares += response * response;
      }
  const double n = double((h - 2) * (w - 2) * c), mean = sum / n;
  return std::max(0.0, squares / n - mean * mean);
}

}  // namespace

bool SharpnessMeter::measures(const Shape& e) {
  return e.rank() == 3 && std::min(e[0], e[1]) >= 3 && std::max(e[0], e[1]) <= 4096 && e[2] >= 1;
}

SharpnessMeter::SharpnessMeter(const Shape& example) {
  if (!measures(example))
    fail("sharpness",
         fmt::format("expected pictures (height, width, channels) of at least 3x3 and at most 4096x4096 pixels, got {}", example.str()));
  height_ = example[0];
  width_ = example[1];
  channels_ = example[2];
  cos_h_ = waves(height_, cosine);
  sin_h_ = waves(height_, sine);
  cos_w_ = waves(width_, cosine);
  sin_w_ = waves(width_, sine);
  const double shorter = double(std::min(height_, width_));
  for (Index u = 0; u < height_; u++)
    for (Index v = 0; v < width_; v++) {
      const double fu = double(std::min(u, height_ - u)) / double(height_), fv = double(std::min(v, width_ - v)) / double(width_);
      band_.push_back(u == 0 && v == 0 ? 0 : std::max<Index>(1, std::llround(std::hypot(fu, fv) * shorter)));
      members_.resize(std::max(members_.size(), std::size_t(band_.back()) + 1), 0.0);
      members_[std::size_t(band_.back())]++;
    }
  power_.resize(members_.size(), 0.0);
}

void SharpnessMeter::add(const Tensor& pictures) {
  const Index n = pictures.size(0), h = height_, w = width_, c = channels_;
  if (pictures.shape() != Shape{n, h, w, c})
    fail("sharpness", fmt::format("expected pictures of shape {}, got {}", Shape{n, h, w, c}.str(), pictures.shape().str()));
  const Tensor x = pictures.to(DType::float32);
  std::vector<double> variances(std::size_t(n), 0.0);
  parallel(n, [&](Index i) { variances[std::size_t(i)] = laplacian_variance(x.data<float>() + i * h * w * c, h, w, c); });
  for (const double v : variances) laplacian_ += v;
  pictures_ += n;

  const Tensor columns = x.reshape({n, h, w * c});
  const auto rows = [&](const Tensor& t) { return t.reshape({n * h, w, c}); };
  const Tensor cosines = rows(matmul(cos_h_, columns)), sines = rows(matmul(sin_h_, columns));
  const Tensor cc = matmul(cos_w_, cosines), ss = matmul(sin_w_, sines), cs = matmul(sin_w_, cosines), sc = matmul(cos_w_, sines);
  const float *pcc = cc.data<float>(), *pss = ss.data<float>(), *pcs = cs.data<float>(), *psc = sc.data<float>();
  for (Index i = 0; i < n * h * w * c; i++) {
    const double real = double(pcc[i]) - double(pss[i]), imaginary = double(pcs[i]) + double(psc[i]);
    power_[std::size_t(band_[std::size_t(i / c % (h * w))])] += real * real + imaginary * imaginary;
  }
}

Sharpness SharpnessMeter::result() const {
  if (pictures_ == 0) fail("sharpness", "there are no pictures to measure");
  Sharpness s{.laplacian_variance = laplacian_ / double(pictures_)};
  for (std::size_t k = 1; k < power_.size(); k++) {
    if (members_[k] == 0) continue;
    s.frequency.push_back(double(k) / double(std::min(height_, width_)));
    s.power.push_back(power_[k] / (members_[k] * double(pictures_ * channels_)));
  }
  return s;
}

double laplacian_distance(const Sharpness& pictures, const Sharpness& data) {
  return std::abs(
      std::log(std::max(pictures.laplacian_variance, rounding_laplacian) / std::max(data.laplacian_variance, rounding_laplacian)));
}

double spectrum_distance(const Sharpness& pictures, const Sharpness& data) {
  if (pictures.power.size() != data.power.size() || data.power.empty())
    fail("sharpness", fmt::format("spectra of pictures of different sizes: {} and {} bands", pictures.power.size(), data.power.size()));
  double squares = 0;
  for (std::size_t k = 0; k < data.power.size(); k++) {
    const double log_ratio = std::log(std::max(pictures.power[k], rounding_noise) / std::max(data.power[k], rounding_noise));
    squares += log_ratio * log_ratio;
  }
  return std::sqrt(squares / double(data.power.size()));
}

RunSharpness run_sharpness(const Run& run, const Dataset& data, Index count) {
  const NoGrad guard;
  const Model& model = *run.model;
  SharpnessMeter inputs(run.example_shape), reconstructions(run.example_shape), samples(run.example_shape), training(run.example_shape);
  RunSharpness s;
  // Bytes as they are: the noise of dequantisation is not the picture's.
  const auto batches_of = [&](const Split& split) {
    BatchOptions options = evaluation_options(run.config, split, batch_size);
    options.dequantize = Dequantize::none;
    return Batches::evaluation(split, options);
  };
  Batches test = batches_of(data.test);
  for (Index b = 0; b < test.count() && s.pictures < count; b++) {
    const Batch& batch = test.load(1, b);
    inputs.add(batch.x);
    reconstructions.add(reconstruct(model, batch.x, batch.labels));
    s.pictures += batch.size();
  }
  Batches train = batches_of(data.train);
  for (Index b = 0, seen = 0; b < train.count() && seen < s.pictures; b++) {
    training.add(train.load(1, b).x);
    seen += batch_size;
  }
  const Tensor codes = draw_codes(run, std::max<Index>(1, s.pictures), default_code_source(model), 1, 1);
  for (Index first = 0; first < codes.size(0); first += batch_size)
    samples.add(decode_codes(model, codes.slice(first, std::min(codes.size(0), first + batch_size))));
  s.data = inputs.result();
  s.reconstructions = reconstructions.result();
  s.samples = samples.result();
  s.training = training.result();
  return s;
}

}  // namespace elbo
