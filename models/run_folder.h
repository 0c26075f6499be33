#pragma once
// The files of a run. state.safetensors alone holds all that resuming needs; everything else is derived from it, or beside the point.
//
//   config.json          the configuration, with program, format, build and machine
//   state.safetensors    weights, optimizer, step, sums of the unfinished epoch, best weights, length of metrics.jsonl
//   model.safetensors    last weights, with configuration and statistics of the codes: what the tools open
//   best.safetensors     the best weights, likewise
//   metrics.jsonl        one line an epoch and part
//   generated_texts/     of a run on texts: generated_text_0.txt, ...
//   comparison.json, comparison.npz, time.json   what elbo-compare measured of it, and how long it was trained
//   progress.json        while a trainer is at work: how far it is within the epoch
//   .lock                held while a trainer is at work
//
// The folder is made under a temporary name beside RUN and renamed once its first state is in it, so a run can be resumed from the
// moment its folder exists. A checkpoint replaces one file atomically: a run killed at any instant resumes from its last checkpoint.

#include "models/run.h"
#include "models/run_state.h"
#include "models/trainer.h"

namespace elbo {

inline constexpr int file_format = 4;  // a newer program reads all older formats
inline constexpr std::string_view program_version = "0.4.0";

// Throws Error for a format that this program does not know. Format N came with elbo 0.N.
void check_format(std::int64_t format, const std::string& path);

class RunFolder {
 public:
  // Makes RUN; throws Error where it exists (unless `force` and it is a run folder and nothing else), UsageError for no name.
  static RunFolder create(const std::string& path, bool force);
  // Takes over an existing run: locks it, removes what an interrupted write left.
  static RunFolder open(const std::string& path);
  RunFolder(RunFolder&& other) noexcept;
  ~RunFolder();  // removes a folder that was never published

  const std::string& path() const { return path_; }
  std::string file(std::string_view name) const;
  void publish();  // renames the temporary folder to RUN
  // For --force: throws where `path` holds anything that no run writes, or is being trained.
  static void check_replaceable(const std::string& path);
  void remove_results() const;  // figures and pictures of a training that goes on: they are no longer the run's

  void save_state(const Config& config, const TrainState& state, std::span<const Network> networks) const;
  // The configuration of the state; then the rest into `state` and `networks`.
  static Config load_config(const std::string& path);
  void load_state(TrainState& state, std::span<const Network> networks) const;

  void append_metrics(std::string_view line, TrainState& state) const;  // and counts its bytes
  void cut_metrics(const TrainState& state) const;                      // back to what the state knows
  // For whoever watches: the unfinished epoch's line and the seconds that are left. Not being able to write it harms nothing.
  void show_progress(const Metrics& metrics, double seconds_left) const;
  void end_progress() const;

 private:
  RunFolder() = default;
  void lock();
  static int lock_replaceable(const std::string& path);  // the lock of the run there, -1 where it has none
  static std::string trimmed(std::string path);          // without slashes at its end
  std::string path_, folder_;                            // RUN, and where its files are now
  bool published_ = false, replaces_ = false;
  int lock_ = -1, old_lock_ = -1;  // old: of the run that is replaced, so that nobody trains it meanwhile
};

// Whether a trainer is at work in a run's folder, as far as the system says so; it is not disturbed.
bool is_being_trained(const std::string& path);
bool is_generated_text(std::string_view name);  // "generated_text_0.txt": what a run's generated_texts/ holds

// A model file: weights with all that the tools need. A function of configuration, data and seed alone. `kl_weight`: where
// objective.target_kl controls it, else not in the file.
void save_model_file(const std::string& path, const Config& config, const Dataset& data, Values values, const ParamStore& store,
                     std::string_view weights, const CodeStatistics& codes, double optimal_variance, double kl_weight);
std::string config_file(const Config& config);  // text of config.json
// Which settings of the KL a model without one does not use; or "". One --set may be shared by several presets, so it is no error.
std::string note_on_unused(const Config& config);
std::string note_on_best(const Config& config, const TrainResult& result);  // why there are no best weights, or none to trust; or ""
Metrics metrics_of(const EpochSums& sums);                                  // means over the epoch's examples; no step, rate or time
std::string metrics_line(const Metrics& metrics);                           // one line of metrics.jsonl, times at a fixed width

}  // namespace elbo
