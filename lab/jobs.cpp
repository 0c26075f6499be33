#include "lab/jobs.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "tensor/error.h"

namespace elbo::lab {
namespace {

using JobClock = std::chrono::steady_clock;

struct RunningJob {
  const Job* job;
  pid_t process;
  int errors;  // what it writes to standard error
  JobClock::time_point start = JobClock::now();
};

// Between fork and exec only what a signal handler may do.
RunningJob start_job(const Job& job) {
  const int errors = memfd_create("errors", MFD_CLOEXEC), nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (errors < 0 || nothing < 0) fail("jobs", fmt::format("{}: {}", job.name, std::strerror(errno)));
  std::vector<char*> arguments;
  for (const std::string& word : job.command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t parent = getpid(), process = fork();
  if (process == 0) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(1);  // it died before
    if (dup2(nothing, 0) < 0 || dup2(nothing, 1) < 0 || dup2(errors, 2) < 0) _exit(1);
    execv(arguments[0], arguments.data());
    constexpr std::string_view problem = "cannot start the program";
    _exit(write(2, problem.data(), problem.size()) > 0 ? 127 : 126);
  }
  const int error = errno;
  close(nothing);
  if (process < 0) {
    close(errors);
    fail("jobs", fmt::format("{}: {}", job.name, std::strerror(error)));
  }
  return {&job, process, errors};
}

std::string last_line(int file) {
  std::string text(4096, '\0');
  const off_t size = lseek(file, 0, SEEK_END);
  const ssize_t n = pread(file, text.data(), text.size(), size > off_t(text.size()) ? size - off_t(text.size()) : 0);
  text.resize(n > 0 ? std::size_t(n) : 0);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  text.erase(0, text.rfind('\n') + 1);
  return text.starts_with("error: ") ? text.substr(7) : text;
}

// Those that run; none is left behind, whatever is thrown.
class RunningJobs {
 public:
  ~RunningJobs() {
    signal_all(SIGTERM);
    while (!running_.empty()) {
      int status = 0;
      if (waitpid(running_.back().process, &status, 0) < 0 && errno == EINTR) continue;
      close(running_.back().errors);
      running_.pop_back();
    }
  }

  Index count() const { return Index(running_.size()); }
  void start(const Job& job) { running_.push_back(start_job(job)); }

  void signal_all(int signal) {
    if (std::exchange(signalled_, true)) return;  // a second one would end them without a checkpoint
    for (const RunningJob& r : running_) kill(r.process, signal);
  }

  // Takes out one that has ended.
  bool take_ended(RunningJob& ended, int& status) {
    for (std::size_t i = 0; i < running_.size(); i++)
      if (waitpid(running_[i].process, &status, WNOHANG) == running_[i].process) {
        ended = running_[i];
        running_.erase(running_.begin() + std::ptrdiff_t(i));
        return true;
      }
    return false;
  }

 private:
  std::vector<RunningJob> running_;
  bool signalled_ = false;
};

}  // namespace

bool run_jobs(const std::vector<Job>& jobs, Index at_once, const JobHooks& hooks) {
  RunningJobs running;
  std::size_t next = 0;
  bool stopped = false;
  std::string failure;
  while (running.count() > 0 || (next < jobs.size() && !stopped && failure.empty())) {
    if (const int signal = hooks.stop_signal ? hooks.stop_signal() : 0; signal != 0 && !stopped) {
      stopped = true;
      running.signal_all(signal);
    }
    while (next < jobs.size() && !stopped && failure.empty() && running.count() < std::max<Index>(at_once, 1)) {
      if (hooks.on_start) hooks.on_start(jobs[next]);
      running.start(jobs[next++]);
    }
    RunningJob ended{};
    int status = 0;
    if (!running.take_ended(ended, status)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      continue;
    }
    const std::string said = last_line(ended.errors);
    close(ended.errors);
    if (status == 0) {
      if (hooks.on_end) hooks.on_end(*ended.job, std::chrono::duration<double>(JobClock::now() - ended.start).count());
    } else if (!stopped && failure.empty()) {
      const std::string how =
          WIFSIGNALED(status) ? fmt::format("signal {}", WTERMSIG(status)) : fmt::format("status {}", WEXITSTATUS(status));
      failure = fmt::format("{}: {}", ended.job->name, said.empty() ? "ended with " + how : said);
      running.signal_all(SIGTERM);
    }
  }
  if (!failure.empty()) fail("compare", failure);
  return !stopped;
}

}  // namespace elbo::lab
