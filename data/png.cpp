#include "data/png.h"

#include <fmt/core.h>

#include <array>

#include "tensor/error.h"

namespace elbo {
namespace {

constexpr std::array<int, 8> signature = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

std::uint64_t number_at(Bytes file, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 4; i++) value = value << 8 | std::to_integer<std::uint64_t>(file[at + i]);
  return value;
}

std::string_view type_at(Bytes file, std::size_t at) { return {reinterpret_cast<const char*>(file.data()) + at, 4}; }

// The bytes of all rows unpacked, each with the byte that names its filter, of an IHDR chunk's data.
std::uint64_t raw_bytes(Bytes header) {
  const std::uint64_t width = number_at(header, 0), height = number_at(header, 4);
  const int depth = std::to_integer<int>(header[8]), colour = std::to_integer<int>(header[9]);
  const int channels = colour == 2 ? 3 : colour == 4 ? 2 : colour == 6 ? 4 : 1;
  return height * (1 + (width * std::uint64_t(depth * channels) + 7) / 8);
}

}  // namespace

bool is_png(Bytes begin) {
  if (begin.size() < signature.size()) return false;
  for (std::size_t i = 0; i < signature.size(); i++)
    if (std::to_integer<int>(begin[i]) != signature[i]) return false;
  return true;
}

void check_png_chunks(Bytes file, const std::string& name) {
  if (!is_png(file)) return;
  std::uint64_t raw = 0, packed = 0;
  // A chunk is its length, its type, its data and a checksum of four bytes.
  for (std::size_t at = signature.size(); file.size() - at >= 8;) {
    const std::uint64_t length = number_at(file, at), left = file.size() - at - 8;
    const std::string_view type = type_at(file, at + 4);
    if (type == "IEND") break;
    if (length > left)
      fail("picture", fmt::format("{}: damaged: a PNG chunk {} of {} bytes, {} are left", name, quote_name(type), length, left));
    if (type == "IHDR" && length >= 10) raw = raw_bytes(file.subspan(at + 8, 10));
    if (type == "IDAT") packed += length;
    if (length + 4 > left) break;
    at += 8 + std::size_t(length) + 4;
  }
  if (packed > 2 * raw + (1 << 16))
    fail("picture", fmt::format("{}: damaged: {} bytes of packed PNG data for a picture that takes {} unpacked", name, packed, raw));
}

}  // namespace elbo
