#include "data/pnm.h"

#include <doctest/doctest.h>

#include <vector>

#include "tests/support.h"

using namespace elbo;
using namespace elbo::testing;

namespace {

// Width, height and channels, and then the values.
std::vector<int> read(const std::string& file) {
  const DecodedPicture p = decode(bytes_of(file), "made.pnm");
  std::vector<int> all = {int(p.width), int(p.height), p.channels};
  all.insert(all.end(), p.pixels.get(), p.pixels.get() + p.height * p.width * p.channels);
  return all;
}
std::string error(const std::string& file) {
  return error_of([&] { read(file); });
}
using Values = std::vector<int>;

}  // namespace

TEST_CASE("PNM: all six kinds") {
  CHECK(read("P1 3 2\n1 0 1\n0 0 1\n") == Values{3, 2, 1, 0, 255, 0, 255, 255, 0});
  CHECK(read("P1\n3 2\n101001") == Values{3, 2, 1, 0, 255, 0, 255, 255, 0});
  CHECK(read("P2 2 1 255 7 255") == Values{2, 1, 1, 7, 255});
  CHECK(read("P3 1 2 255\n1 2 3\n4 5 6\n") == Values{1, 2, 3, 1, 2, 3, 4, 5, 6});
  CHECK(read("P4 10 2\n\x80\x40\x01\x80") == Values{10,  2,   1,   0,   255, 255, 255, 255, 255, 255, 255, 255, 0,  //
                                                    255, 255, 255, 255, 255, 255, 255, 0,   0,   255});
  CHECK(read("P5 2 1 255\n\x07\xff") == Values{2, 1, 1, 7, 255});
  CHECK(read("P6 1 2 255\n\1\2\3\4\5\6") == Values{1, 2, 3, 1, 2, 3, 4, 5, 6});
  CHECK(read("P5 1 1 255\nx and more") == Values{1, 1, 1, 'x'});
}

TEST_CASE("PNM: the largest value counts as 255, and values are rounded; 16 bits have the high byte first") {
  CHECK(read("P5 4 1 3\n" + std::string("\0\1\2\3", 4)) == Values{4, 1, 1, 0, 85, 170, 255});
  CHECK(read("P2 4 1 100 0 1 50 99") == Values{4, 1, 1, 0, 3, 128, 252});
  CHECK(read("P5 4 1 65535\n" + std::string("\x12\x34\x80\xff\xff\x00\x00\xff", 8)) == Values{4, 1, 1, 18, 128, 254, 1});
  CHECK(read("P6 1 1 1000\n" + std::string("\x03\xe8\x01\xf4\x00\x04", 6)) == Values{1, 1, 3, 255, 128, 1});
  CHECK(read("P2 2 1 65535 65535 32768") == Values{2, 1, 1, 255, 128});
  CHECK(read("P2 1 1 256 256") == Values{1, 1, 1, 255});
  CHECK(contains(error("P5 1 1 100\n\x65"), "made.pnm: damaged: a value of 101, its header says that 100 is the largest"));
  CHECK(contains(error("P2 1 1 100 4000000000000000000000"), "100 is the largest"));
  CHECK(contains(error("P1 1 1 2"), "a value of 2"));
}

TEST_CASE("PNM: comments and white space") {
  const Values one = {1, 1, 1, 'x'};
  CHECK(read("P5\n# by hand\n1 # wide\n#\n\t1\r\n255\nx") == one);
  CHECK(read("P5#\n1 1 255#the end\nx") == one);
  CHECK(read("P5 1 1 255 x") == one);
  CHECK(read("P5 1 1 255 # ") == Values{1, 1, 1, '#'});  // one character of space, and then values
  CHECK(read("P2 2 1 255 # values\n 1 # 3\n 2") == Values{2, 1, 1, 1, 2});
}

TEST_CASE("PNM: what is damaged or too large is one error") {
  CHECK(contains(error("P6 2 2 255\nabcdefghijk"), "made.pnm: damaged: 2 x 2 pixels take 12 bytes behind the header, there are 11"));
  CHECK(contains(error("P4 9 2\nabc"), "take 4 bytes behind the header, there are 3"));
  CHECK(contains(error("P2 3 1 255\n1 2"), "3 x 1 pixels take at least 5 bytes behind the header, there are 4"));
  CHECK(contains(error("P2 3 1 255\n100 200"), "made.pnm: damaged: expected 3 values, it ends behind 2"));
  CHECK(contains(error("P2 3 1 255\n100 two"), "expected a number as value 2 of 3"));
  CHECK(contains(error("P1 3 1\n1x0"), "expected a number as value 2 of 3"));
  CHECK(contains(error("P2 1 1 255\n-1"), "expected a number as value 1 of 1"));
  for (const char* bad : {"P5", "P5 ", "P5 1", "P5 1 1", "P5 0 1 255\nx", "P5 1 0 255\nx", "P5 1 1 0\nx", "P5 -1 1 255\nx", "P5 a"})
    CHECK(contains(error(bad), "made.pnm: damaged: expected "));
  CHECK(contains(error("P5 1 1 255x"), "expected white space"));
  CHECK(contains(error("P5 1 1 65536\nxx"), "values up to 65536, at most 65535 is possible"));
  CHECK(contains(error("P5 100000 100000 255\nx"), "made.pnm: 100000 x 100000 pixels; expected at most 67108864"));
  CHECK(contains(error("P5 99999999999999999999 99999999999999999999 255\nx"), "expected at most 67108864"));
  CHECK(contains(error("P7\nWIDTH 1\n"), "made.pnm: expected a PNG, JPEG, BMP, TGA or PNM picture"));
}

TEST_CASE("PNM: the head alone says what the file holds, as soon as it is there") {
  const std::string file = "P6 # 1\n12 34 65535\n";
  const std::uint64_t size = file.size() + 12 * 34 * 6;
  for (std::size_t length = 0; length < file.size(); length++) CHECK_FALSE(pnm_header(bytes_of(file.substr(0, length)), size, "x"));
  const auto header = pnm_header(bytes_of(file), size, "x");
  REQUIRE(header);
  CHECK(header->width == 12);
  CHECK(header->height == 34);
  CHECK(header->channels == 3);
  CHECK_FALSE(header->pixels);
  CHECK(contains(error_of([&] { pnm_header(bytes_of(file), size - 1, "x"); }), "take 2448 bytes behind the header, there are 2447"));
}
