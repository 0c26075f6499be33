#include "lab/toys.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "autograd/mode.h"
#include "models/importance.h"
#include "tensor/error.h"
#include "tensor/likelihood.h"
#include "tensor/matmul.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

constexpr Index grid_block = 4096;  // points decoded at a time

void require_grid(Index latent) {
  if (latent != 1 && latent != 2) throw UsageError(fmt::format("[quadrature] expected codes of one or two dimensions, got {}", latent));
}

// A regular grid over [-range, range]^latent, row by row.
class Grid {
 public:
  Grid(const Model& model, const Objective& objective, const GridOptions& options) : latent_(model.latent()), range_(options.range) {
    require_grid(latent_);
    side_ = options.points > 0 ? options.points : latent_ == 1 ? 1601 : 321;
    if (options.points < 0 || side_ < 5 || side_ % 2 == 0 || !(range_ > 0))
      throw UsageError(
          fmt::format("[quadrature] expected an odd number of points, at least 5, and a range above 0, got {} and {}", side_, range_));
    if (objective.likelihood() == Likelihood::categorical) throw UsageError("[quadrature] expected a model of numbers, got one of texts");
    if (objective.likelihood() == Likelihood::gaussian_optimal && !(options.variance > 0))
      throw UsageError("[quadrature] expected the variance of gaussian-optimal");
  }
  Index points() const { return latent_ == 1 ? side_ : side_ * side_; }
  double step() const { return 2 * range_ / double(side_ - 1); }
  Index place(Index point, Index axis) const { return axis == latent_ - 1 ? point % side_ : point / side_; }
  double coordinate(Index point, Index axis) const { return -range_ + step() * double(place(point, axis)); }
  // The weight of the trapezoid rule: half at an end; `coarse`: of the grid of every second point, 0 for those between.
  double weight(Index point, bool coarse) const {
    double w = 1;
    for (Index a = 0; a < latent_; a++) {
      const Index i = place(point, a);
      if (coarse && i % 2 != 0) return 0;
      w *= (coarse ? 2 : 1) * step() * (i == 0 || i == side_ - 1 ? 0.5 : 1);
    }
    return w;
  }
  double log_normal(Index point) const {
    double sum = 0;
    for (Index a = 0; a < latent_; a++) sum += std::pow(coordinate(point, a), 2) + std::log(2 * std::numbers::pi);
    return -0.5 * sum;
  }

 private:
  Index latent_, side_ = 0;
  double range_;
};

// Row i of x as many times as the grid's block has points.
Tensor repeated(const Tensor& x, Index i, Index times) {
  Tensor rows(x[i].shape().prepend(times), x.dtype());
  for (Index k = 0; k < times; k++) rows[k].copy_from(x[i]);
  return rows;
}

double largest_change(const std::vector<double>& a, const std::vector<double>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); i++) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

Tensor exact_logvar(const Code& code) {
  if (!code.logvar) fail("quadrature", "expected a variational model: a plain autoencoder has no distribution of codes");
  return code.logvar.value().to(DType::float64);
}

// The aggregate posterior along one axis: places from the least to the most of mean +- 10 deviations, and N(place; mean_i, s_i) for each.
struct AggregateAxis {
  AggregateAxis(const Tensor& mean, const Tensor& logvar, Index axis) {
    const Index n = mean.size(0), latent = mean.size(1);
    double high = 0, narrowest = 0;
    for (Index i = 0; i < n; i++) {
      const double m = mean.element(i * latent + axis), s = std::exp(0.5 * logvar.element(i * latent + axis));
      low = i == 0 ? m - 10 * s : std::min(low, m - 10 * s);
      high = i == 0 ? m + 10 * s : std::max(high, m + 10 * s);
      narrowest = i == 0 ? s : std::min(narrowest, s);
    }
    const double steps = 2 * std::ceil((high - low) / narrowest);
    if (!(steps < 1.6e7))
      fail("quadrature", fmt::format("a code of deviation {} in an extent of {} needs too fine a grid", narrowest, high - low));
    points = Index(steps) + 1;
    step = (high - low) / steps;
  }
  // (n, points of the block)
  Tensor densities(const Tensor& mean, const Tensor& logvar, Index axis, Index begin, Index end) const {
    const Index n = mean.size(0), latent = mean.size(1);
    Tensor out({n, end - begin}, DType::float64);
    double* p = out.mutable_data<double>();
    parallel(n, [&](Index i) {
      const double m = mean.element(i * latent + axis), l = logvar.element(i * latent + axis), precision = std::exp(-l);
      for (Index k = begin; k < end; k++) {
        const double z = low + step * double(k) - m;
        p[i * (end - begin) + k - begin] = std::exp(-0.5 * (z * z * precision + l + std::log(2 * std::numbers::pi)));
      }
    });
    return out;
  }
  double low = 0, step = 0;
  Index points = 0;
};

// Integrals over the aggregate posterior: of q, of -q log q, of q |z|^2.
struct AggregateSums {
  double mass = 0, entropy = 0, square = 0;
  void add(double q, double z_square, double weight) {
    if (q <= 0) return;
    mass += weight * q;
    entropy -= weight * q * std::log(q);
    square += weight * q * z_square;
  }
  double kl(Index latent) const { return -entropy + 0.5 * (square + double(latent) * std::log(2 * std::numbers::pi) * mass); }
};

}  // namespace

ExactLikelihood exact_log_likelihood(const Model& model, const Objective& objective, const Tensor& x, const GridOptions& options) {
  const Grid grid(model, objective, options);
  const NoGrad guard;
  const Index n = x.size(0), latent = model.latent();
  std::vector<LogMeanExp> fine(static_cast<std::size_t>(n)), coarse(static_cast<std::size_t>(n));
  for (Index begin = 0; begin < grid.points(); begin += grid_block) {
    const Index count = std::min(grid_block, grid.points() - begin);
    Tensor z({count, latent}, DType::float64);
    for (Index k = 0; k < count * latent; k++) z.mutable_data<double>()[k] = grid.coordinate(begin + k / latent, k % latent);
    const Decoding decoding = model.decode(Var(z.to(model.dtype())));
    std::vector<double> log_fine, log_coarse;  // of prior and weight; -infinity between the coarse grid's points
    for (Index k = begin; k < begin + count; k++) {
      log_fine.push_back(grid.log_normal(k) + std::log(grid.weight(k, false)));
      log_coarse.push_back(grid.log_normal(k) + std::log(grid.weight(k, true)));
    }
    for (Index i = 0; i < n; i++) {
      const Tensor loss = objective.reconstruction(decoding, repeated(x, i, count), options.variance).value().to(DType::float64);
      const double* l = loss.data<double>();
      for (std::size_t k = 0; k < log_fine.size(); k++) {
        fine[std::size_t(i)].add(log_fine[k] - l[k]);
        if (std::isfinite(log_coarse[k])) coarse[std::size_t(i)].add(log_coarse[k] - l[k]);
      }
    }
  }
  // A sum from a mean: its logarithm plus that of the count.
  const auto logs = [](const std::vector<LogMeanExp>& sums) {
    std::vector<double> out;
    for (const LogMeanExp& s : sums) out.push_back(s.log_mean() + std::log(double(s.count())));
    return out;
  };
  ExactLikelihood out{logs(fine)};
  out.error = largest_change(out.log_likelihood, logs(coarse));
  return out;
}

ExactElbo exact_elbo(const Model& model, const Objective& objective, const Tensor& x, const GridOptions& options) {
  const Grid grid(model, objective, options);
  const NoGrad guard;
  const Code code = model.encode(Var(x));
  const Tensor logvar = exact_logvar(code), mean = code.mean.value().to(DType::float64), kl = kl_normal(mean, logvar);
  const Index n = x.size(0), latent = model.latent();
  ExactElbo out;
  for (Index i = 0; i < n; i++) {
    double fine = 0, coarse = 0, divergence = 0;
    for (Index j = i * latent; j < (i + 1) * latent; j++) divergence += kl.element(j);
    for (Index begin = 0; begin < grid.points(); begin += grid_block) {
      const Index count = std::min(grid_block, grid.points() - begin);
      Tensor z({count, latent}, DType::float64);
      for (Index k = 0; k < count * latent; k++) {
        const Index j = i * latent + k % latent;
        z.mutable_data<double>()[k] = mean.element(j) + std::exp(0.5 * logvar.element(j)) * grid.coordinate(begin + k / latent, k % latent);
      }
      const Decoding decoding = model.decode(Var(z.to(model.dtype())));
      const Tensor loss = objective.reconstruction(decoding, repeated(x, i, count), options.variance).value();
      for (Index k = 0; k < count; k++) {
        const double term = std::exp(grid.log_normal(begin + k)) * loss.element(k);
        fine += grid.weight(begin + k, false) * term;
        coarse += grid.weight(begin + k, true) * term;
      }
    }
    out.reconstruction.push_back(fine);
    out.kl.push_back(divergence);
    out.error = std::max(out.error, std::abs(fine - coarse));
  }
  return out;
}

ExactPosteriorKl exact_posterior_kl(const Model& model, const Objective& objective, const Tensor& x, const GridOptions& options) {
  const ExactLikelihood likelihood = exact_log_likelihood(model, objective, x, options);
  const ExactElbo bound = exact_elbo(model, objective, x, options);
  ExactPosteriorKl out{.error = likelihood.error + bound.error};
  for (std::size_t i = 0; i < bound.kl.size(); i++) out.kl.push_back(likelihood.log_likelihood[i] - bound.elbo(i));
  return out;
}

ExactAggregate exact_aggregate(const Tensor& mean, const Tensor& logvar) {
  require_rank("quadrature", "means of codes", mean, 2);
  require_shape("quadrature", "log-variances of codes", logvar, mean.shape());
  const Index n = mean.size(0), latent = mean.size(1);
  require_grid(latent);
  if (n == 0) fail("quadrature", "expected codes, got none");
  const Tensor m = mean.to(DType::float64), l = logvar.to(DType::float64);
  // In two dimensions a code's density is a product, so that q on the grid is one product of matrices.
  const AggregateAxis first(m, l, 0), second(m, l, latent - 1);
  const Index columns = latent == 1 ? 1 : second.points;
  if (double(first.points) * double(columns) > 1.6e7 || double(columns) * double(n) > 5e7)
    fail("quadrature", fmt::format("{} x {} points: a code is too narrow beside the extent of all", first.points, columns));
  const Tensor across = latent == 1 ? Tensor::ones({n, 1}, DType::float64) : second.densities(m, l, 1, 0, columns);
  AggregateSums fine, coarse;
  constexpr Index rows = 512;
  for (Index begin = 0; begin < first.points; begin += rows) {
    const Index end = std::min(first.points, begin + rows);
    const Tensor q = matmul(first.densities(m, l, 0, begin, end), across, true, false);
    const double* value = q.data<double>();
    for (Index i = begin; i < end; i++)
      for (Index k = 0; k < columns; k++) {
        const double a = first.low + first.step * double(i), b = latent == 1 ? 0 : second.low + second.step * double(k);
        const double cell = first.step * (latent == 1 ? 1 : second.step);
        const double density = value[(i - begin) * columns + k] / double(n);
        fine.add(density, a * a + b * b, cell);
        if (i % 2 == 0 && k % 2 == 0) coarse.add(density, a * a + b * b, cell * double(1 << latent));
      }
  }
  double entropy = 0;  // mean of H(q(z | x_i))
  for (Index i = 0; i < n * latent; i++) entropy += 0.5 * (l.element(i) + 1 + std::log(2 * std::numbers::pi));
  entropy /= double(n);
  return {.mutual_information = fine.entropy - entropy,
          .aggregate_kl = fine.kl(latent),
          .mass = fine.mass,
          .error = std::max(std::abs(fine.entropy - coarse.entropy), std::abs(fine.kl(latent) - coarse.kl(latent)))};
}

}  // namespace elbo
