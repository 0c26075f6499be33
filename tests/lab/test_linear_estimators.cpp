// Estimators of models/ and lab/ on linear VAEs, where every answer is known.

#include <doctest/doctest.h>

#include <cmath>

#include "lab/evaluate.h"
#include "lab/linear_vae.h"
#include "nn/optim/methods.h"
#include "tests/lab/linear_truth.h"
#include "tests/support.h"

using namespace elbo;
using namespace elbo::testing;

namespace {

Run run_of(const LinearVae& vae, const std::string& likelihood) {
  Run r;
  for (const char* s : {"model.latent=3", "model.hidden=[]", "model.output=linear", "model.float=float64"}) set_key(r.config, s);
  r.config.objective.likelihood = likelihood;
  r.config.objective.variance = r.optimal_variance = vae.decoder.variance;
  r.example_shape = {dims};
  r.store = std::make_unique<ParamStore>(store_options(r.config));
  r.model = make_model(r.config, r.example_shape, *r.store);
  load_linear_vae(*r.store, vae);
  return r;
}

// `x` is what a data set holds: float32.
Dataset data_of(const Tensor& x) {
  Dataset d;
  d.example_shape = {dims};
  d.test.values = x;
  return d;
}

// Variance of one sample of the reconstruction term: for r = x - mu - W m and columns w_j,
//   |r - sum of sqrt(s_j) e_j w_j|^2 / (2 v)  has  (sum of s_j (w_j . r)^2 + 1/2 sum over j, k of s_j s_k (w_j . w_k)^2) / v^2
double sampling_variance(const LinearVae& vae, const Tensor& x, Index example) {
  const ProbabilisticPca& p = vae.decoder;
  double rest[dims], variance = 0;
  for (Index i = 0; i < dims; i++) rest[i] = x.at<float>({example, i}) - p.mean.element(i);
  for (Index j = 0; j < latent; j++) {
    double code = vae.bias.element(j);
    for (Index i = 0; i < dims; i++) code += vae.weights.at<double>({j, i}) * x.at<float>({example, i});
    for (Index i = 0; i < dims; i++) rest[i] -= p.weights.at<double>({i, j}) * code;
  }
  for (Index j = 0; j < latent; j++) {
    double along = 0;
    for (Index i = 0; i < dims; i++) along += p.weights.at<double>({i, j}) * rest[i];
    variance += std::exp(vae.logvar.element(j)) * along * along;
    for (Index k = 0; k < latent; k++) {
      double product = 0;
      for (Index i = 0; i < dims; i++) product += p.weights.at<double>({i, j}) * p.weights.at<double>({i, k});
      variance += 0.5 * std::exp(vae.logvar.element(j) + vae.logvar.element(k)) * product * product;
    }
  }
  return variance / (p.variance * p.variance);
}

}  // namespace

TEST_CASE("elbo-eval's estimators on a linear VAE at its optimum land on the exact values") {
  constexpr Index n = 2000;
  const Tensor x = draw(truth(2), n, 9).x.to(DType::float32);
  const ProbabilisticPca p = fit_probabilistic_pca(x, latent);
  const LinearVae vae = best_encoder(p);
  const std::vector<double> log_p = log_likelihood(p, x);
  const double nll = -mean_of(log_p), information = mutual_information(p);
  double variance = 0, ratio_variance = 0;
  for (Index i = 0; i < n; i++) variance += sampling_variance(vae, x, i);
  // log q(z | x) / q(z) = sum over j of (z_j^2 - epsilon_j^2 - log s_j) / 2, and z_j and epsilon_j are correlated by sqrt(s_j).
  for (Index j = 0; j < latent; j++) ratio_variance += 1 - std::exp(vae.logvar.element(j));
  const double error = std::sqrt(variance) / n, information_error = std::sqrt(ratio_variance / n);
  for (const std::string likelihood : {"gaussian", "gaussian-optimal"}) {
    CAPTURE(likelihood);
    const Run run = run_of(vae, likelihood);
    PerExample rows;
    const Figures f = evaluate(run, data_of(x), {.importance_samples = 100, .all = true, .batch = 700, .per_example = &rows});
    CHECK(std::abs(f.total - nll) < 4 * error);
    CHECK(f.kl == doctest::Approx(information).epsilon(1e-9));
    // Every weight is p(x): K changes nothing.
    for (std::size_t i = 0; i < rows.nll.size(); i++)
      if (std::abs(rows.nll[i] + log_p[i]) > 1e-9) FAIL("example ", i, ": ", rows.nll[i], " for ", -log_p[i]);
    CHECK(f.nll == doctest::Approx(nll).epsilon(1e-9));
    CHECK(f.nll_tenth == doctest::Approx(nll).epsilon(1e-9));
    CHECK(evaluate(run, data_of(x), {.importance_samples = 1}).nll == doctest::Approx(nll).epsilon(1e-9));
    CHECK(std::abs(f.mutual_information - information) < 3 * information_error);
    CHECK(std::abs(f.aggregate_kl) < 3 * information_error);
    CHECK(f.active_units == 3);
    // log p(x) = c - chi^2 / 2 with as many degrees of freedom as numbers, whose variance is twice that many.
    const double nll_error = std::sqrt(dims / 2.0 / n);
    CHECK(f.nll_standard_error == doctest::Approx(nll_error).epsilon(0.07));  // of 2,000 examples, 2% its own deviation
    if (likelihood == "gaussian")
      MESSAGE("kl ", f.kl, " exact ", information, "; error of nll ", f.nll_standard_error, " exact ", nll_error, "; ", "total ", f.total,
              " exact ", nll, " error ", error, "; I ", f.mutual_information, " exact ", information, " error ", information_error,
              "; aggregate KL ", f.aggregate_kl);
  }
}

TEST_CASE("a unit without a direction of its own is not active and has no KL") {
  ProbabilisticPca p = truth();
  for (Index i = 0; i < dims; i++) p.weights.set<double>({i, 1}, 0);
  const Tensor x = draw(p, 300, 9).x.to(DType::float32);
  const Run run = run_of(best_encoder(p), "gaussian");
  const Figures f = evaluate(run, data_of(x));
  CHECK(f.active_units == 2);
  CHECK(std::abs(f.kl_per_unit[1]) < 1e-12);
}

TEST_CASE("active units by threshold: the variance of a unit's mean is 1 less the posterior's") {
  // Orthogonal columns with |w|^2 / (v + |w|^2) = 0.2, 0.02 and 0.002, each between two thresholds.
  ProbabilisticPca p = truth();
  p.weights = Tensor::zeros(p.weights.shape(), DType::float64);
  const double variances[] = {0.2, 0.02, 0.002};
  for (Index j = 0; j < latent; j++) p.weights.set<double>({j, j}, std::sqrt(p.variance * variances[j] / (1 - variances[j])));
  const LinearVae vae = best_encoder(p);
  for (Index j = 0; j < latent; j++) CHECK(1 - std::exp(vae.logvar.element(j)) == doctest::Approx(variances[j]).epsilon(1e-9));
  const Figures f = evaluate(run_of(vae, "gaussian"), data_of(draw(p, 1000, 9).x.to(DType::float32)),
                             {.importance_samples = 1, .all = true, .judges = false});
  REQUIRE(f.active_by_threshold.size() == 6);
  std::string told;
  for (const auto& [threshold, units] : f.active_by_threshold) {
    Index exact = 0;
    for (const double v : variances) exact += v > threshold;
    CHECK(units == exact);
    told += (told.empty() ? "" : ", ") + std::to_string(units) + " exact " + std::to_string(exact);
  }
  MESSAGE("active units by threshold: ", told);
}

TEST_CASE("weights go into a model and come back; what is no linear VAE is refused") {
  const ProbabilisticPca p = truth();
  const Run run = run_of(best_encoder(p), "gaussian");
  const ProbabilisticPca back = linear_decoder(*run.store, p.variance);
  CHECK(identical(back.weights, p.weights));
  CHECK(identical(back.mean, p.mean));
  LinearVae extreme = best_encoder(p);
  extreme.logvar = Tensor::from<double>({-1, 9, 0});
  CHECK(contains(error_of([&] { load_linear_vae(*run.store, extreme); }), "clamp"));
  ParamStore deep;
  Config c;
  make_model(c, {dims}, deep);
  CHECK(contains(error_of([&] { linear_decoder(deep, 1); }), "without hidden layers"));
}

TEST_CASE("500 updates from random weights reach the likelihood of the closed form") {
  const Tensor x = draw(truth(), 500, 21).x;
  const ProbabilisticPca best = fit_probabilistic_pca(x, latent);
  const double nll = -mean_of(log_likelihood(best, x));
  const Run run = run_of(best_encoder(best), "gaussian-optimal");
  ParamStore store(store_options(run.config));
  const auto model = make_model(run.config, run.example_shape, store);
  constexpr Index steps = 500;
  Adam adam(store, {.learning_rate = Schedule::cosine(0.1, steps)});
  const Objective objective(run.config);
  Tensor noise({500, latent}, DType::float64);
  for (Index step = 0; step < steps; step++) {
    fill_normal(noise, {.seed = 1, .purpose = Purpose::latent, .step = std::uint64_t(step)});
    adam.step(backward(objective(*model, x, noise, 0, {.training = true}).objective));
  }
  const Code code = model->encode(Var(x));
  const Tensor &mean = code.mean.value(), &logvar = code.logvar.value();
  ProbabilisticPca p = linear_decoder(store, 1);
  p.variance = best_variance(p, x, mean, logvar);
  // Measured without noise; the log-variances may depend on x here, which the optimum's do not.
  const double total = -exact_elbo(p, x, mean, logvar).mean_elbo();
  CHECK(total > nll);
  CHECK(total < nll + 0.01);
  CHECK(p.variance == doctest::Approx(best.variance).epsilon(0.02));
  MESSAGE("total ", total, " for ", nll, ", variance ", p.variance, " for ", best.variance);
}
