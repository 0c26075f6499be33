// The report's section on what each unit of a code carries.

#include <fmt/core.h>

#include <algorithm>

#include "lab/compare_page.h"
#include "lab/evaluate.h"
#include "lab/plot.h"
#include "lab/plot_text.h"

namespace elbo::lab {
namespace {

constexpr std::size_t most_units = 40, lines_a_plot = 3;  // more bars than these are too thin to see

std::string active_text(const OpenRun& r) {
  const auto active = r.compared->figures.numbers.find("active_units");
  return fmt::format("{} {} of {}", r.entry->label, active == r.compared->figures.numbers.end() ? "–" : number_text(active->second, 6),
                     r.run.model->latent());
}

}  // namespace

void add_unit_weights(Page& page, const Comparison& c, const std::vector<OpenRun>& runs) {
  std::vector<const OpenRun*> shown;
  for (const OpenRun& r : runs)
    if (r.entry->variational() && !r.compared->figures.kl_per_unit.empty()) shown.push_back(&r);
  if (shown.empty()) return;
  Content& s = page.section("What each unit carries");
  s.paragraph(fmt::format(
      "The KL of each dimension of a VAE's code on the test part, largest first, seed {}: what it says of an example, in nats. **What to "
      "look "
      "at:** how many units share the work. A unit counts as active where the mean of its code has a variance above 0.01 over the test "
      "part "
      "(Burda et al. 2015); for codes that follow the prior that is a KL of about 0.005 nats, hardly to be seen here. A unit at zero is "
      "switched off: its code is noise, and the decoder does not use it. A plain autoencoder has no such figure.",
      c.options.first_seed));
  // Beside each other those of one scale: codes that nothing holds back have KLs of another kind, and so have other likelihoods.
  const auto kind = [](const OpenRun* r) { return std::pair(r->entry->config.objective.beta == 0, r->entry->config.objective.likelihood); };
  std::stable_sort(shown.begin(), shown.end(), [&](const OpenRun* a, const OpenRun* b) { return kind(a).first < kind(b).first; });
  std::vector<Figure> figures;
  std::size_t end = 0;
  for (std::size_t begin = 0; begin < shown.size(); begin = end) {
    for (end = begin + 1; end < std::min(begin + lines_a_plot, shown.size()) && kind(shown[end]) == kind(shown[begin]);) end++;
    BarPlot plot{.title = "KL of each unit, largest first", .group_label = "unit, sorted", .y = {"nats an example"}};
    std::size_t units = 0, all = 0;
    std::string active;
    for (std::size_t i = begin; i < end; i++) {
      const OpenRun& r = *shown[i];
      std::vector<double> kl = r.compared->figures.kl_per_unit;
      std::sort(kl.begin(), kl.end(), std::greater<>());
      all = std::max(all, kl.size());
      kl.resize(std::min(kl.size(), most_units));
      units = std::max(units, kl.size());
      plot.series.push_back({.name = r.entry->label, .values = kl, .style = int(r.entry - c.entries.data())});
      active += (active.empty() ? "Active: " : "; ") + active_text(r);
    }
    if (plot.series.size() == 1) plot.title += ": " + plot.series[0].name;
    for (BarSeries& series : plot.series) series.values.resize(units, no_figure);
    for (std::size_t j = 0; j < units; j++) plot.groups.push_back(std::to_string(j + 1));
    figures.push_back({.svg = svg(plot),
                       .caption = active + "." + (all > units ? fmt::format(" The first {} of {} units.", units, all) : std::string())});
  }
  s.figures(figures);
}

}  // namespace elbo::lab
