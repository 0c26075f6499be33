#include "data/pnm.h"

#include <fmt/core.h>

#include <algorithm>

#include "tensor/error.h"

namespace elbo {
namespace {

using Byte = std::uint8_t;

[[noreturn]] void fail_damaged(const std::string& name, const std::string& what) {
  fail("picture", fmt::format("{}: damaged: {}", name, what));
}

// Numbers in text. Comments count as white space: from # to the end of the line, also between values, as netpbm reads them.
class Scanner {
 public:
  Scanner(Bytes file, std::size_t at) : file_(file), at_(at) {}
  std::size_t at() const { return at_; }
  bool at_end() const { return at_ >= file_.size(); }

  void skip_space() {
    while (!at_end() && (is_space(next()) || next() == '#')) skip_one();
  }
  // What parts the header from binary values: one character of white space, or a comment.
  bool skip_one() {
    if (at_end()) return false;
    const bool comment = next() == '#';
    if (!comment && !is_space(next())) return false;
    if (comment)
      while (!at_end() && next() != '\n') at_++;
    at_ = std::min(at_ + 1, file_.size());
    return true;
  }
  // -1: the file ends before it; -2: something else stands there. What is too large stays so.
  Index number() {
    skip_space();
    if (at_end()) return -1;
    if (!is_digit(next())) return -2;
    Index value = 0;
    for (; !at_end() && is_digit(next()); at_++) value = std::min<Index>(10 * value + next() - '0', Index{1} << 40);
    return value;
  }
  // Those of a text bitmap, which need no space between them.
  Index digit() {
    skip_space();
    return at_end() ? -1 : is_digit(next()) ? file_byte(at_++) - '0' : -2;
  }

 private:
  static bool is_space(int c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
  static bool is_digit(int c) { return c >= '0' && c <= '9'; }
  int file_byte(std::size_t i) const { return std::to_integer<int>(file_[i]); }
  int next() const { return file_byte(at_); }

  Bytes file_;
  std::size_t at_;
};

struct Header {
  Index width = 0, height = 0, largest = 1;
  int channels = 1;
  bool text = false, bitmap = false;
  std::size_t size = 0;  // bytes before the values

  Index values() const { return width * height * channels; }
  Index row_bytes() const { return bitmap ? (width + 7) / 8 : width * channels * (largest > 255 ? 2 : 1); }
  // The fewest bytes that the values take: in text a digit each, and what parts them.
  Index least_bytes() const { return !text ? row_bytes() * height : bitmap ? values() : 2 * values() - 1; }
};

std::optional<Header> read_header(Bytes begin, std::uint64_t file_size, const std::string& name) {
  if (!is_pnm(begin)) return {};
  const int kind = std::to_integer<int>(begin[1]) - '0';
  Header h{.channels = kind % 3 == 0 ? 3 : 1, .text = kind <= 3, .bitmap = kind % 3 == 1};
  Scanner in(begin, 2);
  for (Index* number : {&h.width, &h.height, &h.largest}) {
    if (number == &h.largest && h.bitmap) break;
    *number = in.number();
    // A number at the end of `begin` may go on behind it.
    if (in.at_end() && begin.size() < file_size) return {};
    if (*number < 1)
      fail_damaged(name, "expected the PNM picture's width, height and largest value, each from 1 on, behind its first two bytes");
  }
  if (h.largest > 65535) fail_damaged(name, fmt::format("values up to {}, at most 65535 is possible", h.largest));
  if (h.height > most_pixels / h.width)
    fail("picture", fmt::format("{}: {} x {} pixels; expected at most {}", name, h.width, h.height, most_pixels));
  if (!h.text && !in.skip_one()) fail_damaged(name, "expected white space behind the PNM picture's header");
  h.size = in.at();
  if (file_size - h.size < std::uint64_t(h.least_bytes()))
    fail_damaged(name, fmt::format("{} x {} pixels take {}{} bytes behind the header, there are {}", h.width, h.height,
                                   h.text ? "at least " : "", h.least_bytes(), file_size - h.size));
  return h;
}

// Values to 0 .. 255, and those of a bitmap, where 1 is black.
Byte scaled(const Header& h, Index value, const std::string& name) {
  if (value > h.largest) fail_damaged(name, fmt::format("a value of {}, its header says that {} is the largest", value, h.largest));
  return Byte(h.bitmap ? 255 - 255 * value : (value * 255 + h.largest / 2) / h.largest);
}

void read_text(const Header& h, Bytes file, const std::string& name, Byte* out) {
  Scanner in(file, h.size);
  for (Index i = 0; i < h.values(); i++) {
    const Index value = h.bitmap ? in.digit() : in.number();
    if (value == -1) fail_damaged(name, fmt::format("expected {} values, it ends behind {}", h.values(), i));
    if (value == -2) fail_damaged(name, fmt::format("expected a number as value {} of {}", i + 1, h.values()));
    out[i] = scaled(h, value, name);
  }
}

void read_binary(const Header& h, Bytes file, const std::string& name, Byte* out) {
  const auto* bytes = reinterpret_cast<const Byte*>(file.data()) + h.size;
  const Index count = h.values();
  if (h.bitmap) {
    for (Index y = 0; y < h.height; y++, bytes += h.row_bytes())
      for (Index x = 0; x < h.width; x++) *out++ = bytes[x / 8] >> (7 - x % 8) & 1 ? 0 : 255;
  } else if (h.largest == 255) {
    std::copy_n(bytes, count, out);
  } else if (h.largest < 256) {
    for (Index i = 0; i < count; i++) out[i] = scaled(h, bytes[i], name);
  } else {
    for (Index i = 0; i < count; i++) out[i] = scaled(h, bytes[2 * i] << 8 | bytes[2 * i + 1], name);
  }
}

}  // namespace

bool is_pnm(Bytes begin) {
  return begin.size() >= 2 && begin[0] == std::byte{'P'} && begin[1] >= std::byte{'1'} && begin[1] <= std::byte{'6'};
}

std::optional<DecodedPicture> pnm_header(Bytes begin, std::uint64_t file_size, const std::string& name) {
  const auto h = read_header(begin, file_size, name);
  if (!h) return {};
  return DecodedPicture{.height = h->height, .width = h->width, .channels = h->channels};
}

DecodedPicture decode_pnm(Bytes file, const std::string& name) {
  const auto h = read_header(file, file.size(), name);
  if (!h) fail_damaged(name, "expected a PNM picture");
  DecodedPicture picture = new_picture(h->height, h->width, h->channels);
  (h->text ? read_text : read_binary)(*h, file, name, picture.pixels.get());
  return picture;
}

}  // namespace elbo
