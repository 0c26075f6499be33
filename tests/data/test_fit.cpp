#include "data/fit.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "data/picture.h"
#include "tensor/file.h"
#include "tests/support.h"

using namespace elbo;
using namespace elbo::testing;

namespace {

// A binary PPM (or PGM) of these bytes.
void write_pnm(const std::string& path, Index width, Index height, const std::vector<std::uint8_t>& pixels) {
  std::ofstream file(path, std::ios::binary);
  file << (Index(pixels.size()) == width * height ? "P5" : "P6") << "\n" << width << " " << height << "\n255\n";
  file.write(reinterpret_cast<const char*>(pixels.data()), std::streamsize(pixels.size()));
}

// 8 wide, 4 high, grey: a left quarter of 10, a middle of 100, a right quarter of 200.
std::vector<std::uint8_t> three_stripes() {
  std::vector<std::uint8_t> pixels;
  for (int i = 0; i < 32; i++) pixels.push_back(i % 8 < 2 ? 10 : i % 8 < 6 ? 100 : 200);
  return pixels;
}

}  // namespace

TEST_CASE("a picture of other proportions is cropped, padded or stretched") {
  const Folder folder;
  const std::string file = folder / "stripes.pgm";
  write_pnm(file, 8, 4, three_stripes());
  CHECK(identical(load_pictures({&file, 1}, {4, 4, 1}, Fit::crop), Tensor::full({1, 4, 4, 1}, 100, DType::uint8)));

  const Tensor padded = load_pictures({&file, 1}, {8, 8, 1}, Fit::pad).reshape({8, 8});
  for (Index y = 0; y < 8; y++)
    for (Index x = 0; x < 8; x++) CHECK(int(padded.at<std::uint8_t>({y, x})) == (y < 2 || y >= 6 ? 255 : three_stripes()[std::size_t(x)]));
  const Tensor clear = load_pictures({&file, 1}, {8, 8, 4}, Fit::pad);
  CHECK(clear.at<std::uint8_t>({0, 0, 0, 3}) == 0);
  CHECK(clear.at<std::uint8_t>({0, 4, 0, 3}) == 255);

  const Tensor stretched = load_pictures({&file, 1}, {4, 4, 1}, Fit::stretch).reshape({4, 4});
  for (Index y = 0; y < 4; y++) {
    CHECK(stretched.at<std::uint8_t>({y, 0}) < 30);
    CHECK(std::abs(stretched.at<std::uint8_t>({y, 1}) - 100) < 20);
    CHECK(stretched.at<std::uint8_t>({y, 3}) > 180);
  }
  CHECK(identical(load_pictures({&file, 1}, {4, 8, 1}), Tensor::from(three_stripes(), {1, 4, 8, 1})));
  CHECK(fit_from_name("pad") == Fit::pad);
  CHECK(name_of(Fit::stretch) == "stretch");
  CHECK(message_of<UsageError>([] { fit_from_name("crob"); }).find("the nearest is 'crop'") != std::string::npos);
}

TEST_CASE("a picture higher than wide loses its upper and lower end, or gets white at its sides") {
  const Folder folder;
  const std::string file = folder / "stripes.pgm";
  std::vector<std::uint8_t> lying(32);  // 4 wide, 8 high: the three stripes from the top
  for (std::size_t i = 0; i < 32; i++) lying[i] = three_stripes()[i / 4];
  write_pnm(file, 4, 8, lying);
  CHECK(identical(load_pictures({&file, 1}, {4, 4, 1}, Fit::crop), Tensor::full({1, 4, 4, 1}, 100, DType::uint8)));
  // Two rows of the middle and one of each end.
  const Tensor cut = load_pictures({&file, 1}, {6, 4, 1}, Fit::crop).reshape({6, 4});
  for (Index y = 0; y < 6; y++) CHECK(int(cut.at<std::uint8_t>({y, 2})) == (y == 0 ? 10 : y == 5 ? 200 : 100));

  const Tensor padded = load_pictures({&file, 1}, {8, 8, 1}, Fit::pad).reshape({8, 8});
  for (Index y = 0; y < 8; y++)
    for (Index x = 0; x < 8; x++) CHECK(int(padded.at<std::uint8_t>({y, x})) == (x < 2 || x >= 6 ? 255 : three_stripes()[std::size_t(y)]));
  const Tensor clear = load_pictures({&file, 1}, {8, 8, 4}, Fit::pad);
  CHECK(clear.at<std::uint8_t>({0, 0, 0, 3}) == 0);
  CHECK(clear.at<std::uint8_t>({0, 0, 4, 3}) == 255);
}

TEST_CASE("a picture is cropped and resized at once: only what is kept comes into the result") {
  const Folder folder;
  const std::string file = folder / "bars.pgm";
  // 48 wide, 16 high: black, 16 columns that rise from 100 to 160 in steps of 4, white. And the same upright.
  std::vector<std::uint8_t> lying, upright;
  const auto level = [](int i) { return std::uint8_t(i < 16 ? 0 : i < 32 ? 100 + 4 * (i - 16) : 255); };
  for (int i = 0; i < 48 * 16; i++) lying.push_back(level(i % 48)), upright.push_back(level(i / 16));
  for (const bool is_upright : {false, true}) {
    if (is_upright)
      write_pnm(file, 16, 48, upright);
    else
      write_pnm(file, 48, 16, lying);
    for (const Index side : {4, 8, 32}) {
      CAPTURE(side);
      const Tensor t = load_pictures({&file, 1}, {side, side, 1}, Fit::crop).reshape({side, side});
      for (Index i = 0; i < side; i++)
        for (Index k = 0; k < side; k++) {
          // At the edges the last column is taken for all behind it: black or white there would show.
          const double place = (double(i) + 0.5) * 16 / double(side) - 0.5, expected = 100 + 4 * place;
          const double reach = std::max(2.0, 32.0 / double(side));
          const bool at_edge = place < reach || place > 15 - reach;
          const int got = is_upright ? t.at<std::uint8_t>({i, k}) : t.at<std::uint8_t>({k, i});
          CHECK(std::abs(got - expected) <= (at_edge ? 6 : 1));
        }
    }
  }
}

TEST_CASE("resizing keeps flat colour, means and gradients") {
  const Folder folder;
  std::vector<std::uint8_t> pixels;
  for (int y = 0; y < 60; y++)
    for (int x = 0; x < 80; x++)
      for (const int v : {2 * x + 20, 200, 3 * y}) pixels.push_back(std::uint8_t(v));
  const std::string file = folder / "ramp.ppm";
  write_pnm(file, 80, 60, pixels);
  for (const Shape& shape : {Shape{15, 20, 3}, Shape{90, 120, 3}, Shape{30, 40, 3}}) {
    const Tensor t = load_pictures({&file, 1}, shape);
    const double step = 80.0 / double(shape[1]);
    for (Index y = 0; y < shape[0]; y++)
      for (Index x = 0; x < shape[1]; x++) {
        const double across = (double(x) + 0.5) * step - 0.5, down = (double(y) + 0.5) * step - 0.5;
        const bool inside = across > 4 && across < 75 && down > 4 && down < 55;  // at the edge the last pixel is taken for all behind it
        CHECK(int(t.at<std::uint8_t>({0, y, x, 1})) == 200);
        if (inside) CHECK(std::abs(t.at<std::uint8_t>({0, y, x, 0}) - (2 * across + 20)) <= 1);
        if (inside) CHECK(std::abs(t.at<std::uint8_t>({0, y, x, 2}) - 3 * down) <= 1);
      }
  }
}

TEST_CASE("transparent colours do not bleed into what is resized with alpha") {
  const Folder folder;
  Tensor picture({8, 8, 4}, DType::uint8);  // red, and on the right a green that cannot be seen
  for (Index i = 0; i < 64; i++) {
    const std::uint8_t left[] = {255, 0, 0, 255}, right[] = {0, 255, 0, 0};
    std::copy_n(i % 8 < 4 ? left : right, 4, picture.mutable_data<std::uint8_t>() + 4 * i);
  }
  const std::string file = folder / "edge.png";
  save_png(file, picture);
  const Tensor small = load_pictures({&file, 1}, {3, 3, 4}).reshape({9, 4});
  for (Index i = 0; i < 9; i++)
    if (small.at<std::uint8_t>({i, 3}) > 10) CHECK(small.at<std::uint8_t>({i, 1}) < 10);
  const Tensor white = load_pictures({&file, 1}, {8, 8, 3}).reshape({64, 3});
  CHECK(identical(white[7], Tensor::full({3}, 255, DType::uint8)));
}

TEST_CASE("the first file that cannot be read is named, and absurd shapes are refused") {
  const Folder folder;
  write_pnm(folder / "good.pgm", 8, 4, three_stripes());
  write_pnm(folder / "long.pgm", 66000, 1, std::vector<std::uint8_t>(66000));
  write_pnm(folder / "high.pgm", 1, 65000, std::vector<std::uint8_t>(65000));
  std::ofstream(folder / "bad.png") << "no picture";
  const auto error = [&](std::vector<std::string> names, const Shape& shape) {
    for (std::string& name : names) name = folder / name;
    return error_of([&] { load_pictures(names, shape); });
  };
  CHECK(error({"good.pgm"}, {4, 8, 1}).empty());
  CHECK(contains(error({"good.pgm", "bad.png", "none.png"}, {4, 8, 1}), "bad.png: expected a PNG"));
  CHECK(contains(error({"good.pgm", "none.png", "bad.png"}, {4, 8, 1}), "none.png: no such file"));
  CHECK(contains(error({"long.pgm"}, {1, 66, 1}), "sides of at most 65535"));
  CHECK(contains(error_of([&] {
                   const std::string file = folder / "high.pgm";
                   load_pictures({&file, 1}, {1, 4096, 3}, Fit::stretch);
                 }),
                 "are too many for 4096 x 1"));
  CHECK(contains(error({"good.pgm"}, {4, 8, 2}), "expected a shape (height, width, 1, 3 or 4)"));
}
