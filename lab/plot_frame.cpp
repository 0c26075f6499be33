#include "lab/plot_frame.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "lab/plot_text.h"
#include "tensor/error.h"

namespace elbo::lab {
namespace {

constexpr double width = 480;
constexpr double letter = 9.4;      // a letter of the larger text that narrow screens get (16 units), in a wide typeface
constexpr double digit = 10.3;      // a digit of it
constexpr double line_height = 20;  // of that text
constexpr char id_mark = '\x01';    // stands for the plot's own number until that is known; escaped text never holds it

const std::array<Marker, series_styles> markers = {{
    {"m-3.2 0a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0-6.4 0z", "solid"},  // disc
    {"m-2.9-2.9h5.8v5.8h-5.8z", "open"},                            // square
    {"m0-3.9l3.7 6.4h-7.4z", "solid"},                              // triangle
    {"m-3.8 0h7.6m-3.8-3.8v7.6", "strokes"},                        // plus
    {"m-3.2 0a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0-6.4 0z", "open"},   // circle
    {"m0-4.2l4.2 4.2-4.2 4.2-4.2-4.2z", "solid"},                   // diamond
    {"m-3-3l6 6m0-6l-6 6", "strokes"},                              // cross
    {"m0 3.9l3.7-6.4h-7.4z", "open"},                               // triangle on its tip
    {"m-2.9-2.9h5.8v5.8h-5.8z", "solid"},                           // filled square
    {"m0-4v8m-3.5-6l7 4m0-4l-7 4", "strokes"},                      // asterisk
}};

// FNV-1a, 32 bits: enough to tell the plots of one page apart.
std::uint32_t hash(std::string_view text) {
  std::uint32_t h = 2166136261u;
  for (const char c : text) h = (h ^ static_cast<std::uint8_t>(c)) * 16777619u;
  return h;
}

double text_width(std::string_view text, double each = letter) { return each * static_cast<double>(text_length(text)); }

}  // namespace

void same_length(std::string_view name, const char* what, std::size_t expected, std::size_t came) {
  if (expected != came) fail("plot", fmt::format("expected {} {} for series '{}', as many as x, came {}", expected, what, name, came));
}

std::string point_text(const std::string& name, double x, double y, const std::string& extra) {
  return fmt::format("{}{}: {}, {}", name.empty() ? "point" : name, extra.empty() ? "" : " (" + extra + ")", number_text(x),
                     number_text(y));
}

std::string about_axes(const char* kind, const Axis& x, const Axis& y) {
  return fmt::format("{} of {} (vertical{}) over {} (horizontal{}).", kind, y.label.empty() ? "y" : y.label, y.log ? ", logarithmic" : "",
                     x.label.empty() ? "x" : x.label, x.log ? ", logarithmic" : "");
}

std::string coordinate(double value) {
  std::string text = fmt::format("{:.1f}", value);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text == "-0" ? "0" : text;
}

std::string colour_class(std::size_t i) { return fmt::format("c{}", i % series_styles); }

Marker marker(std::size_t i) { return markers[(i + 3 * (i / series_styles)) % series_styles]; }

std::string hatch_id(std::size_t i) { return Frame::id(fmt::format("h{}", i)); }

std::string bar_fill(std::size_t i) { return i % 4 == 0 ? "currentColor" : "url(#" + hatch_id(i) + ")"; }

std::string dash_class(std::size_t i) { return fmt::format("line d{}", (i + i / series_styles) % 6); }

std::string marker_at(std::size_t i, double x, double y, const std::string& hover) {
  const Marker m = marker(i);
  const std::string path = fmt::format("<path class=\"{}\" d=\"M{} {}{}\"", m.kind, coordinate(x), coordinate(y), m.path);
  return hover.empty() ? path + "/>" : path + "><title>" + escape_xml(hover) + "</title></path>";
}

Frame::Frame(std::string_view title, std::string_view description)
    : title_(title), description_(description), x_({}, {0, 1}, 0, 1), y_({}, {0, 1}, 0, 1) {
  height_ = 6;
  if (title.empty()) return;
  for (const std::string& line : wrap_text(title, 48)) {
    height_ += line_height;
    text(0, height_ - 5, "heading", line);
  }
}

void Frame::text(double x, double y, std::string_view classes, std::string_view text) {
  body_ += fmt::format("<text class=\"{}\" x=\"{}\" y=\"{}\">{}</text>", classes, coordinate(x), coordinate(y), escape_xml(text));
}

void Frame::legend(const std::vector<std::string>& names, Key key, const std::vector<std::size_t>& styles) {
  const double swatch = key == Key::line || key == Key::steps ? 34 : 18;
  double x = 0;
  bool first = true;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) continue;
    const std::size_t style = styles.empty() ? i : styles[i];
    const std::vector<std::string> lines = wrap_text(names[i], static_cast<std::size_t>((width - 16 - swatch) / letter));
    const std::string name = lines.size() > 1 ? lines[0] + "…" : lines[0];
    const double need = swatch + text_width(name) + 14;
    if (first || x + need > width) {
      height_ += line_height + 1;
      x = 0;
      first = false;
    }
    const double middle = height_ - 9.5;
    body_ += fmt::format("<g class=\"{}\">", colour_class(style));
    if (key == Key::line || key == Key::steps) {
      body_ += fmt::format("<path class=\"{}\" d=\"M{} {}h28\"/>", dash_class(style), coordinate(x), coordinate(middle));
      if (key == Key::line) body_ += marker_at(style, x + 14, middle);
    } else if (key == Key::marker) {
      body_ += marker_at(style, x + 6, middle);
    } else {
      body_ += fmt::format("<rect class=\"bar\" x=\"{}\" y=\"{}\" width=\"12\" height=\"12\" fill=\"{}\"/>", coordinate(x),
                           coordinate(middle - 6), bar_fill(style));
    }
    body_ += "</g>";
    text(x + swatch, middle + 4.5, "key", name);
    x += need;
  }
}

void Frame::axis_label(std::string_view text_of_label) {
  if (text_of_label.empty()) return;
  for (const std::string& line : wrap_text(text_of_label, 52)) {
    height_ += line_height;
    text(0, height_ - 5, "muted", line);
  }
}

void Frame::vertical_edges(double labels, double height) {
  left_ = 10 + labels;
  top_ = height_ + 12;
  bottom_ = top_ + height;
  height_ = bottom_ + 8;
}

void Frame::vertical(const Axis& axis, Range range, double height) {
  axis_label(axis.label);
  const Ticks marks = ticks(axis, range, 5);
  double longest = digit;
  for (const std::string& text_of_mark : marks.text) longest = std::max(longest, text_width(text_of_mark, digit));
  vertical_edges(longest, height);
  y_ = Scale(axis, range, bottom_, top_);
  std::string lines;
  for (std::size_t i = 0; i < marks.at.size(); ++i) {
    const double at = y(marks.at[i]);
    lines += fmt::format("M{} {}H{}", coordinate(left_), coordinate(at), coordinate(right_));
    text(left_ - 6, at + 4.5, "muted end", marks.text[i]);
  }
  if (!lines.empty()) body_ += "<path class=\"grid\" d=\"" + lines + "\"/>";
}

void Frame::vertical(const std::string& label, const std::vector<std::string>& names, double height) {
  axis_label(label);
  std::size_t longest = 1;
  for (const std::string& name : names) longest = std::max(longest, text_length(name));
  longest = std::min<std::size_t>(longest, 18);
  vertical_edges(letter * static_cast<double>(longest), height);
  const double cells = static_cast<double>(std::max<std::size_t>(names.size(), 1));
  y_ = Scale({}, {0, cells}, top_, bottom_);
  const double every = std::ceil(cells * 17 / height);
  for (std::size_t i = 0; i < names.size(); i += static_cast<std::size_t>(every)) {
    const std::vector<std::string> lines = wrap_text(names[i], longest);
    text(left_ - 6, y(static_cast<double>(i) + 0.5) + 4.5, "muted end",
         lines.size() > 1 ? wrap_text(names[i], longest - 1)[0] + "…" : lines[0]);
  }
}

void Frame::horizontal(const Axis& axis, Range range, bool grid) {
  x_ = Scale(axis, range, left_, right_);
  Ticks marks = ticks(axis, range, 6);
  for (int count = 5; count >= 2; --count) {  // fewer marks while their text does not fit
    double need = 0;
    for (const std::string& text_of_mark : marks.text) need += text_width(text_of_mark, digit) + 10;
    if (need <= right_ - left_) break;
    marks = ticks(axis, range, count);
  }
  height_ += line_height;
  std::string lines;
  for (std::size_t i = 0; i < marks.at.size(); ++i) {
    const double at = x(marks.at[i]);
    lines += fmt::format("M{} {}V{}", coordinate(at), coordinate(grid ? top_ : bottom_), coordinate(bottom_ + (grid ? 0 : 5)));
    const double half = text_width(marks.text[i], digit) / 2;
    const double room = std::clamp(at, half, std::max(half, width - half));
    text(room, height_ - 5, "muted middle", marks.text[i]);
  }
  if (!lines.empty()) body_ += "<path class=\"grid\" d=\"" + lines + "\"/>";
  body_ += fmt::format("<path class=\"axis\" d=\"M{} {}H{}\"/>", coordinate(left_), coordinate(bottom_), coordinate(right_));
  if (axis.label.empty()) return;
  height_ += line_height;
  text((left_ + right_) / 2, height_ - 5, "muted middle", axis.label);
}

void Frame::horizontal(const std::string& label, const std::vector<std::string>& names) {
  const double cells = static_cast<double>(std::max<std::size_t>(names.size(), 1));
  x_ = Scale({}, {0, cells}, left_, right_);
  const double cell = (right_ - left_) / cells;
  double longest = 1;
  for (const std::string& name : names) longest = std::max(longest, text_width(name));
  // Few long names are broken into lines; of many, every second, third, fifth ... is written.
  const bool wrapped = cell >= 7 * letter;
  std::size_t every = 1;
  if (!wrapped) {
    const double wanted = (longest + 6) / cell;
    every = 0;
    for (const std::size_t step : {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000})
      if (every == 0 && static_cast<double>(step) >= wanted) every = step;
    if (every == 0) every = std::max<std::size_t>(names.size(), 1);
  }
  const double first_line = height_;
  for (std::size_t i = 0; i < names.size(); i += every) {
    double at = first_line;
    for (const std::string& line : wrap_text(names[i], wrapped ? static_cast<std::size_t>(cell / letter) : 1000)) {
      at += line_height - 3;
      text(x(static_cast<double>(i) + 0.5), at - 2, "muted middle", line);
    }
    height_ = std::max(height_, at);
  }
  height_ += 4;
  if (label.empty()) return;
  height_ += line_height;
  text((left_ + right_) / 2, height_ - 5, "muted middle", label);
}

bool Frame::inside(double x_pixel, double y_pixel) const {
  return x_pixel >= left_ - 0.01 && x_pixel <= right_ + 0.01 && y_pixel >= top_ - 0.01 && y_pixel <= bottom_ + 0.01;
}

void Frame::note(std::string_view text_of_note) { text((left_ + right_) / 2, (top_ + bottom_) / 2, "muted middle", text_of_note); }

std::string rule_text(const Rule& rule) {
  const std::string& name = rule.name.empty() ? rule.label : rule.name;
  return (name.empty() ? "" : name + ": ") + number_text(rule.at);
}

void Frame::rule(const Rule& rule, const Axis& axis) {
  if (!shows(axis, rule.at)) return;
  const double at = rule.vertical ? x(rule.at) : y(rule.at);
  if (!inside(rule.vertical ? at : left_, rule.vertical ? top_ : at)) return;
  body_ += fmt::format("<path class=\"rule\" d=\"M{} {}{}{}\"><title>{}</title></path>", coordinate(rule.vertical ? at : left_),
                       coordinate(rule.vertical ? top_ : at), rule.vertical ? 'V' : 'H', coordinate(rule.vertical ? bottom_ : right_),
                       escape_xml(rule_text(rule)));
  const auto label = [&](double label_x, double label_y, const char* classes) {
    labels_ += fmt::format("<text class=\"{}\" x=\"{}\" y=\"{}\">{}</text>", classes, coordinate(label_x), coordinate(label_y),
                           escape_xml(rule.label));
  };
  // On the side of the nearer edge, where the axis has room for it, unless another label is there.
  const bool below = at > (top_ + bottom_) / 2 ? bottom_ - at > 17 : at - top_ <= 17;
  if (!rule.vertical) {
    if (rule.label.empty()) return;
    const double long_ = text_width(rule.label, 8);
    for (const bool other_side : {false, true})
      for (const bool left_end : {false, true}) {
        const Box box = {left_end ? left_ + 2 : right_ - 2 - long_, left_end ? left_ + 2 + long_ : right_ - 2,
                         below != other_side ? at + 14 : at - 5};
        const bool covered = std::any_of(taken_.begin(), taken_.end(), [&](const Box& b) {
          return b.left < box.right && box.left < b.right && std::abs(b.base - box.base) < 14;
        });
        const bool last = other_side && left_end;
        if ((covered && !last) || box.base > bottom_ - 1 || box.base < top_ + 10) continue;
        taken_.push_back(box);
        return label(left_end ? box.left : box.right, box.base, left_end ? "halo" : "halo end");
      }
    return label(right_ - 2, below ? at + 14 : at - 5, "halo end");
  }
  const bool before = at + text_width(rule.label) + 6 > right_;
  label(before ? at - 5 : at + 5, top_ + 12, before ? "halo end" : "halo");
}

std::string Frame::id(std::string_view name) { return fmt::format("p{}{}", id_mark, name); }

std::string Frame::svg(std::string_view summary) const {
  const std::string description = description_.empty() ? std::string(summary) : description_ + " " + std::string(summary);
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plot\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\" "
      "aria-labelledby=\"{2} {3}\"><title id=\"{2}\">{4}</title><desc id=\"{3}\">{5}</desc>{6}</svg>",
      coordinate(width), coordinate(std::ceil(height_ + 4)), id("t"), id("s"), escape_xml(title_.empty() ? "Plot" : title_),
      escape_xml(description), body_ + labels_);
  const std::string number = fmt::format("{:08x}", hash(out));
  for (std::size_t at = out.find(id_mark); at != std::string::npos; at = out.find(id_mark, at)) out.replace(at, 1, number);
  return out;
}

}  // namespace elbo::lab
