// -log p(x) by importance sampling where it is known, and whether K samples are told to be enough.

#include "lab/nll_figures.h"

#include <doctest/doctest.h>

#include "lab/compare_measure.h"
#include "lab/plot_text.h"
#include "tensor/json.h"
#include "tests/lab/linear_gaussian.h"
#include "tests/support.h"

using namespace elbo;
using elbo::testing::contains;
using elbo::testing::LinearGaussian;
using elbo::testing::mean_nll;

namespace {

Figures measured(Index samples, double nll, double tenth, double effective) {
  Figures f;
  f.variational = true;
  f.importance_samples = samples;
  f.nll = nll, f.nll_tenth = tenth, f.effective_samples = effective, f.nll_standard_error = 0.5;
  return f;
}

}  // namespace

TEST_CASE("linear Gaussian model: with a wider posterior the estimate falls to -log p(x) as K grows") {
  const LinearGaussian exact;
  const Run run = exact.run(3);
  const Dataset data = exact.data(150);
  const double truth = mean_nll(exact, data);
  const Figures few = evaluate(run, data, {.importance_samples = 2}), many = evaluate(run, data, {.importance_samples = 1500});
  CHECK(few.nll > truth + 0.1);
  CHECK(std::abs(many.nll - truth) < 0.01);
  CHECK(many.nll_tenth > many.nll - 0.02);
  REQUIRE(many.nll_curve.size() == 10);  // 1, 2, 5, ..., 1000
  CHECK(many.nll_curve[1].samples == 2);
  CHECK(many.nll_curve[1].nll == few.nll);
  CHECK(many.nll_curve[1].standard_error == few.nll_standard_error);
  CHECK(std::abs(many.nll_curve.back().nll - truth) < 0.01);
  CHECK_FALSE(*nll_trusted(few).trusted);
  CHECK(*nll_trusted(many).trusted);
  CHECK(many.effective_samples < 0.9 * 1500);
  CHECK(many.effective_samples > 0.2 * 1500);
}

TEST_CASE("the error of nll over examples is that of log p(x) of these very examples where every weight is p(x)") {
  const LinearGaussian exact;
  const Dataset data = exact.data(4000);
  const Figures f = evaluate(exact.run(), data, {.importance_samples = 2, .batch = 640});
  double square = 0;
  for (Index i = 0; i < 4000; i++)
    square += std::pow(exact.nll(data.test.values.data<float>() + i * LinearGaussian::dims) - mean_nll(exact, data), 2);
  CHECK(f.nll_standard_error == doctest::Approx(std::sqrt(square / 3999 / 4000)).epsilon(1e-9));
  CHECK(f.nll_curve[0].standard_error == doctest::Approx(f.nll_standard_error).epsilon(1e-9));
  // For x from N(0, I) the variance of -log p(x) = x' A x + b' x + c, with A = (W W' + v I)^-1 / 2, has a closed form: 2 |A|^2 + |b|^2. In
  // the columns' directions A is 1 / 2(v + |w|^2), in the others 1 / 2v; b = -2 A times the decoder's bias.
  double variance = 2 * (LinearGaussian::dims - LinearGaussian::latent) / std::pow(2 * LinearGaussian::variance, 2);
  double rest = 0;
  for (const double b : exact.b) rest += b * b;
  for (Index j = 0; j < LinearGaussian::latent; j++) {
    const double total = LinearGaussian::variance + exact.length(j);
    double along = 0;
    for (Index i = 0; i < LinearGaussian::dims; i++) along += exact.w[i][j] * exact.b[i];
    variance += 2 / std::pow(2 * total, 2) + along * along / exact.length(j) / (total * total);
    rest -= along * along / exact.length(j);
  }
  variance += rest / std::pow(LinearGaussian::variance, 2);
  MESSAGE("standard error ", f.nll_standard_error, " exact ", std::sqrt(variance / 4000));
  CHECK(f.nll_standard_error == doctest::Approx(std::sqrt(variance / 4000)).epsilon(0.05));
}

TEST_CASE("whether K samples are enough: how many, how many of them count, and what the last of them changed") {
  const auto trusted = [](const Figures& f) { return *nll_trusted(f).trusted; };
  CHECK(trusted(measured(100, 90, 90.4, 3)));
  CHECK_FALSE(trusted(measured(100, 90, 90.6, 3)));
  CHECK(contains(nll_trusted(measured(1000, 90, 90.6, 3)).evidence, "0.600 nats lower than with the first 100"));
  CHECK(contains(to_text(measured(100, 90, 90.6, 3)), "--importance-samples 1000 comes nearer"));  // as it is to be typed
  CHECK_FALSE(trusted(measured(100, 90, 90.1, 1.9)));
  CHECK(contains(nll_trusted(measured(100, 90, 90.1, 1.9)).evidence, "one sample outweighs the rest"));
  CHECK_FALSE(trusted(measured(9, 90, 90, 9)));
  CHECK(trusted(measured(10, 90, 90, 10)));
  CHECK_FALSE(trusted(measured(1, 90, 90, 1)));
  Figures f = measured(10, 90, 90, 10);
  f.variational = false;  // a language model
  CHECK(trusted(f));
  f.nll = no_figure;  // a plain autoencoder
  CHECK_FALSE(nll_trusted(f).trusted);
  CHECK_FALSE(nll_trusted(Figures{}).trusted);
}

TEST_CASE("K too small: one sample and nine are warned of, in the table and in JSON, in sentences that are true of them") {
  const LinearGaussian exact;
  const Dataset data = exact.data(30);
  const auto figures = [&](Index samples, double wider) { return evaluate(exact.run(wider), data, {.importance_samples = samples}); };
  const Figures one = figures(1, 1), nine = figures(9, 1), enough = figures(10, 1), wide = figures(50, 1e4);
  CHECK(contains(to_text(one), "1 importance sample, standard error"));
  CHECK(contains(to_text(one), "nll is not to be trusted: one sample"));
  CHECK(contains(to_text(one), "--importance-samples 100 comes nearer"));
  CHECK(contains(to_text(nine), "nll is not to be trusted: 9 samples are too few"));
  CHECK(contains(to_text(nine), "  with the first 1 "));
  CHECK_FALSE(contains(to_text(nine), "tenth"));
  CHECK_FALSE(contains(to_text(enough), "not to be trusted"));
  CHECK(contains(to_text(wide), "nll is not to be trusted"));
  CHECK(contains(to_text(wide), "--importance-samples 500 comes nearer"));
  for (const auto& [f, trusted] : {std::pair(&one, false), std::pair(&nine, false), std::pair(&enough, true), std::pair(&wide, false)}) {
    const Json j = Json::parse(to_json(*f), "figures");
    CHECK(j["nll_trusted"] == Json(trusted));
    CHECK(lab::named_figures(to_json(*f), "figures").doubtful.contains("nll") == !trusted);
  }
  const Json curve = Json::parse(to_json(enough), "figures")["nll_curve"];
  REQUIRE(curve.elements().size() == 4);  // 1, 2, 5, 10
  CHECK(curve.elements()[3]["standard_error"].number() == enough.nll_standard_error);
  CHECK(contains(to_text(enough), "10: " + lab::fixed_text(enough.nll, 3) + " +- " + lab::fixed_text(enough.nll_standard_error, 3) + "\n"));
  CHECK_FALSE(Json::parse(to_json(evaluate(exact.run(), data)), "figures").contains("nll_trusted"));
}
