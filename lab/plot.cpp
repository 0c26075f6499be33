// Line charts and scatters.

#include "lab/plot.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "lab/plot_frame.h"
#include "lab/plot_text.h"
#include "tensor/error.h"

namespace elbo::lab {
namespace {

constexpr std::size_t few_points = 300;      // up to so many have marks with a text on hover
constexpr std::size_t marks_on_a_line = 12;  // of a longer series

void same_length(const std::string& name, const char* what, std::size_t expected, std::size_t came) {
  if (expected != came) fail("plot", fmt::format("expected {} {} for series '{}', as many as x, came {}", expected, what, name, came));
}

std::string point_text(const std::string& name, double x, double y, const std::string& extra = "") {
  return fmt::format("{}{}: {}, {}", name.empty() ? "point" : name, extra.empty() ? "" : " (" + extra + ")", number_text(x),
                     number_text(y));
}

std::string about_axes(const char* kind, const Axis& x, const Axis& y) {
  return fmt::format("{} of {} (vertical{}) over {} (horizontal{}).", kind, y.label.empty() ? "y" : y.label, y.log ? ", logarithmic" : "",
                     x.label.empty() ? "x" : x.label, x.log ? ", logarithmic" : "");
}

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

// Points in the order of rows 8 pixels high, as steps from one to the next: short text.
std::string many_points(std::vector<std::pair<int, int>> points) {
  std::sort(points.begin(), points.end(),
            [](const auto& a, const auto& b) { return std::pair(a.second / 16, a.first) < std::pair(b.second / 16, b.first); });
  std::string path = fmt::format("M{} {}l0 0", points[0].first, points[0].second);
  for (std::size_t i = 1; i < points.size(); ++i) {
    const int dx = points[i].first - points[i - 1].first;
    const int dy = points[i].second - points[i - 1].second;
    path += fmt::format("{}{}{}{}", dx < 0 ? "" : " ", dx, dy < 0 ? "" : " ", dy);
  }
  return path;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Makes the shorter axis longer, so that one unit has the same length on both.
void equalise(Range& x, Range& y, double width, double height) {
  const double unit = std::max((x.high - x.low) / width, (y.high - y.low) / height);
  const auto widen = [](Range& r, double length) {
    const double more = (length - (r.high - r.low)) / 2;
    r.low -= more;
    r.high += more;
  };
  widen(x, unit * width);
  widen(y, unit * height);
}

}  // namespace

std::string svg(const LinePlot& plot) {
  Range xs, ys;
  std::vector<std::string> names;
  std::string summary = about_axes("Line chart", plot.x, plot.y);
  std::size_t points = 0;
  bool whole = true;
  for (const Series& s : plot.series) {
    same_length(s.name, "values of y", s.x.size(), s.y.size());
    if (!s.low.empty() || !s.high.empty()) {
      same_length(s.name, "values of low", s.x.size(), s.low.size());
      same_length(s.name, "values of high", s.x.size(), s.high.size());
    }
    for (std::size_t i = 0; i < s.x.size(); ++i) {
      if (!shows(plot.x, s.x[i]) || !shows(plot.y, s.y[i])) continue;
      ++points;
      whole = whole && s.x[i] == std::floor(s.x[i]);
      xs.add(s.x[i], plot.x);
      ys.add(s.y[i], plot.y);
      if (!s.low.empty()) ys.add(s.low[i], plot.y), ys.add(s.high[i], plot.y);
    }
    names.push_back(s.name);
    summary += describe(s, plot);
  }
  for (const Rule& rule : plot.rules) {
    (rule.vertical ? xs : ys).add(rule.at, rule.vertical ? plot.x : plot.y);
    summary += fmt::format(" Dashed line {} at {}.", rule.label, number_text(rule.at));
  }
  Frame frame(plot.title, plot.description);
  const bool steps = std::all_of(plot.series.begin(), plot.series.end(), [](const Series& s) { return s.steps; });
  const std::vector<std::size_t> styles = styles_of(plot);
  frame.legend(names, steps ? Frame::Key::steps : Frame::Key::line, styles);
  frame.vertical(plot.y, covered(plot.y, ys, plot.rules.empty() ? 0.05 : 0.09), 230);  // with rules, room for their labels
  Axis x = plot.x;
  x.whole = x.whole || whole;
  frame.horizontal(x, covered(x, xs, 0), false);
  if (points == 0) frame.note("no data");
  frame.draw(fmt::format("<clipPath id=\"{}\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/></clipPath>", Frame::id("c"),
                         coordinate(frame.left()), coordinate(frame.top()), coordinate(frame.right() - frame.left()),
                         coordinate(frame.bottom() - frame.top())));
  for (const Rule& rule : plot.rules) frame.rule(rule, rule.vertical ? plot.x : plot.y);
  for (std::size_t i = 0; i < plot.series.size(); ++i) {
    const Pieces p = pieces(plot.series[i], plot, frame);
    if (p.line.empty()) continue;
    frame.draw(fmt::format("<g class=\"{}\"><g clip-path=\"url(#{})\">", colour_class(styles[i]), Frame::id("c")));
    if (!p.band.empty()) frame.draw("<path class=\"band\" d=\"" + p.band + "\"/>");
    frame.draw(fmt::format("<path class=\"{}\" d=\"{}\"/></g>", dash_class(styles[i]), p.line));
    const Series& s = plot.series[i];
    // Marks of different series at different places, so that they do not hide each other where lines cross or coincide.
    const std::size_t every =
        s.x.size() * plot.series.size() <= few_points && !s.steps ? 1 : std::max<std::size_t>(s.x.size() / marks_on_a_line, 1);
    for (std::size_t j = every == 1 ? 0 : (i * every / plot.series.size()); j < s.x.size(); j += every) {
      if (!shows(plot.x, s.x[j]) || !shows(plot.y, s.y[j]) || !frame.inside(frame.x(s.x[j]), frame.y(s.y[j]))) continue;
      std::string hover = point_text(s.name, s.x[j], s.y[j]);
      if (!s.low.empty()) hover += fmt::format(" (band {} to {})", number_text(s.low[j]), number_text(s.high[j]));
      if (!s.steps) frame.draw(marker_at(styles[i], frame.x(s.x[j]), frame.y(s.y[j]), hover));
    }
    frame.draw("</g>");
  }
  return frame.svg(summary);
}

std::string svg(const ScatterPlot& plot) {
  Range xs, ys;
  std::vector<std::string> names;
  std::string summary = about_axes("Scatter", plot.x, plot.y);
  std::size_t total = 0;
  for (const PointClass& c : plot.classes) {
    same_length(c.name, "values of y", c.x.size(), c.y.size());
    if (!c.hover.empty()) same_length(c.name, "texts", c.x.size(), c.hover.size());
    std::vector<double> cx, cy;
    for (std::size_t i = 0; i < c.x.size(); ++i) {
      if (!shows(plot.x, c.x[i]) || !shows(plot.y, c.y[i])) continue;
      xs.add(c.x[i], plot.x);
      ys.add(c.y[i], plot.y);
      cx.push_back(c.x[i]);
      cy.push_back(c.y[i]);
    }
    total += cx.size();
    names.push_back(c.name);
    summary += fmt::format(" {}: {} points", c.name.empty() ? "One class" : c.name, cx.size());
    summary += cx.empty() ? "." : fmt::format(" around {}, {}.", number_text(median(cx), 3), number_text(median(cy), 3));
  }
  for (const Rule& rule : plot.rules) {
    (rule.vertical ? xs : ys).add(rule.at, rule.vertical ? plot.x : plot.y);
    summary += fmt::format(" Dashed line {} at {}.", rule.label, number_text(rule.at));
  }
  Frame frame(plot.title, plot.description);
  frame.legend(names, Frame::Key::marker);
  Range x = covered(plot.x, xs, 0.03);
  Range y = covered(plot.y, ys, plot.rules.empty() ? 0.03 : 0.09);  // with rules, room for their labels
  const double height = plot.equal_units ? 380 : 290;
  if (plot.equal_units && !plot.x.log && !plot.y.log) equalise(x, y, 430, height);
  frame.vertical(plot.y, y, height);
  frame.horizontal(plot.x, x, true);
  if (total == 0) frame.note("no data");
  for (const Rule& rule : plot.rules) frame.rule(rule, rule.vertical ? plot.x : plot.y);
  std::string labels;
  for (std::size_t i = 0; i < plot.classes.size(); ++i) {
    const PointClass& c = plot.classes[i];
    std::vector<double> px, py;
    std::string marks;
    std::vector<std::pair<int, int>> points;  // in half units
    for (std::size_t j = 0; j < c.x.size(); ++j) {
      if (!shows(plot.x, c.x[j]) || !shows(plot.y, c.y[j])) continue;
      const double at_x = frame.x(c.x[j]);
      const double at_y = frame.y(c.y[j]);
      if (!frame.inside(at_x, at_y)) continue;
      px.push_back(at_x);
      py.push_back(at_y);
      if (total <= few_points)
        marks += marker_at(i, at_x, at_y, point_text(c.name, c.x[j], c.y[j], c.hover.empty() ? "" : c.hover[j]));
      else
        points.emplace_back(static_cast<int>(std::lround(2 * at_x)), static_cast<int>(std::lround(2 * at_y)));
    }
    if (px.empty()) continue;
    frame.draw(fmt::format("<g class=\"{}\">", colour_class(i)));
    if (points.empty()) {
      frame.draw(marks);
    } else {
      const std::string shape = Frame::id(fmt::format("m{}", i));
      frame.draw(fmt::format(
          "<marker id=\"{0}\" markerUnits=\"userSpaceOnUse\" markerWidth=\"20\" markerHeight=\"20\" overflow=\"visible\">"
          "<path class=\"{1} small\" transform=\"scale(1.3)\" d=\"M0 0{2}\"/></marker><path class=\"points\" transform=\"scale(.5)\" "
          "marker-start=\"url(#{0})\" marker-mid=\"url(#{0})\" marker-end=\"url(#{0})\" d=\"{3}\"/>",
          shape, marker(i).kind, marker(i).path, many_points(std::move(points))));
    }
    frame.draw("</g>");
    if (plot.names_inside && !c.name.empty())
      labels += fmt::format("<text class=\"halo strong middle\" x=\"{}\" y=\"{}\">{}</text>", coordinate(median(px)),
                            coordinate(median(py) + 5), escape_xml(c.name));
  }
  frame.draw(labels);
  return frame.svg(summary);
}

}  // namespace elbo::lab
