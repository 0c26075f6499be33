#include "lab/expectations.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "lab/comparable.h"

using namespace elbo;
using namespace elbo::lab;

namespace {

// "figure: lower < higher" of each expectation.
std::vector<std::string> stated(const CompareOptions& options,
                                const ExpectedData& data = {.pictures = true, .labels = true, .numbers = 784}) {
  std::vector<std::string> all;
  for (const Expectation& e : expectations(plan(options), options.baselines, data)) {
    all.push_back(e.figure + ": " + e.lower + " < " + e.higher);
    CHECK(e.reason.size() > 20);
  }
  return all;
}

bool has(const std::vector<std::string>& all, const std::string& one) { return std::find(all.begin(), all.end(), one) != all.end(); }

Entry entry_of(const std::string& presets, std::size_t i = 0) { return plan({.presets = presets, .data = "digits", .out = "x"})[i]; }

MeanInterval differences(const std::vector<double>& d) { return t_interval(d); }

}  // namespace

TEST_CASE("with the label as a condition the KL is expected lower, and the totals are of different events") {
  const std::string label = "mlp-vae-model.classes=10";
  const CompareOptions options{.presets = "mlp-vae,mlp-vae:model.classes=10", .data = "digits", .out = "x"};
  CHECK(stated(options) == std::vector<std::string>{"kl: " + label + " < mlp-vae"});
  const std::vector<Entry> entries = plan(options);
  for (const char* figure : {"total", "nll"}) CHECK_FALSE(comparable(figure, entries[0], entries[1]));
  for (const char* figure : {"kl", "squared_error_at_mean"}) CHECK(comparable(figure, entries[0], entries[1]));
}

TEST_CASE("expectations of a plain autoencoder, its VAE, the twin and beta 0") {
  const std::string twin = "dense-vae-objective.likelihood=gaussian-optimal", free = "dense-vae-objective.beta=0";
  const auto all = stated({.presets = "dense-ae,dense-vae", .data = "digits", .out = "x", .baselines = true});
  for (const std::string& vae : {std::string("dense-vae"), twin}) {
    CHECK(has(all, "squared_error_at_mean: dense-ae < " + vae));
    CHECK(has(all, "active_units: " + vae + " < dense-ae"));
    CHECK(has(all, "hole_ratio_prior: " + vae + " < dense-ae"));
    CHECK(has(all, "sample_distance: " + vae + " < dense-ae"));
  }
  CHECK(has(all, "squared_error_at_mean: " + twin + " < dense-vae"));
  CHECK(has(all, "kl: dense-vae < " + twin));
  CHECK(has(all, "kl: dense-vae < " + free));
  CHECK(has(all, "squared_error_at_mean: " + free + " < dense-vae"));
  CHECK(has(all, "squared_error_at_mean: dense-ae < principal-components-32"));
  CHECK_FALSE(has(all, "squared_error_at_mean: dense-vae < principal-components-32"));
  // Nothing of a bound beside a plain autoencoder, nothing of totals in two units.
  for (const std::string& e : all) CHECK_FALSE(e.starts_with("total"));
  const auto vectors = stated({.presets = "dense-ae,dense-vae", .data = "digits", .out = "x"}, {.numbers = 10});
  for (const std::string& e : vectors) CHECK_FALSE(e.starts_with("hole"));
  for (const std::string& e : vectors) CHECK_FALSE(e.starts_with("sample"));
}

TEST_CASE("expectations of a sweep: neighbours in the order of their values") {
  const std::string at = "mlp-vae-objective.beta=";
  const auto all = stated({.presets = "mlp-vae", .data = "digits", .out = "x", .sweep = "objective.beta=4,0.5,1"});
  CHECK(has(all, "kl: " + at + "1 < " + at + "0.5"));
  CHECK(has(all, "kl: " + at + "4 < " + at + "1"));
  CHECK_FALSE(has(all, "kl: " + at + "4 < " + at + "0.5"));
  CHECK(has(all, "squared_error_at_mean: " + at + "1 < " + at + "4"));
  CHECK(has(all, "active_units: " + at + "4 < " + at + "1"));
  CHECK(has(all, "mutual_information: " + at + "4 < " + at + "1"));
  const auto latent = stated({.presets = "mlp-vae", .data = "digits", .out = "x", .sweep = "model.latent=2,8"});
  CHECK(latent == std::vector<std::string>{"squared_error_at_mean: mlp-vae-model.latent=8 < mlp-vae-model.latent=2"});
}

TEST_CASE("expectations of texts; none where networks differ in more than what is known") {
  const auto all = stated({.presets = "text-ae,text-vae,text-lm", .data = "sentences", .out = "x"}, {.texts = true});
  CHECK(all.size() == 6);
  CHECK(has(all, "reconstruction_at_mean: text-ae < text-vae"));
  CHECK(has(all, "exact_match: text-vae < text-ae"));
  CHECK(has(all, "nll: text-lm < text-vae"));
  CHECK(has(all, "reconstruction: text-vae < text-lm"));
  CHECK(has(all, "reconstruction: text-ae < text-lm"));
  CHECK(has(all, "active_units: text-vae < text-ae"));
  CHECK(stated({.presets = "dense-ae,mlp-vae", .data = "digits", .out = "x"}).empty());
}

TEST_CASE("expectations of bounds, capacities, annealing and adversarial terms") {
  const auto iwae = stated({.presets = "mlp-vae,mlp-vae:objective.bound=iwae,objective.samples=5", .data = "digits", .out = "x"});
  const std::string tight = "mlp-vae-objective.bound=iwae-objective.samples=5";
  CHECK(iwae == std::vector<std::string>{"nll: " + tight + " < mlp-vae", "active_units: mlp-vae < " + tight});
  // The mean of five bounds is the same bound.
  CHECK(stated({.presets = "mlp-vae,mlp-vae:objective.samples=5", .data = "digits", .out = "x"}).empty());
  CHECK(stated({.presets = "conv-vae,conv-vae:objective.adversarial.weight=1", .data = "digits", .out = "x"}) ==
        std::vector<std::string>{"laplacian_ratio_samples: conv-vae < conv-vae-objective.adversarial.weight=1"});
  CHECK(stated({.presets = "mlp-vae", .data = "digits", .out = "x", .sweep = "objective.capacity=5,20"}) ==
        std::vector<std::string>{"kl: mlp-vae-objective.capacity=5 < mlp-vae-objective.capacity=20"});
  CHECK(stated({.presets = "mlp-vae", .data = "digits", .out = "x", .sweep = "objective.capacity=0,20"}).empty());  // 0: none
  const auto annealed =
      stated({.presets = "text-vae:objective.anneal.shape=none,text-vae:objective.anneal.shape=linear", .data = "sentences", .out = "x"},
             {.texts = true});
  CHECK(annealed == std::vector<std::string>{"kl: text-vae-objective.anneal.shape=none < text-vae-objective.anneal.shape=linear"});
  const auto free = stated({.presets = "mlp-vae:model.variational=false,mlp-vae:objective.beta=0", .data = "digits", .out = "x"});
  CHECK(free == std::vector<std::string>{"squared_error_at_mean: mlp-vae-model.variational=false < mlp-vae-objective.beta=0"});
}

TEST_CASE("what came of an expectation: the interval decides, one seed nothing") {
  CHECK(outcome_of(differences({1, 1.1, 0.9})) == Outcome::as_expected);
  CHECK(outcome_of(differences({-1, -1.1, -0.9})) == Outcome::reversed);
  CHECK(outcome_of(differences({1, -1, 0.5})) == Outcome::undecided);
  CHECK(outcome_of(differences({0, 0, 0})) == Outcome::undecided);
  CHECK(outcome_of(differences({5})) == Outcome::one_seed);
  CHECK(outcome_of(differences({})) == Outcome::not_measured);
  CHECK(std::string(outcome_name(Outcome::one_seed)) == "one seed");
}

TEST_CASE("which figures may be subtracted") {
  const Entry ae = entry_of("dense-ae"), squared = entry_of("dense-vae", 0), optimal = entry_of("dense-vae", 1), mlp = entry_of("mlp-vae");
  const Entry beta = entry_of("mlp-vae:objective.beta=4"), lm = entry_of("text-lm"), text = entry_of("text-vae");
  CHECK(comparable("total", mlp, beta));
  CHECK(comparable("total", lm, text));
  CHECK_FALSE(comparable("objective", mlp, beta));
  CHECK_FALSE(comparable("total", ae, squared));  // no bound
  CHECK_FALSE(comparable("nll", ae, squared));
  CHECK_FALSE(comparable("total", squared, optimal));  // two units
  CHECK(comparable("squared_error_at_mean", ae, optimal));
  CHECK(comparable("reconstruction", ae, squared));
  CHECK_FALSE(comparable("reconstruction", ae, mlp));
  CHECK_FALSE(comparable("kl", ae, squared));
  const Entry few = entry_of("text-lm:data.max_vocabulary=12"), binary = entry_of("mlp-vae:data.binarize=threshold");
  for (const char* figure : {"nll", "perplexity", "reconstruction", "token_accuracy"}) CHECK_FALSE(comparable(figure, lm, few));
  for (const char* figure : {"total", "squared_error_at_mean", "ssim"}) CHECK_FALSE(comparable(figure, mlp, binary));
  for (const char* figure : {"kl", "active_units", "probe_accuracy"}) CHECK(comparable(figure, mlp, binary));
  CHECK(comparable("kl", squared, optimal));
}
