#pragma once
// From the bytes of a picture file to pixels, by stb_image or (PNM) data/pnm.h.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "tensor/file.h"
#include "tensor/shape.h"

namespace elbo {

inline constexpr Index most_pixels = Index{1} << 26;
inline constexpr std::uint64_t longest_file = std::uint64_t{1} << 29;

struct FreePixels {
  void operator()(std::uint8_t* pixels) const;
};
// Rows from the top; channels as in data/picture.h.
struct DecodedPicture {
  std::unique_ptr<std::uint8_t[], FreePixels> pixels;
  Index height = 0, width = 0;
  int channels = 0;
};

// One whose values are zero.
DecodedPicture new_picture(Index height, Index width, int channels);

// Throws Error naming `name` where the file is damaged, lacks its end, is no picture, or of more than 2^26 pixels (before memory is taken
// for them).
DecodedPicture decode(Bytes file, const std::string& name);

// The same picture in 1, 3 or 4 channels (0: its own). Towards 1 and 3, what is transparent is laid over white.
DecodedPicture convert_channels(DecodedPicture picture, int channels);

// What the first bytes of a file of `file_size` say of its picture, without pixels; none where they say nothing, or too little. Throws
// Error as decode() does for a size that it would refuse.
std::optional<DecodedPicture> picture_header(Bytes begin, std::uint64_t file_size, const std::string& name);

}  // namespace elbo
