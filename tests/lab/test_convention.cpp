#include "lab/convention.h"

#include <doctest/doctest.h>

#include <cmath>

#include "models/objective.h"
#include "tensor/random.h"
#include "tensor/reduce.h"
#include "tests/support.h"

using namespace elbo;
using elbo::testing::error_of;

TEST_CASE("conventions: every one is a multiple of our objective at its effective beta") {
  // Two examples of six numbers, codes of three dimensions; theirs written out as the formulas say.
  constexpr Index n = 2, d = 6, latent = 3;
  Tensor x({n, d}, DType::float64), y({n, d}, DType::float64), kl({n, latent}, DType::float64);
  fill_uniform(x, {.seed = 1}), fill_uniform(y, {.seed = 2}), fill_uniform(kl, {.seed = 3});
  double squares = 0, entropy = 0;
  for (Index i = 0; i < n * d; i++) {
    const double t = x.data<double>()[i], p = 0.05 + 0.9 * y.data<double>()[i];
    squares += (t - p) * (t - p);
    entropy -= t * std::log(p) + (1 - t) * std::log(1 - p);
  }
  const double kl_sum = total(kl), beta = 0.3;
  const struct {
    const char* name;
    double theirs;  // of the batch; sums over the batch are divided by it to be compared
  } cases[] = {{"pytorch-mean-mse", squares / (n * d) + beta * kl_sum / n},
               {"pytorch-mean-mse-mean-kl", squares / (n * d) + beta * kl_sum / (n * latent)},
               {"pytorch-sum-mse", (squares + beta * kl_sum) / n},
               {"half-sum-mse", (squares / 2 + beta * kl_sum) / n},
               {"pytorch-mean-bce", entropy / (n * d) + beta * kl_sum / n},
               {"pytorch-mean-bce-mean-kl", entropy / (n * d) + beta * kl_sum / (n * latent)},
               {"pytorch-sum-bce", (entropy + beta * kl_sum) / n},
               {"keras-mean-mse", squares / (n * d) + beta * kl_sum / n},
               {"keras-sum-bce", (entropy + beta * kl_sum) / n},
               {"elbo", (entropy + beta * kl_sum) / n}};
  CHECK(std::size(cases) == loss_conventions().size());
  for (const auto& c : cases) {
    CAPTURE(c.name);
    const Translation t = translate(std::string(c.name) + ",beta=0.3,pixels=6,latent=3");
    const double reconstruction = t.convention.likelihood == "bernoulli" ? entropy : squares;
    CHECK(t.scale * c.theirs == doctest::Approx(reconstruction / n + t.effective_beta * kl_sum / n));
  }
}

TEST_CASE("conventions: a squared error's Gaussian has the same minimum, and losses come over in nats") {
  const Translation t = translate("pytorch-mean-mse,beta=0.00025,loss=0.02");
  CHECK(t.effective_beta == doctest::Approx(0.196));
  CHECK(*t.gaussian_variance == doctest::Approx(0.098));
  CHECK(*t.nats == doctest::Approx(15.68));
  // reconstruction + b KL = b (Gaussian's nats + KL) + a constant
  ObjectiveConfig c;
  c.variance = *t.gaussian_variance;
  Tensor x({1, 784}, DType::float64), y({1, 784}, DType::float64);
  fill_uniform(x, {.seed = 1}), fill_uniform(y, {.seed = 2});
  const double error = reconstruction_loss(Likelihood::squared_error, c, {Var(y)}, x).value().item();
  const double nats = reconstruction_loss(Likelihood::gaussian, c, {Var(y)}, x).value().item();
  const double constant = 784 * 0.5 * std::log(2 * std::acos(-1.0) * c.variance);
  CHECK(error == doctest::Approx(t.effective_beta * (nats - constant)));
  CHECK(to_text(t).find("objective.variance=0.098") != std::string::npos);
  CHECK(to_json(t).find("\"effective_beta\": 0.196") != std::string::npos);
}

TEST_CASE("conventions: what does not parse is named") {
  CHECK(error_of([] { translate("pytorch-mean-mze"); }).find("pytorch-mean-mse") != std::string::npos);
  CHECK(error_of([] { translate("elbo,bta=1"); }).find("beta") != std::string::npos);
  CHECK(error_of([] { translate("elbo,beta=x"); }).find("expected a number") != std::string::npos);
  CHECK(error_of([] { translate("elbo,pixels=0"); }).find("above 0") != std::string::npos);
  CHECK(error_of([] { translate("elbo,latent=2.5"); }).find("whole number") != std::string::npos);
}
