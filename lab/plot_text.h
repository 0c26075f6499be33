#pragma once
// Text in pictures and pages: escaping, numbers as people write them, lengths and line breaks.

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace elbo::lab {

// For text and double-quoted attributes of XML and HTML. Bytes that are no UTF-8, and control characters that XML does not allow,
// become U+FFFD: any text gives a well-formed document.
std::string escape_xml(std::string_view text);

// `value` with so many significant digits and a true minus sign; powers of ten outside 1e-4 .. 1e6; "–" for NaN, "∞" for infinity.
std::string number_text(double value, int significant = 4);

// `value` with so many digits after the point and a true minus sign; "–" for NaN.
std::string fixed_text(double value, int decimals);

std::string grouped_number(long long value);  // "55,000"

// "105.63 ± 0.24" without places to break a line: the spread with two significant digits, the mean with the same decimals. Without a spread
// (NaN): number_text(mean). `decimals` >= 0 fixes the digits after the point instead, so that a column lines up.
std::string mean_spread(double mean, double spread, int decimals = -1);

std::string power_of_ten(int exponent);  // "10⁻³"

std::size_t text_length(std::string_view text);  // in code points

// Lines of at most `width` code points, broken at spaces, after hyphens, commas, colons, slashes and points within words; a longer word
// is cut. At least one line.
std::vector<std::string> wrap_text(std::string_view text, std::size_t width);

}  // namespace elbo::lab
