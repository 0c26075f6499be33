#include "data/digits.h"

#include <algorithm>

#include "data/digits_skeletons.h"
#include "data/fixed.h"
#include "tensor/random.h"

namespace elbo {
namespace {

// What the three streams of draws are for: Philox's step.
enum Stream : std::uint64_t { of_writer = 1, of_hand = 2, of_example = 3, of_noise = 4 };

class Draws {
 public:
  Draws(Stream stream, std::uint32_t example, std::uint32_t first_block = 0)
      : key_{0, Purpose::digits, stream}, example_(example), next_(first_block) {}

  std::uint32_t word() {
    if (used_ == 4) block_ = key_.block(example_, next_++), used_ = 0;
    return block_[std::size_t(used_++)];
  }
  // 0 .. n - 1
  int below(int n) { return int(std::uint64_t(word()) * std::uint64_t(n) >> 32); }
  Fixed uniform(Fixed low, Fixed high) { return low + Fixed(std::int64_t(word() >> 8) * (high - low) >> 24); }
  // A bell of this standard deviation that ends at 3.45 of them: the sum of a word's four bytes has mean 510 and deviation 147.8.
  Fixed bell(Fixed deviation) {
    const std::uint32_t w = word();
    const auto sum = std::int32_t((w & 255) + (w >> 8 & 255) + (w >> 16 & 255) + (w >> 24)) - 510;
    return Fixed(std::int64_t(sum) * deviation * 443 >> 16);  // 443 / 65536 = 1 / 147.9
  }

 private:
  RandomKey key_;
  std::uint32_t example_, next_;
  PhiloxBlock block_{};
  int used_ = 4;
};

constexpr Fixed most_rotation = fixed(0.17453);  // 10 degrees
constexpr Fixed least_width = fixed(1.5), most_width = fixed(4);

// ---- the skeleton, with the hand's deviations

constexpr Fixed hand_of_writer = fixed(0.040);  // moves of the control points that a writer always makes, in heights; see also `hurry`

// A hand drifts: where it is off at one control point, it is still off at the next, in part.
class Drift {
 public:
  explicit Drift(Fixed deviation) : deviation_(deviation) {}
  FixedPoint next(Draws& draws) {
    at_.x = at_.x * 5 / 8 + draws.bell(deviation_);
    at_.y = at_.y * 5 / 8 + draws.bell(deviation_);
    return at_;
  }

 private:
  Fixed deviation_;
  FixedPoint at_{0, 0};
};

void place_points(const DigitFactors& f, Index index, const Skeleton& skeleton, FixedPoint* points) {
  Draws of_writer_draws(of_hand, std::uint32_t(f.writer), std::uint32_t(f.label) << 8);
  Draws of_example_draws(of_example, std::uint32_t(index), 1 << 8);
  Drift writer(hand_of_writer), example(f.hurry);
  const Fixed sine = f.rotation - times(times(times(f.rotation, f.rotation), f.rotation), fixed_one / 6);
  const Fixed cosine = fixed_one - times(f.rotation, f.rotation) / 2;
  for (const SkeletonStroke& stroke : skeleton.strokes) {
    const SkeletonPoint* before = nullptr;
    for (const SkeletonPoint& p : stroke.points) {
      if (before && before->x == p.x && before->y == p.y) {  // a corner stays one
        *points = points[-1];
        points++;
        continue;
      }
      before = &p;
      const FixedPoint always = writer.next(of_writer_draws), now = example.next(of_example_draws);
      Fixed x = p.x * fixed_one / 1000 + always.x + now.x, y = p.y * fixed_one / 1000 - fixed_one / 2 + always.y + now.y;
      // From the middle, -1/2 to 1/2 downwards: bend and waist act most there, and not at the ends.
      const Fixed middle = fixed_one - 4 * times(y, y);
      x = times(x, f.aspect) + times(f.bend, middle);
      y += times(f.waist, middle);
      x -= times(f.slant, y);
      *points++ = {times(f.size, times(cosine, x) - times(sine, y)), times(f.size, times(sine, x) + times(cosine, y))};
    }
  }
}

// ---- ink

constexpr int sub = 64;  // positions of the pen: parts of a pixel
constexpr std::int32_t far = 1 << 28;
constexpr std::int32_t most_extent = 51 * sub / 4;  // of the ink from the middle of the path, in 1/64 pixel

// 16 * sqrt(8 i), rounded down: distances in 1/1024 pixel from squares in (1/64 pixel)^2 / 8.
constexpr int root_entries = 4096;
constexpr auto roots = [] {
  std::array<std::uint16_t, root_entries> table{};
  std::uint32_t root = 0;
  for (std::uint32_t i = 0; i < root_entries; i++) {
    while ((root + 1) * (root + 1) <= 2048 * i) root++;
    table[i] = std::uint16_t(root);
  }
  return table;
}();

// A round pen's trace: for every pixel the square of its distance to the pen's path.
struct Trace {
  static constexpr int capacity = 1024;
  std::array<FixedPoint, capacity> stamps;  // in 1/64 pixel
  int count = 0;

  void add(Fixed x, Fixed y) {
    if (count < capacity) stamps[std::size_t(count++)] = {x * sub >> 16, y * sub >> 16};
  }

  // A quadratic curve from a to c with control point b, without c itself; stamps at most a third of a pixel apart.
  void curve(FixedPoint a, FixedPoint b, FixedPoint c) {
    const auto leg = [](FixedPoint p, FixedPoint q) {
      return std::max(std::abs(p.x - q.x), std::abs(p.y - q.y)) + std::min(std::abs(p.x - q.x), std::abs(p.y - q.y)) / 2;
    };
    const int n = 1 + int(3 * (std::int64_t(leg(a, b)) + leg(b, c)) >> 16);
    const Fixed step = fixed_one / n;
    for (int i = 0; i < n; i++) {
      const Fixed t = i * step, s = fixed_one - t;
      const Fixed u = times(s, s), v = 2 * times(s, t), w = times(t, t);
      add(times(u, a.x) + times(v, b.x) + times(w, c.x), times(u, a.y) + times(v, b.y) + times(w, c.y));
    }
  }

  void stroke(std::span<const FixedPoint> p) {
    const auto between = [](FixedPoint a, FixedPoint b) { return FixedPoint{(a.x + b.x) / 2, (a.y + b.y) / 2}; };
    FixedPoint from = p.front();
    for (std::size_t i = 1; i + 1 < p.size(); i++) {
      const FixedPoint to = i + 2 == p.size() ? p.back() : between(p[i], p[i + 1]);
      curve(from, p[i], to);
      from = to;
    }
    add(p.back().x, p.back().y);
  }
};

constexpr Fixed soft_edge = fixed(1.1);  // pixels over which the ink fades

void ink(const Trace& trace, Fixed width, std::int32_t shift_x, std::int32_t shift_y, std::uint8_t* pixels) {
  constexpr int side = int(digits_side);
  std::array<std::int32_t, std::size_t(side * side)> square;
  square.fill(far);
  const int reach = (width / 2 + soft_edge / 2) * sub >> 16;  // beyond it there is no ink
  for (int k = 0; k < trace.count; k++) {
    const int cx = trace.stamps[std::size_t(k)].x + shift_x, cy = trace.stamps[std::size_t(k)].y + shift_y;
    const int x0 = std::max(0, (cx - reach + sub - 1) >> 6), x1 = std::min(side - 1, (cx + reach) >> 6);
    const int y0 = std::max(0, (cy - reach + sub - 1) >> 6), y1 = std::min(side - 1, (cy + reach) >> 6);
    for (int y = y0; y <= y1; y++) {
      const int dy = y * sub - cy;
      std::int32_t* row = square.data() + y * side;
      for (int x = x0; x <= x1; x++) {
        const int dx = x * sub - cx;
        row[x] = std::min(row[x], dx * dx + dy * dy);
      }
    }
  }
  const int edge = soft_edge >> 6, end = (width / 2 + soft_edge / 2) >> 6;  // in 1/1024 pixel
  for (std::size_t i = 0; i < square.size(); i++) {
    const int d = square[i] / 8 < root_entries ? roots[std::size_t(square[i] / 8)] : end;
    pixels[i] = std::uint8_t(std::clamp((end - d) * 255 / edge, 0, 255));
  }
}

// The centre of mass, in 1/64 pixel.
FixedPoint middle_of_ink(const std::uint8_t* pixels) {
  std::int32_t mass = 0, x = 0, y = 0;
  for (int r = 0; r < int(digits_side); r++) {
    std::int32_t row = 0;
    for (int c = 0; c < int(digits_side); c++) {
      const std::int32_t v = *pixels++;
      row += v;
      x += c * v;
    }
    mass += row;
    y += r * row;
  }
  return {x * sub / mass, y * sub / mass};
}

}  // namespace

namespace {

DigitFactors draw_factors(Index index) {
  DigitFactors f{};
  f.label = int(index % 10);  // ten digits of one writer after another
  f.writer = index < digits_train ? int(index / 10 % digits_train_writers)
                                  : digits_train_writers + int((index - digits_train) / 10 % digits_test_writers);

  Draws writer(of_writer, std::uint32_t(f.writer)), example(of_example, std::uint32_t(index));
  f.slant = writer.bell(fixed(0.2)) + fixed(0.12) + example.bell(fixed(0.1));
  f.rotation = std::clamp(writer.bell(fixed(0.05)) + example.bell(fixed(0.06)), -most_rotation, most_rotation);
  f.width = std::clamp(writer.uniform(fixed(1.7), fixed(3.3)) + example.bell(fixed(0.22)), least_width, most_width);
  f.aspect = std::clamp(fixed(1.0) + writer.bell(fixed(0.13)) + example.bell(fixed(0.09)), fixed(0.6), fixed(1.5));
  f.size = fixed(17.0) + writer.bell(fixed(0.7)) + example.bell(fixed(0.6));
  f.bend = writer.bell(fixed(0.04)) + example.bell(fixed(0.04));
  f.waist = writer.bell(fixed(0.035)) + example.bell(fixed(0.035));

  // Most digits are written with some care, a few in a hurry.
  const Fixed u = writer.uniform(0, fixed_one), v = example.uniform(0, fixed_one);
  f.hurry = fixed(0.025) + times(fixed(0.02), u) + times(fixed(0.06), times(times(v, v), times(v, v)));

  // A writer has one way of writing each digit, and once in eight takes another.
  Draws choice(of_writer, std::uint32_t(f.writer), std::uint32_t(16 + f.label));
  int dart = example.below(8) == 0 ? example.below(100) : choice.below(100);
  const auto skeletons = digit_skeletons(f.label);
  while (dart >= skeletons[std::size_t(f.skeleton)].weight) dart -= skeletons[std::size_t(f.skeleton++)].weight;
  return f;
}

// Where the pen goes; returns the middle of its path.
FixedPoint trace_path(const DigitFactors& f, Index index, Trace& trace) {
  const Skeleton& skeleton = digit_skeletons(f.label)[std::size_t(f.skeleton)];
  std::array<FixedPoint, most_skeleton_points> points;
  place_points(f, index, skeleton, points.data());
  std::size_t first = 0;
  trace.count = 0;
  for (const SkeletonStroke& stroke : skeleton.strokes) {
    trace.stroke(std::span(points).subspan(first, stroke.points.size()));
    first += stroke.points.size();
  }
  std::int64_t x = 0, y = 0;
  for (int k = 0; k < trace.count; k++) x += trace.stamps[std::size_t(k)].x, y += trace.stamps[std::size_t(k)].y;
  return {Fixed(x / trace.count), Fixed(y / trace.count)};
}

// How far the path goes from its middle, along either axis.
std::int32_t extent(const Trace& trace, FixedPoint middle) {
  std::int32_t most = 0;
  for (int k = 0; k < trace.count; k++) {
    const FixedPoint p = trace.stamps[std::size_t(k)];
    most = std::max({most, std::abs(p.x - middle.x), std::abs(p.y - middle.y)});
  }
  return most;
}

}  // namespace

DigitFactors draw_digit(Index index, std::uint8_t* pixels, std::int32_t noise) {
  DigitFactors f = draw_factors(index);
  Trace trace;
  FixedPoint path = trace_path(f, index, trace);
  // What would come too near to the edge of the picture is written smaller.
  const std::int32_t room = most_extent - (f.width / 2 * sub >> 16), wanted = extent(trace, path);
  if (wanted > room) {
    f.size = Fixed(std::int64_t(f.size) * room / wanted);
    path = trace_path(f, index, trace);
  }

  // The middle of the path comes to the middle of the picture, give or take half a pixel; where crossings put the middle of the ink
  // further than that, whole pixels put it right.
  Draws shift(of_example, std::uint32_t(index), 1 << 10);
  constexpr int middle = int(digits_side - 1) * sub / 2;
  const int shift_x = middle - path.x + shift.below(sub) - sub / 2;
  const int shift_y = middle - path.y + shift.below(sub) - sub / 2;
  ink(trace, f.width, shift_x, shift_y, pixels);
  const FixedPoint off = middle_of_ink(pixels);
  const int whole_x = (off.x - middle + sub / 2) & -sub, whole_y = (off.y - middle + sub / 2) & -sub;
  if (whole_x != 0 || whole_y != 0) ink(trace, f.width, shift_x - whole_x, shift_y - whole_y, pixels);

  if (noise > 0) {
    Draws grain(of_noise, std::uint32_t(index));
    for (Index i = 0; i < digits_side * digits_side; i++)
      pixels[i] = std::uint8_t(std::clamp((pixels[i] * 256 + grain.bell(noise) + 128) >> 8, 0, 255));
  }
  return f;
}

}  // namespace elbo
