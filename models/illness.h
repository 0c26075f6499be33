#pragma once
// The rules of the doctor: which symptoms are an illness, what likely causes it, and what to set. A function of figures and configuration
// alone, so that it can be tested on numbers and serves training and `elbo-eval --diagnose` alike. A symptom that nobody measured proves
// nothing. docs/doctor.md has the table.
//
//   posterior collapse       the code is not used
//   exploding variance       of the encoder, far above the prior's or down at its clamp; of the decoder, down at its floor
//   saturated decoder        sigmoids at 0 or 1 where the data are not
//   KL weight too small      the codes of the data lie far from the prior, so samples are decoded from codes that no data have
//   memorising               what was learned of the training examples does not hold for others
//   dead units               relu units that never fire; dimensions of the code that nothing uses while others are used
//   mis-scaled likelihood    its variance is far from the residual's, so reconstruction and KL are not in the same units

#include <string>
#include <vector>

#include "models/symptoms.h"

namespace elbo {

// Each threshold with its reason; figures of healthy and ill runs beside them in docs/doctor.md.
namespace threshold {
inline constexpr double information = 0.1;        // nats: a code that tells less of its example is as good as none
inline constexpr double beginning = 0.01;         // of the KL's final weight: below that its pressure has not yet been felt
inline constexpr double large_variance = 10;      // of a unit: 3.3 nats of KL paid for being noisier than the prior, which says nothing
inline constexpr double small_variance = 1.2e-4;  // e^-9, where the soft clamp of the log-variance at -10 has set in
inline constexpr double at_floor = 0.5;           // of the log-variances of varying pixels: the clamp, not the data, sets the likelihood
inline constexpr double saturated = 1e-3;         // of all numbers: each costs 16.6 nats, or learns nothing, since the sigmoid's slope is 0
inline constexpr double aggregate_kl_unit = 0.5, aggregate_kl = 3;  // nats a unit, and in all: 1.8 times the prior's deviation
inline constexpr double not_carried_over = 0.2;                     // of what was learned of training examples
inline constexpr double loss_errors = 4;                            // standard errors: a gap that chance does not make
inline constexpr double unlearned = 0.1;                            // of what validation had learned, lost again,
inline constexpr Index unlearning_epochs = 3;                       // and for so long, while training's loss fell by as much
inline constexpr double dead_units = 0.75;                          // of a layer: healthy VAEs have encoders of which two fifths are dead
inline constexpr double used_units = 0.25;                          // of the code: below that its width is not what the run has
inline constexpr double variance_ratio = 4;  // of the likelihood to the residual: from there on it costs a third of a nat a number
inline constexpr double floor_ratio = 2;     // gaussian-optimal's variance is the residual but for its clamp
}  // namespace threshold

struct Finding {
  std::string illness, evidence, cause;
  std::vector<std::string> set;  // each a remedy: "--set KEY=VALUE", several where they belong together; the likeliest first
  double strength = 1;           // how far beyond its threshold, at least 1: training compares epochs by it
};

// In the order of the list above; of one illness several where there are several kinds of evidence.
std::vector<Finding> judge(const Config& config, const Symptoms& symptoms);

// "posterior collapse: the code is not used (...). Likely here: ... Try --set ... or --set ...": one line.
std::string to_line(const Finding& finding);

// What training says of it: each illness once, when two validations in a row have it and the second no less than the first (what is on
// its way to health is left alone), or the last one has it as well as the one before. Nothing after a single epoch, which may be a
// beginning; but for collapse at the end of the training.
class IllnessWatch {
 public:
  explicit IllnessWatch(const Config& config) : config_(config) {}
  struct Moment {
    Index epoch = 0;
    double training_total = 0, objective = 0;  // of the training part, in this epoch; of the validation part
    bool settled = true;                       // the weights of the objective are at their final values
    bool last = false;
  };
  std::vector<std::string> look(Symptoms symptoms, const Moment& moment);

 private:
  Config config_;
  std::vector<Finding> before_;
  std::vector<std::string> told_;
  double first_ = Symptoms::unknown, best_ = Symptoms::unknown, training_at_best_ = 0;
  Index best_epoch_ = 0;
};

}  // namespace elbo
