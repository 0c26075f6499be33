#include "lab/mixture.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "lab/codes.h"
#include "tensor/error.h"
#include "tensor/parallel.h"
#include "tensor/random.h"

namespace elbo {
namespace {

constexpr std::uint64_t choices = 1;  // RandomKey::step of which component a code comes from; its noise has step 0

// log N(x; mean, L L^T) through the triangle: the same for every row but for one forward substitution.
class Density {
 public:
  explicit Density(const Mixture::Component& c) : d_(c.mean.size(0)), mean_(c.mean), lower_(cholesky(c.covariance)) {
    constant_ = std::log(c.weight) - 0.5 * double(d_) * std::log(2 * std::numbers::pi);
    for (Index i = 0; i < d_; i++) constant_ -= std::log(lower_.at<double>({i, i}));
  }
  // log(weight density) of one row; `scratch`: d numbers.
  double operator()(const double* x, double* scratch) const {
    const double *l = lower_.data<double>(), *m = mean_.data<double>();
    double sum = 0;
    for (Index i = 0; i < d_; i++) {
      double v = x[i] - m[i];
      for (Index k = 0; k < i; k++) v -= l[i * d_ + k] * scratch[k];
      scratch[i] = v / l[i * d_ + i];
      sum += scratch[i] * scratch[i];
    }
    return constant_ - 0.5 * sum;
  }

 private:
  Index d_;
  Tensor mean_, lower_;
  double constant_;
};

// Responsibilities (n, components) of each component for each row; returns the mean log density.
double expect(const Mixture& mixture, const Tensor& x, Tensor& responsibilities) {
  const Index n = x.size(0), d = x.size(1), k = Index(mixture.components.size());
  std::vector<Density> densities;
  for (const auto& c : mixture.components) densities.emplace_back(c);
  const double* rows = x.data<double>();
  double* r = responsibilities.mutable_data<double>();
  std::vector<double> logs(std::size_t(n), 0.0);
  constexpr Index chunk = 256;
  parallel((n + chunk - 1) / chunk, [&](Index part) {
    std::vector<double> scratch(std::size_t(d), 0.0);
    for (Index i = part * chunk; i < std::min(n, (part + 1) * chunk); i++) {
      double largest = -std::numeric_limits<double>::infinity(), sum = 0;
      for (Index c = 0; c < k; c++) {
        r[i * k + c] = densities[std::size_t(c)](rows + i * d, scratch.data());
        largest = std::max(largest, r[i * k + c]);
      }
      for (Index c = 0; c < k; c++) sum += r[i * k + c] = std::exp(r[i * k + c] - largest);
      for (Index c = 0; c < k; c++) r[i * k + c] /= sum;
      logs[std::size_t(i)] = largest + std::log(sum);
    }
  });
  double total = 0;
  for (const double v : logs) total += v;
  return total / double(n);
}

// Each component from the rows it is responsible for.
void maximise(Mixture& mixture, const Tensor& x, const Tensor& responsibilities, double floor) {
  const Index n = x.size(0), d = x.size(1), k = Index(mixture.components.size());
  const double *rows = x.data<double>(), *r = responsibilities.data<double>();
  parallel(k, [&](Index c) {
    Mixture::Component& component = mixture.components[std::size_t(c)];
    double* mean = component.mean.mutable_data<double>();
    double* covariance = component.covariance.mutable_data<double>();
    std::fill(mean, mean + d, 0.0);
    std::fill(covariance, covariance + d * d, 0.0);
    double weight = 1e-9;  // a component that no row belongs to keeps a place
    for (Index i = 0; i < n; i++) {
      weight += r[i * k + c];
      for (Index j = 0; j < d; j++) mean[j] += r[i * k + c] * rows[i * d + j];
    }
    for (Index j = 0; j < d; j++) mean[j] /= weight;
    for (Index i = 0; i < n; i++) {
      const double share = r[i * k + c];
      if (share < 1e-12) continue;
      for (Index a = 0; a < d; a++) {
        const double v = share * (rows[i * d + a] - mean[a]);
        for (Index b = 0; b <= a; b++) covariance[a * d + b] += v * (rows[i * d + b] - mean[b]);
      }
    }
    for (Index a = 0; a < d; a++)
      for (Index b = 0; b <= a; b++) covariance[b * d + a] = covariance[a * d + b] = covariance[a * d + b] / weight + (a == b ? floor : 0);
    component.weight = weight / double(n);
  });
}

// Hard responsibilities by the nearest of centres chosen far apart.
Tensor first_responsibilities(const Tensor& x, Index k) {
  const Index n = x.size(0), d = x.size(1);
  const double* rows = x.data<double>();
  const RandomKey key{.seed = 1, .purpose = Purpose::sample, .step = 2};
  Tensor responsibilities = Tensor::zeros({n, k}, DType::float64);
  std::vector<double> distance(std::size_t(n), std::numeric_limits<double>::infinity());
  std::vector<Index> owner(std::size_t(n), 0);
  Index centre = Index(key.uniform(0, 0) * double(n));
  for (Index c = 0; c < k; c++) {
    double sum = 0;
    for (Index i = 0; i < n; i++) {
      double s = 0;
      for (Index j = 0; j < d; j++) s += (rows[i * d + j] - rows[centre * d + j]) * (rows[i * d + j] - rows[centre * d + j]);
      if (s < distance[std::size_t(i)]) {
        distance[std::size_t(i)] = s;
        owner[std::size_t(i)] = c;
      }
      sum += distance[std::size_t(i)];
    }
    double left = key.uniform(0, std::uint32_t(c) + 1) * sum;
    for (centre = 0; centre + 1 < n && (left -= distance[std::size_t(centre)]) > 0; centre++) {
    }
  }
  for (Index i = 0; i < n; i++) responsibilities.set<double>({i, owner[std::size_t(i)]}, 1);
  return responsibilities;
}

double mean_variance(const Tensor& x) {
  const Index n = x.size(0), d = x.size(1);
  const double* rows = x.data<double>();
  double total = 0;
  for (Index j = 0; j < d; j++) {
    double sum = 0, square = 0;
    for (Index i = 0; i < n; i++) {
      sum += rows[i * d + j];
      square += rows[i * d + j] * rows[i * d + j];
    }
    total += square / double(n) - sum / double(n) * sum / double(n);
  }
  return total / double(d);
}

}  // namespace

Mixture fit_mixture(const Tensor& x, int components, int iterations) {
  require_rank("mixture", "rows of codes", x, 2);
  const Index n = x.size(0), d = x.size(1);
  if (components < 1 || n < components)
    fail("mixture", fmt::format("expected at least one row for each of {} components, got {}", components, n));
  Mixture mixture;
  for (int c = 0; c < components; c++)
    mixture.components.push_back({1.0 / components, Tensor({d}, DType::float64), Tensor({d, d}, DType::float64)});
  const double floor = std::max(1e-4 * mean_variance(x), 1e-12);
  Tensor responsibilities = first_responsibilities(x, components);
  maximise(mixture, x, responsibilities, floor);
  for (int i = 0; i < iterations; i++) {
    expect(mixture, x, responsibilities);
    maximise(mixture, x, responsibilities, floor);
  }
  return mixture;
}

double Mixture::mean_log_density(const Tensor& x) const {
  Tensor responsibilities({x.size(0), Index(components.size())}, DType::float64);
  return expect(*this, x, responsibilities);
}

Tensor Mixture::draw(Index count, double temperature, std::uint64_t seed) const {
  const Index d = components.at(0).mean.size(0);
  std::vector<Tensor> triangles;
  for (const Component& c : components) triangles.push_back(cholesky(c.covariance));
  Tensor noise({count, d}, DType::float64), codes({count, d}, DType::float64);
  fill_normal(noise, {.seed = seed, .purpose = Purpose::sample});
  const RandomKey choice{.seed = seed, .purpose = Purpose::sample, .step = choices};
  double total = 0;
  for (const Component& c : components) total += c.weight;
  for (Index i = 0; i < count; i++) {
    double left = choice.uniform(std::uint32_t(i), 0) * total;
    std::size_t c = 0;
    while (c + 1 < components.size() && (left -= components[c].weight) >= 0) c++;
    for (Index j = 0; j < d; j++) {
      double v = 0;
      for (Index k = 0; k <= j; k++) v += triangles[c].at<double>({j, k}) * noise.at<double>({i, k});
      codes.set<double>({i, j}, components[c].mean.at<double>({j}) + temperature * v);
    }
  }
  return codes;
}

Tensor mixture_codes(const Run& run, const Split& train) {
  if (train.size() == 0) fail("mixture", "the training part is empty");
  const EncodedExamples codes = encode_examples(run, train.first(10000));
  Tensor z = codes.mean.to(DType::float64);
  if (!codes.logvar) return z;
  Tensor noise(z.shape(), DType::float64);
  fill_normal(noise, {.seed = 1, .purpose = Purpose::sample, .step = 3});
  double* to = z.mutable_data<double>();
  for (Index i = 0; i < z.numel(); i++) to[i] += std::exp(0.5 * codes.logvar.element(i)) * noise.element(i);
  return z;
}

}  // namespace elbo
