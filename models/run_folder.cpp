#include "models/run_folder.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "tensor/error.h"
#include "tensor/file.h"

namespace elbo {
namespace fs = std::filesystem;
namespace {

constexpr std::array<std::string_view, 15> own_files = {
    "config.json",    "state.safetensors",   "model.safetensors", "best.safetensors", "metrics.jsonl", "summary.json",
    ".lock",          "reconstructions.png", "samples.png",       "samples-5x5.png",  "manifold.png",  "comparison.json",
    "comparison.npz", "time.json",           "progress.json"};

// A file that a run writes, generated_texts/, or what an interrupted write of it left (.NAME.tmp-...).
bool belongs_to_a_run(const fs::directory_entry& entry) {
  std::string name = entry.path().filename().string();
  if (name == "generated_texts" && entry.is_directory() && !entry.is_symlink())
    return std::all_of(fs::directory_iterator(entry), fs::directory_iterator(), [](const fs::directory_entry& text) {
      return text.is_regular_file() && is_generated_text(text.path().filename().string());
    });
  if (is_temporary_name(name)) name = name.substr(1, name.rfind(".tmp-") - 1);
  return entry.is_regular_file() && !entry.is_symlink() && std::find(own_files.begin(), own_files.end(), name) != own_files.end();
}

void check_contents(const std::string& path) {
  if (!fs::is_directory(path)) fail("run", fmt::format("{}: exists and is no folder", path));
  for (const auto& entry : fs::directory_iterator(path))
    if (!belongs_to_a_run(entry))
      fail("run",
           fmt::format("{}: holds {}, which no run writes; --force replaces run folders alone", path, entry.path().filename().string()));
}

[[noreturn]] void fail_system(const std::string& path, std::string_view what) {
  fail("run", fmt::format("{}: {}: {}", path, what, std::strerror(errno)));
}

// Holds the lock file of the run at `path`; throws while another program trains it. The descriptor keeps the lock.
int take_lock(const std::string& path, const std::string& file, int flags) {
  const int lock = open(file.c_str(), flags | O_CLOEXEC, 0666);
  if (lock < 0) fail_system(file, "cannot open");
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    char holder[256] = {};
    const ssize_t n = pread(lock, holder, sizeof holder - 1, 0);
    close(lock);
    fail("run", fmt::format("{}: is being trained by {}", path, n > 0 ? holder : "another program"));
  }
  return lock;
}

}  // namespace

void check_format(std::int64_t format, const std::string& path) {
  if (format > file_format)
    fail("run", fmt::format("{}: file format {} needs elbo 0.{} or newer; this is elbo {}, which reads formats up to {}", path, format,
                            format, program_version, file_format));
}

// Trying to take the lock would do, but a trainer that starts in that moment would be turned away.
bool is_being_trained(const std::string& path) {
  struct stat lock {};
  if (stat((path + "/.lock").c_str(), &lock) != 0) return false;
  std::ifstream locks("/proc/locks");
  const std::string inode = fmt::format(":{} ", lock.st_ino);  // the device is not always the one that stat() names: overlays, subvolumes
  for (std::string line; std::getline(locks, line);)
    if (line.find("FLOCK") != line.npos && line.find(inode) != line.npos) return true;
  return false;
}

bool is_generated_text(std::string_view name) {
  constexpr std::string_view begin = "generated_text_", end = ".txt";
  if (!name.starts_with(begin) || !name.ends_with(end) || name.size() <= begin.size() + end.size()) return false;
  name = name.substr(begin.size(), name.size() - begin.size() - end.size());
  return std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

int RunFolder::lock_replaceable(const std::string& path) {
  check_contents(path);
  const std::string file = path + "/.lock";
  return fs::exists(file) ? take_lock(path, file, O_RDWR) : -1;
}

void RunFolder::check_replaceable(const std::string& path) {
  if (const int lock = lock_replaceable(path); lock >= 0) close(lock);
}

std::string RunFolder::trimmed(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

RunFolder RunFolder::create(const std::string& given, bool force) {
  const std::string path = trimmed(given);
  if (path.empty()) throw UsageError("--out: expected a folder for the run");
  if (fs::exists(path)) {
    if (!force) fail("run", fmt::format("{}: exists already; --force replaces it, --resume continues it", path));
  }
  RunFolder run;
  run.path_ = path;
  if (fs::exists(path)) {
    run.replaces_ = true;
    run.old_lock_ = lock_replaceable(path);
  }
  const fs::path target(path);
  std::error_code error;
  if (target.has_parent_path()) fs::create_directories(target.parent_path(), error);
  run.folder_ = (target.parent_path() / fmt::format(".{}.tmp-{}", target.filename().string(), getpid())).string();
  fs::remove_all(run.folder_, error);
  if (mkdir(run.folder_.c_str(), 0777) != 0) fail_system(run.folder_, "cannot make the folder");
  run.lock();
  return run;
}

RunFolder RunFolder::open(const std::string& given) {
  RunFolder run;
  run.path_ = run.folder_ = trimmed(given);
  run.published_ = true;  // whatever is wrong with it, it stays
  if (!fs::is_directory(run.path_)) fail("run", fmt::format("{}: no run folder", run.path_));
  if (!fs::exists(run.file("state.safetensors")))
    fail("run", fmt::format("{}: holds no state.safetensors, so there is nothing to resume", run.path_));
  run.lock();
  remove_temporary_files(run.path_);
  return run;
}

RunFolder::RunFolder(RunFolder&& other) noexcept
    : path_(std::move(other.path_)),
      folder_(std::move(other.folder_)),
      published_(other.published_),
      replaces_(other.replaces_),
      lock_(std::exchange(other.lock_, -1)),
      old_lock_(std::exchange(other.old_lock_, -1)) {
  other.published_ = true;
}

RunFolder::~RunFolder() {
  if (lock_ >= 0) close(lock_);
  if (old_lock_ >= 0) close(old_lock_);
  if (!published_ && !folder_.empty()) {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
}

std::string RunFolder::file(std::string_view name) const { return folder_ + "/" + std::string(name); }

void RunFolder::lock() {
  const std::string path = file(".lock");
  lock_ = take_lock(path_, path, O_RDWR | O_CREAT);
  utsname host{};
  uname(&host);
  const std::string text = fmt::format("process {} on {}", getpid(), host.nodename);
  if (ftruncate(lock_, 0) != 0 || pwrite(lock_, text.data(), text.size(), 0) != ssize_t(text.size())) fail_system(path, "cannot write");
}

void RunFolder::publish() {
  if (replaces_ && fs::exists(path_)) {
    check_contents(path_);
    fs::remove_all(path_);
  } else if (fs::exists(path_)) {
    fail("run", fmt::format("{}: was made by another program meanwhile", path_));
  }
  if (rename(folder_.c_str(), path_.c_str()) != 0) fail_system(path_, "cannot rename the new run to this name");
  folder_ = path_;
  published_ = true;
}

void RunFolder::remove_results() const {
  std::error_code ignored;
  for (const std::string_view name :
       {"summary.json", "reconstructions.png", "samples.png", "samples-5x5.png", "manifold.png", "comparison.json", "comparison.npz"})
    fs::remove(file(name), ignored);
  fs::remove_all(file("generated_texts"), ignored);
}

void RunFolder::show_progress(const Metrics& metrics, double seconds_left) const {
  const Metrics& m = metrics;
  char path[4096], line[1024];  // nothing is allocated between two steps
  *fmt::format_to_n(path, sizeof path - 1, "{}/progress.json", folder_).out = '\0';
  const auto end = fmt::format_to_n(
      line, sizeof line,
      "{{\"epoch\": {}, \"step\": {}, \"objective\": {:.9g}, \"total\": {:.9g}, \"reconstruction\": {:.9g}, \"kl\": {:.9g}, \"beta\": "
      "{:.9g}, "
      "\"gradient_norm\": {:.9g}, \"active_units\": {}, \"seconds\": {:.3f}, \"examples_per_second\": {:.1f}, \"seconds_left\": {:.1f}}}\n",
      m.epoch, m.step, m.objective, m.total, m.reconstruction, m.kl, m.beta, m.gradient_norm, m.active_units, m.seconds,
      m.examples_per_second, seconds_left);
  const int fd = ::open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) return;
  [[maybe_unused]] const ssize_t written = write(fd, line, std::min(end.size, sizeof line));
  close(fd);
}

void RunFolder::end_progress() const {
  std::error_code ignored;
  fs::remove(file("progress.json"), ignored);
}

void RunFolder::append_metrics(std::string_view line, TrainState& state) const {
  const std::string path = file("metrics.jsonl");
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (fd < 0) fail_system(path, "cannot open");
  const ssize_t written = write(fd, line.data(), line.size());
  const int error = errno;
  close(fd);
  if (written != ssize_t(line.size())) {
    errno = written < 0 ? error : ENOSPC;
    fail_system(path, "cannot write");
  }
  state.metrics_bytes += Index(line.size());
}

void RunFolder::cut_metrics(const TrainState& state) const {
  const std::string path = file("metrics.jsonl");
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    if (state.metrics_bytes == 0) return;
    fail("run", fmt::format("{}: missing, expected {} bytes of metrics", path, state.metrics_bytes));
  }
  if (info.st_size < state.metrics_bytes)
    fail("run",
         fmt::format("{}: expected at least {} bytes of metrics, found {}: was it edited?", path, state.metrics_bytes, info.st_size));
  if (truncate(path.c_str(), state.metrics_bytes) != 0) fail_system(path, "cannot cut back to the last checkpoint");
}

}  // namespace elbo
