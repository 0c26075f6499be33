#pragma once
// Which tokens a model knows, by number, and texts as such numbers.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/texts.h"
#include "data/tokenizer.h"

namespace elbo {

// Numbers that stand for no token of a text. A text that holds "<unk>" as a word has it as any other: it never becomes one of these.
enum SpecialToken : std::int32_t { pad_token, start_token, end_token, unknown_token, special_tokens };

class Vocabulary {
 public:
  Vocabulary() = default;
  // Words of number special_tokens, special_tokens + 1, ...; throws Error for equal ones.
  explicit Vocabulary(std::vector<std::string> words);
  Vocabulary(const Vocabulary& other);  // the map names the words of this object
  Vocabulary(Vocabulary&& other) = default;
  Vocabulary& operator=(Vocabulary other) {
    std::swap(words_, other.words_);
    std::swap(numbers_, other.numbers_);
    return *this;
  }

  Index size() const { return special_tokens + Index(words_.size()); }
  std::int32_t number(std::string_view token) const;    // unknown_token where there is none
  const std::string& token(std::int32_t number) const;  // "<pad>", "<start>", "<end>", "<unk>" for the special ones
  const std::vector<std::string>& words() const { return words_; }

 private:
  std::vector<std::string> words_;
  std::unordered_map<std::string_view, std::int32_t> numbers_;
};

// Counts tokens; the vocabulary has the most frequent first, of equally frequent ones the one that came first.
class TokenCounts {
 public:
  void add(std::string_view token, Index count = 1);
  void add(const TokenCounts& later);
  // Tokens seen `min_count` times or more; `most` in all, the special ones too (0: any number).
  Vocabulary vocabulary(Index min_count, Index most) const;
  Index distinct() const { return Index(order_.size()); }

 private:
  std::unordered_map<std::string, std::size_t> places_;
  std::vector<std::pair<const std::string*, Index>> order_;
};

// What turns texts into numbers and back. A model file keeps it, so that every tool takes raw sentences.
struct TextCodec {
  Tokenizer tokenizer;
  Vocabulary vocabulary;
  Index max_tokens = 100;  // of a text, start and end not counted

  // Start, tokens, end. A text that is longer than max_tokens is cut and has no end, as it goes on.
  void encode(std::string_view text, std::vector<std::int32_t>& to) const;  // appends
  std::vector<std::int32_t> encode(std::string_view text) const;
  // Up to the first end or pad; the start is left out.
  std::string decode(std::span<const std::int32_t> tokens) const;

  std::string json() const;                                                    // for a model file
  static TextCodec from_json(std::string_view text, std::string_view source);  // throws Error
};

}  // namespace elbo
