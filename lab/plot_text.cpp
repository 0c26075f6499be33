#include "lab/plot_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdint>

namespace elbo::lab {
namespace {

// Bytes of the code point that begins `text`, which is not empty; 0 where the bytes are no UTF-8 (overlong forms, surrogates and what
// lies above U+10FFFF included) or where XML 1.0 does not allow the character.
std::size_t character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return first >= 0x20 || first == '\t' || first == '\n' || first == '\r' ? 1 : 0;
  const std::size_t count = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || count > text.size()) return 0;
  std::uint32_t code = first & (0xFFu >> (count + 1));
  for (std::size_t i = 1; i < count; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3Fu);
  }
  const std::uint32_t least = count == 4 ? 0x10000 : count == 3 ? 0x800 : 0x80;
  const bool good = code >= least && code <= 0x10FFFF && !(code >= 0xD800 && code <= 0xDFFF) && code != 0xFFFE && code != 0xFFFF;
  return good ? count : 0;
}

std::string with_minus(std::string text) {
  if (text.starts_with('-')) text.replace(0, 1, "−");
  return text;
}

// Behind these, and behind a point before a letter ("objective.beta").
bool break_after(std::string_view text, std::size_t at) {
  const char c = text[at];
  if (c == '.') return at + 1 < text.size() && std::isalpha(static_cast<unsigned char>(text[at + 1])) != 0;
  return c == '-' || c == ',' || c == ':' || c == '/';
}

// The first `count` code points of `text`, in bytes.
std::size_t bytes_of_first(std::string_view text, std::size_t count) {
  std::size_t at = 0;
  for (; count > 0 && at < text.size(); --count) {
    ++at;
    while (at < text.size() && (static_cast<std::uint8_t>(text[at]) & 0xC0) == 0x80) ++at;
  }
  return at;
}

}  // namespace

std::string escape_xml(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  while (!text.empty()) {
    const std::size_t count = character(text);
    switch (count == 1 ? text[0] : '\0') {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        if (count == 0)
          out += "\uFFFD";
        else
          out += text.substr(0, count);
    }
    text.remove_prefix(std::max<std::size_t>(count, 1));
  }
  return out;
}

std::string power_of_ten(int exponent) {
  static constexpr const char* digits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string out = "10";
  for (const char c : fmt::format("{}", exponent)) out += c == '-' ? "⁻" : digits[c - '0'];
  return out;
}

std::string number_text(double value, int significant) {
  if (std::isnan(value)) return "–";
  if (std::isinf(value)) return value > 0 ? "∞" : "−∞";
  if (value == 0) return "0";
  const std::string scientific = fmt::format("{:.{}e}", value, std::max(significant - 1, 0));  // decides the exponent after rounding
  const std::size_t e = scientific.find('e');
  const int exponent = std::stoi(scientific.substr(e + 1));
  if (exponent < -4 || exponent >= 6) {
    std::string mantissa = scientific.substr(0, e);
    if (mantissa.find('.') != std::string::npos) mantissa.erase(mantissa.find_last_not_of("0.") + 1);
    return with_minus(mantissa) + "·" + power_of_ten(exponent);
  }
  std::string text = fmt::format("{:.{}f}", value, std::max(significant - 1 - exponent, 0));
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
  }
  return with_minus(text);
}

std::string fixed_text(double value, int decimals) {
  if (!std::isfinite(value)) return number_text(value);
  std::string text = fmt::format("{:.{}f}", value, decimals);
  if (text.find_first_of("123456789") == std::string::npos && text.starts_with('-')) text.erase(0, 1);  // no negative zero
  return with_minus(text);
}

std::string grouped_number(long long value) {
  std::string text = std::to_string(value);
  for (std::ptrdiff_t at = std::ptrdiff_t(text.size()) - 3; at > (value < 0 ? 1 : 0); at -= 3) text.insert(std::size_t(at), ",");
  return text;
}

std::string mean_spread(double mean, double spread, int decimals) {
  if (!std::isfinite(mean)) return number_text(mean);
  if (!std::isfinite(spread)) return decimals < 0 ? number_text(mean) : fixed_text(mean, decimals);
  if (decimals < 0) {
    decimals = spread > 0 ? std::clamp(1 - static_cast<int>(std::floor(std::log10(spread))), 0, 6) : 2;
  }
  return fixed_text(mean, decimals) + "\u00a0±\u00a0" + fixed_text(spread, decimals);
}

std::size_t text_length(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<std::uint8_t>(c) & 0xC0) != 0x80; }));
}

std::vector<std::string> wrap_text(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  width = std::max<std::size_t>(width, 1);
  while (text_length(text) > width) {
    const std::size_t limit = bytes_of_first(text, width);
    std::size_t end = 0;   // bytes of this line
    std::size_t next = 0;  // where the rest begins
    for (std::size_t i = 0; i <= limit; ++i) {
      if (text[i] == ' ') end = i, next = i + 1;
      if (i < limit && break_after(text, i)) end = next = i + 1;
    }
    if (end == 0) end = next = limit;
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(next);
  }
  lines.emplace_back(text);
  return lines;
}

}  // namespace elbo::lab
