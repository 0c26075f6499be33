#include "lab/amortisation.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "autograd/mode.h"
#include "lab/linear_vae.h"
#include "tensor/elementwise.h"
#include "tensor/file.h"
#include "tensor/parallel.h"
#include "tests/support.h"

using namespace elbo;
using elbo::testing::contains;
using elbo::testing::Folder;
using elbo::testing::message_of;

namespace {

constexpr Index dims = 5, latent = 2;

ProbabilisticPca source() {
  ProbabilisticPca p{Tensor({dims, latent}, DType::float64), Tensor({dims}, DType::float64), 0.4};
  fill_normal(p.weights, {.seed = 3});
  fill_uniform(p.mean, {.seed = 4});
  return p;
}

Run run_of(const LinearVae& vae) {
  Run r;
  for (const char* s : {"model.latent=2", "model.hidden=[]", "model.output=linear", "model.float=float64"}) set_key(r.config, s);
  r.config.objective.likelihood = "gaussian";
  r.config.objective.variance = vae.decoder.variance;
  r.example_shape = {dims};
  r.store = std::make_unique<ParamStore>(store_options(r.config));
  r.model = make_model(r.config, r.example_shape, *r.store);
  load_linear_vae(*r.store, vae);
  return r;
}

Split split_of(const Tensor& x) {
  Split s{.part = Part::test};
  s.values = x.to(DType::float32);
  return s;
}

double mean_difference(const LinearElbo& a, const LinearElbo& b) { return a.mean_elbo() - b.mean_elbo(); }

}  // namespace

TEST_CASE("a linear VAE: an encoder made worse by a known amount has that gap, the best one none") {
  const ProbabilisticPca p = source();
  const Split split = split_of(draw(p, 60, 1).x);
  const LinearVae best = best_encoder(p);
  LinearVae shifted = best, wide = best;
  shifted.bias = add(best.bias, Tensor::from<double>({0.5, -0.3}));
  wide.logvar = add(best.logvar, Tensor::from<double>({1.0, -0.7}));
  for (const LinearVae& vae : {best, shifted, wide}) {
    const Run run = run_of(vae);
    const double exact = mean_difference(exact_elbo(best, split.values), exact_elbo(vae, split.values));
    const AmortisationGap gap = amortisation_gap(run, split, {.evaluation_samples = 100});
    MESSAGE("gap ", gap.gap, " exact ", exact, " error over examples ", gap.standard_error, "; ELBO ", gap.encoder_elbo, " exact ",
            exact_elbo(vae, split.values).mean_elbo(), "; optimised ", gap.optimised_elbo, " exact ",
            exact_elbo(best, split.values).mean_elbo());
    CHECK(gap.examples == 60);
    CHECK(gap.steps == 300);
    CHECK(gap.gap == gap.optimised_elbo - gap.encoder_elbo);
    CHECK(std::abs(gap.gap - exact) < 0.01);
  }
}

TEST_CASE("a decoder that bends: the optimised ELBO is that of a search over all means and variances") {
  Config c;
  for (const char* s : {"model.hidden=[6]", "model.latent=1", "model.activation=tanh", "model.output=linear", "model.float=float64",
                        "objective.likelihood=gaussian", "objective.variance=0.5"})
    set_key(c, s);
  Run run;
  run.config = c;
  run.example_shape = {dims};
  run.store = std::make_unique<ParamStore>(store_options(c));
  run.model = make_model(c, run.example_shape, *run.store);
  auto weights = run.store->tensors();
  std::uint64_t number = 0;
  for (auto& [name, t] : weights) {
    t = Tensor(t.shape(), DType::float64);
    fill_normal(t, {.seed = 5, .step = number++});
  }
  run.store->load(weights, "test");
  constexpr Index n = 6;
  Tensor x({n, dims}, DType::float64);
  fill_normal(x, {.seed = 9});
  const Split split = split_of(x);
  const AmortisationGap gap = amortisation_gap(run, split, {.steps = 400, .learning_rate = 0.1, .evaluation_samples = 300});

  // -log p(x | z) on a line of codes, then sums over it for every mean and deviation of a grid.
  const NoGrad guard;
  constexpr Index points = 481;
  const double step = 12.0 / (points - 1);
  const Tensor z = Tensor::linspace(-6, 6, points, DType::float64).reshape({points, 1});
  const Tensor mean = run.model->decode(Var(z)).mean();
  double best_total = 0;
  for (Index i = 0; i < n; i++) {
    double loss[points], best = -1e9;
    for (Index k = 0; k < points; k++) {
      loss[k] = 0.5 * dims * std::log(2 * std::numbers::pi * 0.5);
      for (Index j = 0; j < dims; j++) loss[k] += std::pow(double(split.values.at<float>({i, j})) - mean.at<double>({k, j}), 2);
    }
    for (double m = -3; m <= 3; m += 0.05)
      for (double s = 0.1; s < 1.3; s *= 1.05) {
        double expected = 0;
        for (Index k = 0; k < points; k++) {
          const double e = (-6 + step * double(k) - m) / s;
          if (std::abs(e) < 7) expected += loss[k] * std::exp(-0.5 * e * e) * step / (s * std::sqrt(2 * std::numbers::pi));
        }
        best = std::max(best, -expected - 0.5 * (m * m + s * s - 1 - 2 * std::log(s)));
      }
    best_total += best / n;
  }
  MESSAGE("optimised ", gap.optimised_elbo, " search ", best_total, " encoder ", gap.encoder_elbo);
  CHECK(gap.gap > 1);
  CHECK(std::abs(gap.optimised_elbo - best_total) < 0.05);
}

TEST_CASE("texts: batches and threads change nothing, nor are the weights changed") {
  const Folder folder;
  std::string text;
  const char* words[] = {"anna", "tom", "ruth", "paul", "has", "sees"};
  for (std::uint32_t i = 0; i < 60; i++)
    for (std::uint32_t k = 0; k < 3 + i % 3; k++)
      text += std::string(words[RandomKey{.seed = 2}.word(i, k) % 6]) + (k == 2 + i % 3 ? "\n" : " ");
  write_file_atomically(folder / "texts.txt", bytes_of(text));
  Run run;
  run.config = preset("text-vae").config;
  for (const char* s : {"model.embed=5", "model.units=6", "model.latent=2", "model.float=float64", "data.valid=10"}) set_key(run.config, s);
  run.config.data.spec = "text:" + folder / "texts.txt";
  const Dataset data = load_data(run.config);
  run.example_shape = data.example_shape;
  run.codec = data.codec;
  run.store = std::make_unique<ParamStore>(store_options(run.config));
  run.model = make_model(run.config, run.example_shape, *run.store);
  const Tensor weights = run.store->values().clone();
  const AmortisationOptions options{.examples = 12, .steps = 80, .learning_rate = 0.1, .samples = 2, .evaluation_samples = 10, .batch = 5};
  const int before = threads();
  set_threads(1);
  const AmortisationGap one = amortisation_gap(run, data.train, options);
  set_threads(3);
  const AmortisationGap three = amortisation_gap(run, data.train, options);
  set_threads(before);
  CHECK(one.gap == three.gap);
  CHECK(one.encoder_elbo == three.encoder_elbo);
  AmortisationOptions whole = options;
  whole.batch = 12;
  CHECK(amortisation_gap(run, data.train, whole).gap == doctest::Approx(one.gap).epsilon(1e-6));
  CHECK(one.examples == 12);
  CHECK(one.gap > 4 * one.standard_error);
  CHECK(identical(run.store->values(), weights));
}

TEST_CASE("what has no amortisation gap is told so") {
  const Run run = run_of(best_encoder(source()));
  const Split split = split_of(draw(source(), 3, 1).x);
  CHECK(contains(message_of<UsageError>([&] { amortisation_gap(run, split, {.steps = 0}); }), "positive numbers"));
  CHECK(contains(message_of<Error>([&] { amortisation_gap(run, Split{}, {}); }), "the part has none"));
  Run plain;
  plain.config.model.variational = false;
  plain.example_shape = {dims};
  plain.store = std::make_unique<ParamStore>();
  plain.model = make_model(plain.config, plain.example_shape, *plain.store);
  CHECK(contains(message_of<Error>([&] { amortisation_gap(plain, split, {}); }), "plain autoencoder"));
  CHECK(std::isnan(amortisation_gap(run, split, {.examples = 1, .steps = 1}).standard_error));
}
