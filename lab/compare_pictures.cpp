// The report's reconstructions and samples of pictures, of the runs of the first seed.

#include <fmt/core.h>

#include <algorithm>

#include "autograd/mode.h"
#include "data/picture.h"
#include "lab/baselines.h"
#include "lab/codes.h"
#include "lab/compare_page.h"
#include "models/evaluation.h"

namespace elbo::lab {
namespace {

// One code drawn from the encoder for each input, decoded.
Tensor noisy_reconstruction(const Model& model, const Tensor& inputs, const Tensor& labels) {
  const NoGrad guard;
  const Code code = model.encode(Var(inputs.to(model.dtype())), labels);
  const Tensor noise = evaluation_noise(model, Tensor::arange(0, double(inputs.size(0)), 1, DType::int32));
  return decode_codes(model, model.given(model.draw(code, noise), labels).value());
}

// The baselines' name and components for each code size, where the comparison has them.
std::vector<std::pair<std::string, LinearBaseline>> linear_baselines(const Comparison& c) {
  std::vector<std::pair<std::string, LinearBaseline>> all;
  for (const ComparedRun& run : c.runs)
    if (!run.seed) all.emplace_back(run.name, fit_linear_baseline(c.data.train, std::stoll(run.name.substr(run.name.rfind('-') + 1))));
  return all;
}

Figure sample_grid(const Tensor& pictures, const std::string& what, const std::string& label) {
  const Index columns = 8, rows = (pictures.size(0) + columns - 1) / columns;
  return {.picture = grid(pictures, rows, columns, 1),
          .alt = fmt::format("{} pictures decoded by {} from codes drawn from {}", pictures.size(0), label, what),
          .caption = fmt::format("Codes from {}.", what),
          .scale = pictures.size(2) <= 40 ? 2 : 1};
}

constexpr const char* no_pictures =
    "The examples are no pictures (height, width, and 1, 3 or 4 channels), so there is nothing to show here.";

}  // namespace

std::string label_name(const Dataset& data, std::int32_t label) {
  return std::size_t(label) < data.label_names.size() ? data.label_names[std::size_t(label)] : std::to_string(label);
}

std::vector<Index> shown_examples(const Split& test, Index count) {
  std::vector<Index> chosen;
  count = std::min(count, test.size());
  if (!test.labels) {
    for (Index i = 0; i < count; i++) chosen.push_back(i);
    return chosen;
  }
  const std::int32_t* labels = test.labels.data<std::int32_t>();
  std::vector<std::vector<Index>> by_label;
  for (Index i = 0; i < test.size(); i++) {
    if (std::size_t(labels[i]) >= by_label.size()) by_label.resize(std::size_t(labels[i]) + 1);
    by_label[std::size_t(labels[i])].push_back(i);
  }
  for (std::size_t turn = 0; Index(chosen.size()) < count; turn++)
    for (const auto& places : by_label)
      if (turn < places.size() && Index(chosen.size()) < count) chosen.push_back(places[turn]);
  return chosen;
}

Tensor inputs_of(const Run& run, const Split& test, const std::vector<Index>& places) {
  const Index last = *std::max_element(places.begin(), places.end());
  const Tensor all = model_inputs(run, test, last + 1);
  Tensor chosen(run.example_shape.prepend(Index(places.size())));
  for (std::size_t i = 0; i < places.size(); i++) chosen[Index(i)].copy_from(all[places[i]]);
  return chosen;
}

Tensor labels_of(const Split& test, const std::vector<Index>& places) {
  if (!test.labels) return {};
  Tensor chosen({Index(places.size())}, DType::int32);
  for (std::size_t i = 0; i < places.size(); i++) chosen[Index(i)].copy_from(test.labels[places[i]]);
  return chosen;
}

bool are_pictures(const Shape& example) { return example.rank() == 3 && (example[2] == 1 || example[2] == 3 || example[2] == 4); }

void add_reconstructions(Page& page, const Comparison& c, const std::vector<OpenRun>& runs) {
  Content& s = page.section("Reconstructions");
  if (!are_pictures(c.data.example_shape)) {
    s.paragraph(no_pictures);
    return;
  }
  const std::vector<Index> places = shown_examples(c.data.test, 10);
  PictureRows rows{.caption = fmt::format("Test pictures and what each line makes of them (seed {}).", c.options.first_seed)};
  for (const Index i : places)
    if (c.data.test.labels) rows.columns.push_back(label_name(c.data, c.data.test.labels.data<std::int32_t>()[i]));
  const Tensor shown = inputs_of(runs[0].run, c.data.test, places), labels = labels_of(c.data.test, places);
  rows.rows.push_back({.label = "input", .pictures = shown});
  for (const OpenRun& r : runs) {
    const Tensor inputs = inputs_of(r.run, c.data.test, places);
    rows.rows.push_back({.label = r.entry->label, .pictures = reconstruct(*r.run.model, inputs, labels)});
    if (r.entry->variational())
      rows.rows.push_back({.label = "the same, one code drawn", .pictures = noisy_reconstruction(*r.run.model, inputs, labels)});
  }
  for (const auto& [name, baseline] : linear_baselines(c))
    rows.rows.push_back({.label = name, .pictures = decode(baseline, encode(baseline, shown))});
  s.paragraph(
      "Rows decode the mean of the encoder's code. Below each VAE the same inputs once more, from one code drawn with the encoder's "
      "noise: what training sees. **What to look at:** what is lost from row to row (thin strokes, gaps, rare shapes), and how far the "
      "two rows of a VAE differ: where they differ much, the code is blurred by its own noise.");
  s.pictures(rows);
  s.note(
      "What not to conclude: sharp reconstructions say nothing about generation. An autoencoder with a large enough code copies its "
      "input, and its decoder may still make nonsense of a code that no input has.");
}

void add_samples(Page& page, const Comparison& c, const std::vector<OpenRun>& runs) {
  Content& s = page.section("Samples");
  if (!are_pictures(c.data.example_shape)) {
    s.paragraph(no_pictures);
    return;
  }
  s.paragraph(
      "Codes drawn at random and decoded: left from N(0, I), the prior of a VAE; right from one Gaussian with the mean and "
      "covariance of that model's own training codes. **What to look at:** on the left, a plain autoencoder has no reason to know "
      "what these codes mean, and its holes show; on the right it is given what it lacks, a prior that fits, and what is still wrong "
      "there is not only the missing prior. For a VAE the two should look alike; where they do not, its codes do not follow the "
      "prior.");
  constexpr Index count = 48;
  for (const OpenRun& r : runs) {
    s.heading(r.entry->label);
    const Model& model = *r.run.model;
    std::vector<Figure> pair;
    for (const CodeSource source : {CodeSource::prior, CodeSource::gaussian})
      pair.push_back(sample_grid(decode_codes(model, draw_codes(r.run, count, source, 1, c.options.first_seed)),
                                 source == CodeSource::prior ? "N(0, I)" : "a Gaussian fitted to the codes", r.entry->label));
    s.figures(pair);
  }
  s.note(
      "What not to conclude: a few dozen pictures show gross faults, not how much of the data a model covers. One that repeats a handful "
      "of good pictures looks the better for it.");
}

}  // namespace elbo::lab
