#include "lab/linear_vae.h"

#include <fmt/core.h>

#include <cmath>
#include <numbers>

#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/linalg.h"
#include "tensor/matmul.h"
#include "tensor/random.h"
#include "tensor/reduce.h"

namespace elbo {
namespace {

constexpr std::uint64_t linear_sample = 4;  // RandomKey::step, apart from those of codes and mixtures

// A symmetric positive definite matrix by its eigenvalues: its inverse and the logarithm of its determinant.
struct PositiveDefinite {
  explicit PositiveDefinite(const Tensor& a) {
    const SymmetricEigen eigen = symmetric_eigen(a);
    const Index n = a.size(0);
    Tensor scaled = eigen.vectors.clone();
    double* s = scaled.mutable_data<double>();
    for (Index i = 0; i < n; i++) {
      const double value = eigen.values.data<double>()[i];
      if (!(value > 0)) fail("linear VAE", fmt::format("expected a positive definite matrix, got the eigenvalue {}", value));
      log_determinant += std::log(value);
      for (Index j = 0; j < n; j++) s[i * n + j] /= value;
    }
    inverse = matmul(eigen.vectors, scaled, true, false);
  }
  Tensor inverse;
  double log_determinant = 0;
};

// M = W^T W + v I.
Tensor precision_times_variance(const ProbabilisticPca& p) {
  Tensor m = matmul(p.weights, p.weights, true, false);
  const Index latent = p.latent();
  for (Index j = 0; j < latent; j++) m.mutable_data<double>()[j * latent + j] += p.variance;
  return m;
}

Tensor centred(const Tensor& x, const Tensor& mean) {
  require_shape("linear VAE", "examples (n, d)", x, {x.size(0), mean.size(0)});
  return subtract(x.to(DType::float64), mean);
}

double sum_of_squares(const double* v, Index n) {
  double sum = 0;
  for (Index i = 0; i < n; i++) sum += v[i] * v[i];
  return sum;
}

// E |x - mu - W z|^2 of each example, z ~ N(mean, diag(exp(logvar))).
std::vector<double> expected_errors(const ProbabilisticPca& p, const Tensor& x, const Tensor& mean, const Tensor& logvar) {
  const Index n = x.size(0), d = p.dimensions(), latent = p.latent();
  require_shape("linear VAE", "means of codes", mean, {n, latent});
  require_shape("linear VAE", "log-variances of codes", logvar, {n, latent});
  const Tensor rest = subtract(centred(x, p.mean), matmul(mean.to(DType::float64), p.weights, false, true));
  const Tensor lengths = sum(square(p.weights), {0}), noise = exp(logvar.to(DType::float64));
  std::vector<double> errors;
  for (Index i = 0; i < n; i++) {
    double error = sum_of_squares(rest.data<double>() + i * d, d);
    for (Index j = 0; j < latent; j++) error += noise.data<double>()[i * latent + j] * lengths.data<double>()[j];
    errors.push_back(error);
  }
  return errors;
}

const Tensor& named(const std::vector<std::pair<std::string, Tensor>>& tensors, std::string_view name) {
  for (const auto& [key, value] : tensors)
    if (key == name) return value;
  fail("linear VAE", fmt::format("expected weights named '{}': those of a dense model without hidden layers", name));
}

}  // namespace

ProbabilisticPca fit_probabilistic_pca(const Tensor& x, Index latent) {
  require_rank("probabilistic PCA", "examples (n, d)", x, 2);
  const Index n = x.size(0), d = x.size(1);
  if (n < 2 || latent < 1 || latent >= d)
    fail("probabilistic PCA",
         fmt::format("expected at least two examples and 1 to {} dimensions of the code, got {} and {}", d - 1, n, latent));
  const PrincipalComponents all = principal_components(x.to(DType::float64), d);
  const double *values = all.variances.data<double>(), *vectors = all.components.data<double>();
  double rest = 0;
  for (Index i = latent; i < d; i++) rest += values[i];
  ProbabilisticPca p{Tensor({d, latent}, DType::float64), all.mean, rest / double(d - latent)};
  if (!(p.variance > 1e-12 * values[0]))
    fail("probabilistic PCA", fmt::format("the data have no variance outside {} dimensions: the likelihood has no maximum", latent));
  for (Index j = 0; j < latent; j++)
    for (Index i = 0; i < d; i++)
      p.weights.mutable_data<double>()[i * latent + j] = vectors[j * d + i] * std::sqrt(std::max(0.0, values[j] - p.variance));
  return p;
}

LinearSample draw(const ProbabilisticPca& model, Index count, std::uint64_t seed) {
  const Index d = model.dimensions(), latent = model.latent();
  Tensor noise({count, latent + d}, DType::float64);
  fill_normal(noise, {.seed = seed, .purpose = Purpose::sample, .step = linear_sample});
  LinearSample s{Tensor({count, d}, DType::float64), Tensor({count, latent}, DType::float64)};
  double *x = s.x.mutable_data<double>(), *z = s.z.mutable_data<double>();
  const double *w = model.weights.data<double>(), *mean = model.mean.data<double>(), deviation = std::sqrt(model.variance);
  for (Index i = 0; i < count; i++) {
    const double* row = noise.data<double>() + i * (latent + d);
    for (Index j = 0; j < latent; j++) z[i * latent + j] = row[j];
    for (Index k = 0; k < d; k++) {
      double v = mean[k] + deviation * row[latent + k];
      for (Index j = 0; j < latent; j++) v += w[k * latent + j] * row[j];
      x[i * d + k] = v;
    }
  }
  return s;
}

// By the lemmas of inverse and determinant, so that nothing is of size d x d.
std::vector<double> log_likelihood(const ProbabilisticPca& model, const Tensor& x) {
  const Index n = x.size(0), d = model.dimensions(), latent = model.latent();
  const PositiveDefinite m(precision_times_variance(model));
  const Tensor rest = centred(x, model.mean), along = matmul(rest, model.weights), solved = matmul(along, m.inverse);
  const double log_determinant = double(d - latent) * std::log(model.variance) + m.log_determinant;
  std::vector<double> out;
  for (Index i = 0; i < n; i++) {
    double explained = 0;
    for (Index j = i * latent; j < (i + 1) * latent; j++) explained += along.data<double>()[j] * solved.data<double>()[j];
    const double distance = (sum_of_squares(rest.data<double>() + i * d, d) - explained) / model.variance;
    out.push_back(-0.5 * (double(d) * std::log(2 * std::numbers::pi) + log_determinant + distance));
  }
  return out;
}

double mutual_information(const ProbabilisticPca& model) {
  return 0.5 * (PositiveDefinite(precision_times_variance(model)).log_determinant - double(model.latent()) * std::log(model.variance));
}

Tensor covariance(const ProbabilisticPca& model) {
  Tensor c = matmul(model.weights, model.weights, false, true);
  for (Index i = 0; i < c.size(0); i++) c.mutable_data<double>()[i * c.size(0) + i] += model.variance;
  return c;
}

LinearPosterior posterior(const ProbabilisticPca& model, const Tensor& x) {
  const PositiveDefinite m(precision_times_variance(model));
  return {matmul(matmul(centred(x, model.mean), model.weights), m.inverse), scale_shift(m.inverse, model.variance)};
}

LinearVae best_encoder(const ProbabilisticPca& decoder) {
  const Tensor m = precision_times_variance(decoder);
  const Index latent = decoder.latent();
  LinearVae vae{matmul(PositiveDefinite(m).inverse, decoder.weights, false, true), {}, Tensor({latent}, DType::float64), decoder};
  vae.bias = negate(matmul(vae.weights, decoder.mean.reshape({decoder.dimensions(), 1}))).reshape({latent});
  for (Index j = 0; j < latent; j++) vae.logvar.mutable_data<double>()[j] = std::log(decoder.variance / m.data<double>()[j * latent + j]);
  return vae;
}

double LinearElbo::mean_elbo() const {
  double sum = 0;
  for (std::size_t i = 0; i < kl.size(); i++) sum += elbo(i);
  return sum / double(kl.size());
}

LinearElbo exact_elbo(const ProbabilisticPca& decoder, const Tensor& x, const Tensor& mean, const Tensor& logvar) {
  const Index latent = decoder.latent();
  const double constant = 0.5 * double(decoder.dimensions()) * std::log(2 * std::numbers::pi * decoder.variance);
  LinearElbo out;
  for (const double error : expected_errors(decoder, x, mean, logvar)) {
    double kl = 0;
    for (Index j = Index(out.kl.size()) * latent, end = j + latent; j < end; j++) {
      const double m = mean.element(j), l = logvar.element(j);
      kl += 0.5 * (m * m + std::exp(l) - 1 - l);
    }
    out.kl.push_back(kl);
    out.reconstruction.push_back(constant + error / (2 * decoder.variance));
  }
  return out;
}

LinearElbo exact_elbo(const LinearVae& vae, const Tensor& x) {
  const Tensor mean = add(matmul(x.to(DType::float64), vae.weights, false, true), vae.bias);
  return exact_elbo(vae.decoder, x, mean, broadcast_to(vae.logvar, mean.shape()));
}

double best_variance(const ProbabilisticPca& decoder, const Tensor& x, const Tensor& mean, const Tensor& logvar) {
  double sum = 0;
  for (const double error : expected_errors(decoder, x, mean, logvar)) sum += error;
  return sum / double(x.numel());
}

LinearAggregate aggregate_posterior(const LinearVae& vae, const Tensor& data_mean, const Tensor& data_covariance) {
  const Index latent = vae.decoder.latent(), d = vae.decoder.dimensions();
  require_shape("linear VAE", "mean of the data", data_mean, {d});
  require_shape("linear VAE", "covariance of the data", data_covariance, {d, d});
  const Tensor c = data_covariance.to(DType::float64), moved = matmul(vae.weights, data_mean.to(DType::float64).reshape({d, 1}));
  LinearAggregate q{add(moved.reshape({latent}), vae.bias), matmul(matmul(vae.weights, c), vae.weights, false, true)};
  double trace = 0, noise = 0;
  for (Index j = 0; j < latent; j++) {
    double& diagonal = q.covariance.mutable_data<double>()[j * latent + j];
    trace += diagonal += std::exp(vae.logvar.data<double>()[j]);
    noise += vae.logvar.data<double>()[j];
  }
  const double log_determinant = PositiveDefinite(q.covariance).log_determinant;
  q.mutual_information = 0.5 * (log_determinant - noise);
  q.aggregate_kl = 0.5 * (trace + sum_of_squares(q.mean.data<double>(), latent) - double(latent) - log_determinant);
  return q;
}

void load_linear_vae(ParamStore& store, const LinearVae& vae) {
  for (Index j = 0; j < vae.logvar.numel(); j++)
    if (!(std::abs(vae.logvar.data<double>()[j]) <= 8))
      fail("linear VAE",
           fmt::format("expected log-variances in [-8, 8], got {}: the encoder would clamp it", vae.logvar.data<double>()[j]));
  const DType type = store.options().type;
  const Shape head = vae.weights.shape();
  store.load(std::vector<std::pair<std::string, Tensor>>{{"encoder/mean/weight", vae.weights.to(type)},
                                                         {"encoder/mean/bias", vae.bias.to(type)},
                                                         {"encoder/logvar/weight", Tensor::zeros(head, type)},
                                                         {"encoder/logvar/bias", vae.logvar.to(type)},
                                                         {"decoder/output/weight", vae.decoder.weights.to(type)},
                                                         {"decoder/output/bias", vae.decoder.mean.to(type)}},
             "a linear VAE");
}

ProbabilisticPca linear_decoder(const ParamStore& store, double variance) {
  if (store.count() != 6)
    fail("linear VAE", fmt::format("expected the six parameters of a VAE without hidden layers, got {}", store.count()));
  const auto tensors = store.tensors();
  return {named(tensors, "decoder/output/weight").to(DType::float64).clone(),
          named(tensors, "decoder/output/bias").to(DType::float64).clone(), variance};
}

}  // namespace elbo
