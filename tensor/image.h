#pragma once
// What functions of images share. Images are (n, h, w, c): picture, row, column, channel; the channels of a pixel lie side by side.

#include "tensor/parallel.h"
#include "tensor/tensor.h"

namespace elbo {

// An amount down and an amount across; a single number is both: {.kernel = 3, .stride = {2, 1}}.
struct Extent {
  Index h = 0, w = 0;
  constexpr Extent() = default;
  constexpr Extent(Index both) : h(both), w(both) {}  // NOLINT: one number wherever an Extent is wanted
  constexpr Extent(Index down, Index across) : h(down), w(across) {}
  friend constexpr bool operator==(const Extent&, const Extent&) = default;
};

// Throws naming `op` unless x is float32 or float64, has four axes, and pixels (pictures and channels may be none).
void require_images(std::string_view op, const Tensor& x);
void require_images(std::string_view op, const Shape& x);  // the same of a shape

// Calls f(image, begin, end) for rows begin .. end-1 of each of n images of h rows, in parallel, about `grain` numbers a chunk where a
// row costs `numbers`. For what does not depend on where rows are cut.
template <class F>
void for_image_rows(Index n, Index h, Index numbers, F&& f) {
  constexpr Index grain = 1 << 14;
  const Index rows = n * h, chunks = std::clamp<Index>(rows * numbers / grain, 1, std::max<Index>(1, rows));
  parallel(chunks, [&](Index c) {
    const Index end = rows * (c + 1) / chunks;
    for (Index i = rows * c / chunks; i < end;) {
      const Index image = i / h, first = i - image * h, last = std::min(h, end - image * h);
      f(image, first, last);
      i = image * h + last;
    }
  });
}

}  // namespace elbo
