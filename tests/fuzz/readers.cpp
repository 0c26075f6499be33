#include "tests/fuzz/readers.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "data/fit.h"
#include "data/idx.h"
#include "data/picture.h"
#include "tensor/error.h"
#include "tensor/npy.h"
#include "tensor/safetensors.h"

namespace elbo::testing {
namespace {

// read_idx takes a path (zlib opens the file): the bytes lie in a file in memory. The magic number's last byte says
// how many axes to ask for.
void read_idx_bytes(Bytes file) {
  const int descriptor = ::memfd_create("idx", MFD_CLOEXEC);
  if (descriptor < 0) throw std::runtime_error("no file in memory");
  const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  const struct Close {
    int descriptor;
    ~Close() { ::close(descriptor); }
  } close{descriptor};
  if (::write(descriptor, file.data(), file.size()) != ssize_t(file.size())) throw std::runtime_error("no file in memory");
  const bool labels = file.size() > 3 && file[3] == std::byte{1};
  read_idx(path, labels ? 1 : 3);
}

// As images: does: the head alone, then the whole, in the shape of an example.
void read_picture_bytes(Bytes file) {
  picture_header(file.first(std::min<std::size_t>(file.size(), 64)), file.size(), "picture");
  const DecodedPicture picture = convert_channels(decode(file, "picture"), 4);
  std::uint8_t example[5 * 7 * 4];
  for (const Fit fit : {Fit::crop, Fit::pad, Fit::stretch}) fit_picture(picture, "picture", 5, 7, fit, example);
  decode_picture(file, "picture", 3);
}

}  // namespace

// An 8-bit integer becomes one of 32 bits, twice where columns are turned into rows; deflate packs up to 1032 bytes into one, and
// libraries for pictures up to 8 pixels of 4 bytes into each of those.
const Reader idx_reader{"idx", read_idx_bytes, 2 * 1040};
const Reader npy_reader{"npy", [](Bytes file) { load_npy(InputFile("npy", file)); }, 8};
const Reader npz_reader{"npz", [](Bytes file) { load_npz(InputFile("npz", file)); }, 8 * 1032};
const Reader safetensors_reader{"safetensors", [](Bytes file) { load_safetensors(InputFile("safetensors", file)); }, 4};
const Reader picture_reader{"picture", read_picture_bytes, 32 * 1032 * 2};

int read_or_refuse(const Reader& reader, const std::uint8_t* data, std::size_t size) {
  try {
    reader.read(std::as_bytes(std::span(data, size)));
  } catch (const Error&) {
  }
  return 0;
}

}  // namespace elbo::testing
