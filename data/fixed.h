#pragma once
// Fixed point with 16 bits behind the point, for pictures that are the same bytes on every machine.

#include <cstdint>

namespace elbo {

using Fixed = std::int32_t;
inline constexpr Fixed fixed_one = 1 << 16;
consteval Fixed fixed(double x) { return Fixed(x * fixed_one + (x < 0 ? -0.5 : 0.5)); }  // by the compiler: no machine computes with floats
constexpr Fixed times(Fixed a, Fixed b) { return Fixed(std::int64_t(a) * b >> 16); }     // rounds down, as shifts do (C++20)

struct FixedPoint {  // in a picture: to the right, downwards
  Fixed x, y;
};

}  // namespace elbo
