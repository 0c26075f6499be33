#include "lab/jobs.h"

#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <fstream>

#include "tests/support.h"

using namespace elbo;
using namespace elbo::lab;
using elbo::testing::contains;
using elbo::testing::error_of;
using elbo::testing::Folder;

namespace {

Job shell(const std::string& name, const std::string& script) { return {name, {"/bin/sh", "-c", script}}; }

std::string text_in(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("jobs run in their order, so many at a time") {
  Folder folder;
  // Each waits for the other's file: one at a time would never end.
  const auto meet = [&](const std::string& mine, const std::string& other) {
    return shell(mine, "touch " + (folder / mine) + "; while [ ! -e " + (folder / other) + " ]; do sleep 0.01; done");
  };
  std::vector<std::string> started, ended;
  const JobHooks hooks{.on_start = [&](const Job& j) { started.push_back(j.name); },
                       .on_end = [&](const Job& j, double seconds) { ended.push_back(seconds >= 0 ? j.name : ""); }};
  CHECK(run_jobs({meet("a", "b"), meet("b", "a"), shell("c", "test -e " + (folder / "a"))}, 2, hooks));
  CHECK(started == std::vector<std::string>{"a", "b", "c"});
  CHECK(std::count(ended.begin(), ended.end(), "") == 0);
  CHECK(ended.size() == 3);
  CHECK(run_jobs({}, 2));

  const auto append = [&](const std::string& name) {
    return shell(name, "printf " + name + "- >> " + (folder / "order") + "; sleep 0.05; printf " + name + " >> " + (folder / "order"));
  };
  CHECK(run_jobs({append("x"), append("y")}, 1));
  CHECK(text_in(folder / "order") == "x-xy-y");
}

TEST_CASE("a job that fails ends the others, and what it said is the error") {
  Folder folder;
  const Job other = shell("other", "trap 'echo told > " + (folder / "told") + "; exit 143' TERM; touch " + (folder / "ready") +
                                       "; while :; do sleep 0.01; done");
  const Job failing =
      shell("failing", "while [ ! -e " + (folder / "ready") + " ]; do sleep 0.01; done; echo first >&2; echo 'error: no data' >&2; exit 1");
  CHECK(contains(error_of([&] { run_jobs({other, failing}, 2); }), "failing: no data"));
  CHECK(text_in(folder / "told") == "told\n");
  CHECK(contains(error_of([&] { run_jobs({shell("mute", "exit 3")}, 1); }), "mute: ended with status 3"));
  CHECK(contains(error_of([&] { run_jobs({{"none", {folder / "no-such-program"}}}, 1); }), "cannot start"));
}

TEST_CASE("a signal is handed on once, and waited for") {
  Folder folder;
  const Job patient = shell("patient", "trap 'printf x >> " + (folder / "signals") + "; sleep 0.1; touch " + (folder / "saved") +
                                           "; exit 130' INT; touch " + (folder / "ready") + "; while :; do sleep 0.01; done");
  const JobHooks hooks{.stop_signal = [&] { return std::filesystem::exists(folder / "ready") ? SIGINT : 0; }};
  CHECK_FALSE(run_jobs({patient, shell("never", "touch " + (folder / "never"))}, 1, hooks));
  CHECK(text_in(folder / "signals") == "x");
  CHECK(std::filesystem::exists(folder / "saved"));
  CHECK_FALSE(std::filesystem::exists(folder / "never"));
}
