#include "data/parts.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "data/checksum.h"
#include "tensor/error.h"
#include "tensor/parallel.h"
#include "tensor/random.h"

namespace elbo {
namespace {

std::byte* bytes_of(Tensor& t) {
  return for_any(t.dtype(), [&]<class T>(T) { return reinterpret_cast<std::byte*>(t.mutable_data<T>()); });
}

using Rows = std::vector<std::int32_t>;  // rows of a tensor's leading axis

// A permutation by its cycles: in each, a place receives what was at the next one, and the last place what was at the first.
struct Cycles {
  Rows places;
  std::vector<std::size_t> ends;  // of each cycle, in `places`; those of one place are left out

  explicit Cycles(const Rows& source) {  // place i receives what was at source[i]
    std::vector<bool> done(source.size());
    for (std::size_t start = 0; start < source.size(); start++) {
      const std::size_t begin = places.size();
      for (std::size_t at = start; !done[at]; at = std::size_t(source[at])) done[at] = true, places.push_back(std::int32_t(at));
      if (places.size() == begin + 1) places.pop_back();
      if (places.size() > begin) ends.push_back(places.size());
    }
  }
};

// Row i becomes what was row source[i], in place: no memory for a second copy of anything, however large the data and wherever they lie.
// Threads move some columns of all rows each.
void arrange(Tensor& t, const Rows& source, const Cycles& cycles) {
  if (!t || cycles.places.empty()) return;
  const Index row = Index(t.bytes()) / Index(source.size());
  std::byte* rows = bytes_of(t);
  parallel_ranges(row, 16384, [&](Index begin, Index end) {
    const auto bytes = std::size_t(end - begin);
    const auto at = [&](std::size_t i) { return rows + cycles.places[i] * row + begin; };
    std::vector<std::byte> first(bytes);
    std::size_t i = 0;
    for (const std::size_t cycle_end : cycles.ends) {
      std::memcpy(first.data(), at(i), bytes);
      for (; i + 1 < cycle_end; i++) std::memcpy(at(i), at(i + 1), bytes);
      std::memcpy(at(i++), first.data(), bytes);
    }
  });
}

void arrange(Split& split, const Rows& source) {
  const Cycles cycles(source);
  arrange(split.values, source, cycles);
  arrange(split.labels, source, cycles);
  for (Tensor& factor : split.factors) arrange(factor, source, cycles);
}

// `to` becomes rows begin .. end - 1, in the same memory, under its own origin. None: no tensors.
void take_rows(const Split& from, std::size_t begin, std::size_t end, Split& to) {
  to.values = to.labels = Tensor();
  to.factors.clear();
  if (begin == end) return;
  const auto cut = [&](const Tensor& t) { return t ? t.slice(Index(begin), Index(end)) : t; };
  to.values = cut(from.values);
  to.labels = cut(from.labels);
  for (const Tensor& factor : from.factors) to.factors.push_back(cut(factor));
}

Rows all_rows(const Split& split) {
  Rows rows(std::size_t(split.size()));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

// For each of these rows the place in `rows` of the next one with the same text; equal sums of 64 bits stand for equal texts. Empty where
// the data are none.
Rows rings_of_texts(const Dataset& data, const Split& source, const Rows& rows) {
  if (!data.texts) return {};
  const auto* number = source.values.data<std::int32_t>();
  std::vector<std::pair<std::uint64_t, std::int32_t>> sums(rows.size());
  parallel_ranges(Index(rows.size()), 4096, [&](Index begin, Index end) {
    for (Index i = begin; i < end; i++) {
      const std::string_view text = (*data.texts)[number[rows[std::size_t(i)]]];
      sums[std::size_t(i)] = {xxh64(text.data(), text.size()), std::int32_t(i)};
    }
  });
  std::sort(sums.begin(), sums.end());
  Rows next(rows.size());
  for (std::size_t begin = 0, end = 0; begin < sums.size(); begin = end) {
    while (end < sums.size() && sums[end].first == sums[begin].first) end++;
    for (std::size_t k = begin; k < end; k++) next[std::size_t(sums[k].second)] = sums[k + 1 < end ? k + 1 : begin].second;
  }
  return next;
}

// Moves `count` rows, which draw_part() chooses, out of `from`; the origins of both parts say so.
Rows set_apart(const Dataset& data, const Split& source, Rows& from, Split& from_part, Index count, Split& part) {
  const auto n = Index(from.size());
  Tensor labels;
  if (source.labels) {
    labels = Tensor({n}, DType::int32);
    const auto* label = source.labels.data<std::int32_t>();
    std::transform(from.begin(), from.end(), labels.mutable_data<std::int32_t>(), [&](std::int32_t row) { return label[row]; });
  }
  Rows apart, rest;
  const Rows chosen = draw_part(n, count, labels, part.part, rings_of_texts(data, source, from));
  for (std::size_t i = 0, next = 0; i < from.size(); i++) {
    const bool taken = next < chosen.size() && std::size_t(chosen[next]) == i;
    (taken ? apart : rest).push_back(from[i]);
    next += taken;
  }
  from = rest;
  part.origin = fmt::format("{} of the {} examples of {}, drawn{}", chosen.size(), n, from_part.origin,
                            source.labels ? " in proportion to the labels" : "");
  from_part.origin += fmt::format(", all but the {} of the {} part", chosen.size(), part_name(part.part));
  return apart;
}

// Takes rows with one of these labels out of `rows`, to the end of `dropped`.
void drop_labels(const Split& source, const std::vector<int>& labels, Rows& rows, Rows& dropped, Split& part) {
  if (!source.labels || labels.empty()) return;
  const auto* label = source.labels.data<std::int32_t>();
  const auto kept_end = std::stable_partition(
      rows.begin(), rows.end(), [&](std::int32_t row) { return std::find(labels.begin(), labels.end(), label[row]) == labels.end(); });
  if (kept_end == rows.end()) return;
  std::string names;
  for (const int l : labels) names += (names.empty() ? "" : ", ") + std::to_string(l);
  part.origin += fmt::format(", without the {} with label {}", rows.end() - kept_end, names);
  dropped.insert(dropped.end(), kept_end, rows.end());
  rows.erase(kept_end, rows.end());
}

Tensor joined(const Tensor& a, const Tensor& b) {
  if (!a || !b) return a ? a : b;
  const Shape shape = a.shape().with(0, a.shape()[0] + b.shape()[0]);
  Tensor t = a.is_in_file() || b.is_in_file() ? Tensor::in_file(shape, a.dtype()) : Tensor(shape, a.dtype());
  t.slice(0, a.shape()[0]).copy_from(a);
  t.slice(a.shape()[0], t.shape()[0]).copy_from(b);
  return t;
}

void append(Split& to, const Split& from) {
  to.values = joined(to.values, from.values);
  to.labels = joined(to.labels, from.labels);
  for (std::size_t i = 0; i < to.factors.size(); i++) to.factors[i] = joined(to.factors[i], from.factors[i]);
}

// A tenth, at most `most`; at least one where there are two or more.
Index tenth(Index n, Index most) { return std::min(most, n < 2 ? Index{0} : std::max(Index{1}, n / 10)); }

Index valid_count(Index n, double wish) {
  if (!(wish >= 0) || (wish >= 1 && wish != std::floor(wish)))
    throw UsageError(fmt::format("[data.valid] expected 0, a share below 1 or a whole number, got {}", wish));
  const double count = wish < 1 ? std::floor(double(n) * wish) : wish;
  if (count >= double(n) && count > 0)
    throw UsageError(fmt::format("[data.valid] {} validation examples leave none of the {} to train on", wish, n));
  return Index(count);
}

}  // namespace

std::vector<std::int32_t> draw_part(Index n, Index count, const Tensor& labels, Part part, const Rows& same) {
  const auto order = permutation(n, RandomKey{0, Purpose::split, std::uint64_t(part)});
  // How many examples of each label are still wanted; without labels all have the same.
  const std::int32_t* label = labels ? labels.data<std::int32_t>() : nullptr;
  const auto label_of = [&](std::int32_t i) { return std::size_t(label ? label[i] : 0); };
  const auto classes = std::size_t(n == 0 || !label ? 1 : *std::max_element(label, label + n) + 1);
  std::vector<Index> total(classes), quota(classes);
  for (Index i = 0; i < n; i++) total[label_of(std::int32_t(i))]++;
  // Each label gets the whole part of its share; what is left goes to the largest fractions.
  std::vector<std::size_t> by_fraction(classes);
  Index left = count;
  for (std::size_t c = 0; c < classes; c++) quota[c] = n == 0 ? 0 : count * total[c] / n, left -= quota[c], by_fraction[c] = c;
  std::stable_sort(by_fraction.begin(), by_fraction.end(),
                   [&](std::size_t a, std::size_t b) { return count * total[a] % n > count * total[b] % n; });
  for (Index i = 0; i < left; i++) quota[by_fraction[std::size_t(i)]]++;

  std::vector<std::int32_t> chosen, ring;
  std::vector<bool> seen(same.empty() ? 0 : std::size_t(n));
  std::vector<Index> wanted(classes);
  for (const std::int32_t i : order) {
    if (same.empty() || same[std::size_t(i)] == i) {
      if (Index& q = quota[label_of(i)]; q > 0) q--, chosen.push_back(i);
      continue;
    }
    if (seen[std::size_t(i)]) continue;
    ring.clear();
    std::fill(wanted.begin(), wanted.end(), 0);
    for (std::int32_t at = i; !seen[std::size_t(at)]; at = same[std::size_t(at)])
      seen[std::size_t(at)] = true, ring.push_back(at), wanted[label_of(at)]++;
    bool fits = true;
    for (std::size_t c = 0; c < classes; c++) fits = fits && wanted[c] <= quota[c];
    if (!fits) continue;
    for (std::size_t c = 0; c < classes; c++) quota[c] -= wanted[c];
    chosen.insert(chosen.end(), ring.begin(), ring.end());
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

void divide(Dataset& data, const PartsOptions& options) {
  for (const int label : options.exclude_labels)
    if (label < 0 || label >= data.classes)
      throw UsageError(fmt::format("[data.exclude_labels] {}: {}", label,
                                   data.classes ? fmt::format("labels are 0 to {}", data.classes - 1) : "these data have no labels"));

  // First which rows of the source's training examples go where, then each is moved once: train, test, valid, and what is left out.
  Split source = data.train;
  Rows train = all_rows(source), test, valid, dropped;
  const bool own_test = data.test.size() > 0, own_valid = data.valid.size() > 0 && !options.valid;
  if (!own_test)
    if (const Index count = tenth(source.size(), 10000); count > 0) test = set_apart(data, source, train, data.train, count, data.test);
  if (!own_valid) {  // a number given overrides the source's own validation part
    data.valid = Split{.part = Part::valid};
    const auto n = Index(train.size());
    if (const Index count = options.valid ? valid_count(n, *options.valid) : tenth(n, 5000); count > 0)
      valid = set_apart(data, source, train, data.train, count, data.valid);
  }
  drop_labels(source, options.exclude_labels, train, dropped, data.train);
  drop_labels(source, options.exclude_labels, valid, dropped, data.valid);

  const std::size_t train_end = train.size(), test_end = train_end + test.size(), valid_end = test_end + valid.size();
  for (const Rows* rows : {&test, &valid, &dropped}) train.insert(train.end(), rows->begin(), rows->end());
  arrange(source, train);
  take_rows(source, 0, options.use_test ? test_end : train_end, data.train);
  if (!own_test) take_rows(source, train_end, test_end, data.test);
  if (!own_valid) take_rows(source, test_end, valid_end, data.valid);

  if (own_valid) {
    Split own = data.valid;
    Rows rows = all_rows(own), left_out;
    drop_labels(own, options.exclude_labels, rows, left_out, data.valid);
    const std::size_t kept = rows.size();
    rows.insert(rows.end(), left_out.begin(), left_out.end());
    arrange(own, rows);
    take_rows(own, 0, kept, data.valid);
  }
  if (options.use_test && data.test.size() > 0) {
    if (own_test) append(data.train, data.test);
    data.train.origin += fmt::format(", and {}", data.test.origin);
  }
  if (data.train.size() == 0) fail("data", fmt::format("{}: nothing is left to train on", data.spec.str()));
}

}  // namespace elbo
