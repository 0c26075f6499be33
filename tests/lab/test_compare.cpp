#include "lab/compare.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "lab/baselines.h"
#include "lab/compare_page.h"
#include "tensor/elementwise.h"
#include "tensor/file.h"
#include "tensor/json.h"
#include "tensor/npy.h"
#include "tests/lab/small_comparison.h"

using namespace elbo;
using namespace elbo::lab;
using elbo::testing::contains;
using elbo::testing::error_of;
using elbo::testing::Folder;
using elbo::testing::small_comparison;

namespace {

std::vector<std::string> names(const CompareOptions& options) {
  std::vector<std::string> all;
  for (const Entry& e : plan(options)) all.push_back(e.name);
  return all;
}

std::string text_of(const std::string& path) {
  const std::vector<std::byte> bytes = read_file(path, 1 << 26);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

TEST_CASE("lists are divided at commas outside brackets") {
  CHECK(split_list("a,b:model.hidden=[4,5],c") == std::vector<std::string>{"a", "b:model.hidden=[4,5]", "c"});
  CHECK(split_list("a,") == std::vector<std::string>{"a"});
  CHECK(split_list("\"x,y\",z") == std::vector<std::string>{"\"x,y\"", "z"});
}

TEST_CASE("plan: twins, settings, sweeps and baselines") {
  const std::string twin = "-objective.likelihood=gaussian-optimal";
  CompareOptions o{.presets = "dense-ae,dense-vae", .data = "digits", .out = "x"};
  CHECK(names(o) == std::vector<std::string>{"dense-ae", "dense-vae", "dense-vae" + twin});
  CHECK(plan(o)[2].label == "dense-vae, gaussian-optimal");
  CHECK(plan(o)[2].twin);
  CHECK(run_name(plan(o)[2], 2) == "dense-vae" + twin + "-seed2");

  o.presets = "mlp-vae,mlp-vae:objective.beta=4,model.hidden=[30,20]";
  CHECK(names(o) == std::vector<std::string>{"mlp-vae", "mlp-vae-objective.beta=4-model.hidden=[30,20]"});
  CHECK(plan(o)[1].config.objective.beta == 4);
  CHECK(plan(o)[1].config.model.hidden == std::vector<Index>{30, 20});

  o = {.presets = "dense-ae,mlp-vae", .data = "digits", .out = "x", .sweep = "objective.beta=0.5,2"};
  CHECK(names(o) == std::vector<std::string>{"dense-ae", "mlp-vae-objective.beta=0.5", "mlp-vae-objective.beta=2"});
  o.sweep = "model.latent=2,8";
  CHECK(names(o) ==
        std::vector<std::string>{"dense-ae-model.latent=2", "dense-ae-model.latent=8", "mlp-vae-model.latent=2", "mlp-vae-model.latent=8"});
  o = {.presets = "mlp-vae", .data = "digits", .out = "x", .baselines = true};
  CHECK(names(o) == std::vector<std::string>{"mlp-vae", "mlp-vae-objective.beta=0"});
  // The twin asked for by name stands there once.
  o = {.presets = "dense-vae,dense-vae:objective.likelihood=gaussian-optimal", .data = "digits", .out = "x"};
  CHECK(names(o) == std::vector<std::string>{"dense-vae", "dense-vae" + twin});
}

TEST_CASE("plan: all have the first one's budget, but for what an entry says itself") {
  const auto entries =
      plan({.presets = "dense-vae,mlp-vae-2d,mlp-vae:train.epochs=7", .data = "digits", .out = "x", .set = {"train.batch=50"}});
  REQUIRE(entries.size() == 4);
  for (const Entry& e : entries) CHECK(e.config.train.batch == 50);
  CHECK(entries[2].preset == "mlp-vae-2d");
  CHECK(entries[2].config.train.epochs == entries[0].config.train.epochs);
  CHECK(entries[3].config.train.epochs == 7);

  CHECK_THROWS_WITH_AS(plan({.presets = "dense-va", .data = "digits"}), doctest::Contains("dense-vae"), UsageError);
  CHECK_THROWS_WITH_AS(plan({.presets = "mlp-vae,mlp-vae", .data = "digits"}), doctest::Contains("twice"), UsageError);
  CHECK_THROWS_WITH_AS(plan({.presets = "mlp-vae:train.seed=3", .data = "digits"}), doctest::Contains("same seeds"), UsageError);
  CHECK_THROWS_WITH_AS(plan({.presets = "mlp-vae:data.noise=0.1", .data = "digits"}), doctest::Contains("same seeds and data"), UsageError);
  CHECK_THROWS_WITH_AS(plan({.presets = "mlp-vae", .data = "digits", .sweep = "data.noise=0,0.1"}), doctest::Contains("data"), UsageError);
  CHECK_THROWS_WITH_AS(plan({.presets = "mlp-vae", .data = "digits", .sweep = "beta"}), doctest::Contains("KEY=VALUE"), UsageError);
  CHECK_THROWS_AS(plan({.presets = "mlp-vae:objective.bta=3", .data = "digits"}), UsageError);
  CHECK_THROWS_AS(plan({.presets = "", .data = "digits"}), UsageError);
  CHECK_THROWS_AS(plan({.presets = "mlp-vae"}), UsageError);
}

TEST_CASE("entries start from the same weights where names and shapes agree, and from others under another seed") {
  auto entries = plan({.presets = "dense-ae,dense-vae", .data = "digits", .out = "x", .set = {"model.hidden=[9]"}});
  std::vector<std::vector<std::pair<std::string, Tensor>>> weights;
  for (std::size_t i : {0, 1, 1}) {
    Config c = entries[i].config;
    if (weights.size() == 2) c.train.seed = 2;
    ParamStore store(store_options(c));
    make_model(c, {28, 28, 1}, store);
    weights.push_back(store.tensors());
  }
  int same = 0, other = 0;
  for (const auto& [name, value] : weights[0])
    for (const auto& [its_name, its_value] : weights[1])
      if (name == its_name) {
        const bool equal = identical(value, its_value);
        CHECK(equal);
        same++;
      }
  for (std::size_t i = 0; i < weights[1].size(); i++) other += !identical(weights[1][i].second, weights[2][i].second);
  CHECK(same == int(weights[0].size()));
  CHECK(other >= 4);
}

TEST_CASE("a comparison: runs, figures, spreads; continued to the same figures; other options are refused") {
  Folder folder;
  CompareOptions o = small_comparison(folder);
  o.baselines = true;
  const Comparison c = compare(o);
  CHECK(c.runs.size() == 4 * 2 + 1);  // AE, VAE, its twin and it at beta 0, two seeds each; principal components
  const Json all = Json::parse(text_of(folder / "report/compare.json"), "compare.json");
  REQUIRE(all["runs"].size() == c.runs.size());
  CHECK(all["runs"][0]["name"] == "dense-ae");
  CHECK(all["runs"][0]["seed"] == 1);
  CHECK(all["runs"][0]["folder"] == "runs/dense-ae-seed1");
  CHECK(all["runs"][0]["set"].size() == 4);
  CHECK(all["runs"][0]["figures"]["kl"].is_null());
  CHECK(all["runs"].elements().back()["name"] == "principal-components-3");
  CHECK(std::filesystem::exists(folder / "report/runs/dense-vae-objective.likelihood=gaussian-optimal-seed2/model.safetensors"));
  const double one = c.runs_of("dense-vae")[0]->figures.numbers.at("total"), two = c.runs_of("dense-vae")[1]->figures.numbers.at("total");
  CHECK(one != two);
  const Json total = all["summary"]["dense-vae"]["total"];
  CHECK(total["mean"].number() == doctest::Approx((one + two) / 2).epsilon(1e-12));
  CHECK(total["sd"].number() == doctest::Approx(std::abs(one - two) / std::sqrt(2.0)).epsilon(1e-9));
  CHECK(total["n"] == 2);
  CHECK_FALSE(all["summary"]["dense-ae"].contains("kl"));
  // Noise has every frequency, and networks trained so briefly give pictures that are blurrier.
  CHECK(all["runs"][0]["sharpness"]["laplacian_ratio_reconstructions"].number() < 0.8);
  CHECK(all["summary"]["dense-ae"]["laplacian_distance_training"]["mean"].number() < 0.1);
  CHECK_FALSE(all["runs"].elements().back().contains("sharpness"));
  // The best linear code of the test part cannot beat that of the training part by much, nor a network trained so briefly beat it.
  CHECK(c.spread("principal-components-3", "squared_error").mean < c.spread("dense-ae", "squared_error").mean);

  // One run has lost its summary: it alone is finished again.
  const std::string before = text_of(folder / "report/runs/dense-vae-seed2/summary.json");
  std::filesystem::remove(folder / "report/runs/dense-vae-seed2/summary.json");
  std::vector<std::string> trained;
  const Comparison again =
      compare(o, {.on_run = [&](const Entry& e, std::uint64_t seed, Index, Index) { trained.push_back(run_name(e, seed)); }});
  CHECK(trained == std::vector<std::string>{"dense-vae-seed2"});
  CHECK(again.runs_of("dense-vae")[1]->figures.numbers.at("total") == two);

  CompareOptions other = o;
  other.seeds = 3;
  CHECK(contains(error_of([&] { compare(other); }), "--seeds was 2, is 3"));
  other = o;
  other.out = folder.path();
  CHECK(contains(error_of([&] { compare(other); }), "holds no comparison"));
  save_npy(folder / "x.npy", Tensor::full({240, 6, 6, 1}, 0.5));
  CHECK(contains(error_of([&] { compare(o); }), "data have changed"));

  CompareOptions forced = o;
  forced.replace = true;
  const std::string mine = folder / "report/runs/dense-ae-seed1/notes.txt";
  write_file_atomically(mine, bytes_of("mine"));
  CHECK(contains(error_of([&] { compare(forced); }), "holds notes.txt"));
  std::filesystem::remove(mine);
  std::filesystem::create_directory(folder / "report/notes");
  CHECK(contains(error_of([&] { compare(forced); }), "holds notes"));
  std::filesystem::remove(folder / "report/notes");
  forced.data = "npy:" + (folder / "gone.npy");
  CHECK(contains(error_of([&] { compare(forced); }), "gone.npy"));
  CHECK(std::filesystem::exists(o.out + "/compare.json"));  // nothing is removed before the data are known to be good
  forced.data = o.data;
  forced.seeds = 1;
  CHECK(compare(forced).runs_of("dense-ae").size() == 1);
  CHECK_FALSE(std::filesystem::exists(o.out + "/runs/dense-ae-seed2"));
}

TEST_CASE("a comparison that was stopped and continued has the figures of one never stopped") {
  Folder folder;
  CompareOptions o = small_comparison(folder), whole = o;
  whole.out = folder / "whole";
  const Comparison expected = compare(whole);
  int left = 9;  // within the second run
  const Comparison stopped = compare(o, {.stop_signal = [&] { return --left < 0 ? 2 : 0; }});
  CHECK(stopped.stopped);
  CHECK(stopped.runs.size() < expected.runs.size());
  const Comparison c = compare(o);
  REQUIRE(c.runs.size() == expected.runs.size());
  for (std::size_t i = 0; i < c.runs.size(); i++)
    for (const auto& [figure, value] : expected.runs[i].figures.numbers)
      if (figure != "seconds" && figure != "examples_per_second") CHECK(c.runs[i].figures.numbers.at(figure) == value);
}

TEST_CASE("the report shows every line, and does without pictures where there are none") {
  Folder folder;
  CompareOptions o = small_comparison(folder);
  o.seeds = 1;
  const std::string pictures = comparison_page(compare(o)).html();
  for (const char* part :
       {"What was compared", "Figures", "Learning curves", "Reconstructions", "Samples", "Sharpness", "Latent space", "Interpolation",
        "Make it again", "no bound", "dense-vae, gaussian-optimal", "variance 1/2", "N(0, I)", "data:image/png"})
    CHECK_MESSAGE(contains(pictures, part), part);
  CHECK(contains(pictures, "elbo-compare --presets dense-ae,dense-vae --data npy:"));
  CHECK_FALSE(contains(pictures, "<script"));
  std::filesystem::remove_all(o.out);
  o = small_comparison(folder, {10});
  o.seeds = 1;
  const std::string vectors = comparison_page(compare(o)).html();
  CHECK(contains(vectors, "The examples are no pictures"));
  CHECK(contains(vectors, "Latent space"));
  CHECK_FALSE(contains(vectors, "Sharpness"));
  CHECK_FALSE(contains(vectors, "data:image/png"));
}

TEST_CASE("the linear baseline: exact where the data lie in a plane, otherwise what is left beside the components") {
  Tensor x({50, 4});
  for (Index i = 0; i < 50; i++) {
    const double a = std::sin(double(i)), b = std::cos(2.0 * double(i));
    const double row[] = {1 + a, 2 - a + b, 0.5 * b, 3};
    for (Index j = 0; j < 4; j++) x.set<float>({i, j}, float(row[j]));
  }
  Split split{.values = x};
  CHECK(measure(fit_linear_baseline(split, 2), split).squared_error < 1e-9);
  const LinearBaseline one = fit_linear_baseline(split, 1), all = fit_linear_baseline(split, 4);
  double rest = 0;
  for (Index j = 1; j < 4; j++) rest += double(all.components.variances.at<float>({j}));
  const Figures f = measure(one, split);
  CHECK(f.squared_error == doctest::Approx(rest).epsilon(1e-5));
  CHECK(f.active_units == 1);
  CHECK(std::isnan(f.kl));
}

TEST_CASE("the command that makes a comparison again, fit for a shell") {
  CHECK(command_line({.presets = "a,b:x=1", .data = "npy:/my data?y=1", .seeds = 2, .out = "out", .set = {"model.hidden=[4,5]"}}) ==
        "elbo-compare --presets a,b:x=1 --data 'npy:/my data?y=1' --seeds 2 --set 'model.hidden=[4,5]' --out out");
}
