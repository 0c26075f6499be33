#include "data/utf8.h"

#include <algorithm>
#include <cstring>

namespace elbo {
namespace {

std::uint32_t lower(std::uint32_t c) {
  const auto within = [&](std::uint32_t first, std::uint32_t last) { return c >= first && c <= last; };
  if (within('A', 'Z') || (within(0xc0, 0xde) && c != 0xd7) || (within(0x391, 0x3a9) && c != 0x3a2) || within(0x410, 0x42f)) return c + 32;
  if (within(0x400, 0x40f)) return c + 80;
  if (c == 0x178) return 0xff;
  if (c == 0x130) return 'i';
  // Latin Extended-A: capitals and small letters in turn, capitals even but in two stretches.
  if (within(0x139, 0x148) || within(0x179, 0x17e)) return c % 2 == 1 ? c + 1 : c;
  if (within(0x100, 0x137) || within(0x14a, 0x177) || within(0x460, 0x481) || within(0x48a, 0x4bf)) return c % 2 == 0 ? c + 1 : c;
  return c;
}

}  // namespace

std::size_t character_length(std::string_view text, std::size_t i) {
  const auto byte = [&](std::size_t k) { return k < text.size() ? static_cast<unsigned char>(text[k]) : 0u; };
  const unsigned first = byte(i), second = byte(i + 1);
  if (first < 0x80) return i < text.size() ? 1 : 0;
  const std::size_t length = first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xf0 && first < 0xf5 ? 4 : 0;
  for (std::size_t k = 1; k < length; k++)
    if (byte(i + k) >> 6 != 2) return 0;
  // No second way to write a character, no halves of pairs, nothing above the last plane.
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second >= 0xa0) || (first == 0xf0 && second < 0x90) ||
      (first == 0xf4 && second >= 0x90))
    return 0;
  return length;
}

std::size_t first_bad_byte(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    std::uint64_t eight = 0;  // most texts are ASCII nearly everywhere
    while (i + sizeof eight <= text.size()) {
      std::memcpy(&eight, text.data() + i, sizeof eight);
      if ((eight & 0x8080808080808080u) != 0) break;
      i += sizeof eight;
    }
    if (i == text.size()) break;
    const std::size_t length = character_length(text, i);
    if (length == 0) return i;
    i += length;
  }
  return text.size();
}

std::string with_bad_bytes_replaced(std::string_view text) {
  std::string good;
  good.reserve(text.size());
  while (!text.empty()) {
    const std::size_t bad = first_bad_byte(text);
    good += text.substr(0, bad);
    if (bad == text.size()) break;
    good += "\xef\xbf\xbd";
    text.remove_prefix(bad + 1);
  }
  return good;
}

std::uint32_t code_point(std::string_view text, std::size_t i) {
  const auto byte = [&](std::size_t k) { return std::uint32_t{static_cast<unsigned char>(text[i + k])}; };
  switch (character_length(text, i)) {
    case 2:
      return (byte(0) & 0x1f) << 6 | (byte(1) & 0x3f);
    case 3:
      return (byte(0) & 0x0f) << 12 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f);
    case 4:
      return (byte(0) & 0x07) << 18 | (byte(1) & 0x3f) << 12 | (byte(2) & 0x3f) << 6 | (byte(3) & 0x3f);
    default:
      return byte(0);
  }
}

void append_code_point(std::string& text, std::uint32_t c) {
  if (c < 0x80) {
    text += char(c);
  } else if (c < 0x800) {
    text += {char(0xc0 | c >> 6), char(0x80 | (c & 0x3f))};
  } else if (c < 0x10000) {
    text += {char(0xe0 | c >> 12), char(0x80 | (c >> 6 & 0x3f)), char(0x80 | (c & 0x3f))};
  } else {
    text += {char(0xf0 | c >> 18), char(0x80 | (c >> 12 & 0x3f)), char(0x80 | (c >> 6 & 0x3f)), char(0x80 | (c & 0x3f))};
  }
}

std::string in_lower_case(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    if (static_cast<unsigned char>(text[i]) < 0x80) {
      out += text[i] >= 'A' && text[i] <= 'Z' ? char(text[i] + 32) : text[i];
      i++;
    } else {
      append_code_point(out, lower(code_point(text, i)));
      i += std::max<std::size_t>(1, character_length(text, i));
    }
  }
  return out;
}

}  // namespace elbo
