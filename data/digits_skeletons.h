#pragma once
// How the ten digits are written: strokes of control points.
//
// A stroke is a quadratic B-spline: it starts at its first point, ends at its last, and passes through the middle of every leg
// between the others; a point given twice is a corner. x runs to the right from the middle of the digit, y down from its top,
// both in thousandths of the height.

#include <cstdint>
#include <span>

namespace elbo {

struct SkeletonPoint {
  std::int16_t x, y;
};
struct SkeletonStroke {
  std::span<const SkeletonPoint> points;
};
struct Skeleton {
  std::span<const SkeletonStroke> strokes;
  int weight;  // how often it is met, among a hundred writers
};

inline constexpr int most_skeleton_points = 32;  // of one skeleton, all strokes together

// The ways of writing `digit` (0 to 9): two to four each.
std::span<const Skeleton> digit_skeletons(int digit);

}  // namespace elbo
