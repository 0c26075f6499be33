#include "lab/tsne.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tensor/error.h"
#include "tensor/linalg.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

constexpr Index rows_at_a_time = 16;  // a chunk of threads' work: rows do not depend on each other

template <class F>
void for_rows(Index n, F&& f) {
  parallel(divide_up(n, rows_at_a_time), [&](Index chunk) {
    for (Index i = chunk * rows_at_a_time; i < std::min(n, (chunk + 1) * rows_at_a_time); i++) f(i);
  });
}

// Squared distances of x's row i to all rows.
void row_distances(const Tensor& x, Index i, std::vector<double>& to) {
  const Index n = x.size(0), d = x.size(1);
  const double* rows = x.data<double>();
  for (Index j = 0; j < n; j++) {
    double sum = 0;
    for (Index k = 0; k < d; k++) sum += (rows[i * d + k] - rows[j * d + k]) * (rows[i * d + k] - rows[j * d + k]);
    to[std::size_t(j)] = sum;
  }
}

// p(j) ~ exp(-precision (distance_j - nearest)), p(self) = 0. Returns its entropy, nats.
double fill_probabilities(const std::vector<double>& distances, double nearest, double precision, Index self, double* p) {
  const auto n = Index(distances.size());
  double total = 0, weighted = 0;
  for (Index j = 0; j < n; j++) {
    const double exponent = precision * (distances[std::size_t(j)] - nearest);
    p[j] = j == self ? 0 : std::exp(-exponent);
    total += p[j];
    weighted += p[j] > 0 ? p[j] * exponent : 0;
  }
  for (Index j = 0; j < n; j++) p[j] /= total;
  return std::log(total) + weighted / total;
}

// The precision whose entropy is `target`, by doubling and bisection.
void find_probabilities(const std::vector<double>& distances, double target, Index self, double* p) {
  double nearest = std::numeric_limits<double>::infinity(), sum = 0;
  for (Index j = 0; j < Index(distances.size()); j++)
    if (j != self) nearest = std::min(nearest, distances[std::size_t(j)]), sum += distances[std::size_t(j)];
  const double mean = sum / double(distances.size() - 1);
  double low = 0, high = std::numeric_limits<double>::infinity();
  double precision = mean > nearest ? 1 / (mean - nearest) : 0;  // 0: all are equally far
  for (int step = 0; step < 200; step++) {
    const double excess = fill_probabilities(distances, nearest, precision, self, p) - target;
    if (std::abs(excess) < 1e-7 || precision == 0) return;
    (excess > 0 ? low : high) = precision;  // too even: sharper
    precision = std::isinf(high) ? 2 * precision : (low + high) / 2;
    if (!(precision < 1e300)) return;  // ties for the nearest place outnumber the perplexity
  }
}

Tensor joint(const Tensor& conditional) {
  const Index n = conditional.size(0);
  Tensor p({n, n}, DType::float64);
  const double* from = conditional.data<double>();
  double* to = p.mutable_data<double>();
  for_rows(n, [&](Index i) {
    for (Index j = 0; j < n; j++) to[i * n + j] = (from[i * n + j] + from[j * n + i]) / (2 * double(n));
  });
  return p;
}

// What one pass over all pairs gives for each point: sums over j with w = 1 / (1 + |y_i - y_j|^2).
struct PairSums {
  double w = 0;              // w
  double pull[2] = {0, 0};   // P w (y_i - y_j)
  double push[2] = {0, 0};   // w^2 (y_i - y_j)
  double cross_entropy = 0;  // -P log w, where it is wanted
};

void sum_pairs(const Tensor& p, const double* y, bool entropy, std::vector<PairSums>& sums) {
  const Index n = p.size(0);
  const double* all = p.data<double>();
  for_rows(n, [&](Index i) {
    PairSums s;
    const double* row = all + i * n;
    for (Index j = 0; j < n; j++) {
      const double a = y[2 * i] - y[2 * j], b = y[2 * i + 1] - y[2 * j + 1];
      const double w = 1 / (1 + a * a + b * b), pw = row[j] * w, ww = w * w;  // for j = i nothing is pulled or pushed
      s.w += w;
      s.pull[0] += pw * a, s.pull[1] += pw * b;
      s.push[0] += ww * a, s.push[1] += ww * b;
      if (entropy) s.cross_entropy -= row[j] * std::log(w);
    }
    s.w -= 1;  // its own
    sums[std::size_t(i)] = s;
  });
}

// sum of P log P, the part of the divergence that points do not change.
double sum_p_log_p(const Tensor& p) {
  double sum = 0;
  for (const double v : p.values<double>()) sum += v > 0 ? v * std::log(v) : 0;
  return sum;
}

double divergence_of(const Tensor& p, const double* y, double p_log_p, std::vector<PairSums>& sums) {
  sum_pairs(p, y, true, sums);
  double normaliser = 0, cross_entropy = 0;
  for (const PairSums& s : sums) normaliser += s.w, cross_entropy += s.cross_entropy;
  return p_log_p + cross_entropy + std::log(normaliser);
}

// The first two principal components, the first with a standard deviation of 1e-4: so small that the gradient, not they, decides the scale.
std::vector<double> first_points(const Tensor& x) {
  const Index n = x.size(0), d = x.size(1), axes = std::min<Index>(2, d);
  const PrincipalComponents c = principal_components(x, axes);
  const double variance = c.variances.data<double>()[0], scale = variance > 0 ? 1e-4 / std::sqrt(variance) : 0;
  std::vector<double> y(std::size_t(2 * n), 0.0);
  for (Index i = 0; i < n; i++)
    for (Index a = 0; a < axes; a++)
      for (Index k = 0; k < d; k++)
        y[std::size_t(2 * i + a)] +=
            scale * (x.data<double>()[i * d + k] - c.mean.data<double>()[k]) * c.components.data<double>()[a * d + k];
  return y;
}

Tensor checked_rows(const Tensor& x) {
  require_rank("tsne", "rows", x, 2);
  if (x.size(0) < 4 || x.size(0) > most_tsne_points || x.size(1) < 1)
    fail("tsne", fmt::format("expected 4 to {} points of one dimension or more, got {}", most_tsne_points, x.shape().str()));
  Tensor rows = x.to(DType::float64);
  for (const double v : rows.values<double>())
    if (!std::isfinite(v)) fail("tsne", "expected finite numbers");
  return rows;
}

void check_options(const TsneOptions& o) {
  if (!(o.perplexity > 1)) throw UsageError(fmt::format("t-SNE: expected a perplexity above 1, got {}", o.perplexity));
  if (o.iterations < 1 || o.exaggerated < 0 || !(o.exaggeration >= 1) || !(o.learning_rate >= 0))
    throw UsageError("t-SNE: expected one iteration or more, an exaggeration of 1 or more and a learning rate that is not negative");
}

void centre_points(std::vector<double>& y) {
  const Index n = Index(y.size()) / 2;
  for (Index a = 0; a < 2; a++) {
    double mean = 0;
    for (Index i = 0; i < n; i++) mean += y[std::size_t(2 * i + a)] / double(n);
    for (Index i = 0; i < n; i++) y[std::size_t(2 * i + a)] -= mean;
  }
}

}  // namespace

Tensor tsne_neighbours(const Tensor& x, double perplexity) {
  const Tensor rows = checked_rows(x);
  const Index n = rows.size(0);
  if (!(perplexity > 1 && perplexity < double(n - 1)))
    throw UsageError(fmt::format("t-SNE: expected a perplexity between 1 and {} for {} points, got {}", n - 1, n, perplexity));
  Tensor p({n, n}, DType::float64);
  double* to = p.mutable_data<double>();
  for_rows(n, [&](Index i) {
    std::vector<double> distances(static_cast<std::size_t>(n));
    row_distances(rows, i, distances);
    find_probabilities(distances, std::log(perplexity), i, to + i * n);
  });
  return p;
}

double tsne_divergence(const Tensor& conditional, const Tensor& y) {
  const Tensor points = y.to(DType::float64);
  require_shape("tsne", "points", points, {conditional.size(0), 2});
  const Tensor p = joint(conditional);
  std::vector<PairSums> sums(static_cast<std::size_t>(p.size(0)));
  return divergence_of(p, points.data<double>(), sum_p_log_p(p), sums);
}

Tsne tsne(const Tensor& x, const TsneOptions& o) {
  check_options(o);
  const Tensor rows = checked_rows(x);
  const Index n = rows.size(0);
  Tsne result{.perplexity = std::min(o.perplexity, std::max(1.5, double(n - 1) / 3)),
              .learning_rate = o.learning_rate > 0 ? o.learning_rate : std::max(20.0, double(n) / o.exaggeration / 4)};
  const Tensor p = joint(tsne_neighbours(rows, result.perplexity));
  const double p_log_p = sum_p_log_p(p);

  std::vector<double> y = first_points(rows), step(y.size(), 0.0), gain(y.size(), 1.0);
  std::vector<PairSums> sums(static_cast<std::size_t>(n));
  result.start = divergence_of(p, y.data(), p_log_p, sums);
  for (Index t = 0; t < o.iterations; t++) {
    const bool early = t < o.exaggerated;
    sum_pairs(p, y.data(), false, sums);
    double normaliser = 0;
    for (const PairSums& s : sums) normaliser += s.w;
    for (std::size_t i = 0; i < y.size(); i++) {
      const PairSums& s = sums[i / 2];
      const double slope = 4 * ((early ? o.exaggeration : 1) * s.pull[i % 2] - s.push[i % 2] / normaliser);
      // Gains of their original program: larger where a step goes on as before, smaller where it turned.
      gain[i] = std::max(0.01, (slope > 0) != (step[i] > 0) ? gain[i] + 0.2 : gain[i] * 0.8);
      step[i] = (early ? 0.5 : 0.8) * step[i] - result.learning_rate * gain[i] * slope;
      y[i] += step[i];
    }
    centre_points(y);
  }
  result.divergence = divergence_of(p, y.data(), p_log_p, sums);
  result.points = Tensor::from<double>(y, {n, 2});
  return result;
}

}  // namespace elbo
