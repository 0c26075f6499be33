// Bars with error bars, heat maps, histograms.

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "lab/plot.h"
#include "lab/plot_frame.h"
#include "lab/plot_text.h"
#include "tensor/error.h"

namespace elbo::lab {
namespace {

constexpr std::size_t few_bars = 10;    // up to so many have their value above them
constexpr std::size_t few_cells = 600;  // up to so many have their value on hover

double spread_of(const BarSeries& s, std::size_t group) {
  return group < s.spread.size() && std::isfinite(s.spread[group]) ? s.spread[group] : 0.0;
}

std::string hatching(std::size_t series) {
  static constexpr const char* lines[] = {"", "M-1 7L7-1M-1 1L1-1M5 7L7 5", "M0 3H6", "M-1-1L7 7M-1 5L1 7M5-1L7 1"};
  return fmt::format(
      "<pattern id=\"{}\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\"><path class=\"hatch\" d=\"{}\"/></pattern>",
      hatch_id(series), lines[series % 4]);
}

}  // namespace

std::string svg(const BarPlot& plot) {
  Axis axis = plot.y;
  Range range;
  if (!axis.log && !std::isfinite(axis.low) && !std::isfinite(axis.high)) range.add(0, axis);
  std::string summary = fmt::format("Bar chart of {}{}.", axis.label.empty() ? "values" : axis.label, axis.log ? " (logarithmic)" : "");
  std::vector<std::string> names;
  std::size_t bars = 0;
  for (const BarSeries& s : plot.series) {
    if (s.values.size() != plot.groups.size() || (!s.spread.empty() && s.spread.size() != plot.groups.size()))
      fail("plot", fmt::format("expected {} values (and as many spreads or none) for bars '{}', one for each group, came {} and {}",
                               plot.groups.size(), s.name, s.values.size(), s.spread.size()));
    names.push_back(s.name);
    summary += fmt::format(" {}:", s.name.empty() ? "Values" : s.name);
    for (std::size_t g = 0; g < s.values.size(); ++g) {
      range.add(s.values[g], axis);
      if (std::isfinite(s.values[g])) range.add(s.values[g] - spread_of(s, g), axis), range.add(s.values[g] + spread_of(s, g), axis);
      bars += shows(axis, s.values[g]);
      if (g < 30) summary += fmt::format("{} {} {}", g == 0 ? "" : ",", plot.groups[g], number_text(s.values[g]));
    }
    summary += plot.groups.size() > 30 ? fmt::format(", and {} more.", plot.groups.size() - 30) : ".";
  }
  for (const Rule& rule : plot.rules) {
    range.add(rule.at, axis);
    summary += fmt::format(" Dashed line {}.", rule_text(rule));
  }
  const bool from_zero = range.low == 0;
  Range shown = covered(axis, range, bars <= few_bars ? 0.09 : 0.04);
  if (from_zero && !axis.log) shown.low = 0;
  Frame frame(plot.title, plot.description);
  const std::vector<std::size_t> styles = styles_of(plot);
  for (const std::size_t style : styles)
    if (style % 4 != 0) frame.draw(fmt::format("<g class=\"{}\">{}</g>", colour_class(style), hatching(style)));
  if (plot.series.size() > 1) frame.legend(names, Frame::Key::bar, styles);
  frame.vertical(axis, shown, 220);
  frame.horizontal(plot.group_label, plot.groups);
  if (bars == 0) frame.note("no data");
  const double zero = axis.log ? frame.bottom() : std::clamp(frame.y(0), frame.top(), frame.bottom());
  const double count = static_cast<double>(std::max<std::size_t>(plot.series.size(), 1));
  const double cell = frame.x(1) - frame.x(0);
  const double bar = std::min(cell * 0.78 / count, 56.0);
  for (std::size_t i = 0; i < plot.series.size(); ++i) {
    const BarSeries& s = plot.series[i];
    frame.draw(fmt::format("<g class=\"{}\">", colour_class(styles[i])));
    for (std::size_t g = 0; g < s.values.size(); ++g) {
      if (!shows(axis, s.values[g])) continue;
      const double left = frame.x(static_cast<double>(g) + 0.5) + (static_cast<double>(i) - count / 2) * bar;
      const double end = std::clamp(frame.y(s.values[g]), frame.top(), frame.bottom());
      const double spread = spread_of(s, g);
      std::string hover = plot.groups[g] + (s.name.empty() ? "" : ", " + s.name) + ": " + number_text(s.values[g]);
      if (spread > 0) hover += " ± " + number_text(spread, 2);
      const double inset = bar > 6 ? 1 : 0;
      frame.draw(fmt::format("<rect class=\"bar\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"><title>{}</title></rect>",
                             coordinate(left + inset), coordinate(std::min(zero, end)), coordinate(bar - 2 * inset),
                             coordinate(std::abs(zero - end)), bar_fill(styles[i]), escape_xml(hover)));
      const double middle = left + bar / 2;
      double tip = std::min(zero, end);
      if (spread > 0) {
        const double low = s.values[g] - spread;
        const double from = std::clamp(shows(axis, low) ? frame.y(low) : frame.bottom(), frame.top(), frame.bottom());
        const double to = std::clamp(frame.y(s.values[g] + spread), frame.top(), frame.bottom());
        const double cap = std::min(bar / 4, 5.0);
        frame.draw(fmt::format("<path class=\"error\" d=\"M{0} {1}V{2}M{3} {1}h{4}M{3} {2}h{4}\"/>", coordinate(middle), coordinate(from),
                               coordinate(to), coordinate(middle - cap), coordinate(2 * cap)));
        tip = std::min(tip, to);
      }
      if (bars <= few_bars) frame.text(middle, tip - 5, "value middle", number_text(s.values[g]));
    }
    frame.draw("</g>");
  }
  frame.draw(fmt::format("<path class=\"axis\" d=\"M{} {}H{}\"/>", coordinate(frame.left()), coordinate(zero), coordinate(frame.right())));
  for (const Rule& rule : plot.rules) frame.rule(rule, axis);
  return frame.svg(summary);
}

std::string svg(const HeatMap& plot) {
  if (plot.values.size() != plot.rows.size() * plot.columns.size())
    fail("plot", fmt::format("expected {} x {} values for the heat map '{}', came {}", plot.rows.size(), plot.columns.size(), plot.title,
                             plot.values.size()));
  Range range;
  for (const double value : plot.values) range.add(value, {});
  const bool empty = range.empty();
  const std::string extremes = empty ? "no data" : fmt::format("from {} to {}", number_text(range.low), number_text(range.high));
  if (empty) range = {0, 1};
  if (std::isfinite(plot.low)) range.low = plot.low;
  if (std::isfinite(plot.high)) range.high = plot.high;
  const std::string value_name = plot.value_label.empty() ? "value" : plot.value_label;
  Frame frame(plot.title, plot.description);
  const double row = std::clamp(400.0 / static_cast<double>(std::max<std::size_t>(plot.rows.size(), 1)), 3.0, 34.0);
  frame.vertical(plot.y_label, plot.rows, row * static_cast<double>(std::max<std::size_t>(plot.rows.size(), 3)));
  frame.horizontal(plot.x_label, plot.columns);
  if (empty) frame.note("no data");
  frame.draw("<g class=\"c0\">");
  const std::size_t n = plot.columns.size();
  for (std::size_t i = 0; i < plot.values.size(); ++i) {
    const double value = plot.values[i];
    if (!std::isfinite(value)) continue;
    const double r = static_cast<double>(i / n);
    const double c = static_cast<double>(i % n);
    const double strength = range.high > range.low ? std::clamp((value - range.low) / (range.high - range.low), 0.0, 1.0) : 1.0;
    frame.draw(fmt::format("<rect class=\"cell\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill-opacity=\"{:.2f}\"",
                           coordinate(frame.x(c)), coordinate(frame.y(r)), coordinate(frame.x(c + 1) - frame.x(c)),
                           coordinate(frame.y(r + 1) - frame.y(r)), strength));
    frame.draw(plot.values.size() > few_cells
                   ? "/>"
                   : "><title>" + escape_xml(plot.rows[i / n] + ", " + plot.columns[i % n] + ": " + number_text(value)) +
                         "</title></rect>");
  }
  frame.draw(fmt::format("<rect class=\"outline\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>", coordinate(frame.left()),
                         coordinate(frame.top()), coordinate(frame.right() - frame.left()), coordinate(frame.bottom() - frame.top())));
  // What the shades mean.
  frame.skip(26);
  const double at = frame.height() - 16;
  const double start = frame.left() + 80;
  for (int i = 0; i < 8; ++i)
    frame.draw(fmt::format("<rect class=\"cell\" x=\"{}\" y=\"{}\" width=\"12\" height=\"12\" fill-opacity=\"{:.2f}\"/>",
                           coordinate(start + 12 * i), coordinate(at), i / 7.0));
  frame.draw(fmt::format("<rect class=\"outline\" x=\"{}\" y=\"{}\" width=\"96\" height=\"12\"/></g>", coordinate(start), coordinate(at)));
  frame.text(start - 6, at + 11, "muted end", number_text(range.low, 2));
  frame.text(start + 102, at + 11, "muted", number_text(range.high, 2) + (plot.value_label.empty() ? "" : "  " + plot.value_label));
  return frame.svg(fmt::format("Heat map of {}: {} rows{}, {} columns{}, {}.", value_name, plot.rows.size(),
                               plot.y_label.empty() ? "" : " (" + plot.y_label + ")", n,
                               plot.x_label.empty() ? "" : " (" + plot.x_label + ")", extremes));
}

Series histogram(const std::string& name, const std::vector<double>& values, double low, double high, int bins) {
  if (bins < 1 || !(low < high))
    fail("histogram", fmt::format("expected low < high and at least one bin, came {} .. {} and {} bins", low, high, bins));
  std::vector<double> counts(static_cast<std::size_t>(bins), 0.0);
  double total = 0;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    ++total;
    if (value < low || value > high) continue;
    const auto bin = static_cast<std::size_t>((value - low) / (high - low) * bins);
    ++counts[std::min(bin, counts.size() - 1)];
  }
  Series out{.name = name, .steps = true};
  for (int i = 0; i <= bins; ++i) {
    out.x.push_back(low + (high - low) * i / bins);
    out.y.push_back(total > 0 ? counts[static_cast<std::size_t>(std::min(i, bins - 1))] / total : 0.0);
  }
  return out;
}

}  // namespace elbo::lab
