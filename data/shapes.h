#pragma once
// The built-in shapes: a coloured shape on a grey background, 32x32x3 bytes, drawn from nothing but integers, with every factor known.
//
// The factors are drawn independently of each other, uniformly over their ranges, so that what a model mixes up is the model's doing.
// For that no range may depend on another factor: x and y keep so near to the middle of the picture that the largest shape fits at any
// rotation. As with the digits (data/digits.h), integer arithmetic on Philox's integers makes the same bytes on every machine, and
// example `index` depends on its index alone.

#include <cstdint>

#include "tensor/shape.h"

namespace elbo {

inline constexpr Index shapes_train = 50000, shapes_test = 10000;  // test examples follow the training ones: 50000 .. 59999
inline constexpr Index shapes_side = 32;

enum class ShapeKind : std::uint8_t { square, triangle, ellipse, ell };
inline constexpr int shape_kinds = 4;

// What an example is drawn from: numbers in fixed point with 16 bits behind the point.
struct ShapeFactors {
  ShapeKind shape;
  std::int32_t hue;   // degrees, 0 to 360: 0 red, 120 green, 240 blue
  std::int32_t size;  // area, pixels: 80 to 300
  std::int32_t x, y;  // middle of the smallest upright rectangle around the shape, pixels from the left and from the top: 13.75 to 18.25
  std::int32_t rotation;    // degrees, clockwise: 0 to 80, so that none looks like another (a square repeats after 90)
  std::int32_t background;  // grey level of the middle column: 64 to 192
  std::int32_t gradient;    // grey level of the right edge less that of the left: -64 to 64
};

// A factor's range, as [low, high); its place in ShapeFactors.
struct ShapeRange {
  const char* name;
  std::int32_t ShapeFactors::*place;
  std::int32_t low, high;
};
inline constexpr ShapeRange shape_ranges[] = {
    {"hue", &ShapeFactors::hue, 0, 360 << 16},
    {"size", &ShapeFactors::size, 80 << 16, 300 << 16},
    {"x", &ShapeFactors::x, 55 << 14, 73 << 14},
    {"y", &ShapeFactors::y, 55 << 14, 73 << 14},
    {"rotation", &ShapeFactors::rotation, 0, 80 << 16},
    {"background", &ShapeFactors::background, 64 << 16, 192 << 16},
    {"gradient", &ShapeFactors::gradient, -64 * 65536, 64 << 16},
};

// The factors of example `index`. `attempt` counts from 0: others for the same example, where those before are not wanted.
ShapeFactors draw_shape_factors(Index index, int attempt = 0);

// Draws them into 32 * 32 * 3 bytes, row by row, red green blue.
void draw_shape(const ShapeFactors& factors, std::uint8_t* pixels);

}  // namespace elbo
