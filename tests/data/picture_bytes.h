#pragma once
// Files of pictures made by hand: kinds and damages that no library writes.

#include <cstdint>
#include <string>

namespace elbo::testing {

// `bytes` of a number, the low one first, or the high one.
inline std::string little(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; i++) text += char(value >> (8 * i) & 255);
  return text;
}
inline std::string big(std::uint64_t value, int bytes) {
  const std::string text = little(value, bytes);
  return {text.rbegin(), text.rend()};
}

inline std::string png_chunk(const std::string& type, const std::string& data) {
  return big(data.size(), 4) + type + data + std::string(4, '\0');  // no decoder here looks at checksums
}

// Of `raw`: the rows, each behind a byte that names its filter; stored, not packed. `more`: chunks behind it.
inline std::string png(int width, int height, int depth, int colour, std::string raw, const std::string& more = "") {
  std::string packed = "\x78\x01";
  for (std::size_t at = 0; at < raw.size(); at += 0xffff) {
    const std::string block = raw.substr(at, 0xffff);
    packed += char(at + 0xffff >= raw.size());
    packed += little(block.size(), 2) + little(~block.size() & 0xffff, 2) + block;
  }
  return "\x89PNG\r\n\x1a\n" +
         png_chunk("IHDR",
                   big(std::uint64_t(width), 4) + big(std::uint64_t(height), 4) + char(depth) + char(colour) + std::string(3, '\0')) +
         png_chunk("IDAT", packed + std::string(4, '\0')) + more + png_chunk("IEND", "");
}

// Of 24 bits a pixel; `rows` as they stand in the file, padded. A negative height: from the top.
inline std::string bmp(int width, int height, const std::string& rows) {
  return "BM" + little(54 + rows.size(), 4) + little(0, 4) + little(54, 4) + little(40, 4) + little(std::uint32_t(width), 4) +
         little(std::uint32_t(height), 4) + little(1, 2) + little(24, 2) + std::string(24, '\0') + rows;
}

// `kind` 2: colour, 3: grey, 10: colour in packets of runs.
inline std::string tga(int kind, int width, int height, const std::string& pixels) {
  return little(0, 2) + char(kind) + std::string(9, '\0') + little(std::uint64_t(width), 2) + little(std::uint64_t(height), 2) +
         char(kind == 3 ? 8 : 24) + char(0) + pixels;
}

}  // namespace elbo::testing
