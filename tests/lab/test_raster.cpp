#include "lab/raster.h"

#include <doctest/doctest.h>

#include "tensor/parallel.h"
#include "tests/support.h"

using namespace elbo;
using elbo::lab::Raster;
using elbo::testing::contains;
using elbo::testing::error_of;

namespace {

int at(const Raster& r, Index y, Index x, Index channel = 0) { return r.picture().at<std::uint8_t>({y, x, channel}); }

Index dark_pixels(const Raster& r) {
  const Tensor p = r.picture();
  Index dark = 0;
  for (Index i = 0; i < p.numel(); i += 3) dark += p.data<std::uint8_t>()[i] < 128;
  return dark;
}

}  // namespace

TEST_CASE("raster: a line through the middles of pixels fills these, between two rows it gives each a half") {
  Raster exact(12, 5), between(12, 5);
  exact.line(2.5, 2.5, 8.5, 2.5, {.colour = {0, 100, 200}});
  for (Index x = 2; x <= 8; x++) {
    CHECK(at(exact, 2, x, 0) == 0);
    CHECK(at(exact, 2, x, 1) == 100);
    CHECK(at(exact, 2, x, 2) == 200);
    CHECK(at(exact, 1, x) == 255);
    CHECK(at(exact, 3, x) == 255);
  }
  CHECK(at(exact, 2, 1) == 255);
  CHECK(at(exact, 2, 9) == 255);
  between.line(2.5, 2, 8.5, 2, {});
  CHECK(at(between, 1, 5) == 128);
  CHECK(at(between, 2, 5) == 128);
  CHECK(at(between, 3, 5) == 255);
  Raster wide(12, 9);
  wide.line(0, 4.5, 12, 4.5, {.width = 3});
  CHECK(dark_pixels(wide) == 36);
}

TEST_CASE("raster: what several lines of a path touch is coloured once; dashes go on around corners; outside is nothing") {
  Raster once(20, 20), twice(20, 20), dashed(40, 40), out(8, 8);
  once.line(2, 2, 17, 13, {});
  twice.path({{2, 2}, {17, 13}, {2, 2}}, {});
  CHECK(identical(once.picture(), twice.picture()));
  dashed.path({{2.5, 2.5}, {32.5, 2.5}, {32.5, 32.5}}, {.dash = 20});  // on 0 to 20, off to 40 of 60, on to the end
  CHECK(at(dashed, 2, 12) == 0);
  CHECK(at(dashed, 2, 28) == 255);
  CHECK(at(dashed, 8, 32) == 255);
  CHECK(at(dashed, 22, 32) == 0);
  out.line(-50, -50, -20, 80, {.width = 5});
  out.text(-100, 3, "far away", 2);
  out.text(7, 7, "W", 3);
  CHECK(dark_pixels(out) <= 1);
  CHECK(contains(error_of([] { Raster(0, 4); }), "pixels a side"));
  CHECK(contains(error_of([] { Raster(4, 1 << 20); }), "pixels a side"));
}

TEST_CASE("raster: letters lie where they are put, grow with the scale, and turned upwards are the same turned") {
  Raster small(80, 20), large(160, 40), up(20, 80);
  small.text(3, 4, "0.25 Ag", 1);
  large.text(6, 8, "0.25 Ag", 2);
  up.text(4, 77, "0.25 Ag", 1, {0, 0, 0}, true);
  CHECK(dark_pixels(small) > 40);
  CHECK(dark_pixels(large) == 4 * dark_pixels(small));
  CHECK(Raster::text_width("0.25 Ag", 2) == 2 * Raster::text_width("0.25 Ag", 1));
  const Tensor s = small.picture(), l = large.picture(), u = up.picture();
  Index differ = 0, outside = 0;
  for (Index y = 0; y < 20; y++)
    for (Index x = 0; x < 80; x++) {
      const int here = s.at<std::uint8_t>({y, x, 0});
      differ += here != l.at<std::uint8_t>({2 * y + 1, 2 * x, 0}) || here != u.at<std::uint8_t>({79 - x, y, 0});
      outside += here != 255 && (x < 3 || x >= 3 + Raster::text_width("0.25 Ag", 1) || y < 4);
    }
  CHECK(differ == 0);
  CHECK(outside == 0);
  Raster odd(80, 20), question(80, 20);
  odd.text(3, 4, "\xc3\xa9\n", 1);
  question.text(3, 4, "???", 1);
  CHECK(identical(odd.picture(), question.picture()));
}
