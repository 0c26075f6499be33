#pragma once
// Training: one Trainer for every model, and the run folder that it keeps.

#include <functional>
#include <limits>

#include "data/batches.h"
#include "models/objective.h"
#include "nn/optim/optimizer.h"

namespace elbo {

// One line of metrics.jsonl; figures in nats per example.
struct Metrics {
  Index epoch = 0, step = 0;
  std::string split;  // "train", "valid", "test"
  double objective = 0, total = 0, reconstruction = 0, kl = 0, beta = 0, learning_rate = 0, gradient_norm = 0;
  Index active_units = 0;
  double mutual_information = std::numeric_limits<double>::quiet_NaN();  // of index and code; validation of a VAE alone
  double seconds = 0, examples_per_second = 0;
  bool adversary = false;  // the three below are of a run that has one
  double adversarial = 0, discriminator_loss = 0, discriminator_accuracy = 0;
};

struct TrainOptions {
  std::string out;      // the run folder, made by the trainer
  bool resume = false;  // `out` exists: continue it
  bool force = false;   // replace an existing run folder
  // A run whose weights are taken wherever name and shape agree; the others start as they would without it.
  std::string init_from = {};
  // The data of config.data where they are in memory already (several runs on the same data); null: loaded.
  const Dataset* data = nullptr;
  OnRead on_read = {};  // told while they are loaded; what it throws ends the training before it has begun
  // Called after each epoch's line, and about twice a second in between (progress within the epoch, 0 to 1).
  std::function<void(const Metrics&)> on_epoch;
  std::function<void(const Metrics&, double progress, double seconds_left)> on_progress;
  std::function<void(std::string_view)> on_note;  // one line a person should know
  std::function<int()> stop_signal;               // non-zero: finish the step, write a checkpoint, return
};

struct TrainResult {
  Index epochs = 0, steps = 0;
  bool has_best = false, stopped = false;
  Index best_epoch = 0;
  double best_objective = 0;
  bool under_schedule = false;  // the KL's weight was still on its way at the end
  bool converged = true;        // false where the best epoch is the last
  Dataset data;                 // what it was trained on
};

// Trains `config` on its data and leaves a run folder. Throws Error for data, files and numbers (a loss that is not finite), UsageError
// for a configuration that does not fit.
TrainResult train(const Config& config, const TrainOptions& options);
// Continues the run in `options.out`; epochs, steps and patience may differ from what it was started with.
TrainResult resume(const TrainOptions& options, const std::vector<std::string>& assignments);

}  // namespace elbo
