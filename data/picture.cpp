#include "data/picture.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#define STBI_WRITE_NO_STDIO
#include <stb/stb_image_write.h>

#include "data/decode.h"
#include "tensor/error.h"

namespace elbo {
namespace {

using Byte = std::uint8_t;

void require_picture(std::string_view op, const Tensor& t) {
  if (!t || t.rank() != 3 || t.dtype() != DType::uint8 || t.numel() == 0) {
    fail(op, fmt::format("expected a uint8 picture (height, width, channels), got {}",
                         t ? fmt::format("{} {}", dtype_name(t.dtype()), t.shape().str()) : "an empty handle"));
  }
}

}  // namespace

Tensor load_picture(const std::string& path, int channels) { return decode_picture(read_file(path, longest_file), path, channels); }

Tensor decode_picture(Bytes file, const std::string& name, int channels) {
  const DecodedPicture decoded = convert_channels(decode(file, name), channels);
  Tensor picture({decoded.height, decoded.width, decoded.channels}, DType::uint8);
  std::memcpy(picture.mutable_data<Byte>(), decoded.pixels.get(), picture.bytes());
  return picture;
}

Tensor enlarge_picture(const Tensor& picture, int factor) {
  require_picture("enlarge_picture", picture);
  const Index rows = picture.size(0), columns = picture.size(1), channels = picture.size(2);
  if (factor < 1 || rows * factor > most_pixels / (columns * factor))
    fail("enlarge_picture",
         fmt::format("expected a factor from 1 on and at most 2^26 pixels, got {} times {}", factor, picture.shape().str()));
  Tensor out({rows * factor, columns * factor, channels}, DType::uint8);
  const Byte* from = picture.data<Byte>();
  Byte* to = out.mutable_data<Byte>();
  const Index line = columns * factor * channels;
  for (Index y = 0; y < rows; y++) {
    for (Index x = 0; x < columns; x++, from += channels) {
      for (int i = 0; i < factor; i++) to = std::copy_n(from, channels, to);
    }
    for (int i = 1; i < factor; i++) to = std::copy_n(to - line, line, to);
  }
  return out;
}

Tensor to_pixels(const Tensor& values) {
  if (values.dtype() == DType::uint8) return values;
  Tensor out(values.shape(), DType::uint8);
  Byte* to = out.mutable_data<Byte>();
  for_float("to_pixels", values.dtype(), [&]<class T>(T) {
    const T* from = values.data<T>();
    for (Index i = 0; i < values.numel(); i++) to[i] = from[i] > 0 ? Byte(std::min(from[i], T(1)) * 255 + T(0.5)) : Byte(0);
  });
  return out;
}

Tensor grid(const Tensor& pictures, Index rows, Index columns, Index padding, int scale) {
  require_rank("grid", "pictures", pictures, 4);
  const Index n = pictures.size(0), h = pictures.size(1), w = pictures.size(2), channels = pictures.size(3);
  if (rows < 1 || columns < 1 || padding < 0 || scale < 1 || n > rows * columns || h < 1 || w < 1 || channels < 1) {
    fail("grid", fmt::format("expected at most rows * columns pictures, got {} for {} x {} (padding {}, scale {})", pictures.shape().str(),
                             rows, columns, padding, scale));
  }
  const Index cell_height = h * scale + padding, cell_width = w * scale + padding;
  const Index height = rows * cell_height + padding, width = columns * cell_width + padding;
  if (height > most_pixels / width) fail("grid", fmt::format("{} x {} pixels are more than 2^26", height, width));
  Tensor out = Tensor::full({height, width, channels}, 255, DType::uint8);
  const Tensor pixels = to_pixels(pictures);
  Byte* to = out.mutable_data<Byte>();
  for (Index i = 0; i < n; i++) {
    const Tensor picture = enlarge_picture(pixels[i], scale);
    const Index top = i / columns * cell_height + padding, left = i % columns * cell_width + padding, bytes = w * scale * channels;
    for (Index y = 0; y < h * scale; y++) std::copy_n(picture.data<Byte>() + y * bytes, bytes, to + ((top + y) * width + left) * channels);
  }
  return out;
}

std::vector<std::byte> encode_png(const Tensor& picture) {
  require_picture("png", picture);
  const Index height = picture.size(0), width = picture.size(1), channels = picture.size(2);
  if (channels > 4 || height > most_pixels / width) {
    fail("png", fmt::format("expected 1 to 4 channels and at most 2^26 pixels, got {}", picture.shape().str()));
  }
  std::vector<std::byte> png;
  const auto append = [](void* to, void* data, int size) {
    const auto* bytes = static_cast<const std::byte*>(data);
    static_cast<std::vector<std::byte>*>(to)->insert(static_cast<std::vector<std::byte>*>(to)->end(), bytes, bytes + size);
  };
  if (!stbi_write_png_to_func(append, &png, int(width), int(height), int(channels), picture.data<Byte>(), int(width * channels))) {
    fail("png", fmt::format("no memory to pack a picture of {}", picture.shape().str()));
  }
  return png;
}

void save_png(const std::string& path, const Tensor& picture) { write_file_atomically(path, encode_png(picture)); }

std::string png_data_url(const Tensor& picture) { return "data:image/png;base64," + base64(encode_png(picture)); }

std::string base64(Bytes bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t n = std::min<std::size_t>(3, bytes.size() - i);  // 1 to 3 bytes make 2 to 4 digits
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; k++) group = group << 8 | (k < n ? std::to_integer<unsigned>(bytes[i + k]) : 0);
    for (std::size_t k = 0; k < 4; k++) out += k <= n ? digits[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

}  // namespace elbo
