// The code's distributions as a seam: the standard pair against its densities, and a learned prior, written here as one class, through
// objective, bound, estimate, gradient and samples.

#include "models/latent.h"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <numbers>

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "lab/codes.h"
#include "models/dense.h"
#include "models/evaluation.h"
#include "models/gaussian_latent.h"
#include "models/importance.h"
#include "tensor/random.h"
#include "tests/support.h"

using namespace elbo;

namespace {

// p(z) = N(0, diag(exp(s))), s learned.
class LearnedScale final : public Latent {
 public:
  LearnedScale(const Scope& scope, Index latent) : s_(scope.parameter("logvar", {latent}, Initializer::constant(0.7))) {}
  Var draw(const Code& code, const Tensor& noise) const override { return gaussian_.draw(code, noise); }
  Var kl(const Code& code, const Var&, const Tensor&) const override {
    return ((square(code.mean) + exp(code.logvar)) * exp(-Var(s_)) - 1.0 - code.logvar + Var(s_)) * 0.5;
  }
  Var log_prior_over_posterior(const Code& code, const Var& z, const Tensor& noise) const override {
    return sum(square(Var(noise)) + code.logvar - square(z) * exp(-Var(s_)) - Var(s_), {1}) * 0.5;
  }
  Tensor draw_prior(const Tensor& noise) const override { return (Var(noise) * exp(Var(s_.value().to(noise.dtype())) * 0.5)).value(); }
  const Parameter& logvar() const { return s_; }

 private:
  GaussianLatent gaussian_;
  Parameter s_;
};

constexpr Index examples = 5, latent = 2;

Config small(Index samples, const std::string& bound) {
  Config c;
  c.model.float_type = "float64";
  c.model.activation = "tanh";
  c.model.hidden = {4};
  c.model.latent = latent;
  c.objective.samples = samples;
  c.objective.bound = bound;
  return c;
}

struct Learned {
  explicit Learned(const Config& c) : config(c), store(store_options(c)), model(c, {3}, Scope(store)) {
    auto prior = std::make_unique<LearnedScale>(Scope(store) / "latent", latent);
    scale = prior.get();
    model.set_distributions(std::move(prior));
    store.seal();
    x = Tensor({examples, 3}, DType::float64);
    fill_uniform(x, {.seed = 1});
  }
  Tensor noise(Index samples) const {
    Tensor e(samples == 1 ? Shape{examples, latent} : Shape{examples, samples, latent}, DType::float64);
    fill_normal(e, {.seed = 2});
    return e;
  }
  Config config;
  ParamStore store;
  DenseModel model;
  LearnedScale* scale;
  Tensor x;
};

double log_normal(double z, double mean, double logvar) {
  return -0.5 * (std::log(2 * std::numbers::pi) + logvar + (z - mean) * (z - mean) * std::exp(-logvar));
}

}  // namespace

TEST_CASE("the standard pair: ratio of densities and KL are those of its Gaussians") {
  const GaussianLatent pair;
  Tensor mean({4, latent}, DType::float64), logvar = mean.clone(), noise = mean.clone();
  fill_normal(mean, {.seed = 1});
  fill_normal(logvar, {.seed = 2});
  fill_normal(noise, {.seed = 3});
  const Code code{Var(mean), Var(logvar)};
  const Var z = pair.draw(code, noise);
  const Tensor ratio = pair.log_prior_over_posterior(code, z, noise).value(), kl = pair.kl(code, z, noise).value();
  for (Index i = 0; i < 4; i++) {
    double expected = 0;
    for (Index j = 0; j < latent; j++) {
      const double m = mean.at<double>({i, j}), v = logvar.at<double>({i, j}), at = z.value().at<double>({i, j});
      CHECK(at == doctest::Approx(m + std::exp(v / 2) * noise.at<double>({i, j})));
      expected += log_normal(at, 0, 0) - log_normal(at, m, v);
      CHECK(kl.at<double>({i, j}) == doctest::Approx(0.5 * (m * m + std::exp(v) - 1 - v)));
    }
    CHECK(ratio.at<double>({i}) == doctest::Approx(expected));
  }
  CHECK(identical(pair.draw_prior(noise), noise));
}

TEST_CASE("a learned prior: objective, bound and estimate are those of its densities") {
  const double s = 0.7;
  const Index k = 3;
  const Learned b(small(k, "iwae"));
  const Objective objective(b.config), elbo(small(1, "elbo"));
  const Tensor noise = b.noise(k);
  const Pass bound = objective(b.model, b.x, noise), one = elbo(b.model, b.x, b.noise(1));
  const ImportanceEstimate estimate =
      importance_estimate(b.model, objective, b.x, Tensor::arange(0, double(examples), 1, DType::int32), 1, 9, 0);
  const Tensor again = evaluation_noise(b.model, Tensor::arange(0, double(examples), 1, DType::int32), 9, 0);
  double expected_bound = 0, expected_elbo = 0;
  for (Index i = 0; i < examples; i++) {
    // log p(x_i | z) + log p(z) - log q(z | x_i) at z = mean + exp(logvar / 2) e.
    const auto log_weight = [&](const std::function<double(Index)>& e) {
      Tensor z({1, latent}, DType::float64);
      double log_ratio = 0;
      for (Index j = 0; j < latent; j++) {
        const double m = one.code.mean.value().at<double>({i, j}), v = one.code.logvar.value().at<double>({i, j});
        const double at = m + std::exp(v / 2) * e(j);
        z.set<double>({0, j}, at);
        log_ratio += log_normal(at, 0, s) - log_normal(at, m, v);
      }
      return log_ratio - elbo.reconstruction(b.model, one.code, Var(z), b.x.slice(i, i + 1), 0).item();
    };
    double kl = 0, sum = 0;
    for (Index j = 0; j < latent; j++) {
      const double m = one.code.mean.value().at<double>({i, j}), v = one.code.logvar.value().at<double>({i, j});
      kl += 0.5 * ((m * m + std::exp(v)) * std::exp(-s) - 1 - v + s);
    }
    for (Index at = 0; at < k; at++) sum += std::exp(log_weight([&](Index j) { return noise.at<double>({i, at, j}); })) / double(k);
    expected_bound -= std::log(sum) / double(examples);
    expected_elbo += (one.reconstruction.value().at<double>({i}) + kl) / double(examples);
    CHECK(estimate.nll[std::size_t(i)] == doctest::Approx(-log_weight([&](Index j) { return again.at<double>({i, j}); })));
  }
  CHECK(bound.objective.item() == doctest::Approx(expected_bound));
  CHECK(one.objective.item() == doctest::Approx(expected_elbo));
}

TEST_CASE("a learned prior: gradients reach it, and vanish where it has the variance of all codes") {
  for (const char* bound : {"elbo", "iwae"}) {
    CAPTURE(bound);
    const Learned b(small(2, bound));
    const Tensor noise = b.noise(2);
    std::vector<Var> parameters;
    for (const Parameter& p : b.store.parameters()) parameters.push_back(p);
    CHECK(b.store.find("latent/logvar"));
    CHECK(gradcheck_model([&] { return Objective(b.config)(b.model, b.x, noise).objective; }, parameters) < gradcheck_tolerance);
  }
  Learned b(small(1, "elbo"));
  const auto pass = [&] { return Objective(b.config)(b.model, b.x, b.noise(1)); };
  const auto gradient = [&] { return backward(pass().objective)[b.scale->logvar()].clone(); };
  const Pass p = pass();
  Tensor variance = Tensor::zeros({latent}, DType::float64);
  for (Index j = 0; j < latent; j++)
    for (Index i = 0; i < examples; i++) {
      const double m = p.code.mean.value().at<double>({i, j}), v = p.code.logvar.value().at<double>({i, j});
      variance.set<double>({j}, variance.at<double>({j}) + (m * m + std::exp(v)) / double(examples));
    }
  for (Index j = 0; j < latent; j++) CHECK(std::fabs(gradient().at<double>({j})) > 0.01);
  auto tensors = b.store.tensors();
  for (auto& [name, tensor] : tensors)
    if (name == "latent/logvar") tensor = log(Var(variance)).value();
  b.store.load(tensors, "test");
  for (Index j = 0; j < latent; j++) CHECK(std::fabs(gradient().at<double>({j})) < 1e-14);
}

TEST_CASE("a learned prior: samples are drawn from it") {
  Run run;
  run.config = small(1, "elbo");
  run.store = std::make_unique<ParamStore>(store_options(run.config));
  auto model = std::make_unique<DenseModel>(run.config, Shape{3}, Scope(*run.store));
  model->set_distributions(std::make_unique<LearnedScale>(Scope(*run.store) / "latent", latent));
  run.store->seal();
  run.model = std::move(model);
  const Tensor z = draw_codes(run, 20000, CodeSource::prior, 1, 1);
  double squares = 0;
  for (const double at : z.values<double>()) squares += at * at / double(z.numel());
  CHECK(squares == doctest::Approx(std::exp(0.7)).epsilon(0.02));  // its deviation is 0.7% of it
}
