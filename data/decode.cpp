#include "data/decode.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <limits>

#define STBI_NO_STDIO
#include <stb/stb_image.h>

#include "data/jpeg.h"
#include "data/picture_memory.h"
#include "data/png.h"
#include "data/pnm.h"
#include "tensor/error.h"

namespace elbo {
namespace {

using Byte = std::uint8_t;

// Why stb_image refused; the reason may hold bytes of the file.
std::string decoder_reason() {
  const char* reason = stbi_failure_reason();
  return quote_name(reason ? reason : "no size");
}

const stbi_uc* stb_bytes(Bytes file) { return reinterpret_cast<const stbi_uc*>(file.data()); }

// stb_image takes bytes behind the end of a file for zeros, or leaves pixels as they were in memory. This hands a file over piece by piece
// and notices when it is asked for more than there is.
class Source {
 public:
  explicit Source(Bytes file) : file_(file) {}
  bool ended_early() const { return ended_early_; }

  static int read(void* self, char* to, int size) { return static_cast<Source*>(self)->read(to, size); }
  static void skip(void* self, int count) { static_cast<Source*>(self)->skip(count); }
  static int at_end(void* self) { return static_cast<Source*>(self)->left() == 0; }

 private:
  std::size_t left() const { return file_.size() - at_; }
  // The first request, and all later ones to the same place, fill stb_image's buffer ahead of need: those may get less, but not nothing.
  int read(char* to, int size) {
    if (!buffer_) buffer_ = to;
    const std::size_t count = std::min(left(), std::size_t(size));
    if (count == 0 || (to != buffer_ && count < std::size_t(size))) ended_early_ = true;
    if (count > 0) std::memcpy(to, file_.data() + at_, count);
    at_ += count;
    return int(count);
  }
  void skip(int count) {
    if (std::size_t(count) > left()) ended_early_ = true;
    at_ += std::min(left(), std::size_t(count));
  }

  Bytes file_;
  std::size_t at_ = 0;
  const char* buffer_ = nullptr;
  bool ended_early_ = false;
};

void check_size(std::uint64_t size, const std::string& name) {
  if (size == 0) fail("picture", fmt::format("{}: is empty", name));
  if (size > longest_file) fail("picture", fmt::format("{}: expected at most {} bytes, it has {}", name, longest_file, size));
}

bool is_jpeg(Bytes file) { return file.size() >= 2 && file[0] == std::byte{0xff} && file[1] == std::byte{0xd8}; }

// A PNG counts its pixels, and a JPEG ends with a marker: stb_image sees where one lacks its end, and reads it faster as a whole.
bool has_an_end(Bytes file) { return is_png(file) || is_jpeg(file); }

// Four bytes a pixel to three, in place: each store of four reaches one byte into what has been read already.
void drop_fourth(std::uint8_t* pixels, Index count) {
  for (Index i = 0; i < count; i++) {
    std::uint32_t pixel;
    std::memcpy(&pixel, pixels + 4 * i, sizeof pixel);
    std::memcpy(pixels + 3 * i, &pixel, sizeof pixel);
  }
}

}  // namespace

void FreePixels::operator()(std::uint8_t* pixels) const { picture_free(pixels); }

DecodedPicture new_picture(Index height, Index width, int channels) {
  DecodedPicture picture{.height = height, .width = width, .channels = channels};
  picture.pixels.reset(static_cast<Byte*>(picture_allocate(std::size_t(height * width * channels))));
  if (!picture.pixels) fail("picture", fmt::format("no memory for {} x {} pixels", width, height));
  return picture;
}

std::optional<DecodedPicture> picture_header(Bytes begin, std::uint64_t file_size, const std::string& name) {
  check_size(file_size, name);
  if (is_pnm(begin)) return pnm_header(begin, file_size, name);
  check_jpeg_tables(begin, name);
  int width = 0, height = 0, channels = 0;
  if (!stbi_info_from_memory(stb_bytes(begin), int(begin.size()), &width, &height, &channels)) return {};
  if (height < 0 && height > std::numeric_limits<int>::min()) height = -height;  // a BMP with its rows from the top
  if (width < 1 || height < 1) return {};
  // No format packs more than 8 * 1032 pixels into a byte (a PNG of one bit a pixel, deflated): a larger claim is false.
  if (height > most_pixels / width || std::uint64_t(width) * std::uint64_t(height) > file_size * 8 * 1032) {
    fail("picture", fmt::format("{}: {} x {} pixels in a file of {} bytes; expected at most {} pixels, and as many as that file can hold",
                                name, width, height, file_size, most_pixels));
  }
  return DecodedPicture{.height = height, .width = width, .channels = channels};
}

DecodedPicture decode(Bytes file, const std::string& name) {
  const auto header = picture_header(file, file.size(), name);
  if (!header) fail("picture", fmt::format("{}: expected a PNG, JPEG, BMP, TGA or PNM picture ({})", name, decoder_reason()));
  if (is_pnm(file)) return decode_pnm(file, name);
  check_png_chunks(file, name);
  // stb_image has vector instructions for the colours of JPEG where four channels are wanted, and gives the same three.
  const bool as_four = is_jpeg(file) && header->channels == 3;
  Source source(file);
  int width = 0, height = 0, channels = 0;
  DecodedPicture picture;
  if (has_an_end(file)) {
    picture.pixels.reset(stbi_load_from_memory(stb_bytes(file), int(file.size()), &width, &height, &channels, as_four ? 4 : 0));
  } else {
    const stbi_io_callbacks callbacks{.read = Source::read, .skip = Source::skip, .eof = Source::at_end};
    picture.pixels.reset(stbi_load_from_callbacks(&callbacks, &source, &width, &height, &channels, 0));
  }
  if (source.ended_early()) fail("picture", fmt::format("{}: damaged: it ends in the middle of the picture", name));
  if (!picture.pixels) fail("picture", fmt::format("{}: damaged or of a kind that is not supported ({})", name, decoder_reason()));
  picture.height = height, picture.width = width, picture.channels = channels;
  if (as_four) drop_fourth(picture.pixels.get(), picture.height * picture.width);
  return picture;
}

DecodedPicture convert_channels(DecodedPicture picture, int channels) {
  if (channels != 0 && channels != 1 && channels != 3 && channels != 4)
    fail("picture", fmt::format("expected 0, 1, 3 or 4 channels, got {}", channels));
  const int from = picture.channels;
  if (channels == 0 || channels == from) return picture;
  const Index count = picture.height * picture.width;
  DecodedPicture out = new_picture(picture.height, picture.width, channels);
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

}  // namespace elbo
