#include "data/augment.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>

#include "tensor/error.h"

namespace elbo {
namespace {

// What is done along one axis of `size` pixels; positions with 16 bits behind the point.
struct Axis {
  Index size, start = 0, step = 1 << 16;  // new pixel i comes from start + i * step, within the axis
  Index at(Index i) const { return std::clamp<Index>(start + i * step, 0, (size - 1) << 16); }
};

struct Plan {
  Axis rows, columns;
  bool whole;  // every new pixel is an old one
};

Plan draw_plan(const Augment& augment, const Shape& example, const RandomKey& key, std::uint32_t number) {
  const PhiloxBlock first = key.block(number, 0), second = key.block(number, 1);
  const auto below = [](std::uint32_t word, Index n) { return Index(std::uint64_t(word) * std::uint64_t(n) >> 32); };
  Plan plan{.rows = {.size = example[0]}, .columns = {.size = example[1]}, .whole = true};
  if (augment.crop > 0) {
    const Index away = below(second[0], Index(augment.crop * 65536) + 1);  // share of each side
    plan.whole = away == 0;
    for (Axis* axis : {&plan.rows, &plan.columns}) {
      const std::uint32_t word = axis == &plan.rows ? second[1] : second[2];
      axis->step = (1 << 16) - away;
      // The middle of new pixel 0 lies half a step behind the left edge of what is kept.
      axis->start = below(word, away * axis->size + 1) + axis->step / 2 - (1 << 15);
    }
  }
  if (augment.flip && (first[0] >> 31) != 0) {
    plan.columns.start += (plan.columns.size - 1) * plan.columns.step;
    plan.columns.step = -plan.columns.step;
  }
  if (augment.shift > 0) {
    plan.rows.start += (below(first[1], 2 * augment.shift + 1) - augment.shift) * plan.rows.step;
    plan.columns.start += (below(first[2], 2 * augment.shift + 1) - augment.shift) * plan.columns.step;
  }
  return plan;
}

// The value between four neighbours; positions within a pixel in 256ths.
std::uint8_t between(const std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d, Index right, Index down) {
  const Index top = a * (256 - right) + b * right, bottom = c * (256 - right) + d * right;
  return std::uint8_t((top * (256 - down) + bottom * down + (1 << 15)) >> 16);
}
float between(float a, float b, float c, float d, Index right, Index down) {
  const float r = float(right) / 256, l = float(down) / 256;
  const float top = a * (1 - r) + b * r, bottom = c * (1 - r) + d * r;
  return top * (1 - l) + bottom * l;
}

template <class T>
void carry_out(const Plan& plan, Index channels, const T* from, T* to) {
  const Index h = plan.rows.size, w = plan.columns.size;
  for (Index y = 0; y < h; y++) {
    const Index row = plan.rows.at(y), top = row >> 16;
    const T* upper = from + top * w * channels;
    const T* lower = from + std::min(top + 1, h - 1) * w * channels;
    for (Index x = 0; x < w; x++, to += channels) {
      const Index column = plan.columns.at(x), left = (column >> 16) * channels;
      if (plan.whole) {
        std::copy_n(upper + left, channels, to);
        continue;
      }
      const Index right = std::min(left + channels, (w - 1) * channels);
      for (Index c = 0; c < channels; c++)
        to[c] = between(upper[left + c], upper[right + c], lower[left + c], lower[right + c], (column & 65535) >> 8, (row & 65535) >> 8);
    }
  }
}

}  // namespace

void check_augment(const Augment& augment, const Shape& example) {
  if (!augment) return;
  if (example.rank() != 3)
    throw UsageError(fmt::format("[data] flip, shift and crop are for pictures (h, w, c); these examples have shape {}", example.str()));
  const Index shorter = std::min(example[0], example[1]);
  if (augment.shift < 0 || augment.shift >= shorter)
    throw UsageError(fmt::format("[data.shift] expected 0 to {} for pictures of {}, got {}", shorter - 1, example.str(), augment.shift));
  if (!(augment.crop >= 0 && augment.crop <= 0.9))
    throw UsageError(fmt::format("[data.crop] expected a share from 0 to 0.9, got {}", augment.crop));
}

void augment_example(const Augment& augment, const Shape& example, const RandomKey& key, std::uint32_t number, const std::uint8_t* from,
                     std::uint8_t* to) {
  carry_out(draw_plan(augment, example, key, number), example[2], from, to);
}
void augment_example(const Augment& augment, const Shape& example, const RandomKey& key, std::uint32_t number, const float* from,
                     float* to) {
  carry_out(draw_plan(augment, example, key, number), example[2], from, to);
}

}  // namespace elbo
