#include "lab/compare_train.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "lab/compare_folder.h"
#include "lab/evaluate.h"
#include "lab/jobs.h"
#include "models/run_folder.h"
#include "tensor/error.h"
#include "tensor/file.h"
#include "tensor/json.h"
#include "tensor/parallel.h"

namespace elbo::lab {
namespace fs = std::filesystem;
namespace {

// The time of a run's training, over all the times that it was taken up. It runs from the first question for a signal, which is that
// before the first update.
class TrainingClock {
 public:
  explicit TrainingClock(const std::string& folder) : file_(folder + "/time.json"), before_(training_time(folder)) {}

  double seconds() const {
    return before_.seconds + (running_ ? std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count() : 0);
  }
  void start() {
    if (!std::exchange(running_, true)) start_ = std::chrono::steady_clock::now();
  }
  void write(Index updates) const {
    write_file_atomically(file_, bytes_of(Json::object({{"seconds", seconds()}, {"updates", updates}}).dump() + "\n"));
  }

 private:
  std::string file_;
  TrainingTime before_;
  bool running_ = false;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace

const Dataset& DataCache::get(const Config& config) {
  std::string key = config.model.kind == "text" ? "text" : "numbers";
  for (const char* name : {"data.spec", "data.valid", "data.use_test", "data.exclude_labels", "data.tokenizer", "data.lower_case",
                           "data.max_tokens", "data.overlong", "data.min_count", "data.max_vocabulary"})
    key += " " + get_key(config, name);
  if (const auto it = data_.find(key); it != data_.end()) return it->second;
  return data_.emplace(key, load_data(config, on_read_)).first->second;
}

bool is_finished(const std::string& folder) { return fs::exists(folder + "/summary.json"); }

void check_run(const std::string& folder, const Config& config) {
  const Config before = RunFolder::load_config(folder);
  for (const std::string& key : different_keys(before, config))
    fail("compare", fmt::format("{}: was trained with {}={}, this comparison has {}; choose another --out, or --force replaces it", folder,
                                key, get_key(before, key), get_key(config, key)));
}

TrainingTime training_time(const std::string& folder) {
  const std::string file = folder + "/time.json";
  if (!fs::exists(file)) return {};
  const Json time = Json::parse(read_text_file(file), file);
  return {time.number_or("seconds", 0), Index(time.number_or("updates", 0))};
}

bool train_run(const std::string& folder, const Config& config, const Dataset& data, double seconds, const CompareHooks& hooks) {
  TrainOptions options{.out = folder, .data = &data};
  options.on_note = hooks.on_note;
  TrainingClock clock(folder);
  bool signalled = false;
  options.stop_signal = [&] {
    clock.start();
    const int signal = hooks.stop_signal ? hooks.stop_signal() : 0;
    signalled = signal != 0;
    return signalled || seconds == 0 || clock.seconds() < seconds ? signal : 1;
  };
  options.on_epoch = [&](const Metrics& m) {  // a run that is killed has lost the time since its last epoch, as it has the updates
    if (seconds > 0) clock.write(m.step);
    if (hooks.on_epoch) hooks.on_epoch(m);
  };
  options.on_progress = [&](const Metrics& m, double progress, double left) {
    if (hooks.on_progress) hooks.on_progress(m, progress, seconds > 0 ? std::max(0.0, seconds - clock.seconds()) : left);
  };
  const TrainResult result = fs::exists(folder) ? resume(options, {}) : train(config, options);
  if (seconds > 0) clock.write(result.steps);
  if (signalled) return false;
  write_summary(folder, &data);
  return true;
}

bool train_beside(const Comparison& c, const CompareHooks& hooks) {
  if (hooks.program.empty()) throw UsageError("--jobs: the program that trains a run is not known");
  std::vector<Job> jobs;
  for (std::uint64_t seed = c.options.first_seed; seed < c.options.first_seed + std::uint64_t(c.options.seeds); seed++)
    for (const Entry& entry : c.entries) {
      const std::string name = run_name(entry, seed);
      if (is_finished(c.options.out + "/runs/" + name)) continue;
      Job job{.name = name, .command = command_words(c.options)};
      job.command[0] = hooks.program;
      for (const char* word : {"--only", name.c_str(), "--quiet", "--threads"}) job.command.push_back(word);
      jobs.push_back(std::move(job));
    }
  if (jobs.size() < 2) return true;  // one is trained here, with all threads
  const std::size_t at_once = std::min(std::size_t(c.options.jobs), jobs.size()), last = jobs.size() % at_once;
  for (std::size_t i = 0; i < jobs.size(); i++) {  // the last ones share all threads too where they are fewer
    const std::size_t beside = i + last < jobs.size() ? at_once : last;
    jobs[i].command.push_back(std::to_string(std::max(1, threads() / int(beside))));
  }
  const auto note = [&](const std::string& text) {
    if (hooks.on_note) hooks.on_note(text);
  };
  note(fmt::format("training {} runs, {} at once; elbo-watch {} shows them", jobs.size(), at_once, c.options.out));
  std::size_t done = 0;
  return run_jobs(
      jobs, Index(at_once),
      {.on_start = [&](const Job& job) { note(fmt::format("training {}", job.name)); },
       .on_end = [&](const Job& job, double s) { note(fmt::format("{} of {} trained: {}, {:.1f} s", ++done, jobs.size(), job.name, s)); },
       .stop_signal = hooks.stop_signal});
}

}  // namespace elbo::lab
