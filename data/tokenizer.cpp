#include "data/tokenizer.h"

#include <algorithm>
#include <array>

#include "data/utf8.h"
#include "tensor/error.h"
#include "tensor/nearest.h"

namespace elbo {
namespace {

constexpr std::array<std::string_view, 4> names = {"whitespace", "basic", "characters", "bytes"};

// ASCII's blanks, the no-break space, the spaces of U+2000 to U+200B, line and paragraph separators, the ideographic space.
bool is_blank(std::uint32_t c) {
  return c == ' ' || (c >= 0x09 && c <= 0x0d) || c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200b) || c == 0x2028 ||
         c == 0x2029 || c == 0x202f || c == 0x3000 || c == 0xfeff;
}

bool is_digit(std::uint32_t c) { return c >= '0' && c <= '9'; }
bool is_apostrophe(std::uint32_t c) { return c == '\'' || c == 0x2019; }

// Letters and digits, and beyond ASCII all but punctuation and symbols of the common blocks.
bool is_word(std::uint32_t c) {
  if (c < 0x80) return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  if (c < 0xc0) return c == 0xaa || c == 0xb5 || c == 0xba;
  if (c == 0xd7 || c == 0xf7 || is_blank(c)) return false;
  return !(c >= 0x2010 && c <= 0x2bff) && !(c >= 0x3001 && c <= 0x303f) && !(c >= 0xff01 && c <= 0xff0f) && c != 0xfffd && c < 0x1f000;
}

// A text's characters one after the other.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) { read(); }
  bool done() const { return at_ >= text_.size(); }
  std::uint32_t now() const { return now_; }
  std::uint32_t next() const {  // the character after this one; a blank at the end
    const std::size_t after = at_ + length_;
    return after < text_.size() ? code_point(text_, after) : ' ';
  }
  std::size_t at() const { return at_; }
  void advance() {
    at_ += length_;
    read();
  }

 private:
  void read() {
    if (done()) return;
    length_ = std::max<std::size_t>(1, character_length(text_, at_));
    now_ = code_point(text_, at_);
  }
  std::string_view text_;
  std::size_t at_ = 0, length_ = 1;
  std::uint32_t now_ = ' ';
};

void split_at_blanks(std::string_view text, const std::function<void(std::string_view)>& take) {
  for (Reader r(text); !r.done();) {
    while (!r.done() && is_blank(r.now())) r.advance();
    const std::size_t begin = r.at();
    while (!r.done() && !is_blank(r.now())) r.advance();
    if (r.at() > begin) take(text.substr(begin, r.at() - begin));
  }
}

// Whether `c` stands within a word or number that goes on behind it: don't, 3.5, 1,000.
bool joins(std::uint32_t before, std::uint32_t c, std::uint32_t after) {
  return is_apostrophe(c) ? is_word(before) && is_word(after) : (c == '.' || c == ',') && is_digit(before) && is_digit(after);
}

void split_words(std::string_view text, const std::function<void(std::string_view)>& take) {
  std::string word;
  for (Reader r(text); !r.done();) {
    std::uint32_t before = r.now();
    if (is_blank(before)) {
      r.advance();
      continue;
    }
    word.clear();
    const auto add = [&](std::uint32_t c) {
      append_code_point(word, is_apostrophe(c) ? '\'' : c);
      before = c;
      r.advance();
    };
    const bool within = is_word(before);
    add(before);
    while (within && !r.done() && (is_word(r.now()) || joins(before, r.now(), r.next()))) add(r.now());
    take(word);
  }
}

bool no_blank_before(const std::string& token) {
  return token.size() == 1 && std::string_view(".,;:!?)]}%").find(token[0]) != std::string_view::npos;
}
bool no_blank_after(const std::string& token) {
  return token.size() == 1 && std::string_view("([{$").find(token[0]) != std::string_view::npos;
}

}  // namespace

std::span<const std::string_view> tokenizer_names() { return names; }
std::string_view tokenizer_name(TokenizerKind kind) { return names[std::size_t(kind)]; }

TokenizerKind tokenizer_from_name(std::string_view name) {
  const auto it = std::find(names.begin(), names.end(), name);
  if (it == names.end()) throw UsageError(unknown_message("tokenizer", name, std::vector<std::string>(names.begin(), names.end())));
  return TokenizerKind(it - names.begin());
}

void Tokenizer::split(std::string_view text, const std::function<void(std::string_view)>& take) const {
  switch (kind) {
    case TokenizerKind::whitespace:
      return split_at_blanks(text, take);
    case TokenizerKind::basic:
      return lower_case ? split_words(in_lower_case(text), take) : split_words(text, take);
    case TokenizerKind::characters:
      for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = std::max<std::size_t>(1, character_length(text, i));
        take(text.substr(i, length));
        i += length;
      }
      return;
    case TokenizerKind::bytes:
      for (std::size_t i = 0; i < text.size(); i++) take(text.substr(i, 1));
  }
}

std::vector<std::string> Tokenizer::split(std::string_view text) const {
  std::vector<std::string> tokens;
  split(text, [&](std::string_view token) { tokens.emplace_back(token); });
  return tokens;
}

std::string Tokenizer::join(std::span<const std::string> tokens) const {
  std::string text;
  const bool blanks = kind == TokenizerKind::whitespace || kind == TokenizerKind::basic;
  for (std::size_t i = 0; i < tokens.size(); i++) {
    const bool close = kind == TokenizerKind::basic && i > 0 && (no_blank_before(tokens[i]) || no_blank_after(tokens[i - 1]));
    if (blanks && i > 0 && !close) text += ' ';
    text += tokens[i];
  }
  return text;
}

}  // namespace elbo
