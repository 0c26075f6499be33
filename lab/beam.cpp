#include "lab/beam.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tensor/parallel.h"

namespace elbo {
namespace {

struct Hypothesis {
  std::vector<std::int32_t> tokens;
  double log_probability = 0;
};

// What a text may become by one more word.
struct Extension {
  double log_probability;
  std::int32_t from, word;                    // the hypothesis of its text, by row of the reading
  bool operator<(const Extension& o) const {  // the best first; of equal ones in the order of rows and words
    return log_probability != o.log_probability ? log_probability > o.log_probability : from != o.from ? from < o.from : word < o.word;
  }
};

// The `count` likeliest words of a row, with what they add to the log-probability.
void extend(const float* logits, Index words, Index count, double so_far, std::int32_t from, std::vector<Extension>& out) {
  const double largest = *std::max_element(logits, logits + words);
  double sum = 0;
  for (Index w = 0; w < words; w++) sum += std::exp(logits[w] - largest);
  const double shift = so_far - largest - std::log(sum);
  const std::size_t begin = out.size();
  const auto worst_first = [](const Extension& a, const Extension& b) { return a < b; };  // a heap of the best, its worst on top
  for (Index w = 0; w < words; w++) {
    if (logits[w] == -std::numeric_limits<float>::infinity()) continue;
    const Extension e{shift + logits[w], from, std::int32_t(w)};
    if (Index(out.size() - begin) < count) {
      out.push_back(e);
      std::push_heap(out.begin() + std::ptrdiff_t(begin), out.end(), worst_first);
    } else if (e < out[begin]) {
      std::pop_heap(out.begin() + std::ptrdiff_t(begin), out.end(), worst_first);
      out.back() = e;
      std::push_heap(out.begin() + std::ptrdiff_t(begin), out.end(), worst_first);
    }
  }
}

}  // namespace

void forbid_special(float* logits, bool unknown_allowed) {
  constexpr float never = -std::numeric_limits<float>::infinity();
  logits[pad_token] = logits[start_token] = never;
  if (!unknown_allowed) logits[unknown_token] = never;
}

void beam_search(const TextModel& model, const Tensor& z, const DecodeOptions& o, std::vector<std::int32_t>* texts) {
  const Index n = z.size(0), words = model.words(), width = std::max<Index>(1, o.beam);
  const auto score = [&](const Hypothesis& h) {
    return h.log_probability / std::pow((5.0 + double(h.tokens.size()) + 1) / 6, o.length_penalty);
  };
  std::vector<std::vector<Hypothesis>> alive(static_cast<std::size_t>(n), {Hypothesis{}});
  std::vector<std::pair<double, std::vector<std::int32_t>>> best(static_cast<std::size_t>(n),
                                                                 {-std::numeric_limits<double>::infinity(), {}});
  TextModel::Reading reading = model.begin(z);
  Tensor tokens = Tensor::full({n}, start_token, DType::int32);
  for (Index t = 0; t < o.max_tokens; t++) {
    Tensor logits = model.next(reading, tokens).to(DType::float32);
    float* all = logits.mutable_data<float>();
    std::vector<Index> first_row(static_cast<std::size_t>(n) + 1);
    for (Index i = 0; i < n; i++) first_row[std::size_t(i) + 1] = first_row[std::size_t(i)] + Index(alive[std::size_t(i)].size());
    // Each text's extensions: one more than are kept, for one of them may be the end.
    std::vector<std::vector<Extension>> extensions(static_cast<std::size_t>(n));
    parallel_ranges(n, 4, [&](Index begin, Index end) {
      for (Index i = begin; i < end; i++) {
        auto& mine = extensions[std::size_t(i)];
        for (std::size_t k = 0; k < alive[std::size_t(i)].size(); k++) {
          const Index row = first_row[std::size_t(i)] + Index(k);
          forbid_special(all + row * words, o.unknown);
          extend(all + row * words, words, 2 * width, alive[std::size_t(i)][k].log_probability, std::int32_t(row), mine);
        }
        std::sort(mine.begin(), mine.end());
      }
    });
    std::vector<std::int32_t> rows, next;
    for (std::size_t i = 0; i < std::size_t(n); i++) {
      std::vector<Hypothesis> kept;
      for (const Extension& e : extensions[i]) {
        if (Index(kept.size()) == width) break;
        Hypothesis h = alive[i][std::size_t(e.from - first_row[i])];
        h.log_probability = e.log_probability;
        if (e.word == end_token) {
          if (const double s = score(h); s > best[i].first) best[i] = {s, h.tokens};
          continue;
        }
        h.tokens.push_back(e.word);
        kept.push_back(std::move(h));
        rows.push_back(e.from);
        next.push_back(e.word);
      }
      // No longer text can overtake one that has ended when even without a loss the best of them would not.
      const bool decided =
          !kept.empty() && best[i].first > kept[0].log_probability / std::pow((5.0 + double(o.max_tokens) + 1) / 6, o.length_penalty);
      if (decided) {
        rows.resize(rows.size() - kept.size());
        next.resize(next.size() - kept.size());
        kept.clear();
      }
      alive[i] = std::move(kept);
    }
    if (rows.empty()) break;
    model.reorder(reading, Tensor::from(rows, {Index(rows.size())}));
    tokens = Tensor::from(next, {Index(next.size())});
  }
  for (std::size_t i = 0; i < std::size_t(n); i++) {
    for (const Hypothesis& h : alive[i])  // cut by max_tokens
      if (const double s = score(h); s > best[i].first) best[i] = {s, h.tokens};
    texts[i] = std::move(best[i].second);
  }
}

}  // namespace elbo
