#include "lab/paths.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "tensor/error.h"
#include "tensor/nearest.h"
#include "tensor/shape_ops.h"

namespace elbo {
namespace {

constexpr std::array<const char*, 2> path_names = {"linear", "spherical"};

double length_of(const Tensor& v) {
  double sum = 0;
  for (const double x : v.values<double>()) sum += x * x;
  return std::sqrt(sum);
}

}  // namespace

PathKind path_kind_from_name(std::string_view name) {
  const auto it = std::find(path_names.begin(), path_names.end(), name);
  if (it == path_names.end())
    throw UsageError(unknown_message("path", name, std::vector<std::string>(path_names.begin(), path_names.end())));
  return PathKind(it - path_names.begin());
}

Tensor path_between(const Tensor& from, const Tensor& to, Index steps, PathKind kind) {
  require_rank("path", "a code", from, 1);
  require_shape("path", "the other code", to, from.shape());
  const Tensor a = from.to(DType::float64), b = to.to(DType::float64);
  const Index latent = a.numel();
  const double la = length_of(a), lb = length_of(b);
  double cosine = 0;
  for (Index j = 0; j < latent; j++) cosine += a.data<double>()[j] * b.data<double>()[j];
  cosine = la > 0 && lb > 0 ? std::clamp(cosine / (la * lb), -1.0, 1.0) : 1;
  const double angle = std::acos(cosine), sine = std::sin(angle);
  const bool arc = kind == PathKind::spherical && sine > 1e-6;
  Tensor path({steps, latent}, DType::float64);
  double* z = path.mutable_data<double>();
  for (Index i = 0; i < steps; i++) {
    const double t = steps == 1 ? 0 : double(i) / double(steps - 1);
    const double length = (1 - t) * la + t * lb;
    const double wa = arc ? length / la * std::sin((1 - t) * angle) / sine : 1 - t, wb = arc ? length / lb * std::sin(t * angle) / sine : t;
    for (Index j = 0; j < latent; j++) *z++ = wa * a.data<double>()[j] + wb * b.data<double>()[j];
  }
  return path;
}

Tensor labelled_path(const Model& model, const EncodedExamples& from, const EncodedExamples& to, Index steps, PathKind kind) {
  const Tensor path = path_between(from.mean[0], to.mean[0], steps, kind);
  if (!model.condition()) return path;
  if (!from.labels || !to.labels) fail("path", "a conditional model needs the labels of both ends");
  const auto label = [&](const EncodedExamples& e) { return model.condition().one_hot(e.labels.slice(0, 1), DType::float64)[0]; };
  return concatenate({path, path_between(label(from), label(to), steps, PathKind::linear)}, 1);
}

Tensor traversal(const Run& run, Index unit, Index steps, double range) {
  const Index latent = run.model->latent();
  if (unit < 0 || unit >= latent) throw UsageError("[traverse] dimension " + std::to_string(unit) + " does not exist");
  Tensor codes = Tensor::zeros({steps, latent}, DType::float64);
  double* z = codes.mutable_data<double>();
  const bool scaled = !run.model->variational();
  if (scaled && !run.codes) fail("traverse", run.file + ": keeps no statistics of its codes, as its training has not finished");
  for (Index i = 0; i < steps; i++, z += latent) {
    z[unit] = steps == 1 ? 0 : range * (2 * double(i) / double(steps - 1) - 1);
    if (!scaled) continue;
    z[unit] *= std::sqrt(run.codes.covariance.at<double>({unit, unit}));
    for (Index j = 0; j < latent; j++) z[j] += run.codes.mean.at<double>({j});
  }
  return codes;
}

Tensor traversals(const Run& run, const std::vector<Index>& units, Index steps, double range, Index label) {
  Tensor codes({Index(units.size()) * steps, run.model->latent()}, DType::float64);
  for (Index i = 0; i < Index(units.size()); i++)
    codes.slice(i * steps, (i + 1) * steps).copy_from(traversal(run, units[std::size_t(i)], steps, range));
  return with_labels(*run.model, codes, Tensor::full({codes.size(0)}, double(label), DType::int32));
}

std::vector<UnitWeight> weigh_units(const EncodedExamples& codes) {
  const Index n = codes.mean.size(0), latent = codes.mean.size(1);
  const float *m = codes.mean.data<float>(), *l = codes.logvar ? codes.logvar.data<float>() : nullptr;
  const auto units = static_cast<std::size_t>(latent);
  std::vector<double> sum(units), square(units), kl(units);
  for (Index i = 0; i < n * latent; i++) {
    const auto j = std::size_t(i % latent);
    const double v = double(m[i]);
    sum[j] += v, square[j] += v * v;
    if (l) kl[j] += 0.5 * (v * v + std::exp(double(l[i])) - double(l[i]) - 1);
  }
  std::vector<UnitWeight> weights;
  for (std::size_t j = 0; j < units; j++)
    weights.push_back({Index(j), l ? kl[j] / double(n) : square[j] / double(n) - sum[j] / double(n) * (sum[j] / double(n))});
  std::stable_sort(weights.begin(), weights.end(), [](const UnitWeight& a, const UnitWeight& b) { return a.weight > b.weight; });
  return weights;
}

Tensor mean_code(const Tensor& codes) {
  const Index n = codes.size(0), latent = codes.size(1);
  if (n == 0) fail("codes", "expected examples to take the mean code of, got none");
  const Tensor c = codes.to(DType::float64);
  Tensor mean = Tensor::zeros({latent}, DType::float64);
  double* m = mean.mutable_data<double>();
  for (Index i = 0; i < n; i++)
    for (Index j = 0; j < latent; j++) m[j] += c.data<double>()[i * latent + j] / double(n);
  return mean;
}

}  // namespace elbo
