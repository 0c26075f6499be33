#include "lab/statistics.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tensor/error.h"
#include "tensor/parallel.h"
#include "tensor/random.h"

namespace elbo::lab {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// The continued fraction of I_x(a, b), which converges fast for x < (a + 1) / (a + b + 2).
double beta_fraction(double a, double b, double x) {
  constexpr double tiny = 1e-300;
  double c = 1, d = 1 - (a + b) * x / (a + 1);
  d = 1 / (std::abs(d) < tiny ? tiny : d);
  double f = d;
  for (int m = 1; m <= 10000; m++) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    for (const double term : {even, odd}) {
      d = 1 + term * d;
      c = 1 + term / c;
      if (std::abs(d) < tiny) d = tiny;
      if (std::abs(c) < tiny) c = tiny;
      d = 1 / d;
      f *= c * d;
    }
    if (std::abs(c * d - 1) < 1e-16) break;
  }
  return f;
}

// I_x(a, b) with y = 1 - x given apart, so that neither end loses its digits.
double incomplete_beta(double a, double b, double x, double y) {
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log(y));
  return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a : 1 - front * beta_fraction(b, a, y) / b;
}

void check_degrees(double degrees) {
  if (!(degrees > 0)) fail("student", fmt::format("expected a positive number of degrees of freedom, got {}", degrees));
}

// P(T > t) for t >= 0: small where t is large, without cancellation.
double student_tail(double t, double degrees) {
  const double square = t * t;
  if (std::isinf(square)) return 0;
  return incomplete_beta(degrees / 2, 0.5, degrees / (degrees + square), square / (degrees + square)) / 2;
}

// Between the ordered values, as numpy.percentile does by default.
double percentile(const std::vector<double>& ordered, double share) {
  const double at = share * double(ordered.size() - 1);
  const std::size_t below = std::size_t(at), above = std::min(below + 1, ordered.size() - 1);
  return ordered[below] + (at - double(below)) * (ordered[above] - ordered[below]);
}

}  // namespace

Spread spread_of(std::span<const double> values) {
  Spread s{.sd = not_a_number, .n = Index(values.size())};
  for (const double v : values) s.mean += v / double(s.n);
  if (s.n < 2) return s;
  double squares = 0;
  for (const double v : values) squares += (v - s.mean) * (v - s.mean);
  s.sd = std::sqrt(squares / double(s.n - 1));
  return s;
}

double incomplete_beta(double a, double b, double x) {
  if (!(a > 0 && b > 0 && x >= 0 && x <= 1))
    fail("incomplete_beta", fmt::format("expected a, b > 0 and 0 <= x <= 1, got {}, {} and {}", a, b, x));
  return incomplete_beta(a, b, x, 1 - x);
}

double student_cdf(double t, double degrees) {
  check_degrees(degrees);
  const double tail = student_tail(std::abs(t), degrees);
  return t < 0 ? tail : 1 - tail;
}

double student_quantile(double probability, double degrees) {
  check_degrees(degrees);
  if (!(probability > 0 && probability < 1)) fail("student", fmt::format("expected a probability between 0 and 1, got {}", probability));
  if (probability == 0.5) return 0;
  const double tail = std::min(probability, 1 - probability);
  double low = 0, high = 1;
  while (student_tail(high, degrees) > tail && high < 1e300) low = high, high *= 2;
  for (int i = 0; i < 200 && low < high; i++) {  // the tail falls steadily: halve until two neighbouring doubles are left
    const double middle = low + (high - low) / 2;
    if (middle == low || middle == high) break;
    (student_tail(middle, degrees) > tail ? low : high) = middle;
  }
  return probability < 0.5 ? -high : high;
}

MeanInterval t_interval(std::span<const double> values, double confidence) {
  if (!(confidence > 0 && confidence < 1)) fail("t_interval", fmt::format("expected a confidence between 0 and 1, got {}", confidence));
  MeanInterval m{.spread = spread_of(values), .interval = {}};
  if (m.spread.n < 2) return m;
  const double half = student_quantile((1 + confidence) / 2, double(m.spread.n - 1)) * m.spread.sd / std::sqrt(double(m.spread.n));
  m.interval = Interval{m.spread.mean - half, m.spread.mean + half};
  return m;
}

MeanInterval paired_t_interval(std::span<const double> a, std::span<const double> b, double confidence) {
  if (a.size() != b.size()) fail("paired_t_interval", fmt::format("expected as many values of both, got {} and {}", a.size(), b.size()));
  std::vector<double> differences;
  for (std::size_t i = 0; i < a.size(); i++) differences.push_back(a[i] - b[i]);
  return t_interval(differences, confidence);
}

std::vector<Interval> bootstrap_means(const std::vector<std::vector<double>>& columns, const BootstrapOptions& o) {
  if (columns.empty()) return {};
  const std::size_t n = columns[0].size();
  if (n == 0 || n >> 31) fail("bootstrap", fmt::format("expected 1 to 2^31 examples, got {}", n));
  for (const auto& column : columns)
    if (column.size() != n) fail("bootstrap", fmt::format("expected as many examples in each column, got {} and {}", n, column.size()));
  if (o.resamples < 1 || o.resamples > 1000000 || !(o.confidence > 0 && o.confidence < 1))
    fail("bootstrap", "expected 1 to 1,000,000 resamples and a confidence between 0 and 1");

  const RandomKey key{o.seed, Purpose::bootstrap, 0};
  const Index blocks = divide_up(Index(n), 4);
  std::vector<std::vector<double>> means(columns.size(), std::vector<double>(std::size_t(o.resamples)));
  parallel(o.resamples, [&](Index resample) {  // an example of Philox is a resample, a draw of it an example of the part
    std::vector<std::uint32_t> words(std::size_t(4 * blocks));
    fill_words(words.data(), 0, blocks, key, std::uint32_t(resample));
    for (std::size_t c = 0; c < columns.size(); c++) {
      double sum = 0;
      for (std::size_t i = 0; i < n; i++) sum += columns[c][std::size_t((std::uint64_t(words[i]) * n) >> 32)];
      means[c][std::size_t(resample)] = sum / double(n);
    }
  });
  std::vector<Interval> intervals;
  for (auto& column : means) {
    std::sort(column.begin(), column.end());
    intervals.push_back({percentile(column, (1 - o.confidence) / 2), percentile(column, (1 + o.confidence) / 2)});
  }
  return intervals;
}

}  // namespace elbo::lab
