// The report's section on sharpness: Laplacian variance and spectrum of reconstructions and samples beside the data's.

#include <fmt/core.h>

#include "lab/compare_page.h"
#include "lab/plot.h"
#include "lab/plot_text.h"

namespace elbo::lab {
namespace {

Series spectrum(const std::string& name, const Sharpness& s, std::size_t style) {
  return {.name = name, .x = s.frequency, .y = s.power, .style = int(style)};
}

// One line for each entry (its first run), and the data's.
Figure spectrum_plot(const Comparison& c, const std::string& what, Sharpness RunSharpness::*of) {
  LinePlot plot{.title = "Spectrum, " + what,
                .description = "Power of each spatial frequency.",
                .x = {"cycles a pixel"},
                .y = {.label = "power", .log = true}};
  for (const Entry& e : c.entries)
    for (const ComparedRun* run : c.runs_of(e.name)) {
      if (!run->sharpness) continue;
      if (plot.series.empty()) plot.series.push_back(spectrum("data", run->sharpness->data, c.entries.size()));
      plot.series.push_back(spectrum(e.label, (*run->sharpness).*of, std::size_t(&e - c.entries.data())));
      break;
    }
  return {.svg = svg(plot), .caption = fmt::format("What the {} hold of each frequency, beside the data. Right: single pixels.", what)};
}

}  // namespace

void add_sharpness(Page& page, const Comparison& c) {
  const ComparedRun* first = nullptr;
  for (const ComparedRun& run : c.runs)
    if (run.sharpness && !first) first = &run;
  if (!first) return;
  Content& s = page.section("Sharpness");
  s.paragraph(fmt::format(
      "Where a code leaves open what a pixel is, the value with the least error is the average of what it may be, and averages are "
      "blurred. So squared error alone does not say how pictures look. Two measures that see edges and single pixels only, on {} test "
      "pictures, their reconstructions (at the code's mean) and as many samples: the variance of each picture's Laplacian, and the power "
      "of each spatial frequency. **What to look at:** the ratio, below 1 for pictures blurrier than the data and above 1 for sharper "
      "ones, and the two distances to the data, |ln ratio| and its root mean square over the frequencies. More is not better: a "
      "checkerboard is sharp. What counts is to be near the data; the last line says how near other pictures of the data are.",
      grouped_number(first->sharpness->pictures)));
  Table t{.caption = "Distance to the data's own sharpness, beside squared error.",
          .columns = {{"name"},
                      {"squared error, mean code", true, "squared_error_at_mean"},
                      {"reconstructions: Laplacian, data = 1", true, "laplacian_ratio_reconstructions"},
                      {"distance", true, "laplacian_distance_reconstructions"},
                      {"spectrum, distance", true, "spectrum_distance_reconstructions"},
                      {"samples: Laplacian, data = 1", true, "laplacian_ratio_samples"},
                      {"distance", true, "laplacian_distance_samples"},
                      {"spectrum, distance", true, "spectrum_distance_samples"}}};
  const auto cell = [&](const std::string& name, const std::string& figure, int decimals) {
    const Spread spread = c.spread(name, figure);
    return spread.n == 0   ? std::string("–")
           : spread.n == 1 ? fixed_text(spread.mean, decimals)
                           : mean_spread(spread.mean, spread.sd, decimals);
  };
  for (const Entry& e : c.entries) {
    std::vector<std::string> row = {e.label, cell(e.name, "squared_error_at_mean", 2)};
    for (const char* what : {"reconstructions", "samples"})
      for (const char* figure : {"laplacian_ratio_", "laplacian_distance_", "spectrum_distance_"})
        row.push_back(cell(e.name, std::string(figure) + what, 2));
    t.rows.push_back(row);
  }
  const auto floor = sharpness_figures(*first->sharpness);
  std::vector<std::string> row = {"training pictures instead", "–"};
  for (int twice = 0; twice < 2; twice++)
    for (const char* figure : {"laplacian_ratio_training", "laplacian_distance_training", "spectrum_distance_training"})
      row.push_back(fixed_text(floor.at(figure), 2));
  t.rows.push_back(row);
  s.table(t);
  s.figures({spectrum_plot(c, "reconstructions", &RunSharpness::reconstructions), spectrum_plot(c, "samples", &RunSharpness::samples)});
  s.note(
      "What not to conclude: a picture can have the data's sharpness everywhere and show nothing that the data hold; noise of the right "
      "strength would. Read these figures beside the squared error and with an eye on the samples. Samples of a plain autoencoder are from "
      "a Gaussian fitted to its codes.");
}

}  // namespace elbo::lab
