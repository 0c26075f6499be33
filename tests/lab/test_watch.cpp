#include "lab/watch.h"

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>

#include "models/config.h"
#include "models/run_folder.h"
#include "tests/support.h"

using namespace elbo;
using namespace elbo::lab;
using elbo::testing::contains;
using elbo::testing::error_of;
using elbo::testing::Folder;

namespace {

void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

std::string line(int epoch, const char* split, double objective) {
  return "{\"epoch\": " + std::to_string(epoch) + ", \"step\": " + std::to_string(10 * epoch) + ", \"split\": \"" + split +
         "\", \"objective\": " + std::to_string(objective) + ", \"kl\": 2.5, \"active_units\": 3, \"seconds\": 4.0}\n";
}

}  // namespace

TEST_CASE("watch: what the last whole lines say, how far a run is and how long it still takes") {
  const Folder folder;
  const std::string run = folder / "run";
  std::filesystem::create_directories(run);
  CHECK(contains(error_of([&] { runs_below({run}); }), "expected a run folder"));
  Config c;
  c.train.epochs = 8;
  write(run + "/config.json", to_json(c));
  write(run + "/metrics.jsonl",
        line(1, "train", 9) + line(1, "valid", 8) + line(2, "train", 7) + line(2, "valid", 6) + "{\"epoch\": 3, \"sp");
  CHECK(runs_below({run}) == std::vector<std::string>{run});
  WatchedRun w = read_run(run);
  CHECK(w.state == WatchedRun::State::stopped);
  CHECK(w.epoch == 2);
  CHECK(w.step == 20);
  CHECK(w.train.size() == 2);
  CHECK(w.valid.back().objective == 6);
  CHECK(std::isnan(w.valid.back().mutual_information));
  CHECK(w.progress() == 0.25);
  CHECK(std::isnan(w.seconds_left()));
  w.state = WatchedRun::State::training;
  CHECK(w.seconds_left() == doctest::Approx(48));  // 16 s for a quarter
  const auto rows = watch_table({w});
  REQUIRE(rows.size() == 2);
  CHECK(rows[1] == std::vector<std::string>{"run", "training", "2/8", "7.00", "6.00", "2.50", "3", "-", "-", "-", "48 s"});
  const std::string page = watch_page({w}, 5).html();
  CHECK(contains(page, "http-equiv=\"refresh\" content=\"5\""));
  CHECK(contains(page, "<svg"));
  CHECK_FALSE(contains(watch_page({w}, 0).html(), "http-equiv"));
  CHECK(contains(watch_json({w}), "\"seconds_left\": 48.0"));
  write(run + "/summary.json", "{}");
  CHECK(read_run(run).state == WatchedRun::State::finished);
  CHECK(read_run(run).progress() == 1);
}

TEST_CASE("watch: a run is being trained while its lock is held, and looking does not disturb it") {
  const Folder folder;
  const std::string path = folder / "run";
  {
    RunFolder trainer = RunFolder::create(path, false);
    trainer.publish();
    write(path + "/config.json", to_json(Config{}));
    CHECK(contains(error_of([&] { RunFolder::open(path); }), "nothing to resume"));
    write(path + "/state.safetensors", "");
    if (std::ifstream("/proc/locks").good()) CHECK(read_run(path).state == WatchedRun::State::training);
    CHECK(contains(error_of([&] { RunFolder::open(path); }), "is being trained"));
  }
  CHECK(read_run(path).state == WatchedRun::State::stopped);
}

TEST_CASE("watch: the folder of a comparison stands for its runs") {
  const Folder folder;
  for (const char* name : {"b-seed1", "a-seed1"}) {
    std::filesystem::create_directories(folder / ("runs/" + std::string(name)));
    write(folder / ("runs/" + std::string(name) + "/config.json"), to_json(Config{}));
  }
  write(folder / "compare.json", "{}");
  CHECK(runs_below({folder.path()}) == std::vector<std::string>{folder / "runs/a-seed1", folder / "runs/b-seed1"});
}
