#include "data/tokenise.h"

#include <fmt/core.h>

#include <algorithm>
#include <numeric>

#include "tensor/error.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

constexpr Index texts_a_chunk = 8192;
// Chunks between two words on how far it is; also what is in memory as objects at a time.
constexpr Index chunks_a_round = 64;

std::string_view text_of(const Dataset& data, const Split& split, Index i) { return (*data.texts)[split.values.data<std::int32_t>()[i]]; }

// Calls round(first, last) for chunks first .. last - 1 of n texts, saying how far it is in between.
template <class F>
void in_rounds(Index n, const char* what, const OnRead& on_read, F&& round) {
  const Index chunks = divide_up(n, texts_a_chunk);
  for (Index first = 0; first < chunks; first += chunks_a_round) {
    if (on_read) on_read(what, first * texts_a_chunk, n);
    round(first, std::min(chunks, first + chunks_a_round));
  }
}

Vocabulary count_words(const Dataset& data, const TextOptions& options, const OnRead& on_read) {
  const Split& train = data.train;
  TokenCounts all;
  in_rounds(train.size(), "counting words", on_read, [&](Index first, Index last) {
    std::vector<TokenCounts> counts(std::size_t(last - first));
    parallel(last - first, [&](Index c) {
      const Index begin = (first + c) * texts_a_chunk;
      for (Index i = begin; i < std::min(train.size(), begin + texts_a_chunk); i++) {
        Index left = options.max_tokens;
        options.tokenizer.split(text_of(data, train, i), [&](std::string_view token) {
          if (left-- > 0) counts[std::size_t(c)].add(token);
        });
      }
    });
    for (const TokenCounts& c : counts) all.add(c);  // in order: which of equally frequent words comes first depends on the texts alone
  });
  return all.vocabulary(options.min_count, options.max_vocabulary);
}

struct Encoded {
  Tokens tokens;
  std::vector<std::int32_t> overlong;  // the rows of texts that were cut, in order
};

Encoded encode(const Dataset& data, const Split& split, const TextCodec& codec, const OnRead& on_read) {
  Encoded out;
  std::vector<std::int32_t> ids;
  out.tokens.begins.push_back(0);
  in_rounds(split.size(), "reading words", on_read, [&](Index first, Index last) {
    struct Chunk {
      std::vector<std::int32_t> ids, lengths, overlong;
    };
    std::vector<Chunk> chunks(std::size_t(last - first));
    parallel(last - first, [&](Index c) {
      Chunk& chunk = chunks[std::size_t(c)];
      const Index begin = (first + c) * texts_a_chunk;
      for (Index i = begin; i < std::min(split.size(), begin + texts_a_chunk); i++) {
        const std::size_t before = chunk.ids.size();
        codec.encode(text_of(data, split, i), chunk.ids);
        chunk.lengths.push_back(std::int32_t(chunk.ids.size() - before));
        if (chunk.ids.back() != end_token) chunk.overlong.push_back(std::int32_t(i));
      }
    });
    for (const Chunk& chunk : chunks) {
      ids.insert(ids.end(), chunk.ids.begin(), chunk.ids.end());
      for (const std::int32_t length : chunk.lengths) out.tokens.begins.push_back(out.tokens.begins.back() + length);
      out.overlong.insert(out.overlong.end(), chunk.overlong.begin(), chunk.overlong.end());
    }
  });
  out.tokens.ids = Tensor::from(ids, {Index(ids.size())});
  return out;
}

// The rows in `dropped` (ascending) are taken out of a tensor's leading axis.
Tensor without_rows(const Tensor& t, const std::vector<std::int32_t>& dropped) {
  if (!t) return t;
  Tensor kept(t.shape().with(0, t.size(0) - Index(dropped.size())), t.dtype());
  Index at = 0, from = 0;
  const auto move_up_to = [&](Index end) {
    if (end > from) kept.slice(at, at + end - from).copy_from(t.slice(from, end));
    at += end - from;
    from = end + 1;
  };
  for (const std::int32_t row : dropped) move_up_to(row);
  move_up_to(t.size(0));
  return kept;
}

void leave_out(Split& split, Tokens& tokens, const std::vector<std::int32_t>& dropped) {
  std::vector<std::int32_t> ids;
  std::vector<Index> begins = {0};
  std::size_t next = 0;
  for (Index i = 0; i < tokens.size(); i++) {
    if (next < dropped.size() && dropped[next] == i) {
      next++;
      continue;
    }
    const auto text = tokens[i];
    ids.insert(ids.end(), text.begin(), text.end());
    begins.push_back(Index(ids.size()));
  }
  tokens = {Tensor::from(ids, {Index(ids.size())}), begins};
  const bool none = tokens.size() == 0;
  split.values = none ? Tensor() : without_rows(split.values, dropped);
  split.labels = none ? Tensor() : without_rows(split.labels, dropped);
  for (Tensor& factor : split.factors) factor = none ? Tensor() : without_rows(factor, dropped);
}

void require_texts(const Dataset& data) {
  if (!data.texts) fail("data", fmt::format("{}: expected texts, these are pictures or vectors", data.spec.str()));
}

}  // namespace

void tokenise(Dataset& data, const TextOptions& options, const OnRead& on_read) {
  require_texts(data);
  auto codec = std::make_shared<TextCodec>();
  codec->tokenizer = options.tokenizer;
  codec->max_tokens = options.max_tokens;
  codec->vocabulary = count_words(data, options, on_read);
  if (codec->vocabulary.size() == special_tokens)
    fail("data", fmt::format("{}: no token comes data.min_count={} times in the {} training text{}, which leaves nothing to predict; --set "
                             "data.min_count=1 takes every token",
                             data.spec.str(), options.min_count, data.train.size(), data.train.size() == 1 ? "" : "s"));
  tokenise(data, std::move(codec), options.skip_overlong, on_read);
}

void tokenise(Dataset& data, std::shared_ptr<const TextCodec> codec, bool skip_overlong, const OnRead& on_read) {
  require_texts(data);
  Index texts = 0, overlong = 0, longest = 1;
  for (Split* split : {&data.train, &data.valid, &data.test}) {
    if (split->size() == 0) continue;
    Encoded encoded = encode(data, *split, *codec, on_read);
    texts += split->size();
    overlong += Index(encoded.overlong.size());
    if (skip_overlong && !encoded.overlong.empty()) leave_out(*split, encoded.tokens, encoded.overlong);
    if (split == &data.train)
      for (Index i = 0; i < encoded.tokens.size(); i++) longest = std::max(longest, encoded.tokens.length(i) - 1);
    split->tokens = std::make_shared<const Tokens>(std::move(encoded.tokens));
  }
  if (overlong > 0)
    data.notes.push_back(fmt::format("{} of {} texts ({:.1f}%) have more than {} tokens and are {}", overlong, texts,
                                     100.0 * double(overlong) / double(texts), codec->max_tokens,
                                     skip_overlong ? "left out" : "cut, without an end"));
  if (data.train.size() == 0)
    fail("data", fmt::format("{}: every training text has more than {} tokens: nothing is left to train on; raise data.max_tokens, or "
                             "--set data.overlong=cut",
                             data.spec.str(), codec->max_tokens));
  data.example_shape = {longest, codec->vocabulary.size()};
  data.codec = std::move(codec);
}

Split tokenised_split(const TextCodec& codec, const std::vector<std::string>& texts) {
  Split split;
  std::vector<std::int32_t> ids, numbers(texts.size());
  Tokens tokens;
  tokens.begins.push_back(0);
  for (const std::string& text : texts) {
    codec.encode(text, ids);
    tokens.begins.push_back(Index(ids.size()));
  }
  std::iota(numbers.begin(), numbers.end(), 0);
  tokens.ids = Tensor::from(ids, {Index(ids.size())});
  split.values = Tensor::from(numbers, {Index(numbers.size())});
  split.tokens = std::make_shared<const Tokens>(std::move(tokens));
  split.part = Part::test;
  return split;
}

}  // namespace elbo
