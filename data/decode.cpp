#include "data/decode.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>

#define STBI_NO_STDIO
#include <stb/stb_image.h>

#include "data/jpeg.h"
#include "tensor/error.h"

namespace elbo {
namespace {

using Byte = std::uint8_t;

// Why stb_image refused; the reason may hold bytes of the file.
std::string decoder_reason() {
  const char* reason = stbi_failure_reason();
  return quote_name(reason ? reason : "no size");
}

struct Header {
  int width = 0, height = 0, channels = 0;
};
bool read_header(Bytes file, Header& h) {
  const auto* bytes = reinterpret_cast<const stbi_uc*>(file.data());
  return stbi_info_from_memory(bytes, int(file.size()), &h.width, &h.height, &h.channels) && h.width > 0 && h.height > 0;
}

}  // namespace

void FreePixels::operator()(std::uint8_t* pixels) const { std::free(pixels); }

DecodedPicture decode(Bytes file, const std::string& name) {
  if (file.size() > longest_file) fail("picture", fmt::format("{}: expected at most {} bytes, it has {}", name, longest_file, file.size()));
  check_jpeg_tables(file, name);
  const int size = int(file.size());
  Header h;
  if (!read_header(file, h)) fail("picture", fmt::format("{}: expected a PNG, JPEG, BMP, TGA or PNM picture ({})", name, decoder_reason()));
  // No format packs more than 8 * 1032 pixels into a byte (a PNG of one bit a pixel, deflated): a larger claim is false.
  if (h.height > most_pixels / h.width || Index(h.width) * h.height > Index(size) * 8 * 1032) {
    fail("picture", fmt::format("{}: {} x {} pixels in a file of {} bytes; expected at most {} pixels, and as many as that file can hold",
                                name, h.width, h.height, size, most_pixels));
  }
  DecodedPicture picture;
  picture.pixels.reset(stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(file.data()), size, &h.width, &h.height, &h.channels, 0));
  if (!picture.pixels) fail("picture", fmt::format("{}: damaged or of a kind that is not supported ({})", name, decoder_reason()));
  picture.height = h.height, picture.width = h.width, picture.channels = h.channels;
  return picture;
}

DecodedPicture convert_channels(DecodedPicture picture, int channels) {
  if (channels != 0 && channels != 1 && channels != 3 && channels != 4)
    fail("picture", fmt::format("expected 0, 1, 3 or 4 channels, got {}", channels));
  const int from = picture.channels;
  if (channels == 0 || channels == from) return picture;
  const Index count = picture.height * picture.width;
  DecodedPicture out{.height = picture.height, .width = picture.width, .channels = channels};
  out.pixels.reset(static_cast<Byte*>(std::malloc(std::size_t(count * channels))));
  if (!out.pixels) fail("picture", fmt::format("no memory for {} x {} pixels", picture.width, picture.height));
  const Byte* p = picture.pixels.get();
  Byte* q = out.pixels.get();
  for (Index i = 0; i < count; i++, p += from, q += channels) {
    const int alpha = from % 2 == 0 ? p[from - 1] : 255;
    int rgb[3];
    for (int c = 0; c < 3; c++) {
      rgb[c] = p[from >= 3 ? c : 0];
      if (channels < 4) rgb[c] = (rgb[c] * alpha + 255 * (255 - alpha) + 127) / 255;
    }
    if (channels == 1) {
      *q = Byte((rgb[0] * 299 + rgb[1] * 587 + rgb[2] * 114 + 500) / 1000);  // luma of ITU-R BT.601
    } else {
      std::copy_n(rgb, 3, q);
      if (channels == 4) q[3] = Byte(alpha);
    }
  }
  return out;
}

std::optional<DecodedPicture> picture_header(Bytes begin, const std::string& name) {
  check_jpeg_tables(begin, name);
  Header h;
  if (begin.size() > longest_file || !read_header(begin, h)) return {};
  return DecodedPicture{.height = h.height, .width = h.width, .channels = h.channels};
}

}  // namespace elbo
