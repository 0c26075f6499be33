// The schedule of the KL's weight, and the mutual information of codes.

#include "models/kl_weight.h"

#include <doctest/doctest.h>

#include <cmath>

#include "models/information.h"
#include "models/run_folder.h"
#include "models/trainer.h"
#include "tensor/npy.h"
#include "tensor/random.h"
#include "tests/support.h"

using namespace elbo;

namespace {

ObjectiveConfig annealed(const std::string& shape, double steps, Index cycles = 4) {
  ObjectiveConfig o;
  o.beta = 2;
  o.anneal_shape = shape;
  o.anneal_steps = steps;
  o.anneal_cycles = cycles;
  return o;
}

}  // namespace

TEST_CASE("the KL's weight: constant, linear, logistic, cyclical") {
  CHECK(KlWeight(annealed("none", 0), 10, 100).at(0) == 2);
  CHECK(KlWeight(annealed("none", 0), 10, 100).end() == 0);
  const KlWeight linear(annealed("linear", 40), 10, 100), share(annealed("linear", 0.4), 10, 100);
  CHECK(linear.at(0) == 0);
  CHECK(linear.at(10) == doctest::Approx(0.5));
  CHECK(linear.at(40) == 2);
  CHECK(linear.at(1000) == 2);
  CHECK(linear.end() == 40);
  for (Index step = 0; step < 100; step++) CHECK(linear.at(step) == share.at(step));
  const KlWeight logistic(annealed("logistic", 40), 10, 100);
  CHECK(logistic.at(20) == doctest::Approx(1));
  CHECK(logistic.at(0) < 0.01);
  CHECK(logistic.at(39) > 1.97);
  for (Index step = 1; step < 100; step++) CHECK(logistic.at(step) >= logistic.at(step - 1));
  const KlWeight cyclical(annealed("cyclical", 40, 4), 10, 100);
  for (const Index begin : {0, 10, 20, 30}) {
    CHECK(cyclical.at(begin) == doctest::Approx(0));
    CHECK(cyclical.at(begin + 1) == doctest::Approx(0.4));
    CHECK(cyclical.at(begin + 5) == doctest::Approx(2));
    CHECK(cyclical.at(begin + 9) == doctest::Approx(2));
  }
  CHECK(cyclical.at(40) == 2);
}

TEST_CASE("the KL's weight: 0 in pre-training, after which the schedule begins") {
  ObjectiveConfig o = annealed("linear", 0.5);
  o.pretrain_epochs = 2;
  const KlWeight w(o, 10, 100);
  CHECK(w.at(19) == 0);
  CHECK(w.pretraining(19));
  CHECK(w.starts(20));
  CHECK(w.end() == 20 + 40);
  CHECK(w.at(40) == doctest::Approx(1));
  CHECK(w.at(60) == 2);
}

TEST_CASE("the KL's weight: a target is reached by a code whose KL falls with the weight") {
  ObjectiveConfig o;
  o.beta = 1;
  o.target_kl = 3;
  KlWeight w(o, 1000, 100000);
  double kl = 0;
  for (Index step = 0; step < 100000; step++) {
    const double wanted = 6 * std::exp(-4 * w.at(step));  // what this weight would lead to, and the code follows slowly
    kl += 0.05 * (wanted - kl);
    w.observe(kl);
    REQUIRE(w.at(step + 1) >= 0);
    REQUIRE(w.at(step + 1) <= 1);
  }
  CHECK(kl == doctest::Approx(3).epsilon(0.02));
  CHECK(w.at(0) == doctest::Approx(std::log(2) / 4).epsilon(0.05));
}

TEST_CASE("mutual information: none of codes that are all alike, log n of codes far apart, and the exact one of Gaussians") {
  const Index n = 2000, d = 2;
  Tensor mean = Tensor::zeros({n, d}, DType::float64), logvar = Tensor::zeros({n, d}, DType::float64), z({n, d}, DType::float64);
  fill_normal(z, {.seed = 1});
  CHECK(std::abs(mutual_information(mean, logvar, z)) < 1e-12);
  for (Index i = 0; i < n; i++)
    mean.set<double>({i, 0}, 100.0 * double(i)), z.set<double>({i, 0}, z.at<double>({i, 0}) + 100.0 * double(i));
  CHECK(mutual_information(mean, logvar, z) == doctest::Approx(std::log(double(n))));
  // Means from N(0, s^2) with noise 1: I = 1/2 log(1 + s^2) for each dimension, here 2 x 0.8047; the estimate's own error is about 0.03.
  const double s = 2;
  Tensor noise({n, d}, DType::float64);
  fill_normal(mean, {.seed = 2});
  fill_normal(noise, {.seed = 3});
  for (Index i = 0; i < n * d; i++) {
    mean.mutable_data<double>()[i] *= s;
    z.mutable_data<double>()[i] = mean.data<double>()[i] + noise.data<double>()[i];
  }
  CHECK(mutual_information(mean, logvar, z) == doctest::Approx(d * 0.5 * std::log(1 + s * s)).epsilon(0.06));
}

TEST_CASE("a model without a KL says which settings of the KL it does not use, once and before it trains") {
  for (const Preset& p : presets()) CHECK(note_on_unused(p.config) == "");  // as they are
  Config c = preset("dense-ae").config;
  for (const char* s :
       {"objective.beta=4", "objective.anneal.shape=linear", "objective.anneal.steps=100", "objective.free_bits=0.1",
        "objective.free_bits_total=3", "optimizer.learning_rate=0.01", "model.hidden=[8]", "model.latent=2", "train.steps=1"})
    set_key(c, s);
  const std::string expected =
      "objective.beta, objective.anneal.shape, objective.anneal.steps, objective.free_bits, objective.free_bits_total: not used, a plain "
      "autoencoder has no KL";
  CHECK(note_on_unused(c) == expected);
  const elbo::testing::Folder folder;
  save_npy(folder / "x.npy", Tensor::zeros({40, 3, 3, 1}));
  c.data.spec = "npy:" + (folder / "x.npy");
  std::vector<std::string> notes;
  TrainOptions options{.out = folder / "run"};
  options.on_note = [&](std::string_view text) { notes.emplace_back(text); };
  train(c, options);
  CHECK(std::count(notes.begin(), notes.end(), expected) == 1);
  set_key(c, "model.variational=true");
  CHECK(note_on_unused(c) == "");
}
