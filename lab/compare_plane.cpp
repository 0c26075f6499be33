// The report's rate-distortion plane (Alemi et al. 2018, "Fixing a broken ELBO"): every run by what its codes cost and what they leave out.

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "lab/compare_page.h"
#include "lab/evaluate.h"
#include "lab/plot.h"
#include "lab/plot_text.h"

namespace elbo::lab {
namespace {

constexpr double far_away = 3;  // times the largest other rate: such a run would press all others against the edge

// nats; nothing for a plain autoencoder, whose codes may hold any number of them. A language model has no code, so it pays for none.
std::optional<double> rate_of(const Entry& e, const ComparedRun& run) {
  if (!e.variational()) return e.config.model.latent == 0 ? std::optional(0.0) : std::nullopt;
  const auto kl = run.figures.numbers.find("kl");
  return kl == run.figures.numbers.end() ? std::nullopt : std::optional(kl->second);
}

double distortion_of(const ComparedRun& run) {
  const auto it = run.figures.numbers.find("reconstruction");
  return it == run.figures.numbers.end() ? no_figure : it->second;
}

// The largest rate that the plane shows: of the runs that a KL weight held back.
double largest_shown(const Comparison& c, const std::string& likelihood) {
  double most = 0;
  for (const Entry& e : c.entries)
    for (const ComparedRun* run : c.runs_of(e.name))
      if (e.config.objective.likelihood == likelihood && (e.config.objective.beta > 0 || !e.variational()))
        most = std::max(most, rate_of(e, *run).value_or(0));
  return most > 0 ? far_away * most : INFINITY;
}

Series marks_of(const Comparison& c, const Entry& e, double most, const std::string& name, std::size_t style) {
  Series s{.name = name, .style = int(style), .line = false};
  for (const ComparedRun* run : c.runs_of(e.name)) {
    const std::optional<double> rate = rate_of(e, *run);
    if (!rate || *rate > most) continue;
    s.x.push_back(*rate);
    s.y.push_back(distortion_of(*run));
    s.hover.push_back((name == e.label ? "" : e.label + ", ") + fmt::format("seed {}", run->seed.value_or(0)));
  }
  return s;
}

// The means of a sweep's entries, joined in the order of the values.
Series joined(const SweptLine& line, const std::vector<Series>& marks) {
  Series s{.name = line.label, .style = int(line.style), .marks = false};
  for (std::size_t i = 0; i < marks.size(); i++) {
    if (marks[i].x.empty()) continue;
    double x = 0, y = 0;
    for (std::size_t j = 0; j < marks[i].x.size(); j++) {
      x += marks[i].x[j] / double(marks[i].x.size());
      y += marks[i].y[j] / double(marks[i].x.size());
    }
    s.x.push_back(x);
    s.y.push_back(y);
    s.labels.push_back(line.values[i]);
  }
  return s;
}

// ", rate 227 to 257"; nothing where there is none.
std::string rates_text(const Comparison& c, const Entry& e) {
  double low = INFINITY, high = -INFINITY;
  for (const ComparedRun* run : c.runs_of(e.name))
    if (const std::optional<double> rate = rate_of(e, *run)) low = std::min(low, *rate), high = std::max(high, *rate);
  if (!(low <= high)) return "";
  const std::string from = number_text(low, 3), to = number_text(high, 3);
  return from == to ? ", rate " + from : fmt::format(", rate {} to {}", from, to);
}

LinePlot plane_plot(const Comparison& c, const std::string& likelihood) {
  LinePlot plot{.title = fmt::format("Rate and distortion, {}", likelihood),
                .description = "Further left: cheaper codes. Further down: better reconstructions.",
                .x = {.label = "rate: KL, nats an example", .low = 0},
                .y = {fmt::format("distortion: reconstruction, {}", unit_of(likelihood))},
                .sum = "total"};
  const double most = largest_shown(c, likelihood);
  std::vector<const Entry*> swept;
  for (const SweptLine& line : swept_lines(c)) {
    std::vector<Series> marks;
    for (const Entry* e : line.entries)
      if (e->config.objective.likelihood == likelihood && e->variational()) {
        marks.push_back(marks_of(c, *e, most, line.label, line.style));
        swept.push_back(e);
      } else {
        marks.emplace_back();
      }
    plot.series.push_back(joined(line, marks));
    if (plot.series.back().x.empty()) plot.series.pop_back();
    for (Series& m : marks)
      if (!m.x.empty()) plot.series.push_back(std::move(m));
  }
  for (std::size_t i = 0; i < c.entries.size(); i++) {
    const Entry& e = c.entries[i];
    if (e.config.objective.likelihood != likelihood) continue;
    if (std::find(swept.begin(), swept.end(), &e) == swept.end())
      if (Series s = marks_of(c, e, most, e.label, i); !s.x.empty()) plot.series.push_back(std::move(s));
    bool first = true;
    for (const ComparedRun* run : c.runs_of(e.name)) {
      const std::optional<double> rate = rate_of(e, *run);
      if (rate && *rate <= most) continue;
      plot.rules.push_back({.label = first ? e.label + rates_text(c, e) : "",
                            .at = distortion_of(*run),
                            .name = fmt::format("{}, seed {}{}", e.label, run->seed.value_or(0),
                                                rate ? fmt::format(", beyond the right edge at rate {}", number_text(*rate, 3)) : "")});
      first = false;
    }
  }
  return plot;
}

}  // namespace

void add_rate_distortion(Page& page, const Comparison& c) {
  if (std::none_of(c.entries.begin(), c.entries.end(), [](const Entry& e) { return e.variational(); })) return;
  Content& s = page.section("Rate and distortion");
  s.paragraph(
      "Every run by its two terms on the test part: the rate is the KL, what its codes cost; the distortion is the reconstruction, what "
      "they "
      "leave out. Along a dotted line the total (rate + distortion, the negative ELBO) is the same. A plain autoencoder has no finite "
      "rate: "
      "its code may hold any number of digits, so it is a dashed line at its distortion, and no point. A language model has no code, and "
      "lies at rate 0. A run whose rate is more than three times all others' (a VAE at beta 0, which pays nothing for it) lies beyond the "
      "right edge: a dashed line too, with its rate written on it. **What to look at:** which runs lie nearest the lower left corner, and "
      "where along a curve: two models of equal "
      "total may differ in how much they put into the code.");
  std::vector<Figure> figures;
  std::string without;
  for (const std::string& likelihood : likelihoods(c)) {
    const LinePlot plot = plane_plot(c, likelihood);
    if (plot.series.empty()) {  // nothing to have a rate
      for (const Rule& rule : plot.rules) without += fmt::format("{}{}", without.empty() ? "" : "; ", rule_text(rule));
      continue;
    }
    std::string caption = swept_lines(c).empty() ? "A mark is a run."
                                                 : fmt::format("A mark is a run; lines join the means at each value of `{}`.",
                                                               c.options.sweep.substr(0, c.options.sweep.find('=')));
    if (likelihood == "squared-error") caption += " Here the total is a bound up to a constant: a Gaussian of variance 1/2.";
    figures.push_back({.svg = svg(plot), .caption = caption});
  }
  s.figures(figures);
  if (!without.empty())
    s.paragraph(fmt::format("Without a plane, for no line of their likelihood has a rate, distortions of {}.", without));
  s.note(
      "What not to conclude: a lower total is a better bound on log p(x), not a better code. A model at rate 0 ignores its code and may "
      "still have the best total.");
}

}  // namespace elbo::lab
