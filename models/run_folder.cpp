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

#include "tensor/error.h"
#include "tensor/file.h"

namespace elbo {
namespace fs = std::filesystem;
namespace {

constexpr std::array<std::string_view, 10> own_files = {
    "config.json", "state.safetensors",   "model.safetensors", "best.safetensors", "metrics.jsonl", "summary.json",
    ".lock",       "reconstructions.png", "samples.png",       "manifold.png"};

bool belongs_to_a_run(const std::string& name) {
  return std::find(own_files.begin(), own_files.end(), name) != own_files.end() || name.find(".tmp-") != std::string::npos;
}

void check_replaceable(const std::string& path) {
  if (!fs::is_directory(path)) fail("run", fmt::format("{}: exists and is no folder", path));
  for (const auto& entry : fs::directory_iterator(path))
    if (!belongs_to_a_run(entry.path().filename().string()))
      fail("run",
           fmt::format("{}: holds {}, which no run writes; --force replaces run folders alone", path, entry.path().filename().string()));
}

[[noreturn]] void fail_system(const std::string& path, std::string_view what) {
  fail("run", fmt::format("{}: {}: {}", path, what, std::strerror(errno)));
}

}  // namespace

std::string RunFolder::trimmed(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

RunFolder RunFolder::create(const std::string& given, bool force) {
  const std::string path = trimmed(given);
  if (path.empty()) throw UsageError("--out: expected a folder for the run");
  if (fs::exists(path)) {
    if (!force) fail("run", fmt::format("{}: exists already; --force replaces it, --resume continues it", path));
    check_replaceable(path);
  }
  RunFolder run;
  run.path_ = path;
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
  if (!fs::is_directory(run.path_)) fail("run", fmt::format("{}: no run folder", run.path_));
  if (!fs::exists(run.file("state.safetensors")))
    fail("run", fmt::format("{}: holds no state.safetensors, so there is nothing to resume", run.path_));
  run.published_ = true;
  run.lock();
  remove_temporary_files(run.path_);
  return run;
}

RunFolder::RunFolder(RunFolder&& other) noexcept
    : path_(std::move(other.path_)),
      folder_(std::move(other.folder_)),
      published_(other.published_),
      lock_(std::exchange(other.lock_, -1)) {
  other.published_ = true;
}

RunFolder::~RunFolder() {
  if (lock_ >= 0) close(lock_);
  if (!published_ && !folder_.empty()) {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
}

std::string RunFolder::file(std::string_view name) const { return folder_ + "/" + std::string(name); }

void RunFolder::lock() {
  const std::string path = file(".lock");
  lock_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (lock_ < 0) fail_system(path, "cannot open");
  char holder[256] = {};
  if (flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    const ssize_t n = pread(lock_, holder, sizeof holder - 1, 0);
    fail("run", fmt::format("{}: is being trained by {}", path_, n > 0 ? holder : "another program"));
  }
  utsname host{};
  uname(&host);
  const std::string text = fmt::format("process {} on {}", getpid(), host.nodename);
  if (ftruncate(lock_, 0) != 0 || pwrite(lock_, text.data(), text.size(), 0) != ssize_t(text.size())) fail_system(path, "cannot write");
}

void RunFolder::publish() {
  if (fs::exists(path_)) {  // --force, checked by create()
    check_replaceable(path_);
    fs::remove_all(path_);
  }
  if (rename(folder_.c_str(), path_.c_str()) != 0) fail_system(path_, "cannot rename the new run to this name");
  folder_ = path_;
  published_ = true;
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
