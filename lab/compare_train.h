#pragma once
// The training of a comparison's runs: one after the other here, or several at once in processes of their own.

#include <map>

#include "lab/compare.h"

namespace elbo::lab {

// Data by what decides how they are divided, so that runs of one kind share them.
class DataCache {
 public:
  explicit DataCache(const OnRead& on_read) : on_read_(on_read) {}
  const Dataset& get(const Config& config);

 private:
  const OnRead& on_read_;
  std::map<std::string, Dataset> data_;
};

bool is_finished(const std::string& run_folder);
// Throws Error where a run was trained with another configuration than its entry's: presets change, and files.
void check_run(const std::string& run_folder, const Config& config);

// Trains a run, or what is left of it, and writes its summary.json. With `seconds` above 0 until it has been trained so long, all pauses
// left out: the loop with its validation and checkpoints, without loading data. False: stopped by a signal.
bool train_run(const std::string& run_folder, const Config& config, const Dataset& data, double seconds, const CompareHooks& hooks);

// How long a run was trained under a budget in seconds, and with how many updates; zeros where it was not.
struct TrainingTime {
  double seconds = 0;
  Index updates = 0;
};
TrainingTime training_time(const std::string& run_folder);

// Trains the unfinished runs of a comparison, options.jobs at once: hooks.program with --only for each, with an equal share of the
// threads. False: stopped by a signal.
bool train_beside(const Comparison& comparison, const CompareHooks& hooks);

}  // namespace elbo::lab
