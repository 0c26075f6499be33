// Labels as conditions: one-hot numbers, where each kind of model reads them, objectives with several samples, what is learned with them.

#include <doctest/doctest.h>

#include <cmath>

#include "autograd/mode.h"
#include "models/gradcheck.h"
#include "models/importance.h"
#include "models/learner.h"
#include "models/run.h"
#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/reduce.h"
#include "tests/support.h"
#include "tests/tensor/helpers.h"

using namespace elbo;
using namespace elbo::testing;

namespace {

Tensor labels(const std::vector<std::int32_t>& values) { return Tensor::from(values, {Index(values.size())}); }

struct Kind {
  std::string preset;
  std::vector<std::string> settings;
  Shape example;
};

std::vector<Kind> kinds() {
  const std::vector<std::string> words = {"model.embed=6", "model.units=5", "model.latent=3"};
  const auto text = [&](std::vector<std::string> more) {
    more.insert(more.begin(), words.begin(), words.end());
    return Kind{"text-vae", more, {5, 12}};
  };
  return {{"dense-vae", {"model.hidden=[5]", "model.latent=2"}, {3, 2, 1}},
          {"dense-ae", {"model.hidden=[]", "model.latent=2", "model.decoder_hidden=[4]"}, {3, 2, 1}},
          {"conv-vae", {"model.filters=[2,3]", "model.latent=2", "model.hidden=[4]"}, {4, 4, 1}},
          {"conv-same-vae", {"model.filters=[2,3]", "model.latent=2"}, {4, 4, 1}},
          {"conv-lstm-vae", {"model.filters=[3]", "model.units=5", "model.encoder_units=4", "model.latent=2"}, {7, 9, 2}},
          text({}),
          text({"model.code_input=every-step", "model.bidirectional=true"}),
          text({"model.decoder_input=none"})};
}

Config configured(const Kind& kind, Index classes) {
  Config c = preset(kind.preset).config;
  for (const std::string& s : kind.settings) set_key(c, s);
  c.model.classes = classes;
  check_config(c);
  return c;
}

}  // namespace

TEST_CASE("labels as numbers beside others") {
  const Condition three(3), none;
  CHECK(none.width() == 0);
  CHECK_FALSE(bool(none));
  const Var x(Tensor::from<float>({7, 8}, {2, 1}));
  CHECK(identical(none.beside(x, {}).value(), x.value()));
  CHECK(identical(three.beside(x, labels({2, 0})).value(), Tensor::from<float>({7, 0, 0, 1, 8, 1, 0, 0}, {2, 4})));
  CHECK(identical(three.in_turn(5), labels({0, 1, 2, 0, 1})));
  CHECK_FALSE(bool(none.in_turn(5)));
  CHECK(contains(error_of([&] { three.beside(x, {}); }), "these examples have none"));
  CHECK(contains(error_of([&] { three.beside(x, labels({1})); }), "a label for each of 2 rows"));
  CHECK(contains(error_of([&] { three.beside(x, labels({1, 3})); }), "label 3 of example 1: the model is given labels from 0 to 2"));
  CHECK(contains(error_of([&] { three.one_hot(labels({-1}), DType::float32); }), "label -1"));
  Config c;
  c.model.classes = 1;
  CHECK_THROWS_AS(check_config(c), UsageError);
  Config lm = preset("text-lm").config;
  lm.model.classes = 4;
  CHECK_THROWS_AS(check_config(lm), UsageError);
}

TEST_CASE("every kind of model reads the label in encoder and decoder, and its gradient is right") {
  for (const Kind& kind : kinds()) {
    CAPTURE(kind.preset);
    const Config c = configured(kind, 3);
    ParamStore store(store_options(c));
    const auto model = make_model(c, kind.example, store);
    const Objective objective(c);
    const Tensor x = random_input(c, kind.example, 2), zeros = labels({0, 0}), ones = labels({1, 1});
    const Var first = model->encode(x, zeros).mean, second = model->encode(x, ones).mean;
    CHECK_FALSE(identical(first.value(), second.value()));
    CHECK(first.size(1) == model->latent());
    const auto loss = [&](const Tensor& given) {  // of the same codes
      return objective.reconstruction(*model, {}, model->given(first, given), x, 1).value();
    };
    CHECK_FALSE(identical(loss(zeros), loss(ones)));
    CHECK(contains(error_of([&] { model->encode(x); }), "model.classes=3"));
    CHECK(contains(error_of([&] { objective(*model, x, Tensor()); }), "model.classes=3"));
    for (const GradcheckResult& r : gradcheck_parameters(c, kind.example, 3)) {
      CAPTURE(r.op);
      CHECK(r.error64 < 1e-6);
    }
  }
}

TEST_CASE("several samples of an example are given its label, in both bounds and in the importance-weighted estimate") {
  Config c = configured(kinds()[0], 3);
  c.model.float_type = "float64";
  for (const char* bound : {"elbo", "iwae"}) {
    set_key(c, std::string("objective.bound=") + bound);
    set_key(c, "objective.samples=2");
    ParamStore store(store_options(c));
    const auto model = make_model(c, {3, 2, 1}, store);
    const Objective objective(c);
    const NoGrad guard;
    const Tensor x = random_input(c, {3, 2, 1}, 3), y = labels({2, 0, 1}), noise = sample_tensor({3, 2, 2}, -1, 1, 2);
    const Pass all = objective(*model, x, noise, 0, {.labels = y});
    for (Index i = 0; i < 3; i++) {  // each example by itself
      const Pass one = objective(*model, x.slice(i, i + 1), noise.slice(i, i + 1), 0, {.labels = y.slice(i, i + 1)});
      CHECK(all.reconstruction.value().at<double>({i}) == doctest::Approx(one.reconstruction.value().item()).epsilon(1e-12));
    }
    const Tensor places = labels({0, 1, 2});
    const ImportanceEstimate right = importance_estimate(*model, objective, x, places, 3, 1, 0, 1, y);
    for (Index i = 0; i < 3; i++)
      CHECK(right.nll[std::size_t(i)] ==
            doctest::Approx(
                importance_estimate(*model, objective, x.slice(i, i + 1), places.slice(i, i + 1), 3, 1, 0, 1, y.slice(i, i + 1)).nll[0])
                .epsilon(1e-12));
  }
}

// Pictures of 4x4 pixels: the label says which row is bright, another draw of four which column.
TEST_CASE("a model that is given the label draws that label, and its code is left with the rest") {
  constexpr Index n = 64, sides = 4;
  const auto trained = [&](Index classes) {
    Config c = configured({"mlp-vae", {"model.hidden=[32]", "model.latent=4", "optimizer.learning_rate=0.01"}, {}}, classes);
    auto learner = std::make_unique<Learner>(c, Shape{sides, sides, 1}, 1, 400);
    double kl = 0;
    for (Index step = 0; step < 400; step++) {
      Batch batch{Tensor::full({n, sides, sides, 1}, 0.05), Tensor({n}, DType::int32), {}};
      const RandomKey key{.seed = 5, .step = std::uint64_t(step)};
      for (Index i = 0; i < n; i++) {
        const Index row = key.word(std::uint32_t(i), 0) % sides, column = key.word(std::uint32_t(i), 1) % sides;
        batch.labels.set<std::int32_t>({i}, std::int32_t(row));
        for (Index k = 0; k < sides; k++) batch.x.set<float>({i, row, k, 0}, 0.95f), batch.x.set<float>({i, k, column, 0}, 0.95f);
      }
      const StepLosses losses = learner->step(batch, step);
      if (step >= 350) kl += losses.kl / 50;
    }
    return std::pair(std::move(learner), kl);
  };
  const auto [given, kl] = trained(sides);
  const auto [alone, kl_alone] = trained(0);
  // Which row costs log 4 = 1.4 nats of a code that has to say it.
  CHECK(kl < kl_alone - 0.7);

  const NoGrad guard;
  const Model& model = given->model();
  Tensor z({200, model.latent()});
  fill_normal(z, {.seed = 6});
  const Tensor y = model.condition().in_turn(200), pictures = model.decode(model.given(Var(z), y)).mean();
  Index right = 0;
  for (Index i = 0; i < 200; i++) {
    Index brightest = 0;
    double most = 0;
    for (Index row = 0; row < sides; row++)
      if (const double sum = total(pictures[i][row].to(DType::float64)); sum > most) most = sum, brightest = row;
    right += brightest == y.at<std::int32_t>({i});
  }
  CHECK(right >= 196);
}
