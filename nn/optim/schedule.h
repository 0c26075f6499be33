#pragma once
// How the learning rate changes during training. A schedule is a pure function of the step (0 for the first update), so a resumed run
// needs no more than its step, and a plot of it no training. A number is the constant schedule:
//
//   Adam a(store, {.learning_rate = 1e-3});
//   Adam b(store, {.learning_rate = Schedule::cosine(1e-3, 10000).with_warmup(500)});
//   Schedule::stages({{1, 1e-3}, {3, 7e-4}}).per(steps_an_epoch)      // lengths in epochs

#include <cstdint>
#include <vector>

namespace elbo {

class Schedule {
 public:
  Schedule(double rate) : rate_(rate) {}  // NOLINT: a number is a schedule
  static Schedule constant(double rate) { return rate; }
  // rate factor^floor(step / every). Throws unless every > 0.
  static Schedule step(double rate, std::int64_t every, double factor);
  // rate factor^step
  static Schedule exponential(double rate, double factor);
  // From rate to last in `length` steps along half a cosine, last from then on (Loshchilov and Hutter 2017, without restarts).
  // Throws unless length > 0.
  static Schedule cosine(double rate, std::int64_t length, double last = 0);
  // Each stage's rate for as many steps as it is long; that of the last one from then on. Throws for no stages or a length below 1.
  struct Stage {
    std::int64_t length;
    double rate;
  };
  static Schedule stages(std::vector<Stage> stages);

  // This schedule with n steps (an epoch's) counted as one: the rate changes between them only. Throws unless n > 0.
  Schedule per(std::int64_t n) const;
  // This schedule times (step + 1) / steps during the first `steps` steps. Steps are updates, whatever `per` says. Throws below 0.
  Schedule with_warmup(std::int64_t steps) const;

  // The learning rate of a step. Throws for a negative one.
  double rate(std::int64_t step) const;

 private:
  enum class Kind { constant, step, exponential, cosine, stages };
  Kind kind_ = Kind::constant;
  double rate_, factor_ = 1, last_ = 0;
  std::int64_t length_ = 1, unit_ = 1, warmup_ = 0;
  std::vector<Stage> stages_;
};

}  // namespace elbo
