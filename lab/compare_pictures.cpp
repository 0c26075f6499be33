// The report's pictures and codes: reconstructions, samples, the latent space, interpolations. All of the runs of the first seed.

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "autograd/mode.h"
#include "data/picture.h"
#include "lab/baselines.h"
#include "lab/codes.h"
#include "lab/compare_page.h"
#include "lab/plot.h"
#include "models/evaluation.h"
#include "models/latent.h"
#include "tensor/elementwise.h"
#include "tensor/likelihood.h"
#include "tensor/linalg.h"
#include "tensor/matmul.h"

namespace elbo::lab {
namespace {

std::string label_name(const Dataset& data, std::int32_t label) {
  return std::size_t(label) < data.label_names.size() ? data.label_names[std::size_t(label)] : std::to_string(label);
}

// Where `count` test examples stand: the first of each label in turn, then the second of each, ...; without labels the first ones.
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

// Those examples of the test part, as the run sees them: (n, example...), float32.
Tensor inputs_of(const Run& run, const Split& test, const std::vector<Index>& places) {
  const Index last = *std::max_element(places.begin(), places.end());
  const Tensor all = model_inputs(run, test, last + 1);
  Tensor chosen(run.example_shape.prepend(Index(places.size())));
  for (std::size_t i = 0; i < places.size(); i++) chosen[Index(i)].copy_from(all[places[i]]);
  return chosen;
}

// Their labels, int32 (n,), where there are any.
Tensor labels_of(const Split& test, const std::vector<Index>& places) {
  if (!test.labels) return {};
  Tensor chosen({Index(places.size())}, DType::int32);
  for (std::size_t i = 0; i < places.size(); i++) chosen[Index(i)].copy_from(test.labels[places[i]]);
  return chosen;
}

// One code drawn from the encoder for each input, decoded.
Tensor noisy_reconstruction(const Model& model, const Tensor& inputs, const Tensor& labels) {
  const NoGrad guard;
  const Code code = model.encode(Var(inputs.to(model.dtype())), labels);
  const Tensor noise = evaluation_noise(model, Tensor::arange(0, double(inputs.size(0)), 1, DType::int32));
  return decode_codes(model, model.given(draw_code(code, noise), labels).value());
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

// The codes' two main directions, or the codes themselves where there are no more than two.
struct Plane {
  Tensor points;     // (n, 2)
  double share = 1;  // of the codes' variance that the plane holds
};

Plane plane_of(const Tensor& codes) {
  const Index n = codes.size(0), latent = codes.size(1);
  Plane plane{Tensor({n, 2}), 1};
  float* to = plane.points.mutable_data<float>();
  if (latent <= 2) {
    for (Index i = 0; i < n; i++)
      for (Index j = 0; j < 2; j++) to[2 * i + j] = j < latent ? codes.data<float>()[i * latent + j] : 0;
    return plane;
  }
  const PrincipalComponents p = principal_components(codes, latent);
  double all = 0;
  for (Index j = 0; j < latent; j++) all += double(p.variances.data<float>()[j]);
  if (all > 0) plane.share = (double(p.variances.data<float>()[0]) + double(p.variances.data<float>()[1])) / all;
  plane.points = matmul(subtract(codes, p.mean), p.components.slice(0, 2).clone(), false, true);
  return plane;
}

ScatterPlot latent_plot(const OpenRun& r, const Comparison& c, const EncodedExamples& codes, const Plane& plane) {
  const bool axes_are_codes = r.run.model->latent() <= 2;
  ScatterPlot plot{.title = r.entry->label,
                   .description = "Codes of test examples, by label.",
                   .x = {axes_are_codes ? "z 1" : "first principal direction"},
                   .y = {axes_are_codes ? "z 2" : "second principal direction"},
                   .equal_units = true,
                   .names_inside = c.data.classes > 1 && c.data.classes <= 12};
  const int classes = codes.labels ? std::max(1, c.data.classes) : 1;
  for (int k = 0; k < classes; k++) plot.classes.push_back({.name = codes.labels ? label_name(c.data, k) : "examples"});
  const float* at = plane.points.data<float>();
  for (Index i = 0; i < plane.points.size(0); i++) {
    PointClass& k = plot.classes[codes.labels ? std::size_t(codes.labels.data<std::int32_t>()[i]) : 0];
    k.x.push_back(double(at[2 * i]));
    k.y.push_back(double(at[2 * i + 1]));
  }
  return plot;
}

// KL of each unit, largest first, mean over the runs: how many units carry the code.
BarPlot unit_plot(const Comparison& c) {
  BarPlot plot{.title = "KL of each unit, largest first", .group_label = "unit, sorted", .y = {"nats an example"}};
  std::size_t units = 0;
  for (const Entry& e : c.entries) {
    std::vector<double> sum;
    const auto runs = c.runs_of(e.name);
    for (const ComparedRun* run : runs) {
      std::vector<double> kl = run->figures.kl_per_unit;
      std::sort(kl.begin(), kl.end(), std::greater<>());
      sum.resize(std::max(sum.size(), kl.size()), 0);
      for (std::size_t j = 0; j < kl.size(); j++) sum[j] += kl[j] / double(runs.size());
    }
    if (sum.empty() || e.config.objective.beta == 0) continue;
    units = std::max(units, sum.size());
    plot.series.push_back({.name = e.label, .values = sum, .style = int(&e - c.entries.data())});
  }
  units = std::min<std::size_t>(units, 40);
  for (BarSeries& s : plot.series) s.values.resize(units, std::numeric_limits<double>::quiet_NaN());
  for (std::size_t j = 0; j < units; j++) plot.groups.push_back(std::to_string(j + 1));
  return plot;
}

constexpr const char* no_pictures =
    "The examples are no pictures (height, width, and 1, 3 or 4 channels), so there is nothing to show here.";

}  // namespace

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

void add_latent_space(Page& page, const Comparison& c, const std::vector<OpenRun>& runs) {
  Content& s = page.section("Latent space");
  constexpr Index most = 2000;
  const Split test = c.data.test.first(most);
  s.paragraph(
      fmt::format("Mean codes of {} test examples{}; one unit is as long across as up. With more than two dimensions the two "
                  "directions in which that model's codes vary most. **What to look at:** whether labels form regions, whether "
                  "there are gaps between them, and the scale: a VAE's codes are held near N(0, I), a plain autoencoder's may lie "
                  "anywhere.",
                  test.size(), test.labels ? ", coloured by label" : ""));
  std::vector<Figure> figures;
  for (const OpenRun& r : runs) {
    if (r.run.model->latent() == 0) continue;
    const EncodedExamples codes = encode_examples(r.run, test);
    const Plane plane = plane_of(codes.mean);
    figures.push_back({.svg = svg(latent_plot(r, c, codes, plane)),
                       .caption = r.run.model->latent() <= 2 ? "The codes themselves."
                                                             : fmt::format("{:.0f}% of the variance of its {} dimensions.",
                                                                           100 * plane.share, r.run.model->latent())});
  }
  s.figures(figures);
  const BarPlot units = unit_plot(c);
  if (!units.series.empty())
    s.figure({.svg = svg(units), .caption = "What each unit carries. Units near zero are switched off: the decoder does not use them."});
  s.note(
      "What not to conclude: no model was told the labels, and two directions of many may hide or invent a separation. Distances in two "
      "such pictures are not to be compared with each other.");
}

void add_interpolation(Page& page, const Comparison& c, const std::vector<OpenRun>& runs) {
  Content& s = page.section("Interpolation");
  if (!are_pictures(c.data.example_shape) || c.data.test.size() < 6) {
    s.paragraph(no_pictures);
    return;
  }
  s.paragraph(
      "A straight line from the code of one test picture to that of another, in equal steps, decoded; the same pairs for every "
      "model. **What to look at:** whether the pictures in the middle are still such pictures as the data hold, or two of them laid "
      "over each other.");
  constexpr Index steps = 9;
  const std::vector<Index> places = shown_examples(c.data.test, 6);
  for (std::size_t pair = 0; pair < 3; pair++) {
    PictureRows rows;
    for (Index k = 0; k < steps; k++) rows.columns.push_back(fmt::format("{:.3g}", double(k) / double(steps - 1)));
    for (const OpenRun& r : runs) {
      const std::vector<Index> both = {places[pair], places[5 - pair]};
      const Tensor inputs = inputs_of(r.run, c.data.test, both), labels = labels_of(c.data.test, both);
      const NoGrad guard;
      const Model& model = *r.run.model;
      const Tensor ends = model.given(model.encode(Var(inputs.to(model.dtype())), labels).mean, labels).value();
      const Index latent = ends.size(1);
      Tensor codes({steps, latent}, DType::float64);
      for (Index k = 0; k < steps; k++)
        for (Index j = 0; j < latent; j++) {
          const double t = double(k) / double(steps - 1);
          codes.set<double>({k, j}, (1 - t) * ends.element(j) + t * ends.element(latent + j));
        }
      rows.rows.push_back({.label = r.entry->label, .pictures = decode_codes(*r.run.model, codes)});
    }
    s.pictures(rows);
  }
  s.note(
      "What not to conclude: a smooth path can be the decoder's smoothness alone. A network this small is smooth everywhere, also where "
      "no data are.");
}

}  // namespace elbo::lab
