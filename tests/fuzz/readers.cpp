#include "tests/fuzz/readers.h"

#include "data/picture.h"
#include "tensor/error.h"
#include "tensor/npy.h"
#include "tensor/safetensors.h"

namespace elbo::testing {

// An 8-bit integer becomes one of 32 bits, twice where columns are turned into rows; deflate packs up to 1032 bytes into one, and
// libraries for pictures up to 8 pixels of 4 bytes into each of those.
const Reader npy_reader{"npy", [](Bytes file) { load_npy(InputFile("npy", file)); }, 8};
const Reader npz_reader{"npz", [](Bytes file) { load_npz(InputFile("npz", file)); }, 8 * 1032};
const Reader safetensors_reader{"safetensors", [](Bytes file) { load_safetensors(InputFile("safetensors", file)); }, 4};
const Reader picture_reader{"picture", [](Bytes file) { decode_picture(file, "picture", 3); }, 32 * 1032 * 2};

int read_or_refuse(const Reader& reader, const std::uint8_t* data, std::size_t size) {
  try {
    reader.read(std::as_bytes(std::span(data, size)));
  } catch (const Error&) {
  }
  return 0;
}

}  // namespace elbo::testing
