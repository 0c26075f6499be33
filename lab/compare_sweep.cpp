// The report's trade-off: figures against the value that --sweep sets.

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "lab/compare_page.h"
#include "lab/compare_table.h"
#include "lab/evaluate.h"
#include "lab/plot.h"

namespace elbo::lab {
namespace {

struct SweptFigure {
  const char *key, *title, *unit;  // unit: null for the likelihood's
};
constexpr SweptFigure swept_figures[] = {{"total", "Total", nullptr},
                                         {"reconstruction", "Reconstruction", nullptr},
                                         {"kl", "KL", "nats an example"},
                                         {"active_units", "Active units", "units"},
                                         {"nll", "nll", "nats an example"}};

bool shows_total(const Entry& e, std::string_view key) { return key != "total" || e.variational() || e.config.model.latent == 0; }

// Lines of entries over numbers; entries that the sweep left alone are dashed lines.
std::string number_plot(const Comparison& c, const std::vector<SweptLine>& lines, const SweptFigure& figure,
                        const std::string& likelihood) {
  const std::string key = c.options.sweep.substr(0, c.options.sweep.find('='));
  LinePlot plot{.title = fmt::format("{}{}", figure.title, figure.unit ? "" : ", " + likelihood),
                .x = {key},
                .y = {figure.unit ? figure.unit : unit_of(likelihood)}};
  double low = INFINITY, high = 0;
  for (const SweptLine& line : lines) {
    Series s{.name = line.label, .style = int(line.style)};
    for (std::size_t i = 0; i < line.numbers.size(); i++) {
      const Entry& e = *line.entries[i];
      if (!figure.unit && e.config.objective.likelihood != likelihood) continue;
      const Spread spread = c.spread(e.name, figure.key);
      if (spread.n == 0 || !shows_total(e, figure.key)) continue;
      low = std::min(low, line.numbers[i]), high = std::max(high, line.numbers[i]);
      s.x.push_back(line.numbers[i]);
      s.y.push_back(spread.mean);
      s.low.push_back(spread.mean - (std::isnan(spread.sd) ? 0 : spread.sd));
      s.high.push_back(spread.mean + (std::isnan(spread.sd) ? 0 : spread.sd));
    }
    if (c.options.seeds < 2) s.low.clear(), s.high.clear();
    if (!s.x.empty()) plot.series.push_back(std::move(s));
  }
  if (plot.series.empty()) return "";
  plot.x.log = low > 0 && high >= 8 * low;
  if (lines[0].numbers.size() <= 8) plot.x.marks = lines[0].numbers;
  for (const Entry& e : c.entries) {
    if (std::any_of(lines.begin(), lines.end(),
                    [&](const SweptLine& l) { return std::find(l.entries.begin(), l.entries.end(), &e) != l.entries.end(); }))
      continue;
    if ((!figure.unit && e.config.objective.likelihood != likelihood) || !shows_total(e, figure.key)) continue;
    if (const Spread spread = c.spread(e.name, figure.key); spread.n > 0) plot.rules.push_back({e.label, spread.mean});
  }
  return svg(plot);
}

// Values that are no numbers: a group of bars each.
std::string value_plot(const Comparison& c, const std::vector<SweptLine>& lines, const SweptFigure& figure, const std::string& likelihood) {
  BarPlot plot{.title = fmt::format("{}{}", figure.title, figure.unit ? "" : ", " + likelihood),
               .group_label = c.options.sweep.substr(0, c.options.sweep.find('=')),
               .y = {figure.unit ? figure.unit : unit_of(likelihood)}};
  for (const SweptLine& line : lines)
    for (const std::string& value : line.values)
      if (std::find(plot.groups.begin(), plot.groups.end(), value) == plot.groups.end()) plot.groups.push_back(value);
  for (const SweptLine& line : lines) {
    BarSeries s{.name = line.label, .style = int(line.style)};
    s.values.resize(plot.groups.size(), no_figure);
    s.spread.resize(plot.groups.size(), no_figure);
    bool any = false;
    for (std::size_t i = 0; i < line.entries.size(); i++) {
      const Entry& e = *line.entries[i];
      const Spread spread = c.spread(e.name, figure.key);
      if ((!figure.unit && e.config.objective.likelihood != likelihood) || spread.n == 0 || !shows_total(e, figure.key)) continue;
      const auto group = std::size_t(std::find(plot.groups.begin(), plot.groups.end(), line.values[i]) - plot.groups.begin());
      s.values[group] = spread.mean;
      s.spread[group] = spread.sd;
      any = true;
    }
    if (any) plot.series.push_back(std::move(s));
  }
  return plot.series.empty() ? "" : svg(plot);
}

}  // namespace

void add_sweep(Page& page, const Comparison& c) {
  const std::vector<SweptLine> lines = swept_lines(c);
  if (lines.empty()) return;
  Content& s = page.section("The trade-off");
  const std::string key = c.options.sweep.substr(0, c.options.sweep.find('='));
  const bool numbers = std::none_of(lines.begin(), lines.end(), [](const SweptLine& l) { return l.numbers.empty(); });
  s.paragraph(fmt::format(
      "The same models at each value of `{}`{}; all figures on the test part. {}**What to look at:** where a figure turns, and whether "
      "what one term gains is more than what the other loses: their sum is the total.",
      key,
      c.options.seeds == 1
          ? ", one run each"
          : fmt::format(", {} runs each; {} are one standard deviation over the seeds", c.options.seeds, numbers ? "bands" : "error bars"),
      key == "objective.beta"
          ? "`total` weighs the KL once whatever beta was in training, so it is the same measure all along the line, and "
            "as a rule lowest near beta 1. "
          : ""));
  std::vector<Figure> figures;
  for (const SweptFigure& figure : swept_figures)
    for (const std::string& likelihood : likelihoods(c)) {
      if (figure.unit && likelihood != likelihoods(c)[0]) continue;  // one plot for all likelihoods
      const std::string plot = numbers ? number_plot(c, lines, figure, likelihood) : value_plot(c, lines, figure, likelihood);
      if (!plot.empty()) figures.push_back({.svg = plot});
    }
  s.figures(figures);
  if (const std::string doubt = doubtful_note(c); !doubt.empty()) s.note(doubt);
  if (numbers)
    s.note(
        "What not to conclude: between two values nothing was measured; the lines only join them. Dashed lines are entries that the sweep "
        "leaves as they are.");
}

}  // namespace elbo::lab
