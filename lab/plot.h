#pragma once
// Plots as inline SVG: line charts, scatters, bars with error bars, heat maps. No script, no font from elsewhere. Every plot has a <title>
// and a <desc> for screen readers (the description given, then a summary of the data), values on hover where marks are few, colours that
// follow light and dark, and markers, dashes and hatching that tell its series apart in black and white. It scales to the width it
// is given; the smallest text stays readable on a phone.
//
// Why a module of our own: of what Debian carries, gnuplot (also behind gnuplot-iostream and Matplot++) is a program to call, with a script
// in its SVG where points answer the mouse; PLplot's and MathGL's packages bring Qt, wxWidgets or MPI; plotutils, ploticus and Cairo write
// fixed colours, and text as outlines or without a description. None gives titles on points or colours that follow the page's scheme.
//
// Numbers that an axis cannot show (NaN, infinities, not positive on a log axis) are left out; a line is broken there. A plot without
// data says so. Colours come from plot_css(), which a page holds once; standalone_svg adds it to a picture that stands alone.
//
//   LinePlot plot{.title = "Learning curves", .x = {"epoch"}, .y = {"nats per example"}};
//   plot.series.push_back({.name = "dense-vae", .x = epochs, .y = mean, .low = mean_minus_sd, .high = mean_plus_sd});
//   std::string picture = svg(plot);

#include <limits>
#include <string>
#include <vector>

#include "lab/plot_axis.h"

namespace elbo::lab {

// A dashed line across the plot with a label: horizontal at y = `at`, or vertical at x = `at`.
struct Rule {
  std::string label;
  double at = 0;
  bool vertical = false;
  std::string name = {};  // what it is, on hover and for screen readers; empty: its label
};

struct Series {
  std::string name;
  std::vector<double> x, y;         // of one length
  std::vector<double> low, high;    // the band around y (a spread); both empty, or as long as y
  bool steps = false;               // y holds from this x to the next (histograms)
  int style = -1;                   // which colour, dashes and marker, from 0: the same for one thing in several plots; -1: by its place
  bool line = true, marks = true;   // without a line: marks alone; series of one name and style stand in the legend once
  std::vector<std::string> labels;  // written beside each point; empty, or as many as x
  std::vector<std::string> hover;   // what each point is, told on hover; empty, or as many as x
};

struct LinePlot {
  std::string title, description;
  Axis x, y;
  std::vector<Series> series;
  std::vector<Rule> rules;
  std::string sum;  // what x + y is: dotted lines along which it is the same, at round values, one unit as long on x as on y; empty: none
};

struct PointClass {
  std::string name;
  std::vector<double> x, y;        // of one length
  std::vector<std::string> hover;  // what each point is, shown on hover; empty (then few points show their numbers), or one for each
};

struct ScatterPlot {
  std::string title, description;
  Axis x, y;
  std::vector<PointClass> classes;  // each its colour and its marker; up to some 10,000 points in all stay small
  std::vector<Rule> rules;
  bool equal_units = false;   // one unit as long on x as on y (latent spaces)
  bool names_inside = false;  // each class's name at its median too
};

struct BarSeries {
  std::string name;
  std::vector<double> values;  // one for each group; NaN: no bar
  std::vector<double> spread;  // half lengths of the error bars; empty, or one for each group (NaN: none)
  int style = -1;              // as a Series'
};

struct BarPlot {
  std::string title, description;
  std::string group_label;  // what the groups are, below them
  Axis y;                   // starts at zero, unless the axis is logarithmic or bounded
  std::vector<std::string> groups;
  std::vector<BarSeries> series;
  std::vector<Rule> rules;  // horizontal ones only
};

struct HeatMap {
  std::string title, description;
  std::string x_label, y_label, value_label;
  std::vector<std::string> columns, rows;
  std::vector<double> values;                              // row-major, rows x columns; NaN: an empty cell
  double low = std::numeric_limits<double>::quiet_NaN();   // the palest colour's value; NaN: the smallest value
  double high = std::numeric_limits<double>::quiet_NaN();  // the strongest colour's value; NaN: the largest value
};

std::string rule_text(const Rule& rule);  // "its name: 54.37"

// An <svg> element. Throws Error where lengths do not agree.
std::string svg(const LinePlot& plot);
std::string svg(const ScatterPlot& plot);
std::string svg(const BarPlot& plot);
std::string svg(const HeatMap& plot);

// The histogram of `values` (those in low .. high) in `bins` equal bins as a series of steps: shares of all finite values.
Series histogram(const std::string& name, const std::vector<double>& values, double low, double high, int bins);

// The style sheet of all plots: colours in light, dark and print, lines and text. It has no '<' or '&'.
std::string plot_css();

// A plot as a file of its own: with the style sheet and a background.
std::string standalone_svg(const std::string& svg);

}  // namespace elbo::lab
