// Line charts.

#include "lab/plot.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "lab/plot_frame.h"
#include "lab/plot_text.h"
#include "tensor/error.h"

namespace elbo::lab {
namespace {

constexpr std::size_t marks_on_a_line = 12;  // of a longer series

// Path data of a series' line, and of its band when `band`: a new piece begins after each point that cannot be shown.
struct Pieces {
  std::string line, band;
};

Pieces pieces(const Series& s, const LinePlot& plot, const Frame& frame) {
  Pieces out;
  std::string upper, lower;  // of the band's piece under way; the lower edge is walked backwards
  const auto close_band = [&] {
    if (!upper.empty()) out.band += "M" + upper.substr(1) + lower + "z";
    upper.clear();
    lower.clear();
  };
  bool pen_down = false;
  double previous = 0;
  for (std::size_t i = 0; i < s.x.size(); ++i) {
    const bool shown = shows(plot.x, s.x[i]) && shows(plot.y, s.y[i]);
    if (shown) {
      const double px = frame.x(s.x[i]);
      const double py = frame.y(s.y[i]);
      if (pen_down && s.steps) out.line += fmt::format("L{} {}", coordinate(px), coordinate(previous));
      out.line += fmt::format("{}{} {}", pen_down ? "L" : "M", coordinate(px), coordinate(py));
      previous = py;
    }
    pen_down = shown;
    if (s.low.empty()) continue;
    if (shown && shows(plot.y, s.low[i]) && shows(plot.y, s.high[i])) {
      upper += fmt::format("L{} {}", coordinate(frame.x(s.x[i])), coordinate(frame.y(s.high[i])));
      lower.insert(0, fmt::format("L{} {}", coordinate(frame.x(s.x[i])), coordinate(frame.y(s.low[i]))));
    } else {
      close_band();
    }
  }
  close_band();
  return out;
}

std::string describe(const Series& s, const LinePlot& plot) {
  Range xs, ys;
  double first = 0, last = 0;
  std::size_t count = 0;
  for (std::size_t i = 0; i < s.x.size(); ++i) {
    if (!shows(plot.x, s.x[i]) || !shows(plot.y, s.y[i])) continue;
    xs.add(s.x[i], plot.x);
    ys.add(s.y[i], plot.y);
    if (count++ == 0) first = s.y[i];
    last = s.y[i];
  }
  const std::string name = s.name.empty() ? "One series" : s.name;
  if (count == 0) return fmt::format(" {}: no data.", name);
  return fmt::format(" {}: from {} at {} to {} at {}, lowest {}, highest {}.", name, number_text(first), number_text(xs.low),
                     number_text(last), number_text(xs.high), number_text(ys.low), number_text(ys.high));
}

// The names that the legend shows: each once.
std::vector<std::string> legend_names(const LinePlot& plot, const std::vector<std::size_t>& styles) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < plot.series.size(); ++i) {
    names.push_back(plot.series[i].name);
    for (std::size_t j = 0; j < i; ++j)
      if (plot.series[j].name == names[i] && styles[j] == styles[i]) names.back().clear();
  }
  return names;
}

// Lines of equal x + y, each with its value where it comes in from the left or from above.
std::string equal_sums(const LinePlot& plot, const Frame& frame, Range x, Range y) {
  std::string lines, labels;
  const Ticks sums = ticks({}, {x.low + y.low, x.high + y.high}, 6);
  bool first = true;
  for (std::size_t i = 0; i < sums.at.size(); ++i) {
    const double from = std::max(x.low, sums.at[i] - y.high), to = std::min(x.high, sums.at[i] - y.low);
    if (!(from < to)) continue;
    const double left = frame.x(from), top = frame.y(sums.at[i] - from);
    lines += fmt::format("M{} {}L{} {}", coordinate(left), coordinate(top), coordinate(frame.x(to)), coordinate(frame.y(sums.at[i] - to)));
    const bool at_rule = std::any_of(plot.rules.begin(), plot.rules.end(),
                                     [&](const Rule& rule) { return !rule.vertical && std::abs(frame.y(rule.at) - top - 9) < 12; });
    if (frame.right() - left < 70 || frame.bottom() - top < 20 || at_rule) continue;
    labels += fmt::format("<text class=\"halo muted\" x=\"{}\" y=\"{}\">{}</text>", coordinate(left + 4), coordinate(top + 13),
                          escape_xml((first ? plot.sum + " " : "") + sums.text[i]));
    first = false;
  }
  return (lines.empty() ? "" : "<path class=\"sum\" d=\"" + lines + "\"/>") + labels;
}

std::string labels_of(const Series& s, const LinePlot& plot, const Frame& frame) {
  std::string out;
  for (std::size_t i = 0; i < s.labels.size(); ++i) {
    if (!shows(plot.x, s.x[i]) || !shows(plot.y, s.y[i])) continue;
    const double x = frame.x(s.x[i]), y = frame.y(s.y[i]);
    if (!frame.inside(x, y)) continue;
    const bool before = x + 10 + 8 * double(text_length(s.labels[i])) > frame.right(), below = y - frame.top() < 16;
    out += fmt::format("<text class=\"halo{}\" x=\"{}\" y=\"{}\">{}</text>", before ? " end" : "", coordinate(x + (before ? -6 : 6)),
                       coordinate(y + (below ? 16 : -6)), escape_xml(s.labels[i]));
  }
  return out;
}

}  // namespace

std::string svg(const LinePlot& plot) {
  Range xs, ys;
  std::string summary = about_axes("Line chart", plot.x, plot.y);
  std::size_t points = 0;
  bool whole = true, labelled = false;
  const std::vector<std::size_t> styles = styles_of(plot);
  const std::vector<std::string> names = legend_names(plot, styles);
  for (const Series& s : plot.series) {
    same_length(s.name, "values of y", s.x.size(), s.y.size());
    if (!s.low.empty() || !s.high.empty()) {
      same_length(s.name, "values of low", s.x.size(), s.low.size());
      same_length(s.name, "values of high", s.x.size(), s.high.size());
    }
    if (!s.labels.empty()) same_length(s.name, "labels", s.x.size(), s.labels.size());
    if (!s.hover.empty()) same_length(s.name, "texts", s.x.size(), s.hover.size());
    labelled = labelled || !s.labels.empty() || !s.line;
    for (std::size_t i = 0; i < s.x.size(); ++i) {
      if (!shows(plot.x, s.x[i]) || !shows(plot.y, s.y[i])) continue;
      ++points;
      whole = whole && s.x[i] == std::floor(s.x[i]);
      xs.add(s.x[i], plot.x);
      ys.add(s.y[i], plot.y);
      if (!s.low.empty()) ys.add(s.low[i], plot.y), ys.add(s.high[i], plot.y);
    }
    if (!names[std::size_t(&s - plot.series.data())].empty() || s.name.empty()) summary += describe(s, plot);
  }
  for (const Rule& rule : plot.rules) {
    (rule.vertical ? xs : ys).add(rule.at, rule.vertical ? plot.x : plot.y);
    summary += fmt::format(" Dashed line {}.", rule_text(rule));
  }
  Frame frame(plot.title, plot.description);
  const auto all = [&](auto&& is) { return std::all_of(plot.series.begin(), plot.series.end(), is); };
  const bool steps = all([](const Series&s) { return s.steps; }), marks = all([](const Series&s) { return !s.line; });
  frame.legend(names, steps ? Frame::Key::steps : marks ? Frame::Key::marker : Frame::Key::line, styles);
  const bool sums = !plot.sum.empty() && !plot.x.log && !plot.y.log;
  Range y_range = covered(plot.y, ys, plot.rules.empty() && !labelled ? 0.05 : 0.09);  // room for labels
  Range x_range = covered(plot.x, xs, labelled ? 0.06 : 0);
  if (sums) equalise(plot.x, x_range, plot.y, y_range, 430, 340);
  frame.vertical(plot.y, y_range, sums ? 340 : 230);
  Axis x = plot.x;
  x.whole = x.whole || whole;
  frame.horizontal(x, x_range, labelled);
  if (points == 0) frame.note("no data");
  frame.draw(fmt::format("<clipPath id=\"{}\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/></clipPath>", Frame::id("c"),
                         coordinate(frame.left()), coordinate(frame.top()), coordinate(frame.right() - frame.left()),
                         coordinate(frame.bottom() - frame.top())));
  if (sums && points > 0) {
    frame.draw(equal_sums(plot, frame, x_range, y_range));
    summary += fmt::format(" Dotted lines: equal {}.", plot.sum);
  }
  for (const Rule& rule : plot.rules) frame.rule(rule, rule.vertical ? plot.x : plot.y);
  std::string labels;  // above all lines
  for (std::size_t i = 0; i < plot.series.size(); ++i) {
    const Series& s = plot.series[i];
    const Pieces p = pieces(s, plot, frame);
    if (p.line.empty()) continue;
    frame.draw(fmt::format("<g class=\"{}\"><g clip-path=\"url(#{})\">", colour_class(styles[i]), Frame::id("c")));
    if (!p.band.empty()) frame.draw("<path class=\"band\" d=\"" + p.band + "\"/>");
    if (s.line) frame.draw(fmt::format("<path class=\"{}\" d=\"{}\"/>", dash_class(styles[i]), p.line));
    frame.draw("</g>");
    // Marks of different series at different places, so that they do not hide each other where lines cross or coincide.
    const std::size_t every =
        s.x.size() * plot.series.size() <= few_points && !s.steps ? 1 : std::max<std::size_t>(s.x.size() / marks_on_a_line, 1);
    for (std::size_t j = every == 1 ? 0 : (i * every / plot.series.size()); j < s.x.size(); j += every) {
      if (!shows(plot.x, s.x[j]) || !shows(plot.y, s.y[j]) || !frame.inside(frame.x(s.x[j]), frame.y(s.y[j]))) continue;
      std::string hover = point_text(s.name, s.x[j], s.y[j], s.hover.empty() ? "" : s.hover[j]);
      if (!s.low.empty()) hover += fmt::format(" (band {} to {})", number_text(s.low[j]), number_text(s.high[j]));
      if (!s.steps && s.marks) frame.draw(marker_at(styles[i], frame.x(s.x[j]), frame.y(s.y[j]), hover));
    }
    frame.draw("</g>");
    labels += labels_of(s, plot, frame);
  }
  frame.draw(labels);
  return frame.svg(summary);
}

}  // namespace elbo::lab
