#include "nn/optim/schedule.h"

#include <fmt/core.h>

#include <cmath>
#include <numbers>

#include "tensor/error.h"

namespace elbo {
namespace {

void require_positive(const char* what, std::int64_t n) {
  if (n < 1) fail("schedule", fmt::format("expected {} of at least 1, got {}", what, n));
}

}  // namespace

Schedule Schedule::step(double rate, std::int64_t every, double factor) {
  require_positive("a number of steps", every);
  Schedule s(rate);
  s.kind_ = Kind::step;
  s.length_ = every;
  s.factor_ = factor;
  return s;
}

Schedule Schedule::exponential(double rate, double factor) {
  Schedule s(rate);
  s.kind_ = Kind::exponential;
  s.factor_ = factor;
  return s;
}

Schedule Schedule::cosine(double rate, std::int64_t length, double last) {
  require_positive("a length", length);
  Schedule s(rate);
  s.kind_ = Kind::cosine;
  s.length_ = length;
  s.last_ = last;
  return s;
}

Schedule Schedule::stages(std::vector<Stage> stages) {
  if (stages.empty()) fail("schedule", "expected at least one stage, got none");
  for (const Stage& stage : stages) require_positive("stages with a length", stage.length);
  Schedule s(stages.front().rate);
  s.kind_ = Kind::stages;
  s.stages_ = std::move(stages);
  return s;
}

Schedule Schedule::per(std::int64_t n) const {
  require_positive("a unit", n);
  Schedule s = *this;
  s.unit_ = n;
  return s;
}

Schedule Schedule::with_warmup(std::int64_t steps) const {
  if (steps < 0) fail("schedule", fmt::format("expected a warm-up of 0 or more steps, got {}", steps));
  Schedule s = *this;
  s.warmup_ = steps;
  return s;
}

double Schedule::rate(std::int64_t step) const {
  if (step < 0) fail("schedule", fmt::format("expected a step of 0 or more, got {}", step));
  const double warm = step < warmup_ ? double(step + 1) / double(warmup_) : 1;
  std::int64_t t = step / unit_;
  switch (kind_) {
    case Kind::constant:
      break;
    case Kind::step:
      return warm * rate_ * std::pow(factor_, double(t / length_));
    case Kind::exponential:
      return warm * rate_ * std::pow(factor_, double(t));
    case Kind::cosine:
      if (t >= length_) return warm * last_;
      return warm * (last_ + (rate_ - last_) * (1 + std::cos(std::numbers::pi * double(t) / double(length_))) / 2);
    case Kind::stages:
      for (const Stage& stage : stages_) {
        if (t < stage.length) return warm * stage.rate;
        t -= stage.length;
      }
      return warm * stages_.back().rate;
  }
  return warm * rate_;
}

}  // namespace elbo
