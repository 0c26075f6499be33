#pragma once
// How a text is divided into tokens and put together again.
//
//   whitespace   what stands between blanks; as it is
//   basic        words (letters, digits, apostrophes within: don't, o'clock), numbers (3.5, 1,000), and every other character by itself;
//                in lower case unless asked otherwise
//   characters   each character of the text
//   bytes        each byte: no text is unknown
//
// Texts must be UTF-8. What stands between tokens is not kept by the first two: joining writes one blank, and after `basic` none before
// . , ; : ! ? ) ] } % and none after ( [ { $.

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace elbo {

enum class TokenizerKind : unsigned char { whitespace, basic, characters, bytes };
std::span<const std::string_view> tokenizer_names();
TokenizerKind tokenizer_from_name(std::string_view name);  // throws UsageError naming the nearest
std::string_view tokenizer_name(TokenizerKind kind);

struct Tokenizer {
  TokenizerKind kind = TokenizerKind::basic;
  bool lower_case = true;  // basic alone

  // Calls `take` with each token, in order. It points into `text`, or into memory that lives until the next token.
  void split(std::string_view text, const std::function<void(std::string_view)>& take) const;
  std::vector<std::string> split(std::string_view text) const;
  std::string join(std::span<const std::string> tokens) const;
};

}  // namespace elbo
