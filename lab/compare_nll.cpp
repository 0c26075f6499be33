// The report's curves of nll over the number of importance samples: how far each line still falls where it is measured.

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "lab/compare_page.h"
#include "lab/compare_table.h"
#include "lab/nll_figures.h"
#include "lab/plot.h"
#include "lab/plot_text.h"
#include "tensor/json.h"

namespace elbo::lab {
namespace {

// nll_curve of a run that was measured; empty without importance samples.
std::vector<NllPoint> nll_points(const ComparedRun& run) {
  if (run.measured.json.empty()) return {};
  const Json measured = Json::parse(run.measured.json, run.name);
  const Json* figures = measured.find("figures");
  const Json* curve = figures ? figures->find("nll_curve") : nullptr;
  std::vector<NllPoint> points;
  if (curve && curve->is_array())
    for (const Json& p : curve->elements())
      points.push_back({Index(p.number_or("samples", 0)), p.number_or("nll", no_figure), p.number_or("standard_error", no_figure)});
  return points;
}

// Mean and spread over the runs at each number of samples that all of them have.
Series nll_series(const Comparison& c, const Entry& e) {
  Series s{.name = e.label};
  std::map<Index, std::vector<NllPoint>> by_samples;
  const std::vector<const ComparedRun*> runs = c.runs_of(e.name);
  for (const ComparedRun* run : runs)
    for (const NllPoint& p : nll_points(*run)) by_samples[p.samples].push_back(p);
  for (const auto& [samples, points] : by_samples) {
    if (points.size() < runs.size()) continue;
    std::vector<double> nll, errors;
    for (const NllPoint& p : points) nll.push_back(p.nll), errors.push_back(p.standard_error);
    const Spread spread = spread_of(nll);
    s.x.push_back(double(samples));
    s.y.push_back(spread.mean);
    s.hover.push_back("standard error over examples " + number_text(spread_of(errors).mean, 3));
    if (runs.size() < 2) continue;
    s.low.push_back(spread.mean - spread.sd);
    s.high.push_back(spread.mean + spread.sd);
  }
  return s;
}

}  // namespace

void add_nll_curves(Page& page, const Comparison& c) {
  std::vector<Figure> figures;
  for (const std::string& likelihood : likelihoods(c)) {
    LinePlot plot{.title = fmt::format("nll by importance samples, {}", likelihood),
                  .description = "Lines that are flat at the right end are measured with samples enough.",
                  .x = {.label = "importance samples", .log = true},
                  .y = {"nll, nats an example"}};
    for (std::size_t i = 0; i < c.entries.size(); i++) {
      const Entry& e = c.entries[i];
      if (e.config.objective.likelihood != likelihood) continue;
      if (e.variational()) {
        if (Series s = nll_series(c, e); !s.x.empty()) {
          s.style = int(i);
          plot.series.push_back(std::move(s));
        }
      } else if (const Spread exact = c.spread(e.name, "nll"); exact.n > 0) {
        plot.rules.push_back({e.label + ", exact", exact.mean});
      }
    }
    if (!plot.series.empty()) figures.push_back({.svg = svg(plot), .caption = "A mark is the mean over the runs of a line."});
  }
  if (figures.empty()) return;
  Content& s = page.section("nll by samples");
  s.paragraph(fmt::format(
      "`nll` estimated with the first 1, 2, 5, 10, ... of {} importance samples, on the first {} test examples{}. An estimate is too high, "
      "and falls towards -log p(x) the more samples it has (Burda, Grosse and Salakhutdinov 2015). **What to look at:** whether a line is "
      "flat at its right end, and whether two lines that are compared fall equally fast: one that is still steep would gain on the other "
      "with more samples.",
      grouped_number(c.importance_samples), grouped_number(std::min(c.data.texts ? text_examples : measured_examples, c.data.test.size())),
      c.options.seeds == 1 ? "" : "; bands are one standard deviation over the seeds"));
  s.figures(figures);
  if (const std::string doubt = doubtful_note(c); !doubt.empty()) s.note(doubt);
}

}  // namespace elbo::lab
