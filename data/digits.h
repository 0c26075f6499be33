#pragma once
// The built-in digits: ten classes of handwritten-looking digits, 28x28 bytes, drawn from nothing but integers.
//
// A digit is a skeleton of pen strokes (data/digits_skeletons.h) whose control points are moved a little by the writer's hand and a
// little more each time it is written, bent, slanted, turned and scaled, and inked with a round pen. Who writes and what is drawn
// comes from Philox's integers by integer arithmetic, so that every machine, compiler and instruction set makes the same bytes.
// Example `index` depends on its index alone; the data are fixed and depend on no seed.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tensor/shape.h"

namespace elbo {

inline constexpr Index digits_train = 60000, digits_test = 10000;  // test examples follow the training ones: 60000 .. 69999
inline constexpr Index digits_side = 28;
inline constexpr int digits_train_writers = 600, digits_test_writers = 100;  // test writers have written nothing in the training part

// What an example was drawn from; angles and lengths in fixed point with 16 bits behind the point.
struct DigitFactors {
  int label, writer, skeleton;  // skeleton: which way of writing this digit
  std::int32_t slant;           // horizontal shift of the top against the bottom, in heights
  std::int32_t rotation;        // radians, clockwise; at most 10 degrees
  std::int32_t width;           // of the pen, pixels: 1.5 to 4
  std::int32_t aspect;          // width of the digit over that of its skeleton
  std::int32_t size;            // height, pixels
  std::int32_t bend;            // bow of the vertical axis to the right, in heights
  std::int32_t hurry;           // standard deviation of what this writing adds to the control points, in heights
  std::int32_t waist;           // how far the middle is moved down, in heights
};

// Draws example `index` into 28 * 28 bytes, row by row; 0 is paper. `noise` (standard deviation in grey levels with 8 bits behind the
// point; 0: none) is added to every pixel. Returns what it was drawn from.
DigitFactors draw_digit(Index index, std::uint8_t* pixels, std::int32_t noise = 0);

}  // namespace elbo
