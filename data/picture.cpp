#include "data/picture.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#define STBI_NO_STDIO
#include <stb/stb_image.h>
#define STBI_WRITE_NO_STDIO
#include <stb/stb_image_write.h>

#include "data/jpeg.h"
#include "tensor/error.h"

namespace elbo {
namespace {

using Byte = std::uint8_t;
constexpr Index most_pixels = Index{1} << 26;
constexpr std::uint64_t longest_file = std::uint64_t{1} << 29;

// Why stb_image refused; the reason may hold bytes of the file.
std::string decoder_reason() {
  const char* reason = stbi_failure_reason();
  return quote_name(reason ? reason : "no size");
}

void require_picture(std::string_view op, const Tensor& t) {
  if (!t || t.rank() != 3 || t.dtype() != DType::uint8 || t.numel() == 0) {
    fail(op, fmt::format("expected a uint8 picture (height, width, channels), got {}",
                         t ? fmt::format("{} {}", dtype_name(t.dtype()), t.shape().str()) : "an empty handle"));
  }
}

// To 1 or 3 channels; with alpha, over white.
Tensor convert_channels(const Tensor& picture, int channels) {
  const Index pixels = picture.size(0) * picture.size(1), from = picture.size(2);
  Tensor out({picture.size(0), picture.size(1), channels}, DType::uint8);
  const Byte* p = picture.data<Byte>();
  Byte* q = out.mutable_data<Byte>();
  for (Index i = 0; i < pixels; i++, p += from, q += channels) {
    const int alpha = from % 2 == 0 ? p[from - 1] : 255;
    int rgb[3];
    for (int c = 0; c < 3; c++) rgb[c] = (p[from >= 3 ? c : 0] * alpha + 255 * (255 - alpha) + 127) / 255;
    if (channels == 3) {
      std::copy_n(rgb, 3, q);
    } else {
      *q = Byte((rgb[0] * 299 + rgb[1] * 587 + rgb[2] * 114 + 500) / 1000);  // luma of ITU-R BT.601
    }
  }
  return out;
}

// For each of `to` new positions along an axis of `from` old ones: the first old position that counts, and the weights from there on.
struct Taps {
  Index first;
  std::vector<float> weights;
};

std::vector<Taps> triangle_taps(Index from, Index to) {
  const double step = double(from) / double(to), reach = std::max(step, 1.0);
  std::vector<Taps> taps;
  for (Index i = 0; i < to; i++) {
    const double centre = (double(i) + 0.5) * step;
    const Index first = std::max<Index>(0, Index(std::floor(centre - reach))), last = std::min(from, Index(std::ceil(centre + reach)));
    Taps t{first, {}};
    double sum = 0;
    for (Index j = first; j < last; j++) {
      const double weight = std::max(0.0, 1 - std::abs(double(j) + 0.5 - centre) / reach);
      t.weights.push_back(float(weight));
      sum += weight;
    }
    for (float& weight : t.weights) weight = float(weight / sum);
    taps.push_back(std::move(t));
  }
  return taps;
}

// out[row][i][k] = sum over taps of in[row][first + tap][k]: resizes the middle axis of (rows, from, inner).
template <class In>
std::vector<float> apply_taps(const In* in, Index rows, Index from, Index inner, const std::vector<Taps>& taps) {
  std::vector<float> out(std::size_t(rows) * taps.size() * std::size_t(inner), 0.0f);
  float* to = out.data();
  for (Index row = 0; row < rows; row++) {
    for (const Taps& t : taps) {
      const In* at = in + (row * from + t.first) * inner;
      for (const float weight : t.weights) {
        for (Index k = 0; k < inner; k++) to[k] += weight * float(at[k]);
        at += inner;
      }
      to += inner;
    }
  }
  return out;
}

}  // namespace

Tensor load_picture(const std::string& path, int channels) { return decode_picture(read_file(path, longest_file), path, channels); }

Tensor decode_picture(Bytes file, const std::string& name, int channels) {
  if (channels != 0 && channels != 1 && channels != 3) fail("picture", fmt::format("expected 0, 1 or 3 channels, got {}", channels));
  if (file.size() > longest_file) fail("picture", fmt::format("{}: expected at most {} bytes, it has {}", name, longest_file, file.size()));
  check_jpeg_tables(file, name);
  const auto* bytes = reinterpret_cast<const stbi_uc*>(file.data());
  const int size = int(file.size());
  int width = 0, height = 0, own = 0;
  if (!stbi_info_from_memory(bytes, size, &width, &height, &own) || width < 1 || height < 1) {
    fail("picture", fmt::format("{}: expected a PNG, JPEG, BMP, TGA or PNM picture ({})", name, decoder_reason()));
  }
  // No format packs more than 8 * 1032 pixels into a byte (a PNG of one bit a pixel, deflated): a larger claim is false.
  if (height > most_pixels / width || Index(width) * height > Index(size) * 8 * 1032) {
    fail("picture", fmt::format("{}: {} x {} pixels in a file of {} bytes; expected at most {} pixels, and as many as that file can hold",
                                name, width, height, size, most_pixels));
  }
  const std::unique_ptr<stbi_uc, void (*)(void*)> decoded(stbi_load_from_memory(bytes, size, &width, &height, &own, 0), stbi_image_free);
  if (!decoded) fail("picture", fmt::format("{}: damaged or of a kind that is not supported ({})", name, decoder_reason()));
  Tensor picture({height, width, own}, DType::uint8);
  std::memcpy(picture.mutable_data<Byte>(), decoded.get(), picture.bytes());
  return channels == 0 || channels == own ? picture : convert_channels(picture, channels);
}

Tensor resize_picture(const Tensor& picture, Index height, Index width) {
  require_picture("resize_picture", picture);
  const Index rows = picture.size(0), columns = picture.size(1), channels = picture.size(2);
  if (height < 1 || width < 1 || height > most_pixels / width)
    fail("resize_picture", fmt::format("expected a size of 1 x 1 up to 2^26 pixels, got {} x {}", height, width));
  const std::vector<float> wide = apply_taps(picture.data<Byte>(), rows, columns, channels, triangle_taps(columns, width));
  const std::vector<float> both = apply_taps(wide.data(), 1, rows, width * channels, triangle_taps(rows, height));
  Tensor out({height, width, channels}, DType::uint8);
  std::transform(both.begin(), both.end(), out.mutable_data<Byte>(), [](float v) { return Byte(std::clamp(v + 0.5f, 0.0f, 255.0f)); });
  return out;
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
  if ((channels != 1 && channels != 3) || height > most_pixels / width) {
    fail("png", fmt::format("expected 1 or 3 channels and at most 2^26 pixels, got {}", picture.shape().str()));
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
