#include "models/illness.h"

#include <doctest/doctest.h>

#include <cmath>
#include <sstream>

#include "tensor/likelihood.h"
#include "tensor/random.h"

using namespace elbo;

namespace {

Config config(const char* name, std::initializer_list<const char*> settings = {}) {
  Config c = preset(name).config;
  for (const char* s : settings) set_key(c, s);
  return c;
}

// What a healthy VAE shows.
Symptoms healthy() {
  Symptoms s{.examples = 1000, .reconstruction = 80, .kl = 20, .weight = 1, .active_units = 15};
  s.mutual_information = 6.5, s.aggregate_kl = 0.5, s.code_scale = 1, s.largest_variance = 1, s.smallest_variance = 0.02;
  s.residual = 0.015, s.saturated = 0, s.largest_logit = 40, s.at_floor = 0.1;
  s.training_loss = 10, s.held_out_loss = 11, s.untrained_loss = 50, s.loss_error = 0.1, s.loss = "squared error";
  s.layers = {{"encoder/0", 400, 160}, {"decoder/0", 400, 0}};
  return s;
}

std::string names(const std::vector<Finding>& findings) {
  std::string all;
  for (const Finding& f : findings) all += (all.empty() ? "" : ", ") + f.illness;
  return all;
}

struct Rule {
  const char* illness;
  Config config;
  double Symptoms::*figure;
  double well, ill;  // on either side of the threshold
};

}  // namespace

TEST_CASE("illness: what is not measured proves nothing, and a healthy run has none") {
  for (const Preset& p : presets()) CHECK(judge(p.config, Symptoms{}).empty());
  CHECK(names(judge(config("mlp-vae"), healthy())) == "");
}

TEST_CASE("illness: each rule fires on one side of its threshold alone, with remedies that are settings") {
  const Config vae = config("mlp-vae");
  const std::vector<Rule> rules = {
      {"posterior collapse", vae, &Symptoms::mutual_information, 0.101, 0.099},
      {"exploding variance", vae, &Symptoms::largest_variance, 9.9, 10.1},
      {"exploding variance", vae, &Symptoms::smallest_variance, 1.3e-4, 1.1e-4},
      {"exploding variance", config("gaussian-vae"), &Symptoms::at_floor, 0.49, 0.51},
      {"exploding variance", config("dense-vae", {"objective.likelihood=gaussian-optimal"}), &Symptoms::variance, 0.029, 0.031},
      {"saturated decoder", vae, &Symptoms::saturated, 0.9e-3, 1.1e-3},
      {"saturated decoder", config("dense-ae"), &Symptoms::saturated, 0.9e-3, 1.1e-3},
      {"KL weight too small", config("mlp-vae", {"objective.beta=0.01"}), &Symptoms::aggregate_kl, 9.9, 10.1},
      {"memorising", vae, &Symptoms::held_out_loss, 17.9, 18.1},
      {"mis-scaled likelihood", config("mlp-vae", {"objective.likelihood=gaussian"}), &Symptoms::residual, 0.079, 0.081},
      {"mis-scaled likelihood", config("mlp-vae", {"objective.likelihood=gaussian"}), &Symptoms::residual, 0.0051, 0.0049},
      {"mis-scaled likelihood", config("dense-vae"), &Symptoms::residual, 0.126, 0.124}};
  for (const Rule& rule : rules) {
    Symptoms s = healthy();
    if (rule.config.objective.likelihood == "squared-error" && rule.config.model.variational) s.residual = 0.2;
    s.*rule.figure = rule.well;
    CAPTURE(rule.illness);
    CAPTURE(rule.ill);
    CHECK(names(judge(rule.config, s)) == "");
    s.*rule.figure = rule.ill;
    const std::vector<Finding> found = judge(rule.config, s);
    REQUIRE(names(found) == rule.illness);
    CHECK(found[0].strength >= 1);
    CHECK_FALSE(found[0].cause.empty());
    REQUIRE_FALSE(found[0].set.empty());
    for (const std::string& remedy : found[0].set) {
      Config cured = rule.config;
      std::istringstream words(remedy);
      for (std::string flag, assignment; words >> flag >> assignment;) {
        CHECK(flag == "--set");
        set_key(cured, assignment);
      }
      CHECK_NOTHROW(check_config(cured));
      CHECK_FALSE(different_keys(rule.config, cured).empty());
    }
    CHECK(to_line(found[0]).starts_with(std::string(rule.illness) + ": " + found[0].evidence));
    CHECK(to_line(found[0]).find('\n') == std::string::npos);
  }
}

TEST_CASE("illness: dead units are said to be of hidden layers or of the code") {
  Symptoms s = healthy();
  s.layers[0].dead = 301;
  const auto hidden = judge(config("mlp-vae"), s);
  REQUIRE(names(hidden) == "dead units");
  CHECK(hidden[0].evidence.starts_with("hidden layers: 301 of 400 relu units of encoder/0"));
  s = healthy();
  s.active_units = 4;
  const auto code = judge(config("mlp-vae"), s);
  REQUIRE(names(code) == "dead units");
  CHECK(code[0].evidence.starts_with("the code: 4 of its 20 units vary"));
  s.active_units = 5;  // a quarter
  CHECK(names(judge(config("mlp-vae"), s)) == "");
  s.active_units = 0;
  CHECK(names(judge(config("mlp-vae"), s)) == "posterior collapse");
  s.weight = 0.005;  // annealing has hardly begun
  CHECK(names(judge(config("mlp-vae"), s)) == "");
  s.constant_units = 2;
  CHECK(judge(config("dense-ae"), s).at(0).evidence.starts_with("the code: 2 of its 32 units are the same"));
}

TEST_CASE("illness: squared error has no scale where there is no KL, and codes far out are a beginning's where its weight is whole") {
  Symptoms s = healthy();
  CHECK(names(judge(config("dense-ae"), s)) == "");
  s.aggregate_kl = 100;
  CHECK(names(judge(config("mlp-vae"), s)) == "");
  CHECK(names(judge(config("mlp-vae", {"objective.beta=0.1"}), s)) == "KL weight too small");
}

TEST_CASE("illness: training tells of each once, not of a beginning, and not of what heals") {
  const Config c = config("mlp-vae", {"objective.beta=0.1"});
  Symptoms ill = healthy();
  ill.weight = 0.1, ill.aggregate_kl = 40;
  IllnessWatch watch(c);
  CHECK(watch.look(ill, {.epoch = 1, .objective = 100}).empty());
  ill.aggregate_kl = 20;
  CHECK(watch.look(ill, {.epoch = 2, .objective = 99}).empty());  // on its way
  const auto told = watch.look(ill, {.epoch = 3, .objective = 98});
  REQUIRE(told.size() == 1);
  CHECK(told[0].starts_with("KL weight too small: "));
  CHECK(watch.look(ill, {.epoch = 4, .objective = 98, .last = true}).empty());

  IllnessWatch early(c);  // under a schedule the weight is small because it is not yet what it will be
  for (Index e = 1; e < 5; e++) CHECK(early.look(ill, {.epoch = e, .settled = false}).empty());

  IllnessWatch at_the_end(c);  // of a single epoch
  CHECK(at_the_end.look(ill, {.epoch = 1, .last = true}).empty());
  Symptoms unused = healthy();
  unused.active_units = 0;
  CHECK(IllnessWatch(c).look(unused, {.epoch = 1, .last = true}).size() == 1);
}

TEST_CASE("illness: a validation objective that rises while training's falls is memorising, after three epochs of it") {
  const double valid[] = {200, 150, 120, 125, 130, 135, 140}, training[] = {210, 150, 110, 100, 90, 80, 70};
  const auto told_in = [&](bool falls) {
    IllnessWatch watch(config("mlp-vae"));
    for (Index e = 0; e < 7; e++) {
      const auto lines = watch.look(healthy(), {e + 1, falls ? training[e] : 110, valid[e]});
      if (lines.empty()) continue;
      CHECK(lines[0].starts_with("memorising: the validation objective has risen from 120.00 in epoch 3 to 140.00 in epoch 7"));
      return e + 1;
    }
    return Index(0);
  };
  CHECK(told_in(true) == 7);
  CHECK(told_in(false) == 0);
}

TEST_CASE("symptoms: the distance of all codes from the prior is exact for a Gaussian, and never above the true one") {
  CodeStatistics g{Tensor::from<double>({0.5, -1}, {2}), Tensor::from<double>({2, 0.6, 0.6, 0.5}, {2, 2})};
  const double exact = 0.5 * (2.5 + 1.25 - 2 - std::log(2 * 0.5 - 0.36));
  CHECK(aggregate_kl_bound(g, 1e12) == doctest::Approx(exact).epsilon(1e-9));
  CHECK(aggregate_kl_bound(g, 10) == doctest::Approx(exact - 2.0 * 5 / 40).epsilon(1e-9));
  // Codes of N(0, I) itself: the correction takes off what so few examples have too much, on average.
  double sum = 0;
  for (std::uint64_t k = 0; k < 200; k++) {
    Tensor z({60, 4}, DType::float64);
    fill_normal(z, {.seed = k});
    CodeSums codes(4);
    codes.add({Var(z), {}});
    sum += aggregate_kl_bound(codes.statistics(), 1e12) - 4.0 * 7 / (4 * 60);
  }
  CHECK(std::abs(sum / 200) < 0.02);
}

TEST_CASE("symptoms: saturation, residual and log-variances at the floor, counted by hand, over two batches") {
  Pass first, second;
  first.decoding = {Var(Tensor::from<float>({20, -20, 0, 3}, {2, 2})), Decoding::Kind::bernoulli_logits, {}};
  second.decoding = {Var(Tensor::from<float>({-30, 17}, {1, 2})), Decoding::Kind::bernoulli_logits, {}};
  DecoderSums logits;
  logits.add(first, Tensor::from<float>({1, 0.5, 0.5, 0}, {2, 2}));
  logits.add(second, Tensor::from<float>({1, 0.95F}, {1, 2}));  // 0.05 from the data is no error
  Symptoms s;
  logits.fill(s);
  CHECK(s.saturated == doctest::Approx(2.0 / 6));
  CHECK(s.largest_logit == 30);
  const double three = 1 / (1 + std::exp(-3.0));
  CHECK(s.residual == doctest::Approx((0.25 + three * three + 1 + 0.0025) / 6).epsilon(1e-6));
  CHECK(std::isnan(s.at_floor));

  Pass learned;  // the second number of an example does not vary over the data
  learned.decoding = {Var(Tensor::from<float>({0.25F, 0, 0.5F, 0}, {2, 2})), Decoding::Kind::mean,
                      Var(Tensor::from<float>({-5.9F, -5.9F, -2, -5.9F}, {2, 2}))};
  DecoderSums floor;
  floor.add(learned, Tensor::from<float>({0, 0, 1, 0}, {2, 2}));
  floor.fill(s);
  CHECK(s.at_floor == 0.5);
  CHECK(s.floor_residual == 0.0625);
}
