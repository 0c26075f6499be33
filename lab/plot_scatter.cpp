// Scatters.

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "lab/plot_frame.h"
#include "lab/plot_text.h"

namespace elbo::lab {
namespace {

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

}  // namespace

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
    summary += fmt::format(" Dashed line {}.", rule_text(rule));
  }
  Frame frame(plot.title, plot.description);
  frame.legend(names, Frame::Key::marker);
  Range x = covered(plot.x, xs, 0.03);
  Range y = covered(plot.y, ys, plot.rules.empty() ? 0.03 : 0.09);  // with rules, room for their labels
  const double height = plot.equal_units ? 380 : 290;
  if (plot.equal_units && !plot.x.log && !plot.y.log) equalise(plot.x, x, plot.y, y, 430, height);
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
    std::string targets;                      // of the pointer: a path's markers are none
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
      if (total > few_points && !c.hover.empty())
        targets += fmt::format("<path d=\"M{:.0f} {:.0f}h0\"><title>{}</title></path>", at_x, at_y, escape_xml(c.hover[j]));
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
    if (!targets.empty()) frame.draw("<g class=\"targets\">" + targets + "</g>");
    if (plot.names_inside && !c.name.empty())
      labels += fmt::format("<text class=\"halo strong middle\" x=\"{}\" y=\"{}\">{}</text>", coordinate(median(px)),
                            coordinate(median(py) + 5), escape_xml(c.name));
  }
  frame.draw(labels);
  return frame.svg(summary);
}

}  // namespace elbo::lab
