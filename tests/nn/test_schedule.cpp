// Learning rate schedules: against PyTorch's where there is one (golden/optim.py), and their edges.

#include <doctest/doctest.h>

#include "nn/optim/schedule.h"
#include "tensor/safetensors.h"
#include "tests/support.h"

using namespace elbo;

TEST_CASE("schedules agree with PyTorch's") {
  const TensorFile file = load_safetensors(testing::golden("optim.safetensors"));
  const std::vector<std::pair<std::string, Schedule>> all = {
      {"constant", 0.3},
      {"step", Schedule::step(0.3, 7, 0.5)},
      {"exponential", Schedule::exponential(0.3, 0.9)},
      {"cosine", Schedule::cosine(0.3, 40, 0.01)},
      {"stages", Schedule::stages({{5, 0.3}, {15, 0.03}, {1, 0.003}})},
      {"epochs", Schedule::exponential(0.3, 0.8).per(6)},
      {"warmup-constant", Schedule::constant(0.3).with_warmup(8)},
      {"warmup-step", Schedule::step(0.3, 7, 0.5).with_warmup(8)},
      {"warmup-exponential", Schedule::exponential(0.3, 0.9).with_warmup(5)},
  };
  for (const auto& entry : all) {
    CAPTURE(entry.first);
    const Tensor* rates = file.find(entry.first + "/rates");
    REQUIRE(rates);
    REQUIRE(rates->numel() == 40);
    for (Index s = 0; s < rates->numel(); s++) CHECK(entry.second.rate(s) == doctest::Approx(rates->element(s)).epsilon(1e-12));
  }
}

TEST_CASE("schedules stay where they end") {
  CHECK(Schedule::cosine(1, 10, 0.25).rate(10) == 0.25);
  CHECK(Schedule::cosine(1, 10, 0.25).rate(1000) == 0.25);
  CHECK(Schedule::stages({{2, 1}, {3, 0.5}}).rate(100) == 0.5);
}

TEST_CASE("stages and warm-up in epochs of several steps") {
  const Schedule s = Schedule::stages({{1, 1}, {2, 0.5}, {1, 0.25}}).per(10).with_warmup(4);
  CHECK(s.rate(0) == 0.25);
  CHECK(s.rate(3) == 1);
  CHECK(s.rate(9) == 1);
  CHECK(s.rate(10) == 0.5);
  CHECK(s.rate(29) == 0.5);
  CHECK(s.rate(30) == 0.25);
}

TEST_CASE("schedules refuse lengths and steps that mean nothing") {
  CHECK_THROWS_AS(Schedule::step(1, 0, 0.5), Error);
  CHECK_THROWS_AS(Schedule::cosine(1, 0), Error);
  CHECK_THROWS_AS(Schedule::stages({}), Error);
  CHECK_THROWS_AS(Schedule::stages({{0, 1}}), Error);
  CHECK_THROWS_AS(Schedule::constant(1).per(0), Error);
  CHECK_THROWS_AS(Schedule::constant(1).with_warmup(-1), Error);
  CHECK_THROWS_AS(Schedule::constant(1).rate(-1), Error);
}
