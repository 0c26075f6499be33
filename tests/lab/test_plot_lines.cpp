// Line charts that hold points: labels beside them, marks without lines, lines of equal sums.

#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>

#include "lab/plot.h"
#include "tests/lab/xml_check.h"
#include "tests/support.h"

using namespace elbo::lab;
using elbo::testing::contains;
using elbo::testing::count_of;
using elbo::testing::error_of;
using elbo::testing::xml_fault;

namespace {

// Seeds as marks around the means of a sweep, which a line joins.
LinePlot plane() {
  LinePlot plot{.title = "Rate and distortion", .x = {"rate"}, .y = {"distortion"}, .sum = "total"};
  plot.series.push_back({.name = "vae", .x = {10, 20}, .y = {90, 70}, .style = 1, .marks = false, .labels = {"4", "<1>"}});
  plot.series.push_back(
      {.name = "vae", .x = {9, 11, 20}, .y = {91, 89, 70}, .style = 1, .line = false, .hover = {"seed 1", "seed 2", "seed 1"}});
  plot.rules.push_back({"plain", 60});
  return plot;
}

}  // namespace

TEST_CASE("plot: labels beside points, marks without a line, one name in the legend") {
  const std::string s = svg(plane());
  CHECK(xml_fault(s) == "");
  CHECK(count_of(s, ">vae<") == 1);
  CHECK(count_of(s, "class=\"line ") == 2);  // the legend's and the line itself
  CHECK(count_of(s, "<title>vae (seed") == 3);
  CHECK(contains(s, ">4</text>"));
  CHECK(contains(s, ">&lt;1&gt;</text>"));
  CHECK(contains(s, "Dotted lines: equal total."));
  CHECK(count_of(s, "vae: from 90 at 10 to 70 at 20") == 1);
  LinePlot marks = plane();
  marks.series.erase(marks.series.begin());
  CHECK(count_of(svg(marks), "class=\"line ") == 0);
  LinePlot bad = plane();
  bad.series[0].labels.pop_back();
  CHECK(contains(error_of([&] { svg(bad); }), "expected 2 labels for series 'vae', as many as x, came 1"));
  bad = plane();
  bad.series[1].hover.pop_back();
  CHECK(contains(error_of([&] { svg(bad); }), "expected 3 texts"));
}

TEST_CASE("plot: a line of equal sums goes through every point with that sum") {
  LinePlot plot{.x = {"x"}, .y = {"y"}, .sum = "sum"};
  plot.series.push_back({.name = "on 30", .x = {5, 12, 30}, .y = {25, 18, 0}, .line = false});
  const std::string s = svg(plot);
  // The marks' places, and the lines' ends.
  std::vector<std::pair<double, double>> marks;
  for (std::size_t at = s.find("class=\"solid\" d=\"M"); at != std::string::npos; at = s.find("class=\"solid\" d=\"M", at + 1)) {
    double x = 0, y = 0;
    if (std::sscanf(s.c_str() + at, "class=\"solid\" d=\"M%lf %lfm", &x, &y) == 2) marks.emplace_back(x, y);
  }
  REQUIRE(marks.size() == 4);  // the first is the legend's
  const std::size_t sums = s.find("class=\"sum\" d=\"");
  REQUIRE(sums != std::string::npos);
  int through = 0, lines = 0;
  for (std::size_t at = s.find('M', sums); at < s.find('"', sums + 15); at = s.find('M', at + 1)) {
    double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
    REQUIRE(std::sscanf(s.c_str() + at, "M%lf %lfL%lf %lf", &x0, &y0, &x1, &y1) == 4);
    int on = 0;
    for (std::size_t i = 1; i < marks.size(); i++)
      on += std::abs(y0 + (y1 - y0) * (marks[i].first - x0) / (x1 - x0) - marks[i].second) < 0.2;
    through += on == 3;
    lines++;
  }
  CHECK(through == 1);
  CHECK(lines >= 3);
  CHECK(contains(s, ">30</text>"));
  plot.x.log = true;
  CHECK_FALSE(contains(svg(plot), "class=\"sum\""));
}

TEST_CASE("plot: numbers that an axis is given, and labels of near rules at different places") {
  LinePlot plot{.x = {.label = "beta", .log = true, .marks = {0.1, 0.7, 4, 100}}, .y = {"nats"}};
  plot.series.push_back({.name = "vae", .x = {0.1, 0.7, 4}, .y = {3, 2, 1}});
  plot.rules = {{"one model", 2.5}, {"another model", 2.51}};
  const std::string s = svg(plot);
  for (const char* mark : {">0.1</text>", ">0.7</text>", ">4</text>"}) CHECK(contains(s, mark));
  CHECK_FALSE(contains(s, ">100</text>"));  // beyond the axis
  CHECK_FALSE(contains(s, ">0.5</text>"));
  CHECK(contains(s, "class=\"halo end\" x=\"472\""));
  CHECK(contains(s, ">one model</text>"));
  const std::size_t second = s.find(">another model</text>");
  REQUIRE(second != std::string::npos);
  CHECK(contains(s.substr(s.rfind("<text", second), 30), "class=\"halo\" "));  // from the left end
}
