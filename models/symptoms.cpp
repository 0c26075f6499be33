#include "models/symptoms.h"

#include <algorithm>
#include <cmath>

#include "tensor/elementwise.h"
#include "tensor/linalg.h"

namespace elbo {
namespace {

// From here on a float32 sigmoid is 1, and its gradient 0.
const double saturated_logit = 24 * std::log(2.0);
constexpr double wrong_by = 0.1;  // of numbers 0 .. 1: far beyond what dequantisation and rounding do
// Where the soft clamp of a pixel's log-variance has taken the larger part of what was asked for.
constexpr double floor_logvar = lowest_pixel_logvar + 0.5;

double square(double v) { return v * v; }

}  // namespace

CodeSums::CodeSums(Index n) : latent_(n), sum_(std::size_t(n)), noise_(std::size_t(n)), product_(std::size_t(n * n)) {}

void CodeSums::add(const Code& code) {
  const Tensor mean = code.mean.value().to(DType::float64);
  const double* m = mean.data<double>();
  for (Index i = 0; i < mean.shape()[0]; i++, m += latent_)
    for (Index j = 0; j < latent_; j++) {
      sum_[std::size_t(j)] += m[j];
      for (Index k = 0; k <= j; k++) product_[std::size_t(j * latent_ + k)] += m[j] * m[k];
    }
  count_ += double(mean.shape()[0]);
  if (!code.logvar) return;
  const Tensor variance = exp(code.logvar.value().to(DType::float64));
  const double* v = variance.data<double>();
  for (Index i = 0; i < variance.shape()[0]; i++, v += latent_)
    for (Index j = 0; j < latent_; j++) noise_[std::size_t(j)] += v[j];
}

CodeStatistics CodeSums::statistics() const {
  CodeStatistics s{Tensor({latent_}, DType::float64), Tensor({latent_, latent_}, DType::float64)};
  double *m = s.mean.mutable_data<double>(), *c = s.covariance.mutable_data<double>();
  for (Index j = 0; j < latent_; j++) m[j] = sum_[std::size_t(j)] / count_;
  for (Index j = 0; j < latent_; j++)
    for (Index k = 0; k <= j; k++) {
      const double v = product_[std::size_t(j * latent_ + k)] / count_ - m[j] * m[k] + (j == k ? noise_[std::size_t(j)] / count_ : 0);
      c[j * latent_ + k] = c[k * latent_ + j] = v;
    }
  return s;
}

Index CodeSums::active(double threshold) const {
  Index units = 0;
  for (Index j = 0; j < latent_; j++) {
    const double m = sum_[std::size_t(j)] / count_;
    if (product_[std::size_t(j * latent_ + j)] / count_ - m * m > threshold) units++;
  }
  return units;
}

void CodeSums::fill(Symptoms& s, bool variational) const {
  if (latent_ == 0 || count_ == 0) return;
  s.active_units = active();
  const CodeStatistics codes = statistics();
  if (!variational) {
    double largest = 0;
    for (Index j = 0; j < latent_; j++) largest = std::max(largest, codes.covariance.element(j * latent_ + j));
    s.constant_units = latent_ - active(1e-6 * largest);
    return;
  }
  double scale = 0;
  s.largest_unit = s.smallest_unit = 0;
  for (Index j = 0; j < latent_; j++) {
    scale += codes.covariance.element(j * latent_ + j) + square(codes.mean.element(j));
    if (noise_[std::size_t(j)] > noise_[std::size_t(s.largest_unit)]) s.largest_unit = j;
    if (noise_[std::size_t(j)] < noise_[std::size_t(s.smallest_unit)]) s.smallest_unit = j;
  }
  s.largest_variance = noise_[std::size_t(s.largest_unit)] / count_;
  s.smallest_variance = noise_[std::size_t(s.smallest_unit)] / count_;
  s.code_scale = std::sqrt(scale / double(latent_));
  s.aggregate_kl = aggregate_kl_bound(codes, count_);
}

double aggregate_kl_bound(const CodeStatistics& codes, double examples) {
  const Index d = codes.mean.numel();
  const Tensor values = symmetric_eigen(codes.covariance).values;
  double kl = 0;
  for (Index j = 0; j < d; j++) {
    const double v = std::max(values.element(j), 1e-12);
    kl += 0.5 * (v - 1 - std::log(v) + square(codes.mean.element(j)));
  }
  return std::max(0.0, kl - double(d) * double(d + 3) / (4 * examples));
}

void DecoderSums::add(const Pass& pass, const Tensor& batch) {
  if (!pass.decoding.output) return;
  const bool logits = pass.decoding.kind != Decoding::Kind::mean;
  const Tensor x = batch.to(DType::float64), mean = pass.decoding.mean().to(DType::float64);
  const Tensor output = logits ? pass.decoding.output.value().to(DType::float64) : mean;
  const Index n = x.numel();
  const double *from = x.data<double>(), *m = mean.data<double>(), *o = output.data<double>();
  const double end = std::exp(-saturated_logit);
  for (Index i = 0; i < n; i++) {
    const double error = from[i] - m[i];
    squares_ += error * error;
    if (logits) logit_ = std::max(logit_, std::abs(o[i]));
    const bool at_end = logits ? std::abs(o[i]) > saturated_logit : std::min(std::abs(m[i]), std::abs(1 - m[i])) <= end;
    saturated_ += at_end && std::abs(error) > wrong_by;
  }
  numbers_ += double(n), rows_ += double(x.size(0));
  if (!pass.decoding.logvar || n == 0) return;
  const Tensor logvar = pass.decoding.logvar.value().to(DType::float64);
  places_.resize(std::size_t(n / x.size(0)));
  for (Index i = 0; i < n; i++) {
    Place& p = places_[std::size_t(i) % places_.size()];
    p.sum += from[i], p.squares += from[i] * from[i];
    if (logvar.data<double>()[i] < floor_logvar) p.floor++, p.floor_squares += square(from[i] - m[i]);
  }
}

void DecoderSums::fill(Symptoms& s) const {
  if (numbers_ == 0) return;
  s.residual = squares_ / numbers_;
  s.saturated = saturated_ / numbers_;
  if (logit_ >= 0) s.largest_logit = logit_;
  double varying = 0, floor = 0, squares = 0;
  for (const Place& p : places_) {
    if (p.squares / rows_ - square(p.sum / rows_) < std::exp(floor_logvar)) continue;
    varying += rows_, floor += p.floor, squares += p.floor_squares;
  }
  if (varying > 0) s.at_floor = floor / varying;
  if (floor > 0) s.floor_residual = squares / floor;
}

}  // namespace elbo
