// The adversarial term: whom its gradient reaches, what it reports, and that a run with it resumes to the same bits.

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <sstream>

#include "models/learner.h"
#include "models/run.h"
#include "models/trainer.h"
#include "tensor/error.h"
#include "tensor/json.h"
#include "tensor/npy.h"
#include "tensor/parallel.h"
#include "tensor/reduce.h"
#include "tests/support.h"
#include "tests/tensor/helpers.h"

using namespace elbo;
using elbo::testing::Folder;

namespace {

Config small(double weight) {
  Config c = preset("conv-same-vae").config;
  for (const char* s : {"model.filters=[3,4]", "model.latent=2", "model.normalisation=batch", "optimizer.name=sgd", "train.batch=16",
                        "train.epochs=3", "objective.adversarial.learning_rate=0.01"})
    set_key(c, s);
  c.objective.adversarial_weight = weight;
  return c;
}

Batch batch_of(Index n) {
  Tensor x(Shape{n, 4, 4, 1});
  fill_uniform(x, {.seed = 3, .purpose = Purpose::test});
  return {x, {}, {}};
}

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream all;
  all << file.rdbuf();
  return all.str();
}

std::string metrics(const std::string& run) {  // without times and rates
  std::istringstream lines(contents(run + "/metrics.jsonl"));
  std::string kept;
  for (std::string line; std::getline(lines, line);) kept += line.substr(0, line.find("\"seconds\"")) + "\n";
  return kept;
}

std::string small_data(const Folder& folder) {
  Tensor x({90, 4, 4, 1}, DType::uint8);
  std::uint8_t* p = x.mutable_data<std::uint8_t>();
  const RandomKey key{.seed = 5};
  for (std::uint32_t i = 0; i < 90 * 16; i++) p[i] = std::uint8_t(key.word(i, 0) % 256);
  save_npy(folder / "small.npy", x);
  return "npy:" + folder / "small.npy";
}

}  // namespace

TEST_CASE("adversary: its gradient reaches the decoder, never the encoder") {
  const Shape example{4, 4, 1};
  Learner without(small(0), example, 1, 1), with(small(30), example, 1, 1);
  CHECK(without.networks().size() == 1);
  REQUIRE(with.networks().size() == 2);
  const auto judge = [&] { return with.networks()[1].store->values().clone(); };
  const Tensor before = judge();
  const StepLosses a = without.step(batch_of(8), 0), b = with.step(batch_of(8), 0);
  CHECK(a.reconstruction == b.reconstruction);
  CHECK(b.objective == doctest::Approx(a.objective + 30 * b.adversarial));
  CHECK(a.adversarial == 0);
  CHECK(a.discriminator_loss == 0);
  bool decoder_differs = false;
  for (const Parameter& p : without.store().parameters()) {
    CAPTURE(p.name());
    const bool same = identical(p.value(), with.store().find(p.name()).value());
    if (p.name().starts_with("encoder")) CHECK(same);
    decoder_differs = decoder_differs || !same;
  }
  CHECK(decoder_differs);
  int statistics = 0;  // those of the reconstructions, whatever else the decoder was shown
  for (const auto& [name, tensor] : without.store().tensors()) {
    if (name.find("running") == std::string::npos) continue;
    const std::string copy = name;  // older clang captures no bindings
    CAPTURE(copy);
    for (const auto& [its_name, its_tensor] : with.store().tensors())
      if (its_name == name) CHECK(identical(tensor, its_tensor));
    statistics++;
  }
  CHECK(statistics == 8);  // four convolutions, mean and variance
  CHECK(!identical(before, judge()));
}

TEST_CASE("adversary: losses and accuracy are those of the discriminator's logits") {
  Config c = small(1);
  for (const char* normalisation : {"none", "batch", "group"}) {
    c.model.normalisation = normalisation;
    CAPTURE(normalisation);
    const Shape example{4, 4, 1};
    ParamStore store(store_options(c));
    const auto model = make_model(c, example, store);
    Adversary adversary(c, example, 1, 1);
    const Index n = 6;
    const Tensor z = normal({n, 2}), x = batch_of(n).x;
    // The same discriminator, judging by itself.
    ParamStore twin(store_options(c));
    const Discriminator judge(c.model, example, Scope(twin) / "discriminator");
    twin.seal();
    Tensor prior({n, 2});
    fill_normal(prior, {.seed = 9, .purpose = Purpose::prior, .step = 4});
    const auto logits = [&](const Tensor& pictures) { return judge(Var(pictures), true).value(); };
    const auto made = [&](const Tensor& codes) { return model->decode(Var(codes), {.training = true}).mean(); };
    const Tensor real = logits(x), rebuilt = logits(made(z)), drawn = logits(made(prior));
    const auto cost = [&](const Tensor& t, double sign) {  // mean of softplus(sign * logit)
      double sum = 0;
      for (Index i = 0; i < n; i++) sum += std::log1p(std::exp(sign * t.element(i)));
      return sum / double(n);
    };
    double right = 0;
    for (Index i = 0; i < n; i++) right += (real.element(i) > 0) + 0.5 * (rebuilt.element(i) < 0) + 0.5 * (drawn.element(i) < 0);
    CHECK(adversary.fool(*model, z, {}, 9, 4).item() == doctest::Approx((cost(rebuilt, -1) + cost(drawn, -1)) / 2).epsilon(1e-5));
    const Adversary::Verdict verdict = adversary.learn(x);
    CHECK(verdict.loss == doctest::Approx(cost(real, -1) + (cost(rebuilt, 1) + cost(drawn, 1)) / 2).epsilon(1e-5));
    CHECK(verdict.accuracy == doctest::Approx(right / double(2 * n)));
  }
}

TEST_CASE("adversary: a discriminator that diverges is named, with the rate to lower") {
  const Folder folder;
  Config c = small(1);
  c.model.normalisation = "none";
  c.objective.adversarial_learning_rate = 1e25;
  c.data.spec = small_data(folder);
  try {
    train(c, {.out = folder / "run"});
    FAIL("it did not diverge");
  } catch (const Error& e) {
    const std::string what = e.what();
    CAPTURE(what);
    CHECK(elbo::testing::contains(what, "discriminator"));
    CHECK(elbo::testing::contains(what, "--set objective.adversarial.learning_rate="));
  }
}

TEST_CASE("adversary: a run holds both networks, and resumes to the same bits for any number of threads") {
  const Folder folder;
  Config whole = small(2);
  whole.optimizer.name = "rmsprop";
  whole.data.spec = small_data(folder);
  const int before = threads();
  set_threads(1);
  train(whole, {.out = folder / "whole"});
  set_threads(3);
  int steps = 0;
  TrainOptions options{.out = folder / "part"};
  options.stop_signal = [&] { return ++steps > 7 ? 2 : 0; };
  CHECK(train(whole, options).stopped);
  resume({.out = folder / "part"}, {});
  set_threads(before);
  for (const char* name : {"state.safetensors", "model.safetensors", "best.safetensors"})
    CHECK(contents(folder / "whole/" + name) == contents(folder / "part/" + name));
  CHECK(metrics(folder / "whole") == metrics(folder / "part"));

  std::istringstream lines(contents(folder / "whole/metrics.jsonl"));
  int seen = 0;
  for (std::string line; std::getline(lines, line);) {
    const Json row = Json::parse(line, "metrics");
    const bool trained = row["split"].string() == "train";
    CHECK((line.find("discriminator_accuracy") != std::string::npos) == trained);
    if (!trained) {
      CHECK(row["objective"].number() == doctest::Approx(row["total"].number()));  // without the term
      continue;
    }
    seen++;
    CHECK(row["objective"].number() == doctest::Approx(row["total"].number() + 2 * row["adversarial"].number()));
    CHECK(row["discriminator_loss"].number() > 0);
    CHECK(row["discriminator_accuracy"].number() >= 0);
    CHECK(row["discriminator_accuracy"].number() <= 1);
  }
  CHECK(seen == 3);
  CHECK(contents(folder / "whole/state.safetensors").find("adversary/weights/discriminator/output/weight") != std::string::npos);
  CHECK(contents(folder / "whole/model.safetensors").find("discriminator/") == std::string::npos);
}
