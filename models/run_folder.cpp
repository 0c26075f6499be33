#include "models/run_folder.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "tensor/error.h"
#include "tensor/file.h"
#include "tensor/isa.h"
#include "tensor/json.h"
#include "tensor/safetensors.h"

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

std::string trimmed(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

std::string exact(double v) { return fmt::format("{:a}", v); }  // hexadecimal: every bit comes back

double from_exact(const std::string& text) { return std::strtod(text.c_str(), nullptr); }

[[noreturn]] void fail_system(const std::string& path, std::string_view what) {
  fail("run", fmt::format("{}: {}: {}", path, what, std::strerror(errno)));
}

}  // namespace

Index EpochSums::active_units() const {
  Index active = 0;
  for (std::size_t j = 0; j < code.size(); j++) {
    const double m = code[j] / examples;
    if (code_square[j] / examples - m * m > 0.01) active++;
  }
  return active;
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

void RunFolder::save_state(const Config& config, const TrainState& s, std::span<const Network> networks) const {
  TensorFile contents;
  for (const Network& n : networks) {
    for (auto& [name, tensor] : n.store->tensors()) contents.tensors.emplace_back(n.name + "/weights/" + name, tensor);
    for (const auto& [name, block] : n.optimizer->state()) contents.tensors.emplace_back(n.name + "/optimizer/" + name, block);
    contents.metadata.emplace_back(n.name + ".optimizer.steps", std::to_string(n.optimizer->steps()));
  }
  if (s.has_best) contents.tensors.emplace_back("best", s.best);
  if (!s.sums.code.empty()) {
    const Index n = Index(s.sums.code.size());
    contents.tensors.emplace_back("sums/code", Tensor::from(s.sums.code, {n}));
    contents.tensors.emplace_back("sums/code_square", Tensor::from(s.sums.code_square, {n}));
  }
  auto& m = contents.metadata;
  m.emplace_back("format", std::to_string(file_format));
  m.emplace_back("config", to_json(config));
  m.emplace_back("epoch", std::to_string(s.epoch));
  m.emplace_back("step", std::to_string(s.step));
  m.emplace_back("sums.batches", std::to_string(s.sums.batches));
  m.emplace_back("sums.examples", exact(s.sums.examples));
  m.emplace_back("sums.objective", exact(s.sums.objective));
  m.emplace_back("sums.reconstruction", exact(s.sums.reconstruction));
  m.emplace_back("sums.kl", exact(s.sums.kl));
  m.emplace_back("sums.gradient_norm", exact(s.sums.gradient_norm));
  m.emplace_back("best.epoch", s.has_best ? std::to_string(s.best_epoch) : "none");
  m.emplace_back("best.objective", exact(s.best_objective));
  m.emplace_back("metrics.bytes", std::to_string(s.metrics_bytes));
  m.emplace_back("data.examples", std::to_string(s.data_examples));
  m.emplace_back("data.checksum", fmt::format("{:016x}", s.data_checksum));
  save_safetensors(file("state.safetensors"), contents);
}

namespace {

// The metadata of a file of ours, with one clear error for what is missing or of a newer format.
struct Metadata {
  const TensorFile& contents;
  const std::string& path;
  const std::string& operator[](std::string_view key) const {
    const std::string* value = contents.find_metadata(key);
    if (!value) fail("run", fmt::format("{}: the metadata has no '{}': is it a file of elbo?", path, key));
    return *value;
  }
  Index integer(std::string_view key) const {
    const std::string& text = (*this)[key];
    char* end = nullptr;
    errno = 0;
    const long long v = std::strtoll(text.c_str(), &end, 10);
    if (text.empty() || *end || errno || v < 0)
      fail("run", fmt::format("{}: '{}' is {}, expected a whole number", path, key, quote_name(text)));
    return v;
  }
  void check_format() const {
    const Index format = integer("format");
    if (format > file_format)
      fail("run", fmt::format("{}: file format {}, this is elbo {} and reads formats up to {}: a newer version of elbo is needed", path,
                              format, program_version, file_format));
  }
};

}  // namespace

Config RunFolder::load_config(const std::string& path) {
  const std::string file = trimmed(path) + "/state.safetensors";
  if (!fs::exists(file)) fail("run", fmt::format("{}: holds no state.safetensors, so there is nothing to resume", path));
  const SafetensorsReader reader(file);
  const TensorFile head{{}, reader.metadata()};
  const Metadata m{head, file};
  m.check_format();
  return config_from_json(m["config"], file);
}

void RunFolder::load_state(TrainState& s, std::span<const Network> networks) const {
  const std::string path = file("state.safetensors");
  const TensorFile contents = load_safetensors(path);
  const Metadata m{contents, path};
  m.check_format();
  const auto below = [&](const std::string& prefix) {
    std::vector<std::pair<std::string, Tensor>> found;
    for (const auto& [name, tensor] : contents.tensors)
      if (name.starts_with(prefix)) found.emplace_back(name.substr(prefix.size()), tensor);
    return found;
  };
  for (const Network& n : networks) {
    n.store->load(below(n.name + "/weights/"), path);
    n.optimizer->load_state(below(n.name + "/optimizer/"), m.integer(n.name + ".optimizer.steps"), path);
  }
  s.epoch = m.integer("epoch");
  s.step = m.integer("step");
  s.sums.batches = m.integer("sums.batches");
  s.sums.examples = from_exact(m["sums.examples"]);
  s.sums.objective = from_exact(m["sums.objective"]);
  s.sums.reconstruction = from_exact(m["sums.reconstruction"]);
  s.sums.kl = from_exact(m["sums.kl"]);
  s.sums.gradient_norm = from_exact(m["sums.gradient_norm"]);
  const auto numbers = [&](std::string_view name) {
    const Tensor* t = contents.find(name);
    return t ? std::vector<double>(t->data<double>(), t->data<double>() + t->numel()) : std::vector<double>();
  };
  s.sums.code = numbers("sums/code");
  s.sums.code_square = numbers("sums/code_square");
  s.has_best = m["best.epoch"] != "none";
  if (s.has_best) {
    const Tensor* best = contents.find("best");
    if (!best) fail("run", fmt::format("{}: tensor 'best' is missing", path));
    require_shape("run", "best weights", *best, networks[0].store->values().shape());
    s.best = best->clone();
    s.best_epoch = m.integer("best.epoch");
  }
  s.best_objective = from_exact(m["best.objective"]);
  s.metrics_bytes = m.integer("metrics.bytes");
  s.data_examples = m.integer("data.examples");
  s.data_checksum = std::strtoull(m["data.checksum"].c_str(), nullptr, 16);
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

void save_model_file(const std::string& path, const Config& config, const Shape& example, const ParamStore& store, std::string_view weights,
                     const CodeStatistics& codes, double optimal_variance) {
  TensorFile contents;
  contents.tensors = store.tensors();
  if (codes) {
    contents.tensors.emplace_back("codes/mean", codes.mean);
    contents.tensors.emplace_back("codes/covariance", codes.covariance);
  }
  std::string sizes;
  for (Index s : example) sizes += (sizes.empty() ? "" : ",") + std::to_string(s);
  auto& m = contents.metadata;
  m.emplace_back("format", std::to_string(file_format));
  m.emplace_back("config", to_json(config, true));
  m.emplace_back("example_shape", sizes);
  m.emplace_back("weights", std::string(weights));
  if (optimal_variance > 0) m.emplace_back("optimal_variance", fmt::format("{:.17g}", optimal_variance));
  save_safetensors(path, contents);
}

std::string config_file(const Config& config) {
  Json all = Json::parse(to_json(config), "config");
  utsname host{};
  uname(&host);
  all["program"] = fmt::format("elbo {}", program_version);
  all["format"] = file_format;
#if defined(__clang__)
  all["build"] = fmt::format("clang {}.{}", __clang_major__, __clang_minor__);
#else
  all["build"] = fmt::format("gcc {}.{}", __GNUC__, __GNUC_MINOR__);
#endif
  all["machine"] = fmt::format("{} {}, {}", host.sysname, host.machine, isa_name(isa()));
  return all.dump(2) + "\n";
}

// Times and rates are padded to a fixed width, so that equal runs have metrics of equal length.
std::string metrics_line(const Metrics& m) {
  return fmt::format(
      "{{\"epoch\": {}, \"step\": {}, \"split\": \"{}\", \"objective\": {:.17g}, \"total\": {:.17g}, \"reconstruction\": {:.17g}, \"kl\": "
      "{:.17g}, \"beta\": {:.17g}, "
      "\"learning_rate\": {:.17g}, \"gradient_norm\": {:.17g}, \"active_units\": {}, \"seconds\": {:>12.3f}, \"examples_per_second\": "
      "{:>12.1f}}}\n",
      m.epoch, m.step, m.split, m.objective, m.total, m.reconstruction, m.kl, m.beta, m.learning_rate, m.gradient_norm, m.active_units,
      std::min(m.seconds, 9999999.0), std::min(m.examples_per_second, 999999999.0));
}

}  // namespace elbo
