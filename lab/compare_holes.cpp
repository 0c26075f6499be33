// The report's section on holes: how far decoded random codes lie from data, as pictures and as sentences.

#include <fmt/core.h>

#include <algorithm>
#include <numeric>

#include "lab/compare_page.h"
#include "lab/compare_table.h"
#include "lab/evaluate.h"
#include "lab/mixture.h"
#include "lab/nearest_pictures.h"
#include "lab/plot_text.h"
#include "lab/text_figures.h"
#include "lab/text_samples.h"
#include "tensor/parallel.h"

namespace elbo::lab {
namespace {

constexpr Index hole_codes = 200;       // from each source
constexpr Index hole_pictures = 9;      // of them shown, evenly spaced from the nearest to the farthest
constexpr Index hole_sentences = 4;     // likewise of texts
constexpr Index training_texts = 2000;  // that sentences are held against
constexpr int hole_components = 10;

constexpr int hole_iterations = 20;
constexpr Index fitted_codes = 3000;  // of texts, that the mixture is fitted to: a page must not take longer than its runs

struct Source {
  std::string name;
  Tensor codes;
  std::vector<double> distances;    // of what they decode to
  std::vector<Index> nearest = {};  // pictures: the training examples that they are the distances to
};

// Codes of as many test examples, and from each source that the run has.
std::vector<Source> sources_of(const Comparison& c, const OpenRun& r) {
  const Index n = std::min(hole_codes, r.codes.mean.size(0));
  const Model& model = *r.run.model;
  const Tensor labels = r.codes.labels ? r.codes.labels.slice(0, n) : Tensor();
  std::vector<Source> all = {{"test examples", with_labels(model, r.codes.mean.slice(0, n), labels), {}},
                             {"N(0, I)", draw_codes(r.run, n, CodeSource::prior, 1, c.options.first_seed), {}}};
  if (r.run.codes) all.push_back({"fitted Gaussian", draw_codes(r.run, n, CodeSource::gaussian, 1, c.options.first_seed), {}});
  if (c.data.train.size() >= hole_components) {
    // Of pictures as lab/smoothness.h has it, whose figures stand in the other tables.
    const Mixture mixture = c.data.texts
                                ? fit_mixture(mixture_codes(r.run, c.data.train.first(fitted_codes)), hole_components, hole_iterations)
                                : fit_mixture(mixture_codes(r.run, c.data.train), hole_components);
    all.push_back({"fitted mixture", with_labels(model, mixture.draw(n, 1, c.options.first_seed)), {}});
  }
  return all;
}

// `count` places from the smallest to the largest number.
std::vector<Index> evenly_by_size(const std::vector<double>& numbers, Index count) {
  std::vector<Index> order(numbers.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) { return numbers[std::size_t(a)] < numbers[std::size_t(b)]; });
  std::vector<Index> chosen;
  count = std::min(count, Index(order.size()));
  for (Index k = 0; k < count; k++) chosen.push_back(order[count == 1 ? 0 : std::size_t(k * (Index(order.size()) - 1) / (count - 1))]);
  return chosen;
}

Table hole_table(const Comparison& c, const char* unit) {
  return {.caption = fmt::format("Mean {}, seed {}; in brackets the ratio to the first column.", unit, c.options.first_seed),
          .columns = {{"name"},
                      {"test examples", true, "decoded from the means of their codes"},
                      {"N(0, I)", true, "hole_ratio_prior in brackets"},
                      {"fitted Gaussian", true, "hole_ratio_gaussian in brackets"},
                      {"fitted mixture", true, "hole_ratio_mixture in brackets: ten Gaussians, fitted to training codes"}}};
}

void add_row(Table& t, const OpenRun& r, const std::vector<Source>& sources) {
  std::vector<std::string> row = {r.entry->label};
  const double own = mean_distance(sources[0].distances);
  for (std::size_t column = 1; column < t.columns.size(); column++) {
    const auto it = std::find_if(sources.begin(), sources.end(), [&](const Source& s) { return s.name == t.columns[column].name; });
    const double mean = it == sources.end() ? no_figure : mean_distance(it->distances);
    row.push_back(number_text(mean, 3) +
                  (column > 1 && own > 0 && it != sources.end() ? fmt::format(" ({})", fixed_text(mean / own, 2)) : ""));
  }
  t.rows.push_back(std::move(row));
}

// What the classifier says of such pictures, as elbo-eval measures it; no row where the data have no labels.
Table certainty(const Comparison& c, const std::vector<const OpenRun*>& runs) {
  Table t{.caption = "Entropy of the classifier's verdict, nats, mean over 200 pictures of each kind, all seeds.",
          .columns = {{"name"},
                      {"test examples", true, "hole_entropy_test"},
                      {"N(0, I)", true, "hole_entropy_prior"},
                      {"fitted Gaussian", true, "hole_entropy_gaussian"},
                      {"fitted mixture", true, "hole_entropy_mixture"}}};
  for (const OpenRun* r : runs) {
    std::vector<std::string> row = {r->entry->label};
    for (std::size_t k = 1; k < t.columns.size(); k++) row.push_back(figure_text(c, r->entry->name, t.columns[k].hover));
    if (std::any_of(row.begin() + 1, row.end(), [](const std::string& cell) { return cell != "–"; })) t.rows.push_back(row);
  }
  return t;
}

// Pixel distances to the nearest training picture, all sources in one pass over the training part.
Tensor decode_and_measure(const Comparison& c, const OpenRun& r, std::vector<Source>& sources) {
  Index all = 0, at = 0;
  for (const Source& s : sources) all += s.codes.size(0);
  Tensor pictures(r.run.example_shape.prepend(all));
  for (const Source& s : sources) {
    pictures.slice(at, at + s.codes.size(0)).copy_from(decode_codes(*r.run.model, s.codes));
    at += s.codes.size(0);
  }
  const NearestRows nearest = nearest_training(r.run, c.data, pictures);
  at = 0;
  for (Source& s : sources) {
    const Index end = at + s.codes.size(0);
    s.distances.assign(nearest.distances().begin() + at, nearest.distances().begin() + end);
    s.nearest.assign(nearest.indices().begin() + at, nearest.indices().begin() + end);
    at = end;
  }
  return pictures;
}

// Below the run's own samples the training pictures that are nearest to them.
PictureRows hole_rows(const Comparison& c, const OpenRun& r, const std::vector<Source>& sources, const Tensor& pictures) {
  PictureRows rows{.caption = "Each row from the nearest of its pictures to the farthest."};
  const std::string own = default_code_source(*r.run.model) == CodeSource::prior ? "N(0, I)" : "fitted Gaussian";
  Index at = 0;
  for (const Source& s : sources) {
    const std::vector<Index> places = evenly_by_size(s.distances, hole_pictures);
    Tensor shown(r.run.example_shape.prepend(Index(places.size())));
    std::vector<std::string> hover;
    for (std::size_t i = 0; i < places.size(); i++) {
      shown[Index(i)].copy_from(pictures[at + places[i]]);
      hover.push_back(fmt::format("{}: {} from the nearest training picture", s.name, number_text(s.distances[std::size_t(places[i])], 3)));
    }
    rows.rows.push_back({.label = s.name, .pictures = shown, .hover = hover});
    if (s.name == own) {
      std::vector<Index> nearest;
      for (const Index i : places) nearest.push_back(s.nearest[std::size_t(i)]);
      rows.rows.push_back({.label = "nearest in training", .pictures = plain_pictures(r.run, c.data.train, nearest)});
    }
    at += s.codes.size(0);
  }
  return rows;
}

// Of each sentence the fewest tokens to insert, delete or exchange for it to be one of the training sentences.
std::vector<double> edits_to_training(const Comparison& c, const OpenRun& r, const std::vector<std::string>& texts) {
  const Split split = tokenised_split(*r.run.codec, texts);
  const Index known = std::min(training_texts, c.data.train.size());
  std::vector<double> edits(texts.size(), 0.0);
  parallel(Index(texts.size()), [&](Index i) {
    Index least = (*split.tokens)[i].size() + 1000;
    for (Index j = 0; j < known && least > 0; j++) least = std::min(least, edit_distance((*split.tokens)[i], (*c.data.train.tokens)[j]));
    edits[std::size_t(i)] = double(least);
  });
  return edits;
}

void add_text_holes(Content& s, const Comparison& c, const std::vector<const OpenRun*>& runs, const std::string& missing) {
  s.paragraph(
      fmt::format("Sentences decoded from {} codes of each kind: of test examples; from N(0, I), the prior of a VAE; from one Gaussian and "
                  "from a mixture of ten "
                  "fitted to the model's own training codes. The distance is how many words must be inserted, deleted or exchanged until "
                  "the sentence is "
                  "one of {} training sentences. **What to look at:** the ratio in brackets. Near 1: random codes are as near to data as "
                  "codes of data; "
                  "well above 1: there are holes, codes that no example has and that decode to nothing the data hold. A collapsed model "
                  "has no holes: it "
                  "writes one safe sentence from every code.",
                  std::min(hole_codes, runs[0]->codes.mean.size(0)), grouped_number(std::min(training_texts, c.data.train.size()))) +
      missing);
  Table figures = hole_table(c, "word edits to the nearest training sentence"),
        shown{.columns = {{"model"}, {"codes from"}, {"nearest to farthest"}}};
  const bool grammar = c.data.entropy.has_value();
  Table parses{.caption = "Share of these sentences that the grammar can make.", .columns = figures.columns};
  for (Column& column : parses.columns) column.hover.clear();
  for (const OpenRun* r : runs) {
    std::vector<Source> sources = sources_of(c, *r);
    parses.rows.push_back(std::vector<std::string>(parses.columns.size(), "–"));
    parses.rows.back()[0] = r->entry->label;
    for (Source& source : sources) {
      const std::vector<std::string> texts = greedy(*r, source.codes);
      source.distances = edits_to_training(c, *r, texts);
      std::string examples;
      for (const Index i : evenly_by_size(source.distances, hole_sentences))
        examples += (examples.empty() ? "“" : " · “") + texts[std::size_t(i)] + "”";
      shown.rows.push_back({r->entry->label, source.name, examples});
      for (std::size_t k = 1; k < parses.columns.size(); k++)
        if (grammar && parses.columns[k].name == source.name) parses.rows.back()[k] = fixed_text(parsed(texts), 2);
    }
    add_row(figures, *r, sources);
  }
  s.table(figures);
  if (grammar) s.table(parses);
  Content inside;
  inside.table(shown);
  s.details("Some of these sentences", inside);
}

}  // namespace

void add_holes(Page& page, const Comparison& c, const std::vector<OpenRun>& runs) {
  const std::vector<const OpenRun*> shown = few_coded(runs);
  if (shown.empty() || c.data.train.size() == 0 || c.data.test.size() == 0) return;
  Content& s = page.section("Holes");
  if (c.data.texts) return add_text_holes(s, c, shown, left_out(runs));
  s.paragraph(
      fmt::format(
          "What lies between and beyond the codes of the data. {} codes of each kind decoded: of test examples; from N(0, I), the prior of "
          "a "
          "VAE; "
          "from one Gaussian and from a mixture of ten fitted to the model's own training codes. The distance is the pixel distance to the "
          "nearest training picture. **What to look at:** the ratio in brackets. Near 1: random codes are as near to data as codes of "
          "data; "
          "well "
          "above 1: there are holes, codes that no example has and that decode to nothing the data hold. Below a model's own samples stand "
          "the training pictures nearest to them: samples that equal these are copies.",
          std::min(hole_codes, shown[0]->codes.mean.size(0))) +
      left_out(runs));
  Table figures = hole_table(c, "pixel distance to the nearest training picture");
  std::vector<PictureRows> strips;
  for (const OpenRun* r : shown) {
    std::vector<Source> sources = sources_of(c, *r);
    const Tensor pictures = decode_and_measure(c, *r, sources);
    add_row(figures, *r, sources);
    if (are_pictures(c.data.example_shape)) strips.push_back(hole_rows(c, *r, sources, pictures));
  }
  s.table(figures);
  if (Table sure = certainty(c, shown); !sure.rows.empty()) s.table(sure);
  for (std::size_t i = 0; i < strips.size(); i++) {
    s.heading(shown[i]->entry->label);
    s.pictures(strips[i]);
  }
  s.note(
      "What not to conclude: faint and blurred pictures are near to everything, so a hole that decodes to little has a small distance, and "
      "a "
      "ratio below 1 only says that random codes give plainer pictures than the data's. Where there is a classifier, its verdict tells: of "
      "data it is sure, of what is none it is not.");
}

}  // namespace elbo::lab
