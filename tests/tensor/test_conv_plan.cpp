// What the plan of a convolution refuses: places that 32 bits do not hold. No image is made, so that no memory of its size is needed.

#include "tensor/conv_plan.h"

#include <doctest/doctest.h>
#include <fmt/core.h>

#include "tensor/kernels/conv.h"
#include "tests/support.h"

namespace elbo {
namespace {

using conv::Direction, conv::Strip, conv::Units;
using testing::contains, testing::error_of;

// One row of pixels, filters of three, as many pixels in the result.
ConvGeometry row_of(Index w, Index c, Index o) {
  return {.n = 1, .h = 1, .w = w, .c = c, .oh = 1, .ow = w, .o = o, .kh = 1, .kw = 3, .left = 1};
}

}  // namespace

TEST_CASE("convolution: rows whose places exceed 32 bits are refused, in all directions") {
  const Index gibi = Index{1} << 30;
  const auto output = [](const ConvGeometry& g) {
    return error_of([&] { conv_output<float>(g, FilterOrder::input_output, nullptr, nullptr, nullptr); });
  };
  const auto input = [](const ConvGeometry& g) {
    return error_of([&] { conv_input<float>(g, FilterOrder::output_input, nullptr, nullptr, nullptr); });
  };
  CHECK(contains(output(row_of(gibi, 3, 1)),
                 "[convolution] expected a strip to read of at most 2147483647 numbers, got 3221225478: input 1x1073741824x3, output "
                 "1x1073741824x1, filters 1x3"));
  CHECK(contains(output(row_of(gibi, 1, 3)), "expected a strip to write of at most 2147483647 numbers, got 3221225472"));
  CHECK(contains(input(row_of(gibi, 3, 1)), "expected a strip to write of at most 2147483647 numbers, got 3221225472"));
  CHECK(contains(input(row_of(gibi, 1, 3)), "expected a strip to read of at most 2147483647 numbers, got 3221225478"));
  // The filters' gradient packs a tile's rows of numbers a pixel (6 on AVX2, 12 on AVX-512), though the image has one.
  float filters[3] = {};
  const ConvGradients<float> gradients{.x = nullptr, .filters = nullptr, .y = nullptr, .dy = nullptr, .dfilters = filters};
  CHECK(contains(error_of([&] { conv_backward(row_of(gibi / 2, 1, 1), gradients); }),
                 fmt::format("expected a packed strip of at most 2147483647 numbers, got {}", gibi / 2 * conv_kernels.of<float>().rows)));
}

TEST_CASE("convolution: the longest rows that fit, and images beyond 32 bits that are cut into strips") {
  const auto strip = [](const ConvGeometry& g) {
    return error_of([&] { Strip<float>(g, Direction::to_output, Units(g, sizeof(float))); });
  };
  const Index most = (Index{1} << 31) - 1;
  CHECK(strip(row_of(most - 2, 1, 1)).empty());  // a zero on either side
  CHECK(contains(strip(row_of(most - 1, 1, 1)), "got 2147483648"));
  ConvGeometry tall = row_of(Index{1} << 22, 1, 1);
  tall.h = tall.oh = 1000;
  REQUIRE(tall.h * tall.w > most);
  CHECK(strip(tall).empty());
}

}  // namespace elbo
