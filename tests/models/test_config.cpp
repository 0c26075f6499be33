#include <doctest/doctest.h>
#include <fmt/core.h>

#include "models/config.h"
#include "models/objective.h"
#include "tensor/error.h"
#include "tensor/file.h"

using namespace elbo;

TEST_CASE("a printed configuration comes back the same") {
  for (const Preset& p : presets()) {
    Config c = p.config;
    set_key(c, "model.decoder_hidden=[3, 4]");
    set_key(c, "data.valid=0.25");
    set_key(c, "optimizer.schedule.stage_factors=[1, 0.5]");
    const std::string text = to_json(c);
    CHECK(to_json(config_from_json(text, "test")) == text);
    CHECK(different_keys(c, config_from_json(text, "test")).empty());
  }
}

TEST_CASE("values are read as JSON where they parse, otherwise as text; null restores a rule") {
  Config c;
  set_key(c, "objective.likelihood=squared-error");
  set_key(c, "objective.beta=0.5");
  set_key(c, "model.hidden=[7]");
  set_key(c, "data.valid=100");
  CHECK(c.objective.likelihood == "squared-error");
  CHECK(c.objective.beta == 0.5);
  CHECK(c.model.hidden == std::vector<Index>{7});
  CHECK(c.data.valid == 100.0);
  set_key(c, "data.valid=null");
  CHECK_FALSE(c.data.valid.has_value());
  CHECK(get_key(c, "objective.beta") == "0.5");
}

TEST_CASE("what stands after ? in a specification is also a key of data") {
  Config c;
  set_key(c, "data.noise=0.25");
  CHECK(to_json(config_from_json(to_json(c), "again")) == to_json(c));
  CHECK(different_keys(Config(), c) == std::vector<std::string>{"data.noise"});
  set_key(c, "data.noise=0.5");
  settle(c);  // no specification yet
  CHECK(c.data.options.size() == 1);
  c.data.spec = "digits?noise=0.1";
  Config other = c;
  settle(c);
  CHECK(c.data.spec == "digits?noise=0.5");
  CHECK(c.data.options.empty());
  set_key(other, "data.noise=null");
  settle(other);
  CHECK(other.data.spec == "digits?noise=0.1");
  other.data.spec = "npy:x.npy";
  set_key(other, "data.noise=0.1");
  CHECK_THROWS_WITH_AS(settle(other), doctest::Contains("noise"), UsageError);
  CHECK_THROWS_WITH_AS(set_key(c, "data.nois=1"), doctest::Contains("data.noise"), UsageError);
}

TEST_CASE("--data comes after --set; values of a kind's keys are checked at once; epsilon is the method's own") {
  Config c;
  set_key(c, "data.noise=0.25");
  give_data(c, "digits?noise=0.5");
  settle(c);
  CHECK(c.data.spec == "digits?noise=0.5");
  set_key(c, "data.noise=0.25");
  give_data(c, "digits");
  settle(c);
  CHECK(c.data.spec == "digits?noise=0.25");
  CHECK_THROWS_WITH_AS(set_key(c, "data.noise=7"), doctest::Contains("expected a number from 0 to 1, got 7"), UsageError);
  CHECK_THROWS_WITH_AS(set_key(c, "data.noise=abc"), doctest::Contains("expected a number"), UsageError);
  set_key(c, "data.label=hue");
  set_key(c, "data.holdout=red,triangle");
  CHECK(to_json(config_from_json(to_json(c), "again")) == to_json(c));
  CHECK_THROWS_WITH_AS(set_key(c, "data.holdout=red,green"), doctest::Contains("red and green are both a hue"), UsageError);
  CHECK_THROWS_WITH_AS(set_key(c, "data.label=form"), doctest::Contains("expected one of shape, hue"), UsageError);
  Config coloured = c;
  coloured.data.spec = "shapes?label=size";
  settle(coloured);
  CHECK(coloured.data.spec == "shapes?label=hue&holdout=red,triangle");
  CHECK(c.optimizer.epsilon == 1e-8);
  Config other;
  set_key(other, "optimizer.name=rmsprop");
  settle(other);
  CHECK(other.optimizer.epsilon == 1e-7);
  set_key(other, "optimizer.epsilon=0.001");
  settle(other);
  CHECK(other.optimizer.epsilon == 0.001);
}

TEST_CASE("the documentation lists every key with its type, default and meaning") {
  const std::vector<std::byte> bytes = read_file(ELBO_GOLDEN "/../../docs/training.md", 1 << 20);
  const std::string page(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  Config defaults;
  settle(defaults);
  for (const ConfigKey& key : config_keys()) {
    const std::string row = fmt::format("| `{}` | {} | `{}` | {} |", key.name, key.type, get_key(defaults, key.name), key.help);
    CHECK_MESSAGE(page.find(row) != std::string::npos, row);
  }
}

TEST_CASE("a wrong key or value names what is near and what was expected") {
  Config c;
  CHECK_THROWS_WITH_AS(set_key(c, "objective.bta=1"), doctest::Contains("objective.beta"), UsageError);
  CHECK_THROWS_WITH_AS(set_key(c, "objective.beta=-1"), doctest::Contains("a number from 0"), UsageError);
  CHECK_THROWS_WITH_AS(set_key(c, "objective.beta=often"), doctest::Contains("got \"often\""), UsageError);
  CHECK_THROWS_WITH_AS(set_key(c, "train.batch=1.5"), doctest::Contains("whole number"), UsageError);
  CHECK_THROWS_WITH_AS(set_key(c, "objective.likelihood=bernouli"), doctest::Contains("the nearest is bernoulli"), UsageError);
  CHECK_THROWS_WITH_AS(set_key(c, "model.hidden"), doctest::Contains("KEY=VALUE"), UsageError);
  CHECK_THROWS_AS(config_from_json("{", "file"), UsageError);
  CHECK_THROWS_WITH_AS(config_from_json("{\"model\": {\"latnt\": 3}}", "file"), doctest::Contains("model.latent"), UsageError);
  CHECK_THROWS_WITH_AS(preset("mlp-va"), doctest::Contains("mlp-vae"), UsageError);
  set_key(c, "model.output=linear");
  CHECK_THROWS_AS(check_config(c), UsageError);
}

TEST_CASE("published systems have the published sizes") {
  const auto parameters = [](std::string_view name, const Shape& example) {
    const Config c = preset(name).config;
    ParamStore store(store_options(c));
    make_model(c, example, store);
    return store.numel();
  };
  const auto dense = [](Index in, Index out) { return in * out + out; };
  CHECK(parameters("dense-ae", {28, 28, 1}) == dense(784, 256) + dense(256, 32) + dense(32, 256) + dense(256, 784));
  CHECK(parameters("mlp-vae", {28, 28, 1}) ==
        dense(784, 400) + dense(400, 200) + 2 * dense(200, 20) + dense(20, 200) + dense(200, 400) + dense(400, 784));
  CHECK(parameters("mlp-vae-2d", {5, 7, 3}) == dense(105, 512) + 2 * dense(512, 2) + dense(2, 512) + dense(512, 105));
}
