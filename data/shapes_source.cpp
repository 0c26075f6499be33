// shapes: the built-in coloured shapes, drawn when they are loaded; which factor is the label, and what is held out.

#include <fmt/core.h>

#include <algorithm>

#include "data/kinds.h"
#include "data/shapes.h"
#include "tensor/error.h"
#include "tensor/nearest.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

// Each factor by names: those of a number cut its range into equal parts. No name stands for two things.
struct Named {
  std::string factor;
  std::vector<std::string> names;
};
const std::vector<Named>& named_factors() {
  static const std::vector<Named> all = {{"shape", {"square", "triangle", "ellipse", "L"}},
                                         {"hue", {"red", "yellow", "green", "cyan", "blue", "magenta"}},
                                         {"size", {"small", "medium", "large"}},
                                         {"x", {"left", "centre", "right"}},
                                         {"y", {"top", "middle", "bottom"}},
                                         {"rotation", {"0-20", "20-40", "40-60", "60-80"}},
                                         {"background", {"dark", "grey", "light"}},
                                         {"gradient", {"falling", "flat", "rising"}}};
  return all;
}

// Which of its names fits factor number `factor`.
int name_of(const ShapeFactors& f, std::size_t factor) {
  if (factor == 0) return int(f.shape);
  const ShapeRange& range = shape_ranges[factor - 1];
  std::int64_t value = f.*range.place - range.low;
  const auto names = std::int64_t(named_factors()[factor].names.size()), width = std::int64_t{range.high} - range.low;
  if (factor == 1) value = (value + width / names / 2) % width;  // red lies around 0 degrees: half of it below 360
  return int(value * names / width);
}

// What is held out: of each factor, by number, one name.
struct Combination {
  std::vector<std::pair<std::size_t, int>> parts;

  bool holds(const ShapeFactors& f) const {
    return !parts.empty() && std::all_of(parts.begin(), parts.end(), [&](const auto& p) { return name_of(f, p.first) == p.second; });
  }
};

// The combination that a text such as "red,triangle" names; `problem` says what is wrong with it, or is empty.
Combination parse_combination(std::string_view text, std::string& problem) {
  Combination combination;
  std::vector<std::string> known;
  for (const Named& n : named_factors()) known.insert(known.end(), n.names.begin(), n.names.end());
  while (problem.empty()) {
    const std::string_view name = text.substr(0, text.find(','));
    bool found = false;
    for (std::size_t factor = 0; factor < named_factors().size(); factor++) {
      const auto& names = named_factors()[factor].names;
      const auto it = std::find(names.begin(), names.end(), name);
      if (it == names.end()) continue;
      found = true;
      for (const auto& other : combination.parts)
        if (other.first == factor)
          problem = fmt::format("{} and {} are both a {}", names[std::size_t(other.second)], name, named_factors()[factor].factor);
      combination.parts.emplace_back(factor, int(it - names.begin()));
    }
    if (!found) problem = unknown_message("name", name, known);
    if (name.size() == text.size()) break;
    text.remove_prefix(name.size() + 1);
  }
  return combination;
}

std::string problem_of(std::string_view combination) {
  std::string problem;
  parse_combination(combination, problem);
  return problem;
}

std::vector<std::string> factor_names() {
  std::vector<std::string> names;
  for (const Named& n : named_factors()) names.push_back(n.factor);
  return names;
}

void draw(Split& split, Index first, Index count, std::size_t label, const Combination* held_out) {
  split.values = Tensor({count, shapes_side, shapes_side, 3}, DType::uint8);
  split.labels = Tensor({count}, DType::int32);
  auto* pixels = split.values.mutable_data<std::uint8_t>();
  auto* labels = split.labels.mutable_data<std::int32_t>();
  std::vector<float*> factors;
  for (std::size_t i = 0; i < named_factors().size(); i++) {
    split.factors.emplace_back(Shape{count});
    factors.push_back(split.factors.back().mutable_data<float>());
  }
  constexpr Index chunk = 500;
  parallel(divide_up(count, chunk), [&](Index c) {
    for (Index i = c * chunk; i < std::min(count, (c + 1) * chunk); i++) {
      ShapeFactors f = draw_shape_factors(first + i);
      for (int attempt = 1; held_out && held_out->holds(f); attempt++) f = draw_shape_factors(first + i, attempt);
      draw_shape(f, pixels + i * shapes_side * shapes_side * 3);
      labels[i] = name_of(f, label);
      factors[0][i] = float(f.shape);
      for (std::size_t k = 0; k < std::size(shape_ranges); k++) factors[k + 1][i] = float(f.*shape_ranges[k].place) / 65536;
    }
  });
}

Dataset shapes_dataset(const DataSpec& spec, const OnRead&) {
  Dataset data;
  data.example_shape = {shapes_side, shapes_side, 3};
  data.factor_names = factor_names();
  for (const Named& n : named_factors()) data.factor_values.push_back(n.names);
  data.factor_ranges.emplace_back();  // shape
  for (const ShapeRange& r : shape_ranges)
    data.factor_ranges.push_back({double(r.low) / 65536, double(r.high) / 65536, r.place == &ShapeFactors::hue});
  const std::string by = spec.text("label", "shape"), holdout = spec.text("holdout", "");
  const auto label = std::size_t(std::find(data.factor_names.begin(), data.factor_names.end(), by) - data.factor_names.begin());
  data.label_names = named_factors()[label].names;
  data.classes = int(data.label_names.size());
  std::string problem;
  const Combination held_out = holdout.empty() ? Combination{} : parse_combination(holdout, problem);
  draw(data.train, 0, shapes_train, label, &held_out);
  draw(data.test, shapes_train, shapes_test, label, nullptr);
  data.train.origin = holdout.empty() ? "shapes drawn" : fmt::format("shapes drawn, none of them {}", holdout);
  data.test.origin = "other shapes drawn";
  return data;
}

}  // namespace

DataKind shapes_kind() {
  DataOption holdout{.name = "holdout",
                     .expected = "names of different factors with commas between them, such as red,triangle",
                     .accepts = [](std::string_view text) { return problem_of(text).empty(); },
                     .help = "a combination that the test part alone holds (default none)",
                     .reason = problem_of};
  return {
      .name = "shapes",
      .usage = "shapes",
      .help = "built in: coloured shapes, 32x32x3, 50,000 and 10,000, with what they were drawn from",
      .options = {DataOption::choice("label", factor_names(), "the factor that serves as label (default shape); numbers in equal parts"),
                  std::move(holdout)},
      .load = shapes_dataset};
}

}  // namespace elbo
