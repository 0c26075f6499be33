#include "data/picture.h"

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "tests/support.h"

using namespace elbo;
using namespace elbo::testing;

namespace {

Tensor golden_picture(const std::string& name, int channels = 0) { return load_picture(golden("files/" + name), channels); }

// The pictures of tests/golden/files/make.py, pixel by pixel.
int red(Index y, Index) { return int(40 * y); }
int green(Index, Index x) { return int(30 * x); }
int blue(Index y, Index x) { return int(10 * y + 20 * x); }
int grey(Index y, Index x) { return int(40 * y + 10 * x); }
int alpha(Index, Index x) { return x < 4 ? 255 : 0; }

template <class... Channel>
void check_picture(const Tensor& t, Channel... channel) {
  REQUIRE(t.shape() == Shape{5, 7, Index(sizeof...(channel))});
  for (Index y = 0; y < 5; y++) {
    for (Index x = 0; x < 7; x++) {
      const int expected[] = {channel(y, x)...};
      for (Index c = 0; c < t.size(2); c++) CHECK(int(t.at<std::uint8_t>({y, x, c})) == expected[c]);
    }
  }
}

}  // namespace

TEST_CASE("pictures of every kind are read") {
  check_picture(golden_picture("rgb.png"), red, green, blue);
  check_picture(golden_picture("rgb.bmp"), red, green, blue);
  check_picture(golden_picture("rgb.tga"), red, green, blue);
  check_picture(golden_picture("rgb.ppm"), red, green, blue);
  check_picture(golden_picture("palette.png"), red, green, blue);
  check_picture(golden_picture("grey.png"), grey);
  check_picture(golden_picture("grey.pgm"), grey);
  check_picture(golden_picture("grey16.png"), grey);
  check_picture(golden_picture("grey16.pgm"), grey);
  check_picture(golden_picture("text.ppm"), red, green, blue);
  for (const char* bits : {"bit.png", "bit.pbm"})
    check_picture(golden_picture(bits), [](Index y, Index x) { return grey(y, x) > 127 ? 255 : 0; });
  check_picture(golden_picture("grey_alpha.png"), grey, alpha);
  check_picture(golden_picture("rgb_alpha.png"), red, green, blue, alpha);
  const Tensor jpeg = golden_picture("rgb.jpg");
  REQUIRE(jpeg.shape() == Shape{20, 28, 3});
  CHECK(std::abs(int(jpeg.at<std::uint8_t>({2, 2, 0})) - red(0, 0)) < 12);
  CHECK(std::abs(int(jpeg.at<std::uint8_t>({18, 26, 0})) - red(4, 6)) < 12);
  CHECK(std::abs(int(jpeg.at<std::uint8_t>({18, 26, 1})) - green(4, 6)) < 12);
}

TEST_CASE("pictures are converted to grey and to colour, transparent parts over white") {
  check_picture(golden_picture("grey.png", 3), grey, grey, grey);
  check_picture(golden_picture("rgb.png", 1),
                [](Index y, Index x) { return (299 * red(y, x) + 587 * green(y, x) + 114 * blue(y, x) + 500) / 1000; });
  const auto over_white = [](auto channel) { return [=](Index y, Index x) { return x < 4 ? channel(y, x) : 255; }; };
  check_picture(golden_picture("rgb_alpha.png", 3), over_white(red), over_white(green), over_white(blue));
  check_picture(golden_picture("grey_alpha.png", 1), over_white(grey));
  check_picture(golden_picture("rgb_alpha.png", 4), red, green, blue, alpha);
  check_picture(golden_picture("grey_alpha.png", 4), grey, grey, grey, alpha);
  check_picture(golden_picture("grey.png", 4), grey, grey, grey, [](Index, Index) { return 255; });
}

TEST_CASE("bad pictures are one error each") {
  const auto error = [](const std::string& name) { return error_of([&] { golden_picture(name); }); };
  CHECK(contains(error("not_there.png"), "no such file"));
  CHECK(contains(error("make.py"), "make.py: expected a PNG, JPEG, BMP, TGA or PNM picture"));
  std::vector<std::byte> png = read_file(golden("files/rgb.png"), 1 << 20);
  const auto error_of_bytes = [&] { return error_of([&] { decode_picture(png, "made.png"); }); };
  CHECK(error_of_bytes().empty());
  png.resize(png.size() / 2);
  CHECK(contains(error_of_bytes(), "made.png: damaged"));
  png[16] = png[20] = std::byte{1};  // width and height above 2^24
  CHECK_FALSE(error_of_bytes().empty());
  png[16] = png[20] = std::byte{0};
  png[18] = png[22] = std::byte{0x20};  // 8199 x 8197
  CHECK(contains(error_of_bytes(), "8199 x 8197 pixels in a file of"));
  CHECK_THROWS_AS(decode_picture({}, "empty"), Error);
}

TEST_CASE("a JPEG with impossible Huffman tables never reaches the decoder") {
  const std::vector<std::byte> jpeg = read_file(golden("files/rgb.jpg"), 1 << 20);
  std::string text(reinterpret_cast<const char*>(jpeg.data()), jpeg.size());
  const std::string table = "\xff\xc4";
  std::vector<std::size_t> places;
  for (std::size_t at = text.find(table); at != std::string::npos; at = text.find(table, at + 1)) places.push_back(at);
  REQUIRE(places.size() == 4);
  for (const std::size_t place : places) {
    std::string bad = text;
    bad[place + 20] = '\xff';  // 255 codes of 16 bits, where the largest table has 162 codes in all
    bad[place + 19] = '\xff';
    CHECK(contains(error_of([&] { decode_picture(bytes_of(bad), "bad.jpg"); }), "bad.jpg: damaged: a JPEG Huffman table of"));
  }
  // Behind a scan, too, where the decoder looks for further tables.
  text.insert(text.size() - 2, table + std::string("\x00\x13\x00", 3) + std::string(16, '\x7f'));
  CHECK(contains(error_of([&] { decode_picture(bytes_of(text), "bad.jpg"); }), "a JPEG Huffman table of 2032 codes"));
}

TEST_CASE("numbers become pixels by rounding and clamping") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor pixels = to_pixels(Tensor::from<float>({-1, 0, 0.5f, 1, 2, nan, 1.4f / 255, 1.6f / 255}));
  CHECK(identical(pixels, Tensor::from<std::uint8_t>({0, 0, 128, 255, 255, 0, 1, 2})));
  const Tensor bytes = Tensor::arange(0, 256, 1, DType::uint8);
  Tensor numbers = bytes.to(DType::float32);
  for (float& v : std::span(numbers.mutable_data<float>(), 256)) v /= 255;
  CHECK(identical(to_pixels(numbers), bytes));
}

TEST_CASE("a grid places pictures row by row on white") {
  const Tensor three = Tensor::from<std::uint8_t>({1, 2, 3, 4, 5, 6}, {3, 1, 2, 1});
  const std::uint8_t w = 255;
  CHECK(identical(grid(three, 2, 2, 1).reshape({5, 7}), Tensor::from<std::uint8_t>({w, w, w, w, w, w, w,  //
                                                                                    w, 1, 2, w, 3, 4, w,  //
                                                                                    w, w, w, w, w, w, w,  //
                                                                                    w, 5, 6, w, w, w, w,  //
                                                                                    w, w, w, w, w, w, w},
                                                                                   {5, 7})));
  CHECK(identical(grid(three.slice(0, 1), 1, 1, 0, 2).reshape({2, 4}), Tensor::from<std::uint8_t>({1, 1, 2, 2, 1, 1, 2, 2}, {2, 4})));
  CHECK(identical(grid(Tensor::full({1, 1, 1, 3}, 0.5), 1, 1, 0), Tensor::full({1, 1, 3}, 128, DType::uint8)));
  CHECK(contains(error_of([&] { grid(three, 1, 2); }), "got (3, 1, 2, 1) for 1 x 2"));
}

TEST_CASE("PNGs are read back, and have the same bytes each time") {
  const Folder folder;
  for (const std::string name : {"grey.png", "rgb.png", "rgb.jpg", "rgb_alpha.png", "grey_alpha.png"}) {
    const Tensor picture = golden_picture(name);
    save_png(folder / "x.png", picture);
    CHECK(identical(load_picture(folder / "x.png"), picture));
    CHECK(encode_png(picture) == read_file(folder / "x.png", 1 << 20));
  }
  CHECK(contains(error_of([&] { save_png(folder / "y.png", Tensor::zeros({2, 2, 5}, DType::uint8)); }), "expected 1 to 4 channels"));
  CHECK(encode_png(Tensor::zeros({1000, 1000, 3}, DType::uint8)).size() < 10000);
}

TEST_CASE("base64 gives the vectors of RFC 4648") {
  const char* const vectors[][2] = {
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [text, code] : vectors) CHECK(base64(bytes_of(text)) == code);
  CHECK(base64(bytes_of("\xfb\xff\xbf")) == "+/+/");
  CHECK(png_data_url(golden_picture("grey.png")).starts_with("data:image/png;base64,iVBORw0KGgo"));
}
