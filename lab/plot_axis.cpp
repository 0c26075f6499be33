#include "lab/plot_axis.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "lab/plot_text.h"
#include "tensor/error.h"

namespace elbo::lab {
namespace {

Ticks linear_ticks(Range range, int count, bool whole) {
  const double rough = (range.high - range.low) / std::max(count, 1);
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough * 0.75) {  // rather a few more marks than count than half of them
      step = factor * power;
      break;
    }
  }
  if (whole) step = std::max(step, 1.0);
  const double slack = 1e-9 * (range.high - range.low);
  const double first = std::ceil((range.low - slack) / step);
  const double last = std::floor((range.high + slack) / step);
  const double largest = std::max(std::abs(first), std::abs(last)) * step;
  const int decimals = std::max(0, static_cast<int>(-std::floor(std::log10(step * 1.0000001))));
  const bool powers = largest >= 1e6 || decimals > 4;
  Ticks out;
  for (double i = first; i <= last; ++i) {
    const double value = i * step;
    out.at.push_back(value);
    out.text.push_back(powers ? number_text(value, 6) : fixed_text(value, decimals));
  }
  return out;
}

Ticks log_ticks(Range range, int count) {
  const double slack = 1e-9;
  const int first = static_cast<int>(std::ceil(std::log10(range.low) - slack));
  const int last = static_cast<int>(std::floor(std::log10(range.high) + slack));
  const bool few = std::log10(range.high / range.low) < 2;
  const int every = std::max(1, (last - first + count) / std::max(count, 1));
  Ticks out;
  for (int exponent = few ? first - 1 : first; exponent <= last; exponent += few ? 1 : every) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double value = factor * std::pow(10.0, exponent);
      if (factor > 1 && !few) break;
      if (value < range.low * (1 - slack) || value > range.high * (1 + slack)) continue;
      out.at.push_back(value);
      out.text.push_back(factor == 1 && (exponent < -3 || exponent > 4) ? power_of_ten(exponent) : number_text(value));
    }
  }
  return out;
}

}  // namespace

bool shows(const Axis& axis, double value) { return std::isfinite(value) && (!axis.log || value > 0); }

void Range::add(double value, const Axis& axis) {
  if (!shows(axis, value)) return;
  low = std::min(low, value);
  high = std::max(high, value);
}

Range covered(const Axis& axis, Range range, double padding) {
  if (range.empty()) {
    range = axis.log ? Range{1, 10} : Range{0, 1};
    padding = 0;
  }
  const bool low_given = std::isfinite(axis.low);
  const bool high_given = std::isfinite(axis.high);
  if (low_given) range.low = axis.low;
  if (high_given) range.high = axis.high;
  // One bound given, all data beyond it: the other end follows.
  if (range.low > range.high && !(low_given && high_given)) (low_given ? range.high : range.low) = low_given ? range.low : range.high;
  if (range.low > range.high || (axis.log && range.low <= 0))
    fail("plot", fmt::format("expected bounds of axis '{}' in order{}, came {} and {}", axis.label, axis.log ? " and positive" : "",
                             range.low, range.high));
  if (axis.log) {
    const double length = std::log10(range.high / range.low);
    const double widen = std::pow(10.0, length > 1e-9 ? padding * length : 0.3);
    if (!low_given || length <= 1e-9) range.low /= widen;
    if (!high_given || length <= 1e-9) range.high *= widen;
    return range;
  }
  const double size = std::max(std::abs(range.low), std::abs(range.high));
  const double length = range.high - range.low;
  const bool point = length <= 1e-12 * size;
  const double widen = point ? (size > 0 ? 0.1 * size : 1.0) : padding * length;
  if (!low_given || point) range.low -= widen;
  if (!high_given || point) range.high += widen;
  return range;
}

Scale::Scale(const Axis& axis, Range range, double from, double to)
    : log_(axis.log),
      low_(axis.log ? std::log10(range.low) : range.low),
      high_(axis.log ? std::log10(range.high) : range.high),
      from_(from),
      to_(to) {}

double Scale::operator()(double value) const {
  const double t = ((log_ ? std::log10(value) : value) - low_) / (high_ - low_);
  return from_ + t * (to_ - from_);
}

void equalise(const Axis& x_axis, Range& x, const Axis& y_axis, Range& y, double width, double height) {
  const double unit = std::max((x.high - x.low) / width, (y.high - y.low) / height);
  const auto widen = [](const Axis& axis, Range& r, double length) {
    const double more = length - (r.high - r.low), below = std::isnan(axis.low) ? more / 2 : 0;
    r.low -= below;
    r.high += more - below;
  };
  widen(x_axis, x, unit * width);
  widen(y_axis, y, unit * height);
}

Ticks ticks(const Axis& axis, Range range, int count) {
  if (!axis.marks.empty()) {
    Ticks given;
    for (const double at : axis.marks)
      if (at >= range.low && at <= range.high && shows(axis, at)) given.at.push_back(at), given.text.push_back(number_text(at));
    return given;
  }
  if (!axis.log) return linear_ticks(range, count, axis.whole);
  Ticks out = log_ticks(range, count);
  return out.at.size() < 2 ? linear_ticks(range, count, axis.whole) : out;
}

}  // namespace elbo::lab
