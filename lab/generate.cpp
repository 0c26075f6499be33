#include "lab/generate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "lab/beam.h"
#include "tensor/error.h"
#include "tensor/nearest.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

constexpr std::array<const char*, 3> method_names = {"greedy", "sample", "beam"};
constexpr Index texts_at_a_time = 512;

std::int32_t likeliest(const float* logits, Index words) { return std::int32_t(std::max_element(logits, logits + words) - logits); }

// One word drawn from the logits as `o` says; u is uniform on [0, 1).
std::int32_t draw(const float* logits, Index words, const DecodeOptions& o, double u,
                  std::vector<std::pair<double, std::int32_t>>& candidates) {
  if (o.temperature == 0) return likeliest(logits, words);
  const double largest = *std::max_element(logits, logits + words);
  candidates.clear();
  for (Index w = 0; w < words; w++)
    if (const double p = std::exp((logits[w] - largest) / o.temperature); p > 0) candidates.emplace_back(p, std::int32_t(w));
  if (o.top_k > 0 || o.top_p < 1) {
    std::sort(candidates.begin(), candidates.end(),
              [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
    if (o.top_k > 0 && Index(candidates.size()) > o.top_k) candidates.resize(std::size_t(o.top_k));
    double all = 0, kept = 0;
    for (const auto& c : candidates) all += c.first;
    std::size_t count = 0;
    while (count < candidates.size() && kept < o.top_p * all) kept += candidates[count++].first;
    candidates.resize(std::max<std::size_t>(1, count));
  }
  double sum = 0;
  for (const auto& c : candidates) sum += c.first;
  for (const auto& c : candidates) {
    u -= c.first / sum;
    if (u < 0) return c.second;
  }
  return candidates.back().second;
}

// Texts first, first + 1, ... of all.
void generate(const TextModel& model, const Tensor& z, Index first, const DecodeOptions& o, std::vector<std::int32_t>* texts) {
  const Index n = z.size(0), words = model.words();
  TextModel::Reading reading = model.begin(z);
  std::vector<std::int32_t> rows(static_cast<std::size_t>(n));  // the texts that have not ended
  std::iota(rows.begin(), rows.end(), 0);
  Tensor tokens = Tensor::full({n}, start_token, DType::int32);
  for (Index t = 0; t < o.max_tokens && !rows.empty(); t++) {
    Tensor logits = model.next(reading, tokens).to(DType::float32);
    float* all = logits.mutable_data<float>();
    std::vector<std::int32_t> next(rows.size());
    const RandomKey key{o.seed, Purpose::tokens, std::uint64_t(t)};
    parallel_ranges(Index(rows.size()), 8, [&](Index begin, Index end) {
      std::vector<std::pair<double, std::int32_t>> candidates;
      for (Index i = begin; i < end; i++) {
        float* row = all + i * words;
        forbid_special(row, o.unknown);
        const double u = o.method == DecodeMethod::sample ? key.uniform(std::uint32_t(first + rows[std::size_t(i)]), 0) : 0;
        next[std::size_t(i)] = o.method == DecodeMethod::sample ? draw(row, words, o, u, candidates) : likeliest(row, words);
      }
    });
    std::vector<std::int32_t> kept, places;
    for (std::size_t i = 0; i < rows.size(); i++) {
      if (next[i] == end_token) continue;
      texts[rows[i]].push_back(next[i]);
      places.push_back(std::int32_t(i));
      kept.push_back(next[i]);
    }
    if (places.size() < rows.size()) {
      if (places.empty()) return;
      model.reorder(reading, Tensor::from(places, {Index(places.size())}));
      for (std::size_t i = 0; i < places.size(); i++) rows[i] = rows[std::size_t(places[i])];
      rows.resize(places.size());
    }
    tokens = Tensor::from(kept, {Index(kept.size())});
  }
}

}  // namespace

DecodeMethod decode_method_from_name(std::string_view name) {
  const auto it = std::find(method_names.begin(), method_names.end(), name);
  if (it == method_names.end())
    throw UsageError(unknown_message("way of decoding", name, std::vector<std::string>(method_names.begin(), method_names.end())));
  return DecodeMethod(it - method_names.begin());
}

std::vector<std::vector<std::int32_t>> generate_tokens(const TextModel& model, const Tensor& z, const DecodeOptions& o) {
  const Index n = z.size(0);
  std::vector<std::vector<std::int32_t>> texts(static_cast<std::size_t>(n));
  const Index at_a_time =
      o.method == DecodeMethod::beam ? std::max<Index>(1, texts_at_a_time / std::max<Index>(1, o.beam)) : texts_at_a_time;
  for (Index begin = 0; begin < n; begin += at_a_time) {
    const Tensor part = z.slice(begin, std::min(n, begin + at_a_time)).to(model.dtype());
    if (o.method == DecodeMethod::beam)
      beam_search(model, part, o, &texts[std::size_t(begin)]);
    else
      generate(model, part, begin, o, &texts[std::size_t(begin)]);
  }
  return texts;
}

std::vector<std::string> generate_texts(const TextModel& model, const TextCodec& codec, const Tensor& z, const DecodeOptions& options) {
  std::vector<std::string> texts;
  for (const auto& tokens : generate_tokens(model, z, options)) texts.push_back(codec.decode(tokens));
  return texts;
}

}  // namespace elbo
