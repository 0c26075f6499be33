#include "data/describe.h"

#include <algorithm>
#include <limits>

#include "data/vocabulary.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

struct Sums {
  double minimum = std::numeric_limits<double>::infinity(), maximum = -std::numeric_limits<double>::infinity(), sum = 0;
  Index count = 0, nonzero = 0;

  void add(const Sums& other, double scale = 1) {
    minimum = std::min(minimum, other.minimum / scale);
    maximum = std::max(maximum, other.maximum / scale);
    sum += other.sum / scale;
    count += other.count;
    nonzero += other.nonzero;
  }
};

// Bytes as they are, by their histogram: exact whatever the order.
Sums sums_of(const std::uint8_t* p, Index n) {
  std::array<Index, 256> histogram{};
  for (Index i = 0; i < n; i++) histogram[p[i]]++;
  Sums s{.count = n, .nonzero = n - histogram[0]};
  for (std::size_t v = 0; v < histogram.size(); v++) {
    if (histogram[v] == 0) continue;
    s.minimum = std::min(s.minimum, double(v));
    s.maximum = double(v);
    s.sum += double(Index(v) * histogram[v]);
  }
  return s;
}

Sums sums_of(const float* p, Index n) {
  Sums s{.count = n};
  for (Index i = 0; i < n; i++) {
    const double v = p[i];
    s.minimum = std::min(s.minimum, v);
    s.maximum = std::max(s.maximum, v);
    s.sum += v;
    s.nonzero += v != 0;
  }
  return s;
}

template <class T>
Sums sums_of(const Tensor& t) {
  constexpr Index piece = 1 << 20;
  const Index pieces = (t.numel() + piece - 1) / piece;
  std::vector<Sums> parts(static_cast<std::size_t>(pieces));
  const T* p = t.data<T>();
  parallel(pieces, [&](Index i) { parts[std::size_t(i)] = sums_of(p + i * piece, std::min(piece, t.numel() - i * piece)); });
  Sums all;
  for (const Sums& s : parts) all.add(s);
  return all;
}

void count_tokens(const Tokens& all, Index& tokens, Index& unknown, Index& texts) {
  for (const std::int32_t id : all.ids.values<std::int32_t>()) {
    tokens += id != start_token && id != end_token;
    unknown += id == unknown_token;
  }
  texts += all.size();
}

}  // namespace

DataSummary describe(const Dataset& data, std::optional<Part> part) {
  DataSummary summary;
  summary.shape = data.example_shape;
  summary.labels.resize(std::size_t(data.classes));
  Sums all;
  Index tokens = 0, unknown = 0, texts = 0;
  for (const Part p : {Part::train, Part::valid, Part::test}) {
    const Split& split = data.part(p);
    (p == Part::train ? summary.train : p == Part::valid ? summary.valid : summary.test) = PartSummary{split.size(), split.origin};
    if (split.size() == 0 || (part && *part != p)) continue;
    if (split.tokens) count_tokens(*split.tokens, tokens, unknown, texts);
    if (split.values.dtype() == DType::uint8) all.add(sums_of<std::uint8_t>(split.values), 255);
    if (split.values.dtype() == DType::float32) all.add(sums_of<float>(split.values));
    if (split.labels)
      for (const std::int32_t label : split.labels.values<std::int32_t>()) summary.labels[std::size_t(label)]++;
  }
  if (texts > 0) {
    summary.tokens = double(tokens) / double(texts);
    summary.unknown = double(unknown) / double(std::max<Index>(1, tokens));
  }
  if (all.count == 0) return summary;
  summary.minimum = all.minimum;
  summary.maximum = all.maximum;
  summary.mean = all.sum / double(all.count);
  summary.nonzero = double(all.nonzero) / double(all.count);
  return summary;
}

}  // namespace elbo
