#include "data/idx.h"

#include <fmt/core.h>
#include <zlib.h>

#include <filesystem>
#include <limits>
#include <memory>

#include "tensor/error.h"

namespace elbo {
namespace {

struct Close {
  void operator()(gzFile file) const { gzclose(file); }
};

// A gzip stream grows by at most this factor (deflate's limit is 1032), so a header cannot claim more than the file could hold.
constexpr Index largest_expansion = 1040;

class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path) {
    std::error_code error;
    file_bytes_ = Index(std::filesystem::file_size(path, error));
    if (error) fail("idx", fmt::format("{}: {}", path, error.message()));
    file_.reset(gzopen(path.c_str(), "rb"));
    if (!file_) fail("idx", fmt::format("{}: cannot be opened", path));
    gzbuffer(file_.get(), 1 << 18);
  }

  // Up to `bytes` bytes; fewer at the end of the file.
  Index read(void* to, Index bytes) {
    Index done = 0;
    while (done < bytes) {
      const auto piece = unsigned(std::min<Index>(bytes - done, 1 << 26));
      const int n = gzread(file_.get(), static_cast<char*>(to) + done, piece);
      int code = Z_OK;
      const char* message = gzerror(file_.get(), &code);
      // A gzip file cut short (Z_BUF_ERROR) is reported by the caller, who knows how much is missing.
      if (n < 0 && code != Z_BUF_ERROR) fail("idx", fmt::format("{}: damaged gzip data ({})", path_, message));
      if (n <= 0) break;
      done += n;
    }
    return done;
  }

  bool plain() const { return gzdirect(file_.get()) != 0; }
  Index file_bytes() const { return file_bytes_; }

 private:
  std::string path_;
  Index file_bytes_ = 0;
  std::unique_ptr<std::remove_pointer_t<gzFile>, Close> file_;
};

}  // namespace

Tensor read_idx(const std::string& path, int rank) {
  Reader in(path);
  unsigned char header[16];
  const Index header_bytes = 4 + 4 * rank;
  if (const Index n = in.read(header, header_bytes); n < header_bytes)
    fail("idx", fmt::format("{}: expected a header of {} bytes, got {}; the file is truncated", path, header_bytes, n));
  const auto word = [&](int i) {
    const unsigned char* p = header + 4 * i;
    return std::uint32_t(p[0]) << 24 | std::uint32_t(p[1]) << 16 | std::uint32_t(p[2]) << 8 | p[3];
  };
  const std::uint32_t magic = 0x0800u | std::uint32_t(rank);
  if (word(0) != magic)
    fail("idx", fmt::format("{}: expected the magic number 0x{:08x} ({}), got 0x{:08x}; this is another kind of file", path, magic,
                            rank == 3 ? "pictures" : "labels", word(0)));

  std::array<Index, 3> sizes{};
  __extension__ using Wide = unsigned __int128;  // three 32-bit sizes
  Wide wide = 1;
  for (int axis = 0; axis < rank; axis++) wide *= Wide(sizes[std::size_t(axis)] = word(1 + axis));
  const Shape shape = wide >> 62 ? Shape{} : Shape(std::span<const Index>(sizes.data(), std::size_t(rank)));
  if (wide == 0) fail("idx", fmt::format("{}: holds no elements: its shape is {}", path, shape.str()));
  const Index could_hold = in.plain() ? in.file_bytes() - header_bytes : in.file_bytes() * largest_expansion;
  if (wide > Wide(could_hold) || sizes[0] > std::numeric_limits<std::int32_t>::max())
    fail("idx", fmt::format("{}: its header claims {} x {} x {} elements, but the file has {} bytes; it is truncated, or no IDX file", path,
                            sizes[0], rank == 3 ? sizes[1] : 1, rank == 3 ? sizes[2] : 1, in.file_bytes()));

  Tensor values(shape, DType::uint8);
  const Index read = in.read(values.mutable_data<std::uint8_t>(), values.numel());
  if (read < values.numel())
    fail("idx", fmt::format("{}: expected {} bytes of {}, got {}; the file is truncated", path, values.numel(), shape.str(), read));
  char more = 0;
  if (in.read(&more, 1) > 0)
    fail("idx", fmt::format("{}: expected {} bytes of {}, but the file goes on; its header does not fit its contents", path, values.numel(),
                            shape.str()));
  return values;
}

}  // namespace elbo
