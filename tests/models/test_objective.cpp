#include "models/objective.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "models/run.h"
#include "tensor/elementwise.h"
#include "tensor/random.h"
#include "tensor/reduce.h"

using namespace elbo;

TEST_CASE("log-likelihoods keep their constants") {
  // -log N(x; m, 1/4) of two numbers, each 0.5 away: 2 (log(2 pi / 4) / 2 + 0.25 / 0.5)
  const Tensor x = Tensor::from<double>({1, 1}, {1, 2});
  const Decoding d{Var(Tensor::from<double>({0.5, 1.5}, {1, 2}))};
  const double expected = 2 * (0.5 * std::log(2 * std::numbers::pi / 4) + 0.5);
  CHECK(reconstruction_loss(Likelihood::gaussian, {.variance = 0.25}, d, x).value().item() == doctest::Approx(expected));
  CHECK(reconstruction_loss(Likelihood::gaussian_optimal, {}, d, x).value().item() == doctest::Approx(expected));  // the optimum is 1/4
  CHECK(reconstruction_loss(Likelihood::gaussian_optimal, {}, d, x, 0.25).value().item() == doctest::Approx(expected));
  CHECK(reconstruction_loss(Likelihood::squared_error, {}, d, x).value().item() == doctest::Approx(0.5));
}

TEST_CASE("the optimal variance is clamped: data that are reproduced exactly have a finite density") {
  CHECK(clamped_variance(0.02) == doctest::Approx(0.02).epsilon(1e-9));
  CHECK(std::log(clamped_variance(0)) > lowest_pixel_logvar);
  CHECK(std::log(clamped_variance(0)) < lowest_pixel_logvar + 0.1);
  CHECK(std::log(clamped_variance(1e9)) < highest_pixel_logvar);
  for (const DType type : {DType::float32, DType::float64}) {
    const Tensor x = Tensor::from<double>({0, 0, 0, 1}, {2, 2}).to(type);
    const Var output = leaf(Tensor::from<double>({0, 0, 0, 1}, {2, 2}).to(type));
    const Var loss = reconstruction_loss(Likelihood::gaussian_optimal, {}, Decoding{output}, x);
    CHECK(total(loss.value()) == doctest::Approx(2 * std::log(2 * std::numbers::pi * clamped_variance(0))));
    CHECK(total(abs(gradients(sum(loss), {{output}})[0])) == 0);
    for (const double off : {1e-3, 1e-5}) {  // the variance is that of the clamp, so the gradient vanishes with the error
      const Var near = leaf(binary(Binary::add, x, Tensor::scalar(off, type)));
      const Var objective = sum(reconstruction_loss(Likelihood::gaussian_optimal, {}, Decoding{near}, x));
      CHECK(total(abs(gradients(objective, {{near}})[0])) == doctest::Approx(4 * off / clamped_variance(off * off)).epsilon(0.01));
    }
  }
}

TEST_CASE("whole models pass the gradient check in float64") {
  for (const char* likelihood : {"bernoulli", "gaussian", "gaussian-optimal", "squared-error"})
    for (bool variational : {true, false}) {
      Config c;
      c.model.float_type = "float64";
      c.model.activation = "tanh";
      c.model.hidden = {7, 5};
      c.model.latent = 3;
      c.model.variational = variational;
      c.objective.likelihood = likelihood;
      c.objective.beta = 0.7;
      ParamStore store(store_options(c));
      const auto model = make_model(c, {3, 2, 1}, store);
      Tensor x({4, 3, 2, 1}, DType::float64), noise({4, 3}, DType::float64);
      fill_uniform(x, {.seed = 1});
      fill_normal(noise, {.seed = 2});
      std::vector<Var> parameters;
      for (const Parameter& p : store.parameters()) parameters.push_back(p);
      CAPTURE(likelihood);
      CHECK(gradcheck_model([&] { return Objective(c)(*model, x, noise).objective; }, parameters) < 1e-7);
    }
}
