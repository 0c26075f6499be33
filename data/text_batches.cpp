#include "data/text_batches.h"

#include <fmt/core.h>

#include <algorithm>
#include <numeric>

#include "data/vocabulary.h"
#include "tensor/error.h"
#include "tensor/random.h"

namespace elbo {

constexpr Index batches_a_pool = 50;

std::unique_ptr<TextBatches> TextBatches::training(const Split& split, Index size, std::uint64_t seed) {
  return std::unique_ptr<TextBatches>(new TextBatches(split, size, true, seed));
}
std::unique_ptr<TextBatches> TextBatches::evaluation(const Split& split, Index size) {
  return std::unique_ptr<TextBatches>(new TextBatches(split, size, false, 0));
}

TextBatches::TextBatches(const Split& split, Index size, bool shuffled, std::uint64_t seed)
    : split_(split), size_(size), shuffled_(shuffled), seed_(seed), order_(std::size_t(split.size())) {
  if (size < 1) throw UsageError(fmt::format("[train.batch] expected at least 1, got {}", size));
  if (split.size() == 0) fail("batches", fmt::format("the {} part holds no examples", part_name(split.part)));
  if (!split.tokens) fail("batches", "expected texts that have been divided into tokens");
  arrange(1);
}

void TextBatches::arrange(Index epoch) {
  if (epoch_ >= 0 && (!shuffled_ || epoch_ == epoch)) return;
  const Index n = split_.size(), pool = shuffled_ ? size_ * batches_a_pool : n;
  if (shuffled_)
    permutation(order_, RandomKey{seed_, Purpose::shuffle, std::uint64_t(epoch)});
  else
    std::iota(order_.begin(), order_.end(), 0);
  const Tokens& tokens = *split_.tokens;
  const auto shorter = [&](std::int32_t a, std::int32_t b) { return tokens.length(a) < tokens.length(b); };
  begins_.clear();
  for (Index begin = 0; begin < n; begin += pool) {
    const Index end = std::min(n, begin + pool);
    std::stable_sort(order_.begin() + begin, order_.begin() + end, shorter);
    for (Index b = begin; b < end; b += size_) begins_.push_back(b);
  }
  if (shuffled_) {  // the batches change places
    const auto places = permutation(Index(begins_.size()), RandomKey{seed_, Purpose::shuffle_batches, std::uint64_t(epoch)});
    std::vector<std::int32_t> order;
    std::vector<Index> begins;
    order.reserve(order_.size());
    for (const std::int32_t place : places) {
      begins.push_back(Index(order.size()));
      const Index begin = begins_[std::size_t(place)], pool_end = std::min(n, (begin / pool + 1) * pool);
      order.insert(order.end(), order_.begin() + begin, order_.begin() + std::min(pool_end, begin + size_));
    }
    order_ = std::move(order);
    begins_ = std::move(begins);
  }
  begins_.push_back(n);
  epoch_ = epoch;
}

const Batch& TextBatches::load(Index epoch, Index number) {
  if (number < 0 || number >= count() || epoch < 0)
    fail("batches", fmt::format("expected batch 0 to {}, got {} of epoch {}", count() - 1, number, epoch));
  arrange(epoch);
  const Index begin = begins_[std::size_t(number)], n = begins_[std::size_t(number) + 1] - begin;
  const Tokens& tokens = *split_.tokens;
  Index longest = 0;
  for (Index i = begin; i < begin + n; i++) longest = std::max(longest, tokens.length(order_[std::size_t(i)]));
  batch_.x = Tensor::zeros({n, longest}, DType::int32);  // pad_token is 0
  batch_.examples = Tensor({n}, DType::int32);
  auto* x = batch_.x.mutable_data<std::int32_t>();
  auto* examples = batch_.examples.mutable_data<std::int32_t>();
  for (Index i = 0; i < n; i++) {
    examples[i] = order_[std::size_t(begin + i)];
    const auto text = tokens[examples[i]];
    std::copy(text.begin(), text.end(), x + i * longest);
  }
  batch_.labels = Tensor();
  if (split_.labels) {
    batch_.labels = Tensor({n}, DType::int32);
    const auto* from = split_.labels.data<std::int32_t>();
    std::transform(examples, examples + n, batch_.labels.mutable_data<std::int32_t>(), [&](std::int32_t i) { return from[i]; });
  }
  return batch_;
}

static_assert(pad_token == 0);

}  // namespace elbo
