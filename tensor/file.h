#pragma once
// Files: writing that leaves either the old or the new file, and reading that checks sizes before it takes memory.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace elbo {

using Bytes = std::span<const std::byte>;

inline Bytes bytes_of(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

// Writes a file whole or not at all: to `.NAME.tmp-PID-N` in the same folder, then fsync, rename, fsync of the folder. A process
// killed at any instant leaves the previous file or the new one, and perhaps a temporary. Where anything fails (no such folder, no
// permission, disk full, file-size limit) the temporary is removed, the previous file stays whole, and Error names file and reason.
// Only regular files are replaced, never a device or a folder.
void write_file_atomically(const std::string& path, Bytes bytes);
void write_file_atomically(const std::string& path, std::span<const Bytes> chunks);  // the chunks, one behind the other

// Removes the temporaries that killed processes left in `folder`; returns how many. Only for a folder that no other process writes to.
int remove_temporary_files(const std::string& folder);
bool is_temporary_name(std::string_view file);  // ".NAME.tmp-PID-N": what an interrupted write leaves

// A file opened for reading at any offset, or bytes in memory that are treated like one. Copies share the open file.
class InputFile {
 public:
  explicit InputFile(const std::string& path);  // throws Error unless it is a regular file that can be opened
  InputFile(std::string name, Bytes bytes);     // bytes that outlive this object; `name` is for messages

  const std::string& name() const { return name_; }
  std::uint64_t size() const { return size_; }
  // Exactly `count` bytes from `offset`; throws Error where the file ends before.
  void read(std::uint64_t offset, void* to, std::size_t count) const;
  // A stretch of this file as a file of its own; throws Error where it reaches past the end.
  InputFile part(std::uint64_t offset, std::uint64_t count, std::string name) const;

 private:
  std::string name_;
  std::shared_ptr<const int> descriptor_;  // empty: `memory_`
  Bytes memory_;
  std::uint64_t begin_ = 0, size_ = 0;
};

// The whole file; throws Error, before any memory is taken, when it is larger than `limit` bytes.
std::vector<std::byte> read_file(const std::string& path, std::uint64_t limit);

// A new file of `bytes` zero bytes without a name, open for reading and writing: it is gone when it is closed, however the process ends.
// It lies in $TMPDIR, /var/tmp or /tmp, the first of them that is on a disk and not in memory (tmpfs). Its room on the disk is taken
// at once: throws Error where there is not enough, so that nobody who maps the file dies of it later. Close it with close_file.
int open_scratch_file(std::uint64_t bytes);
void close_file(int descriptor);

// A name from a file, fit for a one-line message: quoted, control characters and stray bytes as \xNN, cut after 100 characters.
std::string quote_name(std::string_view text);

}  // namespace elbo
