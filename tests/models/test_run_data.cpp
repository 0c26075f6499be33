// What a run knows of the data it was trained on, and what it refuses.

#include <doctest/doctest.h>

#include <filesystem>

#include "data/picture.h"
#include "lab/codes.h"
#include "models/evaluation.h"
#include "models/trainer.h"
#include "tensor/error.h"
#include "tensor/json.h"
#include "tensor/npy.h"
#include "tests/support.h"

using namespace elbo;
using elbo::testing::contains;
using elbo::testing::error_of;
using elbo::testing::Folder;

namespace {

Tensor numbers(Index n, double scale, const Shape& example = {4, 4, 1}) {
  Tensor x(example.prepend(n));
  const RandomKey key{.seed = 5};
  for (Index i = 0; i < x.numel(); i++) x.mutable_data<float>()[i] = float(scale * key.uniform(0, std::uint32_t(i)));
  return x;
}

Config on(const std::string& file, const Tensor& x, std::initializer_list<const char*> settings = {}) {
  save_npy(file, x);
  Config c = preset("conv-ae").config;
  c.data.spec = "npy:" + file;
  for (const char* s : {"model.filters=[4]", "model.strides=[2]", "model.latent=2", "train.batch=16", "train.epochs=1"}) set_key(c, s);
  for (const char* s : settings) set_key(c, s);
  return c;
}

}  // namespace

TEST_CASE("a run's own data must be those that it was trained on") {
  const Folder folder;
  const std::string file = folder / "x.npy", out = folder / "run";
  train(on(file, numbers(60, 1)), {.out = out});
  const Run run = open_run(out);
  CHECK(run.trained_on.examples == 60);
  CHECK(run.trained_on.values == Values::unit);
  CHECK(load_run_data(run).examples == 60);
  save_npy(file, numbers(70, 1));
  const std::string error = error_of([&] { load_run_data(run); });
  CHECK(contains(error, "60 examples then, 70 now"));
  CHECK(contains(error, "--data"));
  CHECK(load_run_data(run, "npy:" + file).examples == 70);
  save_npy(file, numbers(60, 0.5));
  CHECK(contains(error_of([&] { load_run_data(run); }), "another checksum"));
}

TEST_CASE("picture files are scaled as the training examples were, or refused") {
  const Folder folder;
  const std::string picture = folder / "p.png";
  save_png(picture, Tensor::full({4, 4, 1}, 51, DType::uint8));
  for (const double scale : {1.0, 200.0}) {
    CAPTURE(scale);
    const std::string out = folder / std::to_string(int(scale));
    train(on(folder / "x.npy", numbers(60, scale), {"objective.likelihood=gaussian", "model.output=linear"}), {.out = out});
    const Run run = open_run(out);
    if (scale > 1) {
      CHECK(contains(error_of([&] { load_pictures(run, {picture}); }), "not from 0 to 1"));
    } else {
      const Split split = load_pictures(run, {picture});
      CHECK(split.values.dtype() == DType::float32);
      CHECK(split.values.element(3) == doctest::Approx(0.2));
      CHECK(dequantize_of(run.config, split) == Dequantize::none);
    }
  }
}

TEST_CASE("Bernoulli's losses take numbers from 0 to 1 alone") {
  const Folder folder;
  for (const char* likelihood : {"objective.likelihood=bernoulli", "objective.likelihood=continuous-bernoulli"}) {
    const std::string error = error_of([&] { train(on(folder / "x.npy", numbers(60, 1.5), {likelihood}), {.out = folder / "run"}); });
    CHECK(contains(error, "not from 0 to 1"));
    CHECK(contains(error, likelihood));
  }
  CHECK_FALSE(std::filesystem::exists(folder / "run"));
  train(on(folder / "x.npy", numbers(60, 1.5), {"objective.likelihood=gaussian"}), {.out = folder / "run"});
}

TEST_CASE("batch normalisation of a last batch of one example and one pixel is refused before training") {
  const Folder folder;
  const auto attempt = [&](const char* batch, const char* normalisation, const Shape& example) {
    train(on(folder / "x.npy", numbers(60, 1, example), {"data.valid=0", batch, normalisation, "train.steps=2"}),
          {.out = folder / "run", .force = true});
  };
  // 54 training examples: the last of batches of 53 holds one.
  const Shape small{2, 2, 1}, large{4, 4, 1};
  CHECK_THROWS_WITH_AS(attempt("train.batch=53", "model.normalisation=batch", small), doctest::Contains("train.batch"), UsageError);
  CHECK_THROWS_AS(attempt("train.batch=1", "model.normalisation=batch", small), UsageError);
  attempt("train.batch=53", "model.normalisation=batch", large);
  attempt("train.batch=52", "model.normalisation=batch", small);
  attempt("train.batch=53", "model.normalisation=none", small);
}

TEST_CASE("padding to much more than there are pixels is refused") {
  const Folder folder;
  const auto attempt = [&](const char* strides) {
    train(on(folder / "x.npy", numbers(60, 1, {1, 7, 2}), {"model.filters=[2,2]", strides, "model.pad=true"}), {.out = folder / "run"});
  };
  CHECK_THROWS_WITH_AS(attempt("model.strides=[64,64]"), doctest::Contains("4096"), UsageError);
  attempt("model.strides=[2,4]");
}

TEST_CASE("the best weights are kept with the running statistics of their epoch") {
  const Folder folder;
  Config c = on(folder / "x.npy", numbers(200, 1), {"model.normalisation=batch", "optimizer.learning_rate=0.05", "train.epochs=12"});
  const TrainResult result = train(c, {.out = folder / "run"});
  REQUIRE(result.has_best);
  REQUIRE(result.converged);  // the best epoch is not the last
  const Run best = open_run(folder / "run");
  const std::unique_ptr<BatchSource> valid = evaluation_batches(best.config, result.data.valid);
  CHECK(validate(*best.model, best.objective(), *valid, 0, best.objective().beta()).objective == result.best_objective);
  const Run last = open_run(folder / "run", Weights::last);
  CHECK_FALSE(identical(best.store->buffers(), last.store->buffers()));
}
