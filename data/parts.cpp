#include "data/parts.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "tensor/error.h"
#include "tensor/random.h"

namespace elbo {
namespace {

std::byte* bytes_of(Tensor& t) {
  return for_any(t.dtype(), [&]<class T>(T) { return reinterpret_cast<std::byte*>(t.mutable_data<T>()); });
}

// Rows `chosen` (ascending) of t's leading axis leave it: t keeps the others in order, the chosen ones are returned. Both share t's
// memory, the others first. Rows change places one at a time, along the cycles of the permutation, so that this takes no memory for a
// second copy of anything, however large the data and wherever they lie.
Tensor take_rows(Tensor& t, const std::vector<std::int32_t>& chosen) {
  if (!t) return {};
  const auto n = std::size_t(t.shape()[0]), row = n == 0 ? 0 : t.bytes() / n;
  std::vector<std::int32_t> source;  // of each place
  source.reserve(n);
  for (std::size_t i = 0, next = 0; i < n; i++)
    if (next < chosen.size() && std::size_t(chosen[next]) == i)
      next++;
    else
      source.push_back(std::int32_t(i));
  source.insert(source.end(), chosen.begin(), chosen.end());

  std::byte* rows = bytes_of(t);
  const auto at = [&](std::size_t i) { return rows + i * row; };
  std::vector<std::byte> first(row);
  for (std::size_t start = 0; start < n; start++) {
    if (std::size_t(source[start]) == start) continue;
    if (row > 0) std::memcpy(first.data(), at(start), row);
    std::size_t place = start;
    for (std::size_t from; (from = std::size_t(source[place])) != start; place = from) {
      if (row > 0) std::memcpy(at(place), at(from), row);
      source[place] = std::int32_t(place);  // done
    }
    if (row > 0) std::memcpy(at(place), first.data(), row);
    source[place] = std::int32_t(place);
  }
  const auto left = Index(n - chosen.size());
  const Tensor rest = t.slice(0, left), apart = t.slice(left, Index(n));
  t = rest;
  return apart;
}

Split take(Split& from, const std::vector<std::int32_t>& chosen, Part part) {
  Split to{.part = part};
  if (chosen.empty()) return to;
  to.values = take_rows(from.values, chosen);
  to.labels = take_rows(from.labels, chosen);
  for (Tensor& factor : from.factors) to.factors.push_back(take_rows(factor, chosen));
  return to;
}

void set_apart(Split& from, Split& to, Index count) {
  const Index n = from.size();
  const auto chosen = draw_part(n, count, from.labels, to.part);
  const std::string origin = from.origin;
  to = take(from, chosen, to.part);
  to.origin = fmt::format("{} of the {} examples of {}, drawn{}", count, n, origin, from.labels ? " in proportion to the labels" : "");
  from.origin = fmt::format("{}, all but the {} of the {} part", origin, count, part_name(to.part));
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
  if (from.size() == 0) return;
  to.values = joined(to.values, from.values);
  to.labels = joined(to.labels, from.labels);
  for (std::size_t i = 0; i < to.factors.size(); i++) to.factors[i] = joined(to.factors[i], from.factors[i]);
  to.origin += fmt::format(", and {}", from.origin);
}

void drop_labels(Split& split, const std::vector<int>& labels) {
  if (!split.labels || labels.empty()) return;
  std::vector<std::int32_t> dropped;
  const auto values = split.labels.values<std::int32_t>();
  for (std::size_t i = 0; i < values.size(); i++)
    if (std::find(labels.begin(), labels.end(), values[i]) != labels.end()) dropped.push_back(std::int32_t(i));
  if (dropped.empty()) return;
  take(split, dropped, split.part);
  std::string names;
  for (const int label : labels) names += (names.empty() ? "" : ", ") + std::to_string(label);
  split.origin += fmt::format(", without the {} with label {}", dropped.size(), names);
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

std::vector<std::int32_t> draw_part(Index n, Index count, const Tensor& labels, Part part) {
  const auto order = permutation(n, RandomKey{0, Purpose::split, std::uint64_t(part)});
  std::vector<std::int32_t> chosen;
  if (!labels) {
    chosen.assign(order.begin(), order.begin() + count);
  } else {
    // Each label gets the whole part of its share; what is left goes to the largest fractions.
    const std::int32_t* label = labels.data<std::int32_t>();
    const auto classes = std::size_t(n == 0 ? 0 : *std::max_element(label, label + n) + 1);
    std::vector<Index> total(classes), quota(classes);
    for (Index i = 0; i < n; i++) total[std::size_t(label[i])]++;
    std::vector<std::size_t> by_fraction(classes);
    Index left = count;
    for (std::size_t c = 0; c < classes; c++) quota[c] = count * total[c] / n, left -= quota[c], by_fraction[c] = c;
    std::stable_sort(by_fraction.begin(), by_fraction.end(),
                     [&](std::size_t a, std::size_t b) { return count * total[a] % n > count * total[b] % n; });
    for (Index i = 0; i < left; i++) quota[by_fraction[std::size_t(i)]]++;
    for (const std::int32_t i : order)
      if (Index& q = quota[std::size_t(label[i])]; q > 0) q--, chosen.push_back(i);
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

void divide(Dataset& data, const PartsOptions& options) {
  for (const int label : options.exclude_labels)
    if (label < 0 || label >= data.classes)
      throw UsageError(fmt::format("[data.exclude_labels] {}: {}", label,
                                   data.classes ? fmt::format("labels are 0 to {}", data.classes - 1) : "these data have no labels"));

  if (data.test.size() == 0)
    if (const Index count = tenth(data.train.size(), 10000); count > 0) set_apart(data.train, data.test, count);
  if (data.valid.size() == 0 || options.valid) {  // a number given overrides the source's own validation part
    data.valid = Split{.part = Part::valid};
    const Index n = data.train.size(), count = options.valid ? valid_count(n, *options.valid) : tenth(n, 5000);
    if (count > 0) set_apart(data.train, data.valid, count);
  }
  drop_labels(data.train, options.exclude_labels);
  drop_labels(data.valid, options.exclude_labels);
  if (options.use_test) append(data.train, data.test);
  if (data.train.size() == 0) fail("data", fmt::format("{}: nothing is left to train on", data.spec.str()));
}

}  // namespace elbo
