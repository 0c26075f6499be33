#include "lab/compare_train.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "lab/compare_table.h"
#include "models/run_folder.h"
#include "tests/lab/small_comparison.h"

using namespace elbo;
using namespace elbo::lab;
using elbo::testing::contains;
using elbo::testing::error_of;
using elbo::testing::Folder;
using elbo::testing::small_comparison;

namespace {

// The small comparison with a budget in seconds.
CompareOptions by_the_clock(const Folder& folder, double seconds) {
  CompareOptions o = small_comparison(folder);
  o.seconds = seconds, o.seeds = 1;
  std::erase(o.set, "train.epochs=2");
  return o;
}

}  // namespace

TEST_CASE("a budget in seconds: every run is trained so long, pauses left out, and a finished one no more") {
  Folder folder;
  CompareOptions o = by_the_clock(folder, 0.15);
  o.presets = "dense-ae";
  bool stop = false;
  const CompareHooks stopping{.on_epoch = [&](const Metrics&) { stop = true; }, .stop_signal = [&] { return stop ? 2 : 0; }};
  CHECK(compare(o, stopping).stopped);
  const TrainingTime part = training_time(o.out + "/runs/dense-ae-seed1");
  CHECK(part.updates > 0);
  const Comparison c = compare(o);
  const TrainingTime whole = training_time(o.out + "/runs/dense-ae-seed1");
  CHECK(whole.seconds >= 0.15);
  CHECK(whole.seconds < 2);  // the last step, epoch and checkpoint of a busy machine
  CHECK(whole.updates > part.updates);
  CHECK(c.runs[0].seconds == whole.seconds);
  CHECK(c.runs[0].updates == whole.updates);
  Page page("x");
  add_all_figures(page, c);
  CHECK(contains(page.html(), "Updates within 0.15 s of training"));
  const auto trained = std::filesystem::last_write_time(o.out + "/runs/dense-ae-seed1/state.safetensors");
  compare(o);
  CHECK(std::filesystem::last_write_time(o.out + "/runs/dense-ae-seed1/state.safetensors") == trained);
  o.seconds = 0;
  CHECK(contains(error_of([&] { compare(o); }), "--seconds was 0.15, is null"));
}

TEST_CASE("a budget in seconds takes no other, and nothing that is a share of it") {
  CompareOptions o{.presets = "mlp-vae", .data = "digits", .out = "x", .seconds = 5};
  CHECK(plan(o)[0].config.train.steps > 1000000);
  const auto refused = [&](const std::string& presets, std::vector<std::string> set, const std::string& part) {
    o.presets = presets, o.set = std::move(set);
    CHECK_THROWS_WITH_AS(plan(o), doctest::Contains(part.c_str()), UsageError);
  };
  refused("mlp-vae", {"train.epochs=3"}, "given twice");
  refused("mlp-vae", {"train.steps=3"}, "given twice");
  refused("mlp-vae:train.epochs=3", {}, "given twice");
  refused("text-vae", {}, "objective.anneal.steps=UPDATES");
  refused("mlp-vae", {"optimizer.schedule.name=cosine"}, "cosine");
  o.presets = "text-vae", o.set = {"objective.anneal.steps=500"};
  CHECK(plan(o).size() == 1);
}

TEST_CASE("one run alone, then all: the same bits; a run of another configuration is refused") {
  Folder folder;
  CompareOptions o = small_comparison(folder), whole = o;
  o.seeds = whole.seeds = 1;
  whole.out = folder / "whole";
  const Comparison expected = compare(whole);
  o.only = "dense-vae-seed1";
  CHECK(compare(o).runs.empty());
  CHECK(std::filesystem::exists(o.out + "/runs/dense-vae-seed1/summary.json"));
  CHECK_FALSE(std::filesystem::exists(o.out + "/runs/dense-ae-seed1"));
  o.only = "dense-vae-seed9";
  CHECK_THROWS_WITH_AS(compare(o), doctest::Contains("no run of this comparison"), UsageError);
  o.only.clear();
  compare(o, {.on_run = [](const Entry& e, std::uint64_t, Index, Index) { CHECK(e.name != "dense-vae"); }});
  for (const ComparedRun& run : expected.runs) {
    const Run a = open_run(o.out + "/" + run.folder), b = open_run(whole.out + "/" + run.folder);
    for (std::size_t i = 0; i < a.store->tensors().size(); i++)
      CHECK(identical(a.store->tensors()[i].second, b.store->tensors()[i].second));
  }
  Config other = plan(o)[0].config;
  CHECK(error_of([&] { check_run(o.out + "/runs/dense-ae-seed1", other); }).empty());
  other.optimizer.learning_rate = 0.5;
  CHECK(contains(error_of([&] { check_run(o.out + "/runs/dense-ae-seed1", other); }), "this comparison has 0.5"));
}

TEST_CASE("configurations from files stand beside presets") {
  Folder folder;
  Config mine = preset("mlp-vae").config;
  mine.model.hidden = {7};
  std::ofstream(folder / "mine.json") << to_json(mine);
  const auto entries = plan({.presets = "mlp-vae," + (folder / "mine.json") + ":objective.beta=2", .data = "digits", .out = "x"});
  REQUIRE(entries.size() == 2);
  CHECK(entries[1].name == "mine-objective.beta=2");
  CHECK(entries[1].config.model.hidden == std::vector<Index>{7});
  CHECK(run_name(entries[1], 3) == "mine-objective.beta=2-seed3");
  CHECK(contains(error_of([&] { plan({.presets = folder / "none.json", .data = "digits", .out = "x"}); }), "none.json"));
}
