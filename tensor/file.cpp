#include "tensor/file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "tensor/error.h"

namespace elbo {
namespace {

// What an errno means for somebody who wanted to write or read a file.
std::string reason(int error) {
  switch (error) {
    case ENOSPC:
      return "no space left on the disk";
    case EDQUOT:
      return "the disk quota is used up";
    case EFBIG:
      return "the file would exceed the file-size limit (see `ulimit -f`)";
    case EACCES:
    case EPERM:
      return "permission denied";
    case ENOENT:
      return "no such file or folder";
    case EROFS:
      return "the file system is read-only";
    default:
      return std::strerror(error);
  }
}

[[noreturn]] void fail_write(const std::string& path, int error) { fail("write", fmt::format("cannot write {}: {}", path, reason(error))); }

// Writing past RLIMIT_FSIZE raises SIGXFSZ, whose default is to end the process. While this lives the signal is blocked in this
// thread, so that the write fails with EFBIG instead; one that became pending meanwhile is taken away.
class BlockFileSizeSignal {
 public:
  BlockFileSizeSignal() {
    sigemptyset(&signal_);
    sigaddset(&signal_, SIGXFSZ);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGXFSZ) == 1;
    pthread_sigmask(SIG_BLOCK, &signal_, &before_);
  }
  ~BlockFileSizeSignal() {
    const timespec now{};
    if (!was_pending_) sigtimedwait(&signal_, nullptr, &now);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  BlockFileSizeSignal(const BlockFileSizeSignal&) = delete;
  BlockFileSizeSignal& operator=(const BlockFileSizeSignal&) = delete;

 private:
  sigset_t signal_, before_;
  bool was_pending_;
};

// The new file under its temporary name; removed again unless the rename succeeded.
class Temporary {
 public:
  Temporary(const std::string& target, const std::filesystem::path& folder) : target_(target) {
    static std::atomic<unsigned> counter{0};
    // A long name is shortened, so that the temporary's stays within the 255 bytes of a file name.
    const std::string name = std::filesystem::path(target).filename().string().substr(0, 200);
    do {
      path_ = (folder / fmt::format(".{}.tmp-{}-{}", name, ::getpid(), counter++)).string();
      descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (descriptor_ < 0 && errno == EEXIST);  // left by a killed process that had our number
    if (descriptor_ < 0) fail_write(target_, errno);
  }
  ~Temporary() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!renamed_) ::unlink(path_.c_str());
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  void write(Bytes bytes) {
    constexpr std::size_t most = std::size_t{1} << 30;  // Linux writes at most 2 GiB at a time
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), std::min(bytes.size(), most));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail_write(target_, errno);
      bytes = bytes.subspan(std::size_t(written));
    }
  }
  void rename() {
    if (::fsync(descriptor_) != 0) fail_write(target_, errno);
    // close() reports what network file systems only then find out.
    if (::close(std::exchange(descriptor_, -1)) != 0 && errno != EINTR) fail_write(target_, errno);
    if (::rename(path_.c_str(), target_.c_str()) != 0) fail_write(target_, errno);
    renamed_ = true;
  }

 private:
  const std::string target_;
  std::string path_;
  int descriptor_ = -1;
  bool renamed_ = false;
};

}  // namespace

bool is_temporary_name(std::string_view name) {  // .NAME.tmp-PID-N
  const std::size_t mark = name.rfind(".tmp-");
  if (name.empty() || name[0] != '.' || mark == std::string_view::npos || mark == 0) return false;
  const std::string_view numbers = name.substr(mark + 5);
  const std::size_t dash = numbers.find('-');
  const auto digits = [](std::string_view s) { return !s.empty() && s.find_first_not_of("0123456789") == std::string_view::npos; };
  return dash != std::string_view::npos && digits(numbers.substr(0, dash)) && digits(numbers.substr(dash + 1));
}

void write_file_atomically(const std::string& path, Bytes bytes) { write_file_atomically(path, std::span(&bytes, 1)); }

void write_file_atomically(const std::string& path, std::span<const Bytes> chunks) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    fail("write", fmt::format("cannot write {}: it is {}, not a file", path, S_ISDIR(status.st_mode) ? "a folder" : "a device"));
  }
  std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) folder = ".";
  {
    const BlockFileSizeSignal block;
    Temporary file(path, folder);
    for (const Bytes& chunk : chunks) file.write(chunk);
    file.rename();
  }
  // The rename itself reaches the disk with the folder. Some file systems cannot sync folders (EINVAL): nothing is lost that they had.
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;  // a folder that one may write to but not read
  const int error = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  if (error != 0 && error != EINVAL) fail_write(path, error);
}

int remove_temporary_files(const std::string& folder) {
  std::error_code error;
  int removed = 0;
  for (std::filesystem::directory_iterator i(folder, error), end; !error && i != end; i.increment(error)) {
    if (!is_temporary_name(i->path().filename().string()) || !i->is_regular_file(error)) continue;
    if (std::filesystem::remove(i->path(), error)) removed++;
  }
  if (error) fail("files", fmt::format("cannot clear {} of left-over temporary files: {}", folder, error.message()));
  return removed;
}

InputFile::InputFile(const std::string& path) : name_(path) {
  // O_NONBLOCK: opening a pipe must not wait for its writer.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) fail("read", fmt::format("cannot read {}: {}", path, reason(errno)));
  descriptor_ = std::shared_ptr<const int>(new int(descriptor), [](const int* d) {
    ::close(*d);
    delete d;
  });
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) fail("read", fmt::format("cannot read {}: {}", path, reason(errno)));
  if (S_ISDIR(status.st_mode)) fail("read", fmt::format("cannot read {}: it is a folder, expected a file", path));
  if (!S_ISREG(status.st_mode)) fail("read", fmt::format("cannot read {}: it is a pipe or a device, expected a regular file", path));
  size_ = std::uint64_t(status.st_size);
}

InputFile::InputFile(std::string name, Bytes bytes) : name_(std::move(name)), memory_(bytes), size_(bytes.size()) {}

void InputFile::read(std::uint64_t offset, void* to, std::size_t count) const {
  if (offset > size_ || count > size_ - offset) {
    fail("read", fmt::format("{}: expected {} bytes at byte {}, but it ends after {}; is it truncated?", name_, count, offset, size_));
  }
  if (count == 0) return;
  if (!descriptor_) {
    std::memcpy(to, memory_.data() + begin_ + offset, count);
    return;
  }
  auto* at = static_cast<std::byte*>(to);
  std::uint64_t position = begin_ + offset;
  while (count > 0) {
    const ssize_t got = ::pread(*descriptor_, at, std::min(count, std::size_t{1} << 30), off_t(position));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("read", fmt::format("cannot read {}: {}", name_, reason(errno)));
    if (got == 0)
      fail("read", fmt::format("{}: {} bytes at byte {} are missing; it became shorter while it was read", name_, count, position));
    at += got, position += std::uint64_t(got), count -= std::size_t(got);
  }
}

InputFile InputFile::part(std::uint64_t offset, std::uint64_t count, std::string name) const {
  if (offset > size_ || count > size_ - offset) {
    fail("read", fmt::format("{}: expected {} bytes at byte {}, but it ends after {}; is it truncated?", name_, count, offset, size_));
  }
  InputFile result = *this;
  result.name_ = std::move(name);
  result.begin_ += offset;
  result.size_ = count;
  return result;
}

std::vector<std::byte> read_file(const std::string& path, std::uint64_t limit) {
  const InputFile file(path);
  if (file.size() > limit) fail("read", fmt::format("{}: expected at most {} bytes, it has {}", path, limit, file.size()));
  std::vector<std::byte> bytes(file.size());
  file.read(0, bytes.data(), bytes.size());
  return bytes;
}

namespace {

// Takes the room for `bytes` bytes of a file; returns 0 or what went wrong.
int take_room(int descriptor, std::uint64_t bytes) {
  if (bytes == 0) return 0;
  const BlockFileSizeSignal block;
  if (::fallocate(descriptor, 0, 0, off_t(bytes)) == 0) return 0;
  if (errno != EOPNOTSUPP) return errno;
  // This file system takes no room ahead: the library writes to every block, which should not fill the disk in vain.
  struct statfs system {};
  if (::fstatfs(descriptor, &system) == 0 && std::uint64_t(system.f_bavail) * std::uint64_t(system.f_bsize) < bytes) return ENOSPC;
  return ::posix_fallocate(descriptor, 0, off_t(bytes));
}

}  // namespace

int open_scratch_file(std::uint64_t bytes) {
  const char* chosen = std::getenv("TMPDIR");
  std::string tried;
  for (const std::string folder : {chosen ? chosen : "", "/var/tmp", "/tmp"}) {
    if (folder.empty()) continue;
    struct statfs system {};
    const bool in_memory = ::statfs(folder.c_str(), &system) == 0 && (system.f_type == TMPFS_MAGIC || system.f_type == RAMFS_MAGIC);
    std::string name = folder + "/elbo-XXXXXX";
    const int descriptor = in_memory ? -1 : ::mkostemp(name.data(), O_CLOEXEC);
    if (descriptor < 0) {
      tried += fmt::format("{}{} ({})", tried.empty() ? "" : ", ", folder, in_memory ? "in memory itself" : reason(errno));
      continue;
    }
    ::unlink(name.c_str());
    if (const int error = take_room(descriptor, bytes); error != 0) {
      ::close(descriptor);
      fail("scratch", fmt::format("cannot take {} MB in {}: {}; TMPDIR names another folder", (bytes >> 20) + 1, folder, reason(error)));
    }
    return descriptor;
  }
  fail("scratch", fmt::format("expected a folder on a disk for {} MB that do not fit into memory, tried {}; TMPDIR names another",
                              (bytes >> 20) + 1, tried));
}

void close_file(int descriptor) { ::close(descriptor); }

std::string quote_name(std::string_view text) {
  std::string out = "'";
  for (const char c : text.substr(0, 100)) {
    if (c >= ' ' && c <= '~') {
      out += c;
    } else {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return out + (text.size() > 100 ? "...'" : "'");
}

}  // namespace elbo
