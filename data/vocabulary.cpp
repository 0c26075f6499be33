#include "data/vocabulary.h"

#include <fmt/core.h>

#include <algorithm>

#include "data/utf8.h"
#include "tensor/error.h"
#include "tensor/file.h"
#include "tensor/json.h"

namespace elbo {
namespace {

const std::string special_names[] = {"<pad>", "<start>", "<end>", "<unk>"};

// JSON holds characters, not bytes: a token that is no text (of the tokenizer `bytes`) is kept as the characters U+0000 to U+00FF.
std::string bytes_as_text(const std::string& token) {
  std::string text;
  for (const char c : token) append_code_point(text, static_cast<unsigned char>(c));
  return text;
}

std::string text_as_bytes(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += std::max<std::size_t>(1, character_length(text, i))) bytes += char(code_point(text, i));
  return bytes;
}

}  // namespace

Vocabulary::Vocabulary(std::vector<std::string> words) : words_(std::move(words)) {
  numbers_.reserve(words_.size());
  for (std::size_t i = 0; i < words_.size(); i++)
    if (!numbers_.emplace(words_[i], std::int32_t(special_tokens + i)).second)
      fail("vocabulary", fmt::format("{} is there twice", quote_name(words_[i])));
}

Vocabulary::Vocabulary(const Vocabulary& other) : Vocabulary(other.words_) {}

std::int32_t Vocabulary::number(std::string_view token) const {
  const auto it = numbers_.find(token);
  return it == numbers_.end() ? std::int32_t(unknown_token) : it->second;
}

const std::string& Vocabulary::token(std::int32_t number) const {
  if (number < 0 || number >= size()) fail("vocabulary", fmt::format("expected a token from 0 to {}, got {}", size() - 1, number));
  return number < special_tokens ? special_names[number] : words_[std::size_t(number - special_tokens)];
}

void TokenCounts::add(std::string_view token, Index count) {
  const auto [it, is_new] = places_.try_emplace(std::string(token), order_.size());
  if (is_new) order_.emplace_back(&it->first, 0);
  order_[it->second].second += count;
}

void TokenCounts::add(const TokenCounts& later) {
  for (const auto& [token, count] : later.order_) add(*token, count);
}

Vocabulary TokenCounts::vocabulary(Index min_count, Index most) const {
  auto kept = order_;
  std::erase_if(kept, [&](const auto& entry) { return entry.second < min_count; });
  std::stable_sort(kept.begin(), kept.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  if (most > 0 && Index(kept.size()) > most - special_tokens) kept.resize(std::size_t(most - special_tokens));
  std::vector<std::string> words;
  for (const auto& entry : kept) words.push_back(*entry.first);
  return Vocabulary(std::move(words));
}

void TextCodec::encode(std::string_view text, std::vector<std::int32_t>& to) const {
  to.push_back(start_token);
  Index left = max_tokens;
  bool cut = false;
  tokenizer.split(text, [&](std::string_view token) {
    if (left == 0) {
      cut = true;
      return;
    }
    to.push_back(vocabulary.number(token));
    left--;
  });
  if (!cut) to.push_back(end_token);
}

std::vector<std::int32_t> TextCodec::encode(std::string_view text) const {
  std::vector<std::int32_t> tokens;
  encode(text, tokens);
  return tokens;
}

std::string TextCodec::decode(std::span<const std::int32_t> tokens) const {
  std::vector<std::string> words;
  for (const std::int32_t t : tokens) {
    if (t == end_token || t == pad_token) break;
    if (t != start_token) words.push_back(vocabulary.token(t));
  }
  return tokenizer.join(words);
}

std::string TextCodec::json() const {
  const bool bytes = tokenizer.kind == TokenizerKind::bytes;
  std::vector<std::string> words = vocabulary.words();
  if (bytes) std::transform(words.begin(), words.end(), words.begin(), bytes_as_text);
  return Json::object({{"tokenizer", tokenizer_name(tokenizer.kind)},
                       {"lower_case", tokenizer.lower_case},
                       {"max_tokens", max_tokens},
                       {"words", words}})
      .dump();
}

TextCodec TextCodec::from_json(std::string_view text, std::string_view source) {
  const Json json = Json::parse(text, source);
  TextCodec codec;
  try {
    codec.tokenizer = {tokenizer_from_name(json["tokenizer"].string()), json["lower_case"].boolean()};
    codec.max_tokens = json["max_tokens"].integer();
    std::vector<std::string> words;
    for (const Json& word : json["words"].elements())
      words.push_back(codec.tokenizer.kind == TokenizerKind::bytes ? text_as_bytes(word.string()) : word.string());
    codec.vocabulary = Vocabulary(std::move(words));
  } catch (const std::exception& error) {
    fail("vocabulary", fmt::format("{}: {}", source, error.what()));
  }
  if (codec.max_tokens < 1) fail("vocabulary", fmt::format("{}: max_tokens is {}, expected at least 1", source, codec.max_tokens));
  return codec;
}

}  // namespace elbo
