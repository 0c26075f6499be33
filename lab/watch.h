#pragma once
// Runs while they are trained, read from their folders: what the last lines of metrics.jsonl say, how far they are, and the curves so far.

#include <string>
#include <vector>

#include "lab/page.h"

namespace elbo::lab {

// One line of metrics.jsonl, as far as it is shown; NaN for what it does not have.
struct WatchedEpoch {
  double epoch, objective, total, reconstruction, kl, beta, gradient_norm, active_units, mutual_information, seconds, examples_per_second;
};

struct WatchedRun {
  std::string path;
  enum class State { training, finished, stopped } state = State::stopped;
  Index epoch = 0, step = 0;    // of the last line
  Index epochs = 0, steps = 0;  // as configured; steps 0: by epochs
  bool variational = true;
  std::vector<WatchedEpoch> train, valid;
  Index last_step = 0;          // at the end of the last whole epoch
  bool within = false;          // an epoch, as progress.json says: `epoch` and `step` are of that, and `now`
  WatchedEpoch now{};           // its means so far
  double left = 0;              // seconds, as the trainer says
  double progress() const;      // 0 to 1
  double seconds_left() const;  // NaN for a run that is not trained, and before the trainer has said anything
  const char* state_name() const;
};

// Whether a run among these is being trained, or a comparison's program is at work: between two runs it measures.
bool any_at_work(const std::vector<std::string>& paths, const std::vector<WatchedRun>& runs);
// RUN folders; a comparison's folder stands for all its runs. Throws Error for a path that is neither.
std::vector<std::string> runs_below(const std::vector<std::string>& paths);
// Throws Error for a folder without config.json; a metrics line that is being written is left out.
WatchedRun read_run(const std::string& path);

// Rows of a table: a heading, then a run each.
std::vector<std::vector<std::string>> watch_table(const std::vector<WatchedRun>& runs);
// A page with the same table and the curves of all runs, which a browser loads anew every `reload` seconds (0: never).
Page watch_page(const std::vector<WatchedRun>& runs, int reload);
std::string watch_json(const std::vector<WatchedRun>& runs);  // one object, a line end at the end

}  // namespace elbo::lab
