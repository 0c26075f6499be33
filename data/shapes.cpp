#include "data/shapes.h"

#include <algorithm>
#include <array>
#include <bit>

#include "data/fixed.h"
#include "tensor/random.h"

namespace elbo {
namespace {

using Wide = std::int64_t;
constexpr int side = int(shapes_side);

// The square root, rounded down (Newton's iteration from above).
constexpr std::uint64_t root(std::uint64_t a) {
  if (a == 0) return 0;
  std::uint64_t x = std::uint64_t{1} << ((std::bit_width(a) + 1) / 2);
  for (std::uint64_t next = (x + a / x) / 2; next < x; next = (x + a / x) / 2) x = next;
  return x;
}

// Sine and cosine of an angle between 0 and a right one.
struct Turn {
  Wide sine, cosine;  // 30 bits behind the point
};
constexpr Turn turn(Fixed degrees) {
  constexpr Wide degree = 18740330;  // pi / 180
  const Wide angle = Wide(degrees) * degree >> 16, square = angle * angle >> 30;
  Wide sine = 1 << 30, cosine = 1 << 30;  // Taylor's series from the inside; what is left out is below 2^-22
  for (const Wide n : {10, 8, 6, 4, 2}) {
    sine = (1 << 30) - (sine * square >> 30) / (n * (n + 1));
    cosine = (1 << 30) - (cosine * square >> 30) / (n * (n - 1));
  }
  return {angle * sine >> 30, cosine};
}
constexpr bool near(Wide a, double b) { return a - Wide(b * (1 << 30)) < 256 && Wide(b * (1 << 30)) - a < 256; }
static_assert(near(turn(30 << 16).sine, 0.5) && near(turn(60 << 16).cosine, 0.5));
static_assert(near(turn(80 << 16).sine, 0.98480775) && near(turn(80 << 16).cosine, 0.17364818));

// ---- coverage: how much of each pixel the shape covers

// Sixteen lines a pixel row, each with exact ends.
constexpr int lines = 16, full = lines * 256;
using Coverage = std::array<std::int32_t, std::size_t(side* side)>;

// Line `line` is covered from x = a to x = b (1/256 pixel).
void cover(Coverage& coverage, int line, std::int32_t a, std::int32_t b) {
  a = std::clamp(a, 0, side * 256), b = std::clamp(b, 0, side * 256);
  if (a >= b) return;
  std::int32_t* row = coverage.data() + line / lines * side;
  const int first = a >> 8, last = b >> 8;
  if (first == last) {
    row[first] += b - a;
    return;
  }
  row[first] += 256 - (a & 255);
  for (int x = first + 1; x < last; x++) row[x] += 256;
  if (last < side) row[last] += b & 255;
}

// Calls f(line, y) for the lines between two heights; y is the line's own height.
template <class F>
void for_lines(Fixed top, Fixed bottom, F&& f) {
  constexpr Fixed step = fixed_one / lines;
  const int first = std::max(0, (top + step / 2 - 1) / step), last = std::min(side * lines, (bottom + step / 2 - 1) / step);
  for (int line = first; line < last; line++) f(line, line * step + step / 2);
}

// A polygon, turned about the origin, with the middle of its upright rectangle moved to `middle`. On each line its edges are met in pairs.
template <std::size_t n>
void cover_polygon(Coverage& coverage, std::array<FixedPoint, n> corners, const Turn& by, FixedPoint middle) {
  FixedPoint least{side * fixed_one, side * fixed_one}, most{-side * fixed_one, -side * fixed_one};
  for (FixedPoint& p : corners) {
    p = {Fixed((by.cosine * p.x - by.sine * p.y) >> 30), Fixed((by.sine * p.x + by.cosine * p.y) >> 30)};
    least = {std::min(least.x, p.x), std::min(least.y, p.y)};
    most = {std::max(most.x, p.x), std::max(most.y, p.y)};
  }
  for (FixedPoint& p : corners) p = {p.x + middle.x - (least.x + most.x) / 2, p.y + middle.y - (least.y + most.y) / 2};

  std::array<std::array<std::int32_t, n>, std::size_t(side * lines)> met;
  std::array<std::uint8_t, std::size_t(side * lines)> count{};
  for (std::size_t i = 0; i < n; i++) {
    FixedPoint a = corners[i], b = corners[(i + 1) % n];
    if (a.y > b.y) std::swap(a, b);
    if (a.y == b.y) continue;
    const Wide slope = (Wide(b.x - a.x) << 16) / (b.y - a.y);
    for_lines(a.y, b.y, [&](int line, Fixed y) {
      const auto l = std::size_t(line);
      met[l][count[l]++] = std::int32_t((a.x + (slope * (y - a.y) >> 16)) >> 8);
    });
  }
  for (std::size_t line = 0; line < count.size(); line++) {
    auto& ends = met[line];
    if (count[line] > 1) std::sort(ends.begin(), ends.begin() + count[line]);
    for (std::size_t i = 0; i + 1 < count[line]; i += 2) cover(coverage, int(line), ends[i], ends[i + 1]);
  }
}

// The ellipse with half axes p and q, where p is turned away from the x axis. On a line at height y from the middle it is as wide as on
// the middle line times sqrt(1 - (y / height)^2), and pushed aside in proportion to y.
void cover_ellipse(Coverage& coverage, Fixed p, Fixed q, const Turn& by, FixedPoint middle) {
  const Wide ps = p * by.sine >> 30, qc = q * by.cosine >> 30, square = ps * ps + qc * qc;
  const auto height = Wide(root(std::uint64_t(square)));
  const Wide both = by.sine * by.cosine >> 30;
  const Wide push = (((Wide(p) * p - Wide(q) * q) >> 16) * both >> 30 << 16) / (square >> 16);
  const Wide width = Wide(p) * q / height;
  for_lines(Fixed(middle.y - height), Fixed(middle.y + height), [&](int line, Fixed at) {
    const Wide y = at - middle.y, half = width * Wide(root(std::uint64_t(std::max<Wide>(0, square - y * y)))) / height;
    const Wide x = middle.x + (push * y >> 16);
    cover(coverage, line, std::int32_t((x - half) >> 8), std::int32_t((x + half) >> 8));
  });
}

// ---- the shapes, as wide as they are where the area is 1. At an area of 300 none is more than 27.43 pixels wide in any direction.

template <std::size_t n>
std::array<FixedPoint, n> scaled(const std::array<FixedPoint, n>& corners, Fixed by) {
  std::array<FixedPoint, n> result;
  for (std::size_t i = 0; i < n; i++) result[i] = {times(corners[i].x, by), times(corners[i].y, by)};
  return result;
}

constexpr Fixed half = fixed_one / 2;
constexpr std::array<FixedPoint, 4> square = {{{-half, -half}, {half, -half}, {half, half}, {-half, half}}};
constexpr std::array<FixedPoint, 3> triangle = {
    {{0, 0}, {fixed(5.0 / 7), fixed(1.4)}, {fixed(-5.0 / 7), fixed(1.4)}}};  // its legs 10% longer
constexpr Fixed along = fixed(0.77768), across = fixed(0.40930);             // 1.9 to 1
constexpr Fixed stroke = fixed(0.61588), arm = fixed(1.11979);               // 0.55 to 1
constexpr std::array<FixedPoint, 6> ell = {{{0, 0}, {stroke, 0}, {stroke, arm - stroke}, {arm, arm - stroke}, {arm, arm}, {0, arm}}};

Coverage coverage_of(const ShapeFactors& f) {
  Coverage coverage{};
  const Turn by = turn(f.rotation);
  const FixedPoint middle{f.x, f.y};
  const auto length = Fixed(root(std::uint64_t(f.size) << 16));
  switch (f.shape) {
    case ShapeKind::square:
      cover_polygon(coverage, scaled(square, length), by, middle);
      break;
    case ShapeKind::triangle:
      cover_polygon(coverage, scaled(triangle, length), by, middle);
      break;
    case ShapeKind::ellipse:
      cover_ellipse(coverage, times(along, length), times(across, length), by, middle);
      break;
    case ShapeKind::ell:
      cover_polygon(coverage, scaled(ell, length), by, middle);
      break;
  }
  return coverage;
}

// ---- colours: one channel at 240, one at 16, the third between them, so that every hue stands out from every grey

std::array<std::int32_t, 3> colour_of(Fixed hue) {
  constexpr std::int32_t low = 16, high = 240, sixth = 60 << 16;
  const int part = hue / sixth;
  const auto rise = std::int32_t(Wide(high - low) * (hue % sixth) / sixth);
  switch (part) {
    case 0:
      return {high, low + rise, low};
    case 1:
      return {high - rise, high, low};
    case 2:
      return {low, high, low + rise};
    case 3:
      return {low, high - rise, high};
    case 4:
      return {low + rise, low, high};
    default:
      return {high, low, high - rise};
  }
}

}  // namespace

ShapeFactors draw_shape_factors(Index index, int attempt) {
  const RandomKey key{0, Purpose::shapes, std::uint64_t(attempt)};
  const auto word = [&](std::uint32_t draw) { return key.word(std::uint32_t(index), draw); };
  ShapeFactors f{.shape = ShapeKind(word(0) >> 30)};
  for (std::uint32_t draw = 1; const ShapeRange& range : shape_ranges)
    f.*range.place = range.low + std::int32_t(std::uint64_t(word(draw++)) * std::uint64_t(range.high - range.low) >> 32);
  return f;
}

void draw_shape(const ShapeFactors& factors, std::uint8_t* pixels) {
  const Coverage coverage = coverage_of(factors);
  const std::array<std::int32_t, 3> colour = colour_of(factors.hue);
  for (int y = 0; y < side; y++)
    for (int x = 0; x < side; x++, pixels += 3) {
      const std::int32_t covered = coverage[std::size_t(y * side + x)];
      // Grey levels with 8 bits behind the point; the middle of the columns lies between columns 15 and 16.
      const std::int32_t grey = (factors.background >> 8) + (factors.gradient >> 8) * (2 * x + 1 - side) / (2 * side);
      for (int c = 0; c < 3; c++) {
        const std::int32_t mixed = colour[std::size_t(c)] * 256 * covered + grey * (full - covered);
        pixels[c] = std::uint8_t((mixed / full + 128) >> 8);
      }
    }
}

}  // namespace elbo
