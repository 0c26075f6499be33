#include "data/decode.h"

#include <doctest/doctest.h>

#include <vector>

#include "data/picture.h"
#include "tests/data/picture_bytes.h"
#include "tests/support.h"

using namespace elbo;
using namespace elbo::testing;

namespace {

std::string golden_file(const std::string& name) {
  const std::vector<std::byte> bytes = read_file(golden("files/" + name), 1 << 20);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::vector<int> pixels(const std::string& file) {
  const DecodedPicture picture = decode(bytes_of(file), "made");
  return {picture.pixels.get(), picture.pixels.get() + picture.height * picture.width * picture.channels};
}
std::string error(const std::string& file) {
  return error_of([&] { pixels(file); });
}

}  // namespace

TEST_CASE("a picture whose end is missing is refused, wherever it ends") {
  struct Whole {
    std::string name, file;
    std::size_t behind;  // bytes behind the picture that nobody needs
  };
  const std::vector<Whole> wholes = {{"rgb.bmp", golden_file("rgb.bmp"), 0},
                                     {"rgb.tga", golden_file("rgb.tga"), 26},  // a footer
                                     {"rgb.ppm", golden_file("rgb.ppm"), 0},
                                     {"grey.pgm", golden_file("grey.pgm"), 0},
                                     {"grey16.pgm", golden_file("grey16.pgm"), 0},
                                     {"bit.pbm", golden_file("bit.pbm"), 0},
                                     {"rgb.png", golden_file("rgb.png"), 4},  // a checksum
                                     {"runs", tga(10, 2, 2, "\x83\1\2\3"), 0},
                                     // Rows as long as the buffer of stb_image, and longer.
                                     {"rows of 128", tga(3, 128, 3, std::string(384, 'x')), 0},
                                     {"rows of 300", tga(3, 300, 3, std::string(900, 'x')), 0},
                                     {"one row of 238", tga(3, 238, 1, std::string(238, 'x')), 0},
                                     {"padded", bmp(5, 40, std::string(16 * 40, 'x')), 0}};
  for (const Whole& whole : wholes) {
    CAPTURE(whole.name);
    CHECK(error(whole.file).empty());
    int accepted = 0, unclear = 0;
    for (std::size_t size = 0; size < whole.file.size(); size++) {
      const std::string what = error(whole.file.substr(0, size));
      accepted += what.empty();
      unclear += size >= 60 && size + whole.behind < whole.file.size() && !contains(what, "made: damaged");
    }
    CHECK(accepted == int(whole.behind));
    CHECK(unclear == 0);
  }
  const std::string jpeg = golden_file("rgb.jpg");
  for (std::size_t size = 0; size + 1 < jpeg.size(); size++) CHECK_FALSE(error(jpeg.substr(0, size)).empty());
  CHECK(contains(error(tga(3, 128, 3, std::string(383, 'x'))), "made: damaged: it ends in the middle of the picture"));
  CHECK(contains(error(""), "made: is empty"));
}

TEST_CASE("rows from the top, runs, and 16 bits a channel") {
  const std::string upper = "\1\2\3\4\5\6", lower = "\7\10\11\12\13\14", pad(2, '\0');
  const std::vector<int> expected = {3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10};
  CHECK(pixels(bmp(2, 2, lower + pad + upper + pad)) == expected);
  CHECK(pixels(bmp(2, -2, upper + pad + lower + pad)) == expected);
  CHECK(pixels(tga(2, 2, 2, lower + upper)) == expected);
  CHECK(pixels(tga(10, 2, 2, "\x83\1\2\3")) == std::vector<int>{3, 2, 1, 3, 2, 1, 3, 2, 1, 3, 2, 1});
  // Of a PNG the high byte counts.
  CHECK(pixels(png(4, 1, 16, 0, std::string("\0\x12\x34\x80\xff\xff\x00\x00\xff", 9))) == std::vector<int>{0x12, 0x80, 0xff, 0});
}

TEST_CASE("a PNG's chunks lie in the file, and are not much longer than its pixels unpacked") {
  const std::string row = std::string("\0x", 2);
  const auto with = [&](std::size_t more) { return png(1, 1, 8, 0, row, png_chunk("IDAT", std::string(more, 'x'))); };
  CHECK(pixels(png(1, 1, 8, 0, row)) == std::vector<int>{'x'});
  CHECK(pixels(with(65000)) == std::vector<int>{'x'});
  CHECK(contains(error(with(66000)), "made: damaged: 66013 bytes of packed PNG data for a picture that takes 2 unpacked"));
  std::string many;
  for (int i = 0; i < 700; i++) many += png_chunk("IDAT", std::string(100, 'x'));
  CHECK(contains(error(png(1, 1, 8, 0, row, many)), "70013 bytes of packed PNG data"));
  // 2 x 64 kB of pixels may take that much.
  CHECK(error(png(256, 256, 16, 0, std::string(256 * 513, '\0'), png_chunk("IDAT", std::string(66000, 'x')))).empty());
  std::string file = png(1, 1, 8, 0, row, "\x7f\xff\xff\xffnoTEdata");
  CHECK(contains(error(file), "made: damaged: a PNG chunk 'noTE' of 2147483647 bytes, 16 are left"));
}

TEST_CASE("the head of a file claims no more than decode() would take") {
  const auto claim = [](const std::string& begin, std::uint64_t size) {
    return error_of([&] { picture_header(bytes_of(begin), size, "made"); });
  };
  const std::string head = bmp(8000, 8000, "");
  CHECK(contains(claim(head, 54), "made: 8000 x 8000 pixels in a file of 54 bytes"));
  CHECK(claim(head, 192000054).empty());
  CHECK(contains(claim(bmp(9000, 9000, ""), 192000054), "expected at most 67108864 pixels"));
  CHECK(contains(claim("P5 8000 8000 255\n", 1000),
                 "made: damaged: 8000 x 8000 pixels take 64000000 bytes behind the header, there are 983"));
  CHECK(contains(claim("P5 9000 9000 255\n", 81000017), "expected at most 67108864"));
  CHECK(contains(claim("", 0), "is empty"));
  CHECK(contains(claim(head, longest_file + 1), "expected at most 536870912 bytes"));
  const auto header = picture_header(bytes_of(head), 192000054, "made");
  REQUIRE(header);
  CHECK(header->width == 8000);
  CHECK(header->channels == 3);
}
