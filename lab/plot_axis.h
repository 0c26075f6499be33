#pragma once
// Axes: which part of the numbers they show, where a number lies on them, and which numbers are written at them.

#include <limits>
#include <string>
#include <vector>

namespace elbo::lab {

struct Axis {
  std::string label;                                       // with the unit: "nats per example"
  bool log = false;                                        // base 10; numbers that are not positive are left out
  double low = std::numeric_limits<double>::quiet_NaN();   // NaN: from the data
  double high = std::numeric_limits<double>::quiet_NaN();  // NaN: from the data
  std::vector<double> marks = {};                          // numbers to be written at it instead of round ones
  bool whole = false;  // ticks at whole numbers only; a line chart sees by itself when all its x are whole (epochs, steps)
};

// The smallest and largest of the numbers added; those that `axis` cannot show (NaN, infinities, not positive on a log axis) are not.
struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  bool empty() const { return low > high; }
  void add(double value, const Axis& axis);
};

bool shows(const Axis& axis, double value);

// What `axis` covers for data in `range`: its own bounds where they are given, else the data's, widened on both sides by `padding` of their
// length (in decades on a log axis). Never of zero length; 0 .. 1 (1 .. 10 on a log axis) without data.
// Throws Error for bounds that are the wrong way round, or not positive on a log axis.
Range covered(const Axis& axis, Range range, double padding);

// Makes the axis longer whose unit is the longer, so that one unit has the same length on both of a plot so wide and high: on both sides,
// but not below a bound that it was given.
void equalise(const Axis& x_axis, Range& x, const Axis& y_axis, Range& y, double width, double height);

// Numbers to pixels, linear or by the logarithm.
class Scale {
 public:
  Scale(const Axis& axis, Range range, double from, double to);
  double operator()(double value) const;

 private:
  bool log_;
  double low_, high_, from_, to_;
};

struct Ticks {
  std::vector<double> at;
  std::vector<std::string> text;
};

// Round numbers within `range`, about `count` of them: steps of 1, 2 or 5 times a power of ten, all with the same decimals. On a log
// axis powers of ten (every second, third ... where there are many), with 2 and 5 between where the range is under two decades;
// linear ones where it is too short for that.
Ticks ticks(const Axis& axis, Range range, int count);

}  // namespace elbo::lab
