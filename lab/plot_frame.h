#pragma once
// What every plot has: title, legend, axes with grid and labels, rules, and the <svg> element with its description. Used by the
// plot_*.cpp files alone. Lengths are in user units of a picture 480 wide; a page shows it 300 to 560 pixels wide.

#include <string>
#include <string_view>
#include <vector>

#include "lab/plot.h"

namespace elbo::lab {

// The style of each series of a plot.
template <class Plot>
std::vector<std::size_t> styles_of(const Plot& plot) {
  std::vector<std::size_t> styles;
  for (const auto& s : plot.series) styles.push_back(s.style >= 0 ? std::size_t(s.style) : styles.size());
  return styles;
}

inline constexpr int series_styles = 10;  // colours; markers and dashes change places when a series comes round again

inline constexpr std::size_t few_points = 300;  // up to so many have marks with a text on hover

// Throws Error where a series has not as many of `what` as of x.
void same_length(std::string_view name, const char* what, std::size_t expected, std::size_t came);
std::string point_text(const std::string& name, double x, double y, const std::string& extra = "");  // on hover
std::string about_axes(const char* kind, const Axis& x, const Axis& y);                              // for a description

// A coordinate with one decimal at most: "12.5", "12".
std::string coordinate(double value);

// Series i's colour, as the class of a group whose currentColor it is.
std::string colour_class(std::size_t i);

// Series i's marker of about 7 units, as commands that follow "M x y", and whether it is filled, open or made of strokes.
struct Marker {
  const char* path;
  const char* kind;  // a class: "solid", "open", "strokes"
};
Marker marker(std::size_t i);

std::string marker_at(std::size_t i, double x, double y, const std::string& hover = "");

// The fill of series i's bars: every fourth is filled, the others hatched in their own ways (the patterns are the bar chart's to define).
std::string bar_fill(std::size_t i);
std::string hatch_id(std::size_t i);

// Lines of series i: the class of its dashes.
std::string dash_class(std::size_t i);

class Frame {
 public:
  enum class Key { line, steps, marker, bar };

  Frame(std::string_view title, std::string_view description);

  // In this order: what stands above the plot, the vertical axis (whose labels decide the left edge), the horizontal one.
  void legend(const std::vector<std::string>& names, Key key, const std::vector<std::size_t>& styles = {});  // no styles: by place
  void vertical(const Axis& axis, Range range, double height);
  void vertical(const std::string& label, const std::vector<std::string>& names, double height);  // one cell a name, from the top
  void horizontal(const Axis& axis, Range range, bool grid);
  void horizontal(const std::string& label, const std::vector<std::string>& names);  // one cell a name, from the left

  double x(double value) const { return x_(value); }
  double y(double value) const { return y_(value); }
  double left() const { return left_; }
  double right() const { return right_; }
  double top() const { return top_; }
  double bottom() const { return bottom_; }
  bool inside(double x_pixel, double y_pixel) const;

  void draw(std::string_view markup) { body_ += markup; }
  void text(double x, double y, std::string_view classes, std::string_view text);
  void note(std::string_view text);                // in the middle of an empty plot
  void rule(const Rule& rule, const Axis& axis);   // its label lies above whatever is drawn, also later
  void skip(double height) { height_ += height; }  // more room below, for what is drawn there
  double height() const { return height_; }

  // An id of this plot's own for `name`, and a reference to it: unlike any id of a plot with other contents.
  static std::string id(std::string_view name);

  std::string svg(std::string_view summary) const;

 private:
  void axis_label(std::string_view text);
  void vertical_edges(double labels, double height);  // `labels`: their width
  std::string title_, description_, body_;
  std::string labels_;  // of the rules: above all that is drawn
  struct Box {
    double left, right, base;
  };
  std::vector<Box> taken_;  // by them
  Scale x_, y_;
  double left_ = 0, right_ = 474, top_ = 0, bottom_ = 0, height_ = 0;
};

}  // namespace elbo::lab
