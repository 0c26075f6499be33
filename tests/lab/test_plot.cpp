#include "lab/plot.h"

#include <doctest/doctest.h>

#include <cmath>

#include "lab/plot_frame.h"
#include "lab/plot_text.h"
#include "support.h"
#include "xml_check.h"

using namespace elbo;
using namespace elbo::lab;
using elbo::testing::contains;
using elbo::testing::count;
using elbo::testing::error_of;
using elbo::testing::xml_fault;

namespace {

const std::string nasty = "a<b> & \"c\" 'd' \x01\xff ü";

LinePlot two_lines() {
  LinePlot plot;
  plot.title = "Curves";
  plot.x.label = "epoch";
  plot.y.label = "nats";
  plot.series.push_back({.name = "first", .x = {1, 2, 3}, .y = {5, 4, 3}, .low = {4, 3.5, 2.9}, .high = {6, 4.5, 3.1}});
  plot.series.push_back({.name = "second", .x = {1, 2, 3}, .y = {9, 8, 7}});
  return plot;
}

// The numbers of the first path with these classes: "M x y L x y ..." as (x, y, x, y, ...).
std::vector<double> path_numbers(const std::string& svg, const std::string& classes) {
  const std::size_t start = svg.find("<path class=\"" + classes + "\"");
  if (start == std::string::npos) return {};
  const std::size_t from = svg.find(" d=\"", start) + 4;
  std::string path = svg.substr(from, svg.find('"', from) - from);
  for (char& c : path)
    if (c == 'M' || c == 'L') c = ' ';
  std::vector<double> out;
  const char* at = path.c_str();
  for (char* end = nullptr;; at = end) {
    const double value = std::strtod(at, &end);
    if (end == at) return out;
    out.push_back(value);
  }
}

}  // namespace

TEST_CASE("the check of XML finds what is wrong") {
  CHECK(xml_fault("<a b=\"1\"><c/>x &amp; y</a>").empty());
  for (const char* bad : {"", "x", "<a>", "<a></b>", "<a/><b/>", "<a b=1/>", "<a b=\"1\" b=\"2\"/>", "<a>&</a>", "<a>&nbsp;</a>",
                          "<a>\x01</a>", "<a b=\"<\"/>", "<a><b id=\"x\"/><c id=\"x\"/></a>", "<a>1 < 2</a>", "<a b=\"1\"c=\"2\"/>"})
    CHECK_MESSAGE(!xml_fault(bad).empty(), bad);
}

TEST_CASE("text: escaping, numbers, line breaks") {
  CHECK(escape_xml("a<b> & \"c\" 'd'") == "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;");
  CHECK(escape_xml("zweite Zeile: ü ± ∞ 🙂\n\t") == "zweite Zeile: ü ± ∞ 🙂\n\t");
  // A control character, a stray byte, an overlong '/', a surrogate, U+FFFE, beyond U+10FFFF, a character cut short.
  CHECK(escape_xml("\x01|\xff|\xc0\xaf|\xed\xa0\x80|\xef\xbf\xbe|\xf4\x90\x80\x80|\xc3") ==
        "\uFFFD|\uFFFD|\uFFFD\uFFFD|\uFFFD\uFFFD\uFFFD|\uFFFD\uFFFD\uFFFD|\uFFFD\uFFFD\uFFFD\uFFFD|\uFFFD");
  CHECK(number_text(105.6349) == "105.6");
  CHECK(number_text(-0.5) == "−0.5");
  CHECK(number_text(100) == "100");
  CHECK(number_text(123456, 3) == "123456");
  CHECK(number_text(0.00012) == "0.00012");
  CHECK(number_text(1.5e-5) == "1.5·10⁻⁵");
  CHECK(number_text(-2e12) == "−2·10¹²");
  CHECK(number_text(999999.9) == "1·10⁶");
  CHECK(number_text(NAN) == "–");
  CHECK(number_text(-INFINITY) == "−∞");
  CHECK(fixed_text(-0.001, 2) == "0.00");
  CHECK(fixed_text(-1.005, 1) == "−1.0");
  CHECK(mean_spread(105.634, 0.2449) == "105.63\u00a0±\u00a00.24");
  CHECK(mean_spread(105.634, 12.4) == "106\u00a0±\u00a012");
  CHECK(mean_spread(0.91234, 0.00213) == "0.9123\u00a0±\u00a00.0021");
  CHECK(mean_spread(5.0, 0.0) == "5.00\u00a0±\u00a00.00");
  CHECK(mean_spread(5.25, 0.1, 3) == "5.250\u00a0±\u00a00.100");
  CHECK(mean_spread(5.25, NAN) == "5.25");
  CHECK(mean_spread(NAN, 0.1) == "–");
  CHECK(text_length("ü±🙂") == 3);
  CHECK(wrap_text("dense-vae", 20) == std::vector<std::string>{"dense-vae"});
  CHECK(wrap_text("dense-vae:objective.beta=4", 16) == std::vector<std::string>{"dense-vae:", "objective.beta=4"});
  CHECK(wrap_text("objective.beta=0.5", 12) == std::vector<std::string>{"objective.", "beta=0.5"});
  CHECK(wrap_text("three small words", 11) == std::vector<std::string>{"three small", "words"});
  CHECK(wrap_text("üüüüü", 2) == std::vector<std::string>{"üü", "üü", "ü"});
}

TEST_CASE("ticks are round, cover the range and share their decimals") {
  CHECK(ticks({}, {0, 1}, 5).text == std::vector<std::string>{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"});
  CHECK(ticks({}, {-3, 19}, 5).text == std::vector<std::string>{"0", "5", "10", "15"});
  CHECK(ticks({}, {-0.02, 0.03}, 5).text == std::vector<std::string>{"−0.02", "−0.01", "0.00", "0.01", "0.02", "0.03"});
  CHECK(ticks({}, {0, 3e7}, 3).text == std::vector<std::string>{"0", "1·10⁷", "2·10⁷", "3·10⁷"});
  for (const double size : {1e-9, 0.37, 1.0, 8.1, 123.0, 6e8})
    for (const double start : {-2.0, 0.0, 0.9}) {
      const Range range{start * size, start * size + size};
      const Ticks marks = ticks({}, range, 5);
      CHECK(marks.at.size() >= 3);
      CHECK(marks.at.size() <= 8);
      for (const double at : marks.at) {
        CHECK(at >= range.low - 1e-6 * size);
        CHECK(at <= range.high + 1e-6 * size);
      }
    }
  CHECK(ticks({.whole = true}, {1, 3}, 6).text == std::vector<std::string>{"1", "2", "3"});
  Axis log{.log = true};
  CHECK(ticks(log, {1, 1e4}, 5).text == std::vector<std::string>{"1", "10", "100", "1000", "10000"});
  CHECK(ticks(log, {1e-6, 1e-1}, 6).text == std::vector<std::string>{"10⁻⁶", "10⁻⁵", "10⁻⁴", "0.001", "0.01", "0.1"});
  CHECK(ticks(log, {8, 130}, 5).text == std::vector<std::string>{"10", "20", "50", "100"});
  CHECK(ticks(log, {1, 1e20}, 5).at.size() <= 6);
  CHECK(ticks(log, {61, 69}, 5).at.size() >= 3);  // no power of ten and no 2 or 5 there
}

TEST_CASE("an axis covers its data, and no length is zero") {
  Range range;
  const Axis linear, log{.label = "n", .log = true};
  for (const double value : {2.0, double(NAN), 5.0, double(INFINITY)}) range.add(value, linear);
  CHECK(range.low == 2.0);
  CHECK(range.high == 5.0);
  range.add(-1, log);
  range.add(0, log);
  CHECK(range.low == 2.0);
  CHECK(covered(linear, {2, 5}, 0.1).low == doctest::Approx(1.7));
  CHECK(covered(log, {1, 100}, 0.5).high == doctest::Approx(1000));
  CHECK(covered(linear, {}, 0.1).high == 1);
  CHECK(covered(log, {}, 0.1).low == 1);
  CHECK(covered(linear, {3, 3}, 0).low < 3);
  CHECK(covered(linear, {0, 0}, 0).high > 0);
  CHECK(covered(log, {3, 3}, 0).high > 3);
  CHECK(covered({.low = 10}, {2, 5}, 0.1).high > 10);
  CHECK(covered({.low = 0, .high = 1}, {2, 5}, 0.1).high == 1);
  CHECK(contains(error_of([] { covered({.label = "z", .low = 2, .high = 1}, {}, 0); }), "'z'"));
  CHECK(contains(error_of([&] { covered({.label = "n", .log = true, .low = 0}, {1, 2}, 0); }), "positive"));
  const Scale scale(log, {1, 100}, 0, 200);
  CHECK(scale(10) == doctest::Approx(100));
}

TEST_CASE("a line chart: one path a series at the right places, band, marks with a text on hover, description") {
  LinePlot plot = two_lines();
  plot.x.low = 1, plot.x.high = 3, plot.y.low = 0, plot.y.high = 10;
  plot.rules.push_back({"floor", 2});
  const std::string picture = svg(plot);
  CHECK(xml_fault(picture).empty());
  CHECK(count(picture, "<path class=\"line d") == 4);  // two series and their keys
  CHECK(count(picture, "class=\"band\"") == 1);
  CHECK(contains(picture, "<title>first: 2, 4 (band 3.5 to 4.5)</title>"));
  CHECK(contains(picture, "role=\"img\""));
  CHECK(contains(picture, "first: from 5 at 1 to 3 at 3, lowest 3, highest 5."));
  CHECK(contains(picture, "Dashed line floor: 2."));
  const std::vector<double> line = path_numbers(picture.substr(picture.find("<clipPath")), "line d1");
  REQUIRE(line.size() == 6);
  CHECK(line[2] - line[0] == doctest::Approx(line[4] - line[2]).epsilon(0.01));  // equal steps of x
  CHECK(line[3] - line[1] == doctest::Approx(23).epsilon(0.01));                 // one of ten units, 230 high, downwards
  CHECK(contains(picture, ">2</text>"));                                         // epochs are whole
  CHECK(!contains(picture, ">1.5</text>"));
  CHECK(svg(plot) == picture);
}

TEST_CASE("a logarithmic axis: equal factors are equal lengths") {
  LinePlot plot;
  plot.y.log = true;
  plot.series.push_back({.name = "s", .x = {0, 1, 2, 3}, .y = {1, 10, 100, -5}});
  const std::string picture = svg(plot);
  const std::vector<double> line = path_numbers(picture.substr(picture.find("<clipPath")), "line d0");
  REQUIRE(line.size() == 6);  // the negative number is left out
  CHECK(line[1] - line[3] == doctest::Approx(line[3] - line[5]).epsilon(0.01));
  CHECK(contains(picture, "logarithmic"));
}

TEST_CASE("what is no number is left out, and breaks a line") {
  LinePlot plot = two_lines();
  plot.series.resize(1);
  plot.series[0] = {.name = "s", .x = {1, 2, 3, 4, 5}, .y = {1, 2, NAN, 4, INFINITY}, .low = {0, 1, 2, NAN, 4}, .high = {2, 3, 4, 5, 6}};
  std::string picture = svg(plot);
  CHECK(xml_fault(picture).empty());
  CHECK(!contains(picture, "nan"));
  CHECK(!contains(picture, "inf"));
  CHECK(count(picture, "<title>s: ") == 3);
  const std::size_t from = picture.find("<path class=\"line", picture.find("<clipPath"));
  CHECK(count(picture.substr(from, picture.find("/>", from) - from), "M") == 2);
  ScatterPlot scatter;
  scatter.classes.push_back({.name = "c", .x = {1, NAN, 3}, .y = {1, 2, INFINITY}});
  picture = svg(scatter);
  CHECK(count(picture, "<title>c: ") == 1);
  CHECK(!contains(picture, "nan"));
  BarPlot bars;
  bars.groups = {"a", "b"};
  bars.series.push_back({.name = "s", .values = {NAN, 2}, .spread = {1, NAN}});
  picture = svg(bars);
  CHECK(count(picture, "<rect class=\"bar\"") == 1);
  CHECK(count(picture, "class=\"error\"") == 0);
  CHECK(!contains(picture, "nan"));
  HeatMap map;
  map.rows = {"r"};
  map.columns = {"a", "b"};
  map.values = {1, NAN};
  CHECK(count(svg(map), "<title>r, ") == 1);
}

TEST_CASE("plots without data say so") {
  LinePlot line;
  line.y.log = true;
  BarPlot bars;
  HeatMap map;
  ScatterPlot scatter;
  scatter.classes.push_back({.name = "none"});
  for (const std::string& picture : {svg(line), svg(bars), svg(map), svg(scatter)}) {
    CHECK(xml_fault(picture) == "");
    CHECK(contains(picture, ">no data</text>"));
    CHECK(!contains(picture, "nan"));
  }
}

TEST_CASE("every text is escaped, in every plot") {
  LinePlot line = two_lines();
  line.title = line.description = line.x.label = line.y.label = line.series[0].name = nasty;
  line.rules = {{nasty, 4}, {nasty, 2, true}};
  ScatterPlot scatter{.title = nasty, .description = nasty};
  scatter.names_inside = true;
  scatter.classes.push_back({.name = nasty, .x = {1}, .y = {2}, .hover = {nasty}});
  BarPlot bars{.title = nasty, .description = nasty, .group_label = nasty};
  bars.groups = {nasty, nasty + nasty + nasty};
  bars.series = {{.name = nasty, .values = {1, 2}}, {.name = nasty, .values = {1, 2}, .spread = {1, 1}}};
  HeatMap map{.title = nasty, .description = nasty, .x_label = nasty, .y_label = nasty, .value_label = nasty};
  map.rows = map.columns = {nasty};
  map.values = {1};
  for (const std::string& picture : {svg(line), svg(scatter), svg(bars), svg(map)}) {
    CHECK(xml_fault(picture) == "");
    CHECK(contains(picture, "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39; \uFFFD\uFFFD ü"));
  }
}

TEST_CASE("a scatter of 10,000 points stays small: one path a class, and equal units when asked") {
  ScatterPlot plot{.equal_units = true};
  for (int k = 0; k < 10; ++k) {
    PointClass c{.name = std::to_string(k)};
    for (int i = 0; i < 1000; ++i) {
      c.x.push_back(std::sin(1.0 * i * i + k));
      c.y.push_back(std::cos(2.0 * i * i - k));
    }
    plot.classes.push_back(c);
  }
  const std::string picture = svg(plot);
  CHECK(xml_fault(picture) == "");
  CHECK(picture.size() < 120'000);
  CHECK(count(picture, "class=\"points\"") == 10);
  CHECK(count(picture, "<marker ") == 10);
  CHECK(count(picture, ">0: 1000 points") == 0);
  CHECK(contains(picture, " 0: 1000 points around "));
  // The relative steps lead back to every point: 999 steps after the first, which is drawn by its own.
  const std::size_t from = picture.find(" d=\"M", picture.find("class=\"points\"")) + 5;
  const std::string path = picture.substr(from, picture.find('"', from) - from);
  std::size_t numbers = 0;
  for (std::size_t i = 0; i < path.size(); ++i)
    if (std::isdigit(static_cast<unsigned char>(path[i])) && (i == 0 || !std::isdigit(static_cast<unsigned char>(path[i - 1])))) ++numbers;
  CHECK(numbers == 2 + 2 + 2 * 999);
}

TEST_CASE("markers of ten classes differ, and those of the next ten from them in the same colour") {
  for (std::size_t i = 0; i < 10; ++i) {
    for (std::size_t j = i + 1; j < 10; ++j)
      CHECK((std::string(marker(i).path) != marker(j).path || std::string(marker(i).kind) != marker(j).kind));
    CHECK(colour_class(i) == colour_class(i + 10));
    CHECK((std::string(marker(i).path) != marker(i + 10).path || std::string(marker(i).kind) != marker(i + 10).kind));
    CHECK(dash_class(i) != dash_class(i + 10));
  }
}

TEST_CASE("bars start at zero, and error bars have their length") {
  BarPlot plot;
  plot.groups = {"a", "b", "c"};
  plot.series.push_back({.name = "s", .values = {10, 20, -5}, .spread = {1, 2, 1}});
  const std::string picture = svg(plot);
  CHECK(xml_fault(picture) == "");
  std::vector<double> heights;
  for (std::size_t at = picture.find("<rect class=\"bar\""); at != std::string::npos; at = picture.find("<rect class=\"bar\"", at + 1))
    heights.push_back(std::stod(picture.substr(picture.find("height=\"", at) + 8)));
  REQUIRE(heights.size() == 3);
  CHECK(heights[1] == doctest::Approx(2 * heights[0]).epsilon(0.01));
  CHECK(heights[2] == doctest::Approx(heights[0] / 2).epsilon(0.01));
  CHECK(count(picture, "class=\"error\"") == 3);
  CHECK(contains(picture, "<title>b, s: 20 ± 2</title>"));
}

TEST_CASE("a histogram's shares") {
  const Series h = histogram("h", {0.1, 0.2, 0.6, 1.0, 7.0, NAN}, 0, 1, 2);
  CHECK(h.x == std::vector<double>{0, 0.5, 1});
  CHECK(h.y == std::vector<double>{0.4, 0.4, 0.4});
  CHECK(h.steps);
  CHECK(histogram("h", {}, 0, 1, 3).y == std::vector<double>{0, 0, 0, 0});
  CHECK(contains(error_of([] { histogram("h", {}, 1, 1, 3); }), "histogram"));
}

TEST_CASE("lengths that do not agree are errors that name the series") {
  LinePlot line = two_lines();
  line.series[1].y.pop_back();
  CHECK(contains(error_of([&] { svg(line); }), "'second'"));
  line = two_lines();
  line.series[0].high.clear();
  CHECK(contains(error_of([&] { svg(line); }), "'first'"));
  ScatterPlot scatter;
  scatter.classes.push_back({.name = "c", .x = {1}, .y = {1}, .hover = {"a", "b"}});
  CHECK(contains(error_of([&] { svg(scatter); }), "'c'"));
  BarPlot bars;
  bars.groups = {"a"};
  bars.series.push_back({.name = "s", .values = {1, 2}});
  CHECK(contains(error_of([&] { svg(bars); }), "'s'"));
  HeatMap map{.title = "m"};
  map.values = {1};
  CHECK(contains(error_of([&] { svg(map); }), "'m'"));
}

TEST_CASE("plots of different contents have different ids, and a plot can stand alone") {
  LinePlot plot = two_lines();
  const std::string one = svg(plot);
  plot.series[0].y[0] = 5.5;
  const std::string two = svg(plot);
  const std::string id = one.substr(one.find("id=\""), 14);
  CHECK(contains(two, "id=\"p"));
  CHECK(!contains(two, id));
  const std::string file = standalone_svg(one);
  CHECK(file.starts_with("<?xml "));
  CHECK(xml_fault(file.substr(file.find("<svg"), file.size() - 1 - file.find("<svg"))) == "");
  CHECK(contains(file, "prefers-color-scheme:dark"));
}

TEST_CASE("a series keeps the style that it is given, whatever its place, in lines, bars and legends") {
  const auto uses = [](const std::string& text, const char* style) {
    return text.find(std::string("<g class=\"") + style + "\"") != text.npos;
  };
  const std::string lines =
      svg(LinePlot{.title = "t", .series = {{.name = "a", .x = {0, 1}, .y = {0, 1}, .style = 3}, {.name = "b", .x = {0, 1}, .y = {1, 0}}}});
  CHECK((uses(lines, "c3") && uses(lines, "c1") && !uses(lines, "c0")));
  const std::string bars = svg(BarPlot{
      .title = "t", .groups = {"g"}, .series = {{.name = "a", .values = {1}, .style = 4}, {.name = "b", .values = {2}, .style = 2}}});
  CHECK((uses(bars, "c4") && uses(bars, "c2") && !uses(bars, "c0") && !uses(bars, "c1")));
}
