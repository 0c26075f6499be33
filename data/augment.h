#pragma once
// Pictures changed a little each time they are trained on: mirrored, moved, cut out. Off unless asked for, and never in an evaluation.

#include <cstdint>

#include "tensor/random.h"
#include "tensor/shape.h"

namespace elbo {

struct Augment {
  bool flip = false;  // left and right change places, once in two times
  Index shift = 0;    // moved by up to so many pixels along each axis; what comes in from outside repeats the edge
  double crop = 0;    // up to this share of both sides is cut away, and what is left enlarged to the whole (bilinear)

  explicit operator bool() const { return flip || shift > 0 || crop > 0; }
};

// Throws UsageError unless `example` is a picture (h, w, c) that is larger than `shift`.
void check_augment(const Augment& augment, const Shape& example);

// One example, from h * w * c values at `from` to as many at `to` (other memory): bytes or floats. What is done to it is drawn from
// (key, number of the example) alone. A picture that is only mirrored and moved keeps its values exactly.
void augment_example(const Augment& augment, const Shape& example, const RandomKey& key, std::uint32_t number, const std::uint8_t* from,
                     std::uint8_t* to);
void augment_example(const Augment& augment, const Shape& example, const RandomKey& key, std::uint32_t number, const float* from,
                     float* to);

}  // namespace elbo
