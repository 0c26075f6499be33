// The report's learning curves, from the metrics of its runs.

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "lab/compare_page.h"
#include "lab/plot.h"
#include "lab/plot_text.h"
#include "tensor/file.h"
#include "tensor/json.h"

namespace elbo::lab {
namespace {

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

// One line of metrics.jsonl, as far as the curves need it.
struct Line {
  double epoch, reconstruction, kl, objective;
};

// The validation lines of a run, or the training lines where there is no validation part.
std::vector<Line> read_metrics(const std::string& path, bool valid) {
  const std::vector<std::byte> bytes = read_file(path, std::uint64_t{1} << 30);
  std::vector<Line> lines;
  std::string_view rest(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::optional<Json> j = Json::try_parse(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (j && j->string_or("split", "") == (valid ? "valid" : "train"))
      lines.push_back({j->number_or("epoch", nothing), j->number_or("reconstruction", nothing), j->number_or("kl", nothing),
                       j->number_or("objective", nothing)});
  }
  return lines;
}

// Mean and spread over runs, epoch by epoch (as far as the shortest run reaches).
Series curve(const std::string& name, const std::vector<std::vector<Line>>& runs, double Line::*figure) {
  Series s{.name = name};
  std::size_t length = runs.empty() ? 0 : runs[0].size();
  for (const auto& lines : runs) length = std::min(length, lines.size());
  for (std::size_t i = 0; i < length; i++) {
    double mean = 0, squares = 0;
    for (const auto& lines : runs) mean += lines[i].*figure / double(runs.size());
    for (const auto& lines : runs) squares += std::pow(lines[i].*figure - mean, 2);
    s.x.push_back(runs[0][i].epoch);
    s.y.push_back(mean);
    if (runs.size() < 2) continue;
    const double sd = std::sqrt(squares / double(runs.size() - 1));
    s.low.push_back(mean - sd);
    s.high.push_back(mean + sd);
  }
  return s;
}

// What the validation part says of the end of training: runs whose best epoch is their last.
void add_convergence(Content& s, const Comparison& c, const std::vector<std::vector<std::vector<Line>>>& lines) {
  std::string text;
  for (std::size_t i = 0; i < lines.size(); i++) {
    std::size_t open = 0;
    for (const auto& run : lines[i]) {
      const auto best = std::min_element(run.begin(), run.end(), [](const Line& a, const Line& b) { return a.objective < b.objective; });
      open += !run.empty() && best + 1 == run.end();
    }
    if (open > 0) text += fmt::format("{}{} ({} of {} runs)", text.empty() ? "" : ", ", c.entries[i].label, open, lines[i].size());
  }
  if (!text.empty())
    s.note("Not converged: " + text + ". There the best epoch is the last: more epochs would most likely have lowered their figures.");
}

}  // namespace

void add_curves(Page& page, const Comparison& c) {
  Content& s = page.section("Learning curves");
  const bool valid = c.data.valid.size() > 0;
  const std::string part = valid ? "validation part" : "training part";
  std::vector<Figure> figures;
  LinePlot kl{.title = "KL, " + part, .x = {"epoch"}, .y = {"nats an example"}};
  std::vector<std::vector<std::vector<Line>>> lines;    // of each entry, each run
  for (std::size_t i = 0; i < c.entries.size(); i++) {  // an entry has one style in all plots: its number
    const Entry& e = c.entries[i];
    lines.emplace_back();
    for (const ComparedRun* run : c.runs_of(e.name))
      lines.back().push_back(read_metrics(c.options.out + "/" + run->folder + "/metrics.jsonl", valid));
    if (!e.variational()) continue;
    kl.series.push_back(curve(e.label, lines.back(), &Line::kl));
    kl.series.back().style = int(i);
  }
  for (const std::string& likelihood : likelihoods(c)) {
    LinePlot plot{.title = fmt::format("Reconstruction, {}", likelihood), .x = {"epoch"}, .y = {unit_of(likelihood)}};
    for (std::size_t i = 0; i < c.entries.size(); i++)
      if (c.entries[i].config.objective.likelihood == likelihood) {
        plot.series.push_back(curve(c.entries[i].label, lines[i], &Line::reconstruction));
        plot.series.back().style = int(i);
      }
    figures.push_back({.svg = svg(plot), .caption = fmt::format("Reconstruction on the {}.", part)});
  }
  if (!kl.series.empty()) figures.push_back({.svg = svg(kl), .caption = fmt::format("KL on the {}: what the codes cost.", part)});
  s.paragraph(
      fmt::format("The reconstruction term and the KL of each epoch on the {}{}. **What to look at:** whether the lines are flat at "
                  "the end. Where one still falls, its figures above are those of this budget, not of the method. A VAE's "
                  "reconstruction and KL pull against each other: the KL may rise while the whole improves.",
                  part, c.options.seeds == 1 ? "" : "; bands are one standard deviation over the seeds"));
  s.figures(figures);
  if (valid)
    add_convergence(s, c, lines);
  else
    s.note("Without a validation part there are no best weights: the last are measured.");
  if (likelihoods(c).size() > 1)
    s.note("What not to conclude: curves in different units (two likelihoods) say nothing about which model is the better.");
}

}  // namespace elbo::lab
