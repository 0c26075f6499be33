#include "lab/disentanglement.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "lab/lasso.h"
#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/matmul.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

constexpr int equal_bins = 20;
constexpr std::size_t most_values = 100;
constexpr double left_out = std::numeric_limits<double>::quiet_NaN();

// Which bin each example is in.
struct Binned {
  std::vector<int> bin;
  int bins = 0;
};

// Bins of equal count; equal values share one, so that there may be fewer.
Binned by_count(const std::vector<double>& values) {
  std::vector<double> sorted = values, edges;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t b = 1; b < equal_bins; b++) edges.push_back(sorted[b * sorted.size() / equal_bins]);
  Binned result{.bins = equal_bins};
  for (const double v : values) result.bin.push_back(int(std::upper_bound(edges.begin(), edges.end(), v) - edges.begin()));
  return result;
}

std::vector<double> distinct_values(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

Binned by_value(const std::vector<double>& values) {
  const std::vector<double> known = distinct_values(values);
  Binned result{.bins = int(known.size())};
  for (const double v : values) result.bin.push_back(int(std::lower_bound(known.begin(), known.end(), v) - known.begin()));
  return result;
}

double within_a_turn(double degrees) { return degrees - 360 * std::floor(degrees / 360); }

// A whole turn is none. The circle is cut where the widest arc without an example ends.
Binned by_angle(std::vector<double> degrees) {
  for (double& v : degrees) v = within_a_turn(v);
  const std::vector<double> known = distinct_values(degrees);
  double start = known.front(), widest = known.front() + 360 - known.back();
  for (std::size_t i = 1; i < known.size(); i++)
    if (known[i] - known[i - 1] > widest) start = known[i], widest = known[i] - known[i - 1];
  for (double& v : degrees) v = within_a_turn(v - start);
  return by_count(degrees);
}

double entropy_of_counts(const std::vector<Index>& counts, double n) {
  double sum = 0;
  for (const Index c : counts)
    if (c > 0) sum -= double(c) / n * std::log(double(c) / n);
  return sum;
}

// Nats. The entropies of both less that of the pair.
double entropy_of(const Binned& a) {
  std::vector<Index> counts(std::size_t(a.bins), 0);
  for (const int b : a.bin) counts[std::size_t(b)]++;
  return entropy_of_counts(counts, double(a.bin.size()));
}

double information_of(const Binned& a, const Binned& b) {
  std::vector<Index> counts(std::size_t(a.bins) * std::size_t(b.bins), 0);
  for (std::size_t i = 0; i < a.bin.size(); i++) counts[std::size_t(a.bin[i]) * std::size_t(b.bins) + std::size_t(b.bin[i])]++;
  return std::max(0.0, entropy_of(a) + entropy_of(b) - entropy_of_counts(counts, double(a.bin.size())));
}

// 1 - H / log n of numbers that are made to sum to 1; NaN where they are all 0. One number alone is as concentrated as can be.
double concentration(const std::vector<double>& weights) {
  double sum = 0, entropy = 0;
  for (const double w : weights) sum += w;
  if (!(sum > 0)) return left_out;
  for (const double w : weights)
    if (w > 0) entropy -= w / sum * std::log(w / sum);
  return weights.size() > 1 ? 1 - entropy / std::log(double(weights.size())) : 1;
}

// Columns of numbers, (n, columns), float64, of mean 0 and variance 1 over the examples that are fitted to; constant ones are 0.
// `together`: of variance 1 in the mean over the columns, which keep their proportions.
Tensor standardised_columns(const std::vector<std::vector<double>>& columns, bool together = false) {
  const Index n = Index(columns[0].size()), count = Index(columns.size());
  Tensor result({n, count}, DType::float64);
  std::vector<double> means, variances;
  for (Index j = 0; j < count; j++) {
    const std::vector<double>& v = columns[std::size_t(j)];
    double sum = 0, squares = 0, fitted = 0;
    for (std::size_t i = 0; i < v.size(); i++)
      if (i % 5 < 3) sum += v[i], fitted++;
    means.push_back(sum / fitted);
    for (std::size_t i = 0; i < v.size(); i++)
      if (i % 5 < 3) squares += (v[i] - means.back()) * (v[i] - means.back());
    variances.push_back(squares / fitted);
  }
  double common = 0;
  for (const double v : variances) common += v / double(count);
  for (Index j = 0; j < count; j++) {
    const double mean = means[std::size_t(j)], deviation = std::sqrt(together ? common : variances[std::size_t(j)]);
    const double by = deviation > 1e-12 * std::abs(mean) ? 1 / deviation : 0;
    for (Index i = 0; i < n; i++) result.mutable_data<double>()[i * count + j] = (columns[std::size_t(j)][std::size_t(i)] - mean) * by;
  }
  return result;
}

// The rows of x whose number modulo 5 is in [from, to).
Tensor fifths(const Tensor& x, Index from, Index to) {
  const Index n = x.size(0), d = x.size(1);
  std::vector<double> rows;
  for (Index i = 0; i < n; i++)
    if (i % 5 >= from && i % 5 < to) rows.insert(rows.end(), x.data<double>() + i * d, x.data<double>() + (i + 1) * d);
  return Tensor::from(rows, {Index(rows.size()) / d, d});
}

std::vector<std::vector<double>> targets_of(const std::vector<double>& values, FactorKind kind, const Binned& binned) {
  if (kind == FactorKind::continuous) return {values};
  std::vector<std::vector<double>> columns(kind == FactorKind::angle ? 2 : std::size_t(binned.bins),
                                           std::vector<double>(values.size(), 0.0));
  for (std::size_t i = 0; i < values.size(); i++) {
    if (kind == FactorKind::discrete) {
      columns[std::size_t(binned.bin[i])][i] = 1;
      continue;
    }
    const double radians = values[i] * std::numbers::pi / 180;
    columns[0][i] = std::cos(radians);
    columns[1][i] = std::sin(radians);
  }
  return columns;
}

// 1 - what the weights leave of the targets' variance around their means among these examples.
double share_explained(const Tensor& x, const Tensor& y, const Tensor& weights) {
  const Tensor predicted = matmul(x, weights);
  const Index n = y.size(0), targets = y.size(1);
  double left = 0, variance = 0;
  for (Index t = 0; t < targets; t++) {
    double sum = 0;
    for (Index i = 0; i < n; i++) sum += y.data<double>()[i * targets + t];
    for (Index i = 0; i < n; i++) {
      const double v = y.data<double>()[i * targets + t], error = v - predicted.data<double>()[i * targets + t];
      left += error * error;
      variance += (v - sum / double(n)) * (v - sum / double(n));
    }
  }
  return variance > 0 ? 1 - left / variance : left_out;
}

std::vector<double> finite_column(const Tensor& t, Index column, std::string_view what) {
  const Index n = t.size(0), width = t.numel() / std::max<Index>(1, n);
  std::vector<double> values;
  for (Index i = 0; i < n; i++) {
    values.push_back(t.element(i * width + column));
    if (!std::isfinite(values.back())) fail("disentanglement", fmt::format("{} of example {} is {}", what, i, values.back()));
  }
  return values;
}

// The mean of those that are numbers; NaN for none.
double mean_of_figures(const std::vector<double>& values) {
  double sum = 0, count = 0;
  for (const double v : values)
    if (std::isfinite(v)) sum += v, count++;
  return count > 0 ? sum / count : left_out;
}

}  // namespace

FactorKind kind_of_factor(const Tensor& values, const std::string& name) {
  bool whole = true;
  for (Index i = 0; i < values.numel() && whole; i++) whole = values.element(i) == std::floor(values.element(i));
  if (whole) return FactorKind::discrete;
  return name == "hue" || name == "rotation" ? FactorKind::angle : FactorKind::continuous;
}

DisentanglementFigures disentanglement(const Tensor& codes, const Split& split, const std::vector<std::string>& names) {
  require_rank("disentanglement", "codes (n, d)", codes, 2);
  const Index n = codes.size(0), d = codes.size(1);
  if (split.factors.empty()) fail("disentanglement", "the factors of these data are not known");
  if (split.factors.size() != names.size())
    fail("disentanglement", fmt::format("expected a name for each factor, got {} for {}", names.size(), split.factors.size()));
  if (n < 100 || d < 1) fail("disentanglement", fmt::format("expected codes of at least 100 examples, got {}", codes.shape().str()));

  std::vector<std::vector<double>> dimensions;
  std::vector<Binned> binned_codes;
  for (Index i = 0; i < d; i++) {
    dimensions.push_back(finite_column(codes, i, "the code"));
    binned_codes.push_back(by_count(dimensions.back()));
  }
  const Tensor x = standardised_columns(dimensions);
  const Tensor fitted = fifths(x, 0, 3), valid = fifths(x, 3, 4), held_out = fifths(x, 4, 5);

  const Index count = Index(names.size());
  DisentanglementFigures figures;
  figures.information = Tensor::full({d, count}, left_out, DType::float64);
  figures.importance = Tensor::full({d, count}, left_out, DType::float64);
  double *information = figures.information.mutable_data<double>(), *importance = figures.importance.mutable_data<double>();
  std::vector<std::vector<double>> rows(static_cast<std::size_t>(d));  // of R, without the factors that are left out
  for (Index j = 0; j < count; j++) {
    const Tensor& factor = split.factors[std::size_t(j)];
    require_shape("disentanglement", "a factor of each example", factor, {n});
    const std::vector<double> values = finite_column(factor, 0, names[std::size_t(j)]);
    FactorFigures f{.name = names[std::size_t(j)], .kind = kind_of_factor(factor, names[std::size_t(j)])};
    const Binned binned = f.kind == FactorKind::discrete     ? by_value(values)
                          : f.kind == FactorKind::continuous ? by_count(values)
                                                             : by_angle(values);
    f.entropy = entropy_of(binned);
    if (!(f.entropy > 0) || (f.kind == FactorKind::discrete && std::size_t(binned.bins) > most_values)) {
      f.gap = f.completeness = f.informativeness = left_out;
      figures.factors.push_back(f);
      continue;
    }
    std::vector<double> said(static_cast<std::size_t>(d));
    parallel(d, [&](Index i) { said[std::size_t(i)] = information_of(binned_codes[std::size_t(i)], binned); });
    f.first = std::max_element(said.begin(), said.end()) - said.begin();
    double second = 0;
    for (Index i = 0; i < d; i++) {
      information[i * count + j] = said[std::size_t(i)];
      if (i != f.first) second = std::max(second, said[std::size_t(i)]);
    }
    f.gap = (said[std::size_t(f.first)] - second) / f.entropy;

    const Tensor y = standardised_columns(targets_of(values, f.kind, binned), f.kind == FactorKind::angle);
    const Tensor weights = fit_lasso(fitted, fifths(y, 0, 3), valid, fifths(y, 3, 4)).weights;
    f.informativeness = share_explained(held_out, fifths(y, 4, 5), weights);
    std::vector<double> column;
    for (Index i = 0; i < d; i++) {
      double squares = 0;
      for (const double w : weights[i].values<double>()) squares += w * w;
      column.push_back(importance[i * count + j] = std::sqrt(squares));
      rows[std::size_t(i)].push_back(column.back());
    }
    const double c = concentration(column);
    f.completeness = std::isfinite(c) ? c : 0;
    figures.factors.push_back(f);
  }

  double weighted = 0, all = 0;
  for (const std::vector<double>& row : rows) {
    figures.dimensions.push_back(concentration(row));
    double sum = 0;
    for (const double w : row) sum += w;
    if (sum > 0) weighted += sum * figures.dimensions.back();
    all += sum;
  }
  std::vector<double> gaps, complete, informative;
  for (const FactorFigures& f : figures.factors) {
    gaps.push_back(f.gap);
    complete.push_back(f.completeness);
    informative.push_back(f.informativeness);
  }
  figures.mutual_information_gap = mean_of_figures(gaps);
  figures.completeness = mean_of_figures(complete);
  figures.informativeness = mean_of_figures(informative);
  figures.disentanglement = all > 0 ? weighted / all : std::isfinite(figures.completeness) ? 0 : left_out;
  return figures;
}

}  // namespace elbo
