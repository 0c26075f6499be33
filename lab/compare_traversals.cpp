// The report's section on what each dimension of a code does, for pictures and texts.

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "lab/compare_page.h"
#include "lab/paths.h"
#include "lab/plot_text.h"

namespace elbo::lab {
namespace {

constexpr double traversal_range = 3;

// Dimensions with what they carry: a VAE's by its KL on the whole test part, as in its figures, otherwise by the variance of codes.
std::vector<UnitWeight> weights_of(const OpenRun& r) {
  const std::vector<double>& kl = r.compared->figures.kl_per_unit;
  if (kl.empty()) return weigh_units(r.codes);
  std::vector<UnitWeight> weights;
  for (std::size_t j = 0; j < kl.size(); j++) weights.push_back({Index(j), kl[j]});
  std::stable_sort(weights.begin(), weights.end(), [](const UnitWeight& a, const UnitWeight& b) { return a.weight > b.weight; });
  return weights;
}

std::string unit_label(const OpenRun& r, const UnitWeight& w) {
  return r.run.model->variational() ? fmt::format("unit {}, KL {}", w.unit, fixed_text(w.weight, 2))
                                    : fmt::format("unit {}, s.d. {}", w.unit, number_text(std::sqrt(std::max(0.0, w.weight)), 3));
}

std::string value_label(Index step, Index steps) { return number_text(traversal_range * (2 * double(step) / double(steps - 1) - 1)); }

std::vector<UnitWeight> first_weights(const OpenRun& r, std::size_t most) {
  std::vector<UnitWeight> weights = weights_of(r);
  weights.resize(std::min(weights.size(), most));
  return weights;
}

std::vector<Index> units_of(const std::vector<UnitWeight>& weights) {
  std::vector<Index> units;
  for (const UnitWeight& w : weights) units.push_back(w.unit);
  return units;
}

void add_picture_traversals(Content& s, const OpenRun& r) {
  constexpr Index steps = 7;
  const std::vector<UnitWeight> weights = first_weights(r, 6);
  const Tensor pictures = decode_codes(*r.run.model, traversals(r.run, units_of(weights), steps, traversal_range));
  PictureRows rows;
  for (Index k = 0; k < steps; k++) rows.columns.push_back(value_label(k, steps));
  for (std::size_t i = 0; i < weights.size(); i++)
    rows.rows.push_back({.label = unit_label(r, weights[i]), .pictures = pictures.slice(Index(i) * steps, Index(i + 1) * steps)});
  s.heading(r.entry->label);
  s.pictures(rows);
}

void add_text_traversals(Content& s, const OpenRun& r) {
  constexpr Index steps = 5;
  const std::vector<UnitWeight> weights = first_weights(r, 3);
  const std::vector<std::string> texts = greedy(r, traversals(r.run, units_of(weights), steps, traversal_range));
  Table t{.columns = {{"unit"}, {"value", true}, {"sentence"}}};
  for (std::size_t i = 0; i < texts.size(); i++) {
    const Index step = Index(i) % steps;
    const UnitWeight& w = weights[i / std::size_t(steps)];
    t.rows.push_back({step == 0 ? unit_label(r, w) : fmt::format("unit {}", w.unit), value_label(step, steps), texts[i]});
  }
  s.heading(r.entry->label);
  s.table(t);
}

}  // namespace

void add_traversals(Page& page, const Comparison& c, const std::vector<OpenRun>& runs) {
  if (!c.data.texts && !are_pictures(c.data.example_shape)) return;
  std::vector<const OpenRun*> shown = few_coded(runs);
  std::erase_if(shown, [](const OpenRun* r) { return !r->run.model->variational() && !r->run.codes; });
  if (shown.empty()) return;
  Content& s = page.section("One unit at a time");
  s.paragraph(
      fmt::format(
          "One dimension of the code goes from {} to {} while all others stay where they are, decoded: a VAE's around 0 and in units of "
          "its "
          "prior's "
          "deviation, largest KL first; a plain autoencoder's around the mean of its codes and in standard deviations of that dimension, "
          "largest "
          "variance first. **What to look at:** whether a {} changes in one thing, and whether the last ones change anything at all: a "
          "unit "
          "without KL is one that the decoder does not read.",
          number_text(-traversal_range), number_text(traversal_range), c.data.texts ? "sentence" : "row") +
      left_out(runs));
  for (const OpenRun* r : shown) {
    if (c.data.texts)
      add_text_traversals(s, *r);
    else
      add_picture_traversals(s, *r);
  }
  s.note(
      "What not to conclude: that a unit means what it seems to change. Codes of data need not lie on these axes, and under another seed "
      "the "
      "axes are others.");
}

}  // namespace elbo::lab
