#include "lab/text_samples.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <unordered_set>

#include "autograd/mode.h"
#include "data/checksum.h"
#include "data/sentences.h"
#include "tensor/error.h"
#include "tensor/reduce.h"

namespace elbo {
namespace {

constexpr std::size_t longest_gram = 4;
using Gram = std::array<std::int32_t, longest_gram>;  // filled up with pad_token

// Calls f with each n-gram of a text.
template <class F>
void for_grams(const std::vector<std::int32_t>& text, std::size_t n, F&& f) {
  for (std::size_t i = 0; i + n <= text.size(); i++) {
    Gram gram{};
    std::copy_n(text.begin() + std::ptrdiff_t(i), n, gram.begin());
    f(gram);
  }
}

std::map<Gram, Index> counts_of(const std::vector<std::int32_t>& text, std::size_t n) {
  std::map<Gram, Index> counts;
  for_grams(text, n, [&](const Gram& g) { counts[g]++; });
  return counts;
}

// How often an n-gram comes in the text that has it most often, and in any other: what a text's own count is held against.
struct Most {
  Index first = 0, second = 0;
  std::size_t owner = 0;
  void add(std::size_t text, Index count) {
    if (count > first)
      second = first, first = count, owner = text;
    else
      second = std::max(second, count);
  }
  Index without(std::size_t text) const { return text == owner ? second : first; }
};

// The length among all texts but `own` that is nearest to it; the shorter of two.
std::size_t nearest_length(const std::map<std::size_t, Index>& lengths, std::size_t own) {
  std::size_t best = 0, best_difference = std::numeric_limits<std::size_t>::max();
  for (const auto& [length, count] : lengths) {
    if (length == own && count == 1) continue;
    const std::size_t difference = length > own ? length - own : own - length;
    if (difference < best_difference) best = length, best_difference = difference;
  }
  return best;
}

}  // namespace

double distinct(const TokenLists& texts, std::size_t n) {
  std::set<Gram> seen;
  Index all = 0;
  for (const auto& text : texts) for_grams(text, n, [&](const Gram& g) { all++, seen.insert(g); });
  return all == 0 ? std::numeric_limits<double>::quiet_NaN() : double(seen.size()) / double(all);
}

double self_bleu(const TokenLists& texts) {
  if (texts.size() < 2) return std::numeric_limits<double>::quiet_NaN();
  std::vector<double> log_bleu(texts.size());
  for (std::size_t n = 1; n <= longest_gram; n++) {
    std::map<Gram, Most> most;
    for (std::size_t i = 0; i < texts.size(); i++)
      for (const auto& [gram, count] : counts_of(texts[i], n)) most[gram].add(i, count);
    for (std::size_t i = 0; i < texts.size(); i++) {
      double matches = n > 1, all = double(texts[i].size() >= n ? texts[i].size() + 1 - n : 0) + double(n > 1);
      for (const auto& [gram, count] : counts_of(texts[i], n)) matches += double(std::min(count, most[gram].without(i)));
      log_bleu[i] += all > 0 ? std::log(matches / all) / double(longest_gram) : -std::numeric_limits<double>::infinity();
    }
  }
  std::map<std::size_t, Index> lengths;
  for (const auto& text : texts) lengths[text.size()]++;
  double sum = 0;
  for (std::size_t i = 0; i < texts.size(); i++) {
    const double own = double(texts[i].size()), other = double(nearest_length(lengths, texts[i].size()));
    const double brevity = own >= other || own == 0 ? 0 : 1 - other / own;
    sum += std::exp(log_bleu[i] + brevity);
  }
  return sum / double(texts.size());
}

double copied(const TokenLists& texts, const Split& train) {
  if (train.size() == 0) return std::numeric_limits<double>::quiet_NaN();
  const auto sum_of = [](std::span<const std::int32_t> tokens) { return xxh64(tokens.data(), tokens.size_bytes()); };
  std::unordered_set<std::uint64_t> known;
  for (Index i = 0; i < train.size(); i++) {
    auto tokens = (*train.tokens)[i].subspan(1);
    if (!tokens.empty() && tokens.back() == end_token) tokens = tokens.first(tokens.size() - 1);
    known.insert(sum_of(tokens));
  }
  const auto found = std::count_if(texts.begin(), texts.end(), [&](const auto& text) { return known.contains(sum_of(text)); });
  return texts.empty() ? std::numeric_limits<double>::quiet_NaN() : double(found) / double(texts.size());
}

double parsed(const std::vector<std::string>& texts) {
  const auto found = std::count_if(texts.begin(), texts.end(), [](const std::string& text) { return parse_sentence(text).has_value(); });
  return texts.empty() ? std::numeric_limits<double>::quiet_NaN() : double(found) / double(texts.size());
}

void require_language_model(const Run& run) {
  if (!run.codec || run.model->latent() > 0) throw UsageError("--language-model " + run.path + ": expected a run of text-lm");
}

double perplexity_under(const Run& lm, const std::vector<std::string>& texts) {
  require_language_model(lm);
  return perplexity_under(lm, tokenised_split(*lm.codec, texts));
}

double perplexity_under(const Run& lm, const Split& split) {
  const NoGrad guard;
  const std::unique_ptr<BatchSource> batches = evaluation_batches(lm.config, split);
  double sum = 0;
  for (Index b = 0; b < batches->count(); b++) {
    const Batch& batch = batches->load(1, b);
    const Code code = lm.model->encode(Var(batch.x));
    sum += total(lm.model->text_loss(code, code.mean, batch.x, {}).value());
  }
  return std::exp(sum / double(split.tokens->ids.numel() - split.size()));
}

SampleFigures sample_figures(const TokenLists& texts) {
  double tokens = 0;
  for (const auto& text : texts) tokens += double(text.size());
  return {distinct(texts, 1), distinct(texts, 2), self_bleu(texts), tokens / double(std::max<std::size_t>(1, texts.size()))};
}

}  // namespace elbo
