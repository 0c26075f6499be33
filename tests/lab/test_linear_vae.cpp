#include "lab/linear_vae.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "tensor/elementwise.h"
#include "tensor/linalg.h"
#include "tests/lab/linear_truth.h"
#include "tests/support.h"

using namespace elbo;
using namespace elbo::testing;

namespace {

double log_determinant(const Tensor& a) {
  const SymmetricEigen eigen = symmetric_eigen(a);
  double sum = 0;
  for (Index i = 0; i < a.size(0); i++) sum += std::log(eigen.values.element(i));
  return sum;
}

// log N(x; mean, covariance) by the eigenvectors of the whole covariance.
double log_normal(const Tensor& x, const Tensor& mean, const Tensor& covariance) {
  const SymmetricEigen eigen = symmetric_eigen(covariance);
  const Index d = x.numel();
  double sum = double(d) * std::log(2 * std::numbers::pi);
  for (Index i = 0; i < d; i++) {
    double along = 0;
    for (Index j = 0; j < d; j++) along += eigen.vectors.at<double>({i, j}) * (x.element(j) - mean.element(j));
    sum += std::log(eigen.values.element(i)) + along * along / eigen.values.element(i);
  }
  return -0.5 * sum;
}

// Mean and covariance (divided by n) of the rows.
std::pair<Tensor, Tensor> moments(const Tensor& x) {
  const Index n = x.size(0), d = x.size(1);
  Tensor mean = Tensor::zeros({d}, DType::float64), c = Tensor::zeros({d, d}, DType::float64);
  for (Index i = 0; i < n * d; i++) mean.mutable_data<double>()[i % d] += x.element(i) / double(n);
  for (Index i = 0; i < n; i++)
    for (Index j = 0; j < d; j++)
      for (Index k = 0; k < d; k++)
        c.mutable_data<double>()[j * d + k] +=
            (x.element(i * d + j) - mean.element(j)) * (x.element(i * d + k) - mean.element(k)) / double(n);
  return {mean, c};
}

}  // namespace

TEST_CASE("probabilistic PCA: log p(x) is that of the whole covariance, Bayes' rule holds at any code, information is a ratio of volumes") {
  const ProbabilisticPca p = truth();
  const LinearSample s = draw(p, 20, 1);
  const std::vector<double> log_p = log_likelihood(p, s.x);
  const LinearPosterior q = posterior(p, s.x);
  const Tensor c = covariance(p);
  for (Index i = 0; i < 20; i++) {
    CHECK(log_p[std::size_t(i)] == doctest::Approx(log_normal(s.x[i], p.mean, c)).epsilon(1e-12));
    // p(x) = p(x | z) p(z) / p(z | x), here at the code that x was made from
    double squares = 0, prior = 0;
    for (Index k = 0; k < dims; k++) {
      double mean = p.mean.element(k);
      for (Index j = 0; j < latent; j++) mean += p.weights.at<double>({k, j}) * s.z.at<double>({i, j});
      squares += std::pow(s.x.at<double>({i, k}) - mean, 2);
    }
    for (Index j = 0; j < latent; j++) prior -= 0.5 * (std::pow(s.z.at<double>({i, j}), 2) + std::log(2 * std::numbers::pi));
    const double conditional = -0.5 * (squares / p.variance + dims * std::log(2 * std::numbers::pi * p.variance));
    CHECK(conditional + prior - log_normal(s.z[i], q.mean[i], q.covariance) == doctest::Approx(log_p[std::size_t(i)]).epsilon(1e-11));
  }
  CHECK(mutual_information(p) == doctest::Approx(0.5 * (log_determinant(c) - dims * std::log(p.variance))).epsilon(1e-12));
}

TEST_CASE("examples drawn have the model's moments, and each depends on its number alone") {
  const ProbabilisticPca p = truth();
  const LinearSample s = draw(p, 20000, 7);
  const auto [mean, c] = moments(s.x);
  const Tensor exact = covariance(p);
  for (Index i = 0; i < dims; i++) {
    CHECK(std::abs(mean.element(i) - p.mean.element(i)) < 5 * std::sqrt(exact.at<double>({i, i}) / 20000));
    for (Index k = 0; k < dims; k++) {
      const double a = exact.at<double>({i, i}) * exact.at<double>({k, k}), b = exact.at<double>({i, k});
      CHECK(std::abs(c.at<double>({i, k}) - b) < 5 * std::sqrt((a + b * b) / 20000));
    }
  }
  CHECK(identical(draw(p, 3, 7).x, s.x.slice(0, 3).clone()));
  CHECK_FALSE(identical(draw(p, 3, 8).x, s.x.slice(0, 3).clone()));
}

TEST_CASE("the fit of largest likelihood: its value in eigenvalues, and no better model nearby") {
  const Tensor x = draw(truth(), 300, 2).x;
  const ProbabilisticPca p = fit_probabilistic_pca(x, latent);
  const double best = mean_of(log_likelihood(p, x));
  const Tensor values = symmetric_eigen(moments(x).second).values;
  double expected = dims * (std::log(2 * std::numbers::pi) + 1) + double(dims - latent) * std::log(p.variance);
  for (Index i = 0; i < latent; i++) expected += std::log(values.element(i));
  CHECK(best == doctest::Approx(-0.5 * expected).epsilon(1e-12));
  CHECK(best > mean_of(log_likelihood(truth(), x)));  // the data's own source fits them less well
  // The slope is 0: each number moved by 1e-4 either way gains nothing, and loses no more than the second order.
  for (const double step : {1e-4, -1e-4}) {
    for (Index i = 0; i < dims * latent + dims + 1; i++) {
      ProbabilisticPca moved{p.weights.clone(), p.mean.clone(), p.variance};
      if (i < dims * latent)
        moved.weights.mutable_data<double>()[i] += step;
      else if (i < dims * latent + dims)
        moved.mean.mutable_data<double>()[i - dims * latent] += step;
      else
        moved.variance += step;
      const double change = mean_of(log_likelihood(moved, x)) - best;
      CHECK(change <= 1e-13);
      CHECK(change > -1e-6);
    }
  }
}

TEST_CASE("any linear VAE: ELBO + KL(q || p(z | x)) = log p(x), and the best diagonal encoder's gap is known") {
  const ProbabilisticPca p = truth();
  const Tensor x = draw(p, 15, 5).x;
  LinearVae vae = best_encoder(p);
  const std::vector<double> log_p = log_likelihood(p, x);
  const LinearPosterior exact = posterior(p, x);
  // (sum of log M_jj - log det M) / 2, in the posterior's terms
  double gap = 0.5 * log_determinant(exact.covariance);
  for (Index j = 0; j < latent; j++) gap -= 0.5 * vae.logvar.element(j);
  CHECK(gap > 0.01);
  const LinearElbo best = exact_elbo(vae, x);
  for (std::size_t i = 0; i < log_p.size(); i++) CHECK(log_p[i] - best.elbo(i) == doctest::Approx(gap).epsilon(1e-10));
  MESSAGE("KL to the true posterior of the best diagonal encoder: ", log_p[0] - best.elbo(0), " exact ", gap);
  // Another encoder altogether.
  fill_normal(vae.weights, {.seed = 11});
  fill_normal(vae.bias, {.seed = 12});
  vae.logvar = Tensor::from<double>({-1, 0.5, -3});
  const LinearElbo other = exact_elbo(vae, x);
  const SymmetricEigen eigen = symmetric_eigen(exact.covariance);
  for (std::size_t i = 0; i < log_p.size(); i++) {
    double kl = 0.5 * (log_determinant(exact.covariance) - latent - (-1 + 0.5 - 3));
    for (Index a = 0; a < latent; a++) {
      double along = 0, noise = 0;
      for (Index j = 0; j < latent; j++) {
        double mean = vae.bias.element(j);
        for (Index k = 0; k < dims; k++) mean += vae.weights.at<double>({j, k}) * x.at<double>({Index(i), k});
        const double v = eigen.vectors.at<double>({a, j});
        along += v * (mean - exact.mean.at<double>({Index(i), j}));
        noise += v * v * std::exp(vae.logvar.element(j));
      }
      kl += 0.5 * (along * along + noise) / eigen.values.element(a);
    }
    CHECK(other.elbo(i) + kl == doctest::Approx(log_p[i]).epsilon(1e-10));
  }
}

TEST_CASE("at the optimum the aggregate posterior of the data is the prior, and the KL is the channel's information") {
  const Tensor x = draw(truth(), 200, 6).x;
  const ProbabilisticPca p = fit_probabilistic_pca(x, latent);
  const LinearVae vae = best_encoder(p);
  const auto [mean, c] = moments(x);
  const LinearAggregate q = aggregate_posterior(vae, mean, c);
  CHECK(std::abs(q.aggregate_kl) < 1e-12);
  CHECK(q.mutual_information == doctest::Approx(mutual_information(p)).epsilon(1e-12));
  const LinearElbo e = exact_elbo(vae, x);
  CHECK(mean_of(e.kl) == doctest::Approx(mutual_information(p)).epsilon(1e-12));
  CHECK(e.mean_elbo() == doctest::Approx(mean_of(log_likelihood(p, x))).epsilon(1e-12));
  const Tensor code = posterior(p, x).mean;
  CHECK(best_variance(p, x, code, broadcast_to(vae.logvar, code.shape())) == doctest::Approx(p.variance).epsilon(1e-12));
  // Away from it: KL = I + aggregate KL for any data of these moments.
  LinearVae other = vae;
  other.weights = scale_shift(vae.weights, 1.4);
  other.bias = Tensor::from<double>({0.5, -1, 0});
  other.logvar = Tensor::from<double>({-2, -0.3, -1});
  const LinearAggregate r = aggregate_posterior(other, mean, c);
  CHECK(r.aggregate_kl > 0.1);
  CHECK(r.mutual_information + r.aggregate_kl == doctest::Approx(mean_of(exact_elbo(other, x).kl)).epsilon(1e-12));
}

TEST_CASE("what has no fit of largest likelihood is refused") {
  const ProbabilisticPca p = truth();
  CHECK(contains(error_of([&] { fit_probabilistic_pca(draw(p, 1, 1).x, 2); }), "at least two examples"));
  CHECK(contains(error_of([&] { fit_probabilistic_pca(draw(p, 9, 1).x, dims); }), "dimensions of the code"));
  CHECK(contains(error_of([&] { fit_probabilistic_pca(Tensor::ones({9, 4}), 2); }), "no maximum"));
}
