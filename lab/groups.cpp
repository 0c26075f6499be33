#include "lab/groups.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "tensor/error.h"
#include "tensor/nearest.h"

namespace elbo {
namespace {

std::vector<std::int32_t> places_where(Index n, const std::function<bool(Index)>& belongs) {
  std::vector<std::int32_t> places;
  for (Index i = 0; i < n; i++)
    if (belongs(i)) places.push_back(std::int32_t(i));
  return places;
}

struct Span {
  double low = INFINITY, high = -INFINITY;
  bool whole = true;  // numbers
};

Span span_of(const Tensor& values) {
  Span s;
  for (const float v : values.values<float>()) {
    s.low = std::min(s.low, double(v)), s.high = std::max(s.high, double(v));
    s.whole = s.whole && std::floor(v) == v;
  }
  return s;
}

// Whether a value of a factor is what VALUE stands for, a number or a name.
std::function<bool(double)> matcher(const Dataset& data, const Span& span, std::size_t factor, const std::string& value) {
  double number = 0;
  if (read_number(value, number)) {
    const double room = span.whole ? 0.5 : (span.high - span.low) / 40;
    const bool circle = factor < data.factor_ranges.size() && data.factor_ranges[factor].circle;
    const double turn = circle ? data.factor_ranges[factor].high - data.factor_ranges[factor].low : 0;
    return [=](double v) { return std::abs(turn > 0 ? std::remainder(v - number, turn) : v - number) < room; };
  }
  const std::vector<std::string> names = factor < data.factor_values.size() ? data.factor_values[factor] : std::vector<std::string>{};
  const auto it = std::find(names.begin(), names.end(), value);
  if (it == names.end())
    throw UsageError(names.empty() ? fmt::format("{}={}: expected a number", data.factor_names[factor], value)
                                   : unknown_message("value of " + data.factor_names[factor], value, names));
  const double place = double(it - names.begin()), count = double(names.size());
  const Dataset::FactorRange range = factor < data.factor_ranges.size() ? data.factor_ranges[factor] : Dataset::FactorRange{};
  if (range.low == range.high) return [place](double v) { return std::abs(v - place) < 0.5; };
  return [range, place, count](double v) {
    const double part = (v - range.low) / (range.high - range.low) * count + (range.circle ? 0.5 : 0);
    return std::floor(std::fmod(part, count)) == place;
  };
}

}  // namespace

Split take_examples(const Split& split, const std::vector<std::int32_t>& places) {
  const auto take = [&](const Tensor& t) {
    if (!t) return t;
    Tensor taken(t.shape().with(0, Index(places.size())), t.dtype());
    for (std::size_t i = 0; i < places.size(); i++) taken.slice(Index(i), Index(i) + 1).copy_from(t.slice(places[i], places[i] + 1));
    return taken;
  };
  Split out{.values = take(split.values), .labels = take(split.labels), .origin = split.origin, .part = split.part};
  for (const Tensor& factor : split.factors) out.factors.push_back(take(factor));
  if (!split.tokens) return out;
  Tokens tokens;
  std::vector<std::int32_t> ids;
  tokens.begins.push_back(0);
  for (const std::int32_t place : places) {
    const auto text = (*split.tokens)[place];
    ids.insert(ids.end(), text.begin(), text.end());
    tokens.begins.push_back(Index(ids.size()));
  }
  tokens.ids = Tensor::from(ids, {Index(ids.size())});
  out.tokens = std::make_shared<const Tokens>(std::move(tokens));
  return out;
}

std::optional<std::int32_t> label_of_name(const Dataset& data, const std::string& name) {
  const auto it = std::find(data.label_names.begin(), data.label_names.end(), name);
  if (it != data.label_names.end()) return std::int32_t(it - data.label_names.begin());
  std::int64_t label = -1;
  if (!read_number(name, label) || label < 0 || label >= data.classes) return std::nullopt;
  return std::int32_t(label);
}

std::vector<std::int32_t> places_of_group(const Dataset& data, const Split& split, const std::string& name) {
  std::vector<std::int32_t> places;
  if (const std::size_t equals = name.find('='); equals != std::string::npos) {
    const std::string factor_name = name.substr(0, equals);
    const auto it = std::find(data.factor_names.begin(), data.factor_names.end(), factor_name);
    if (it == data.factor_names.end())
      throw UsageError(data.factor_names.empty() ? fmt::format("{}: {} has no factors", name, data.spec.str())
                                                 : unknown_message("factor", factor_name, data.factor_names));
    const auto factor = std::size_t(it - data.factor_names.begin());
    const Span span = span_of(split.factors.at(factor));
    const std::function<bool(double)> belongs = matcher(data, span, factor, name.substr(equals + 1));
    const float* values = split.factors.at(factor).data<float>();
    places = places_where(split.size(), [&](Index i) { return belongs(double(values[i])); });
    if (places.empty())
      fail("data", fmt::format("no example of the {} part is {}: {} goes from {:.4g} to {:.4g}", part_name(split.part), name, factor_name,
                               span.low, span.high));
  } else {
    if (!split.labels)
      throw UsageError(fmt::format("{}: {} has no labels; expected FACTOR=VALUE, or a file or folder of examples", name, data.spec.str()));
    const std::optional<std::int32_t> label = label_of_name(data, name);
    if (!label) throw UsageError(unknown_message("label", name, data.label_names));
    const std::int32_t* labels = split.labels.data<std::int32_t>();
    places = places_where(split.size(), [&](Index i) { return labels[i] == *label; });
  }
  if (places.empty()) fail("data", fmt::format("no example of the {} part is {}", part_name(split.part), name));
  return places;
}

Split group_of(const Dataset& data, const Split& split, const std::string& name) {
  return take_examples(split, places_of_group(data, split, name));
}

}  // namespace elbo
