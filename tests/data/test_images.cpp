#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "data/batches.h"
#include "data/dataset.h"
#include "data/describe.h"
#include "data/memory_limit.h"
#include "data/picture.h"
#include "tensor/parallel.h"
#include "tests/data/picture_bytes.h"
#include "tests/support.h"

using namespace elbo;
using namespace elbo::testing;
namespace fs = std::filesystem;

namespace {

// A folder of pictures, each of one grey level or colour.
struct Album : Folder {
  void add(const std::string& name, std::vector<std::uint8_t> colour, Index height = 4, Index width = 4) const {
    fs::create_directories(fs::path(*this / name).parent_path());
    Tensor picture({height, width, Index(colour.size())}, DType::uint8);
    auto* p = picture.mutable_data<std::uint8_t>();
    for (Index i = 0; i < picture.numel(); i++) p[i] = colour[std::size_t(i) % colour.size()];
    save_png(*this / name, picture);
  }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories(fs::path(*this / name).parent_path());
    std::ofstream(*this / name, std::ios::binary) << text;
  }
  Dataset load(const std::string& options = "", const PartsOptions& parts = {.valid = 0}) const {
    return load_dataset("images:" + path() + (options.empty() ? "" : "?") + options, parts);
  }
  std::string error(const std::string& options = "") const {
    return error_of([&] { load(options); });
  }
};

// The first byte of every example of all parts, in order of their values.
std::vector<int> first_bytes(const Dataset& data) {
  std::vector<int> all;
  for (const Split* split : {&data.train, &data.valid, &data.test})
    for (Index i = 0; i < split->size(); i++) all.push_back(split->values[i].data<std::uint8_t>()[0]);
  std::sort(all.begin(), all.end());
  return all;
}

std::string notes(const Dataset& data) {
  std::string text;
  for (const std::string& note : data.notes) text += note + "\n";
  return text;
}

}  // namespace

TEST_CASE("images: sub-folders are labels, whatever lies below them") {
  const Album album;
  for (int i = 0; i < 10; i++) {
    album.add("cats/c" + std::to_string(i) + ".png", {std::uint8_t(10 + i)});
    album.add("apes/deep/deeper/a" + std::to_string(i) + ".PNG", {std::uint8_t(50 + i)});
  }
  fs::create_directories(album / "empty");
  album.write("cats/README.txt", "no picture");
  album.write("cats/notes.txt", "no picture");
  album.write("Thumbs.db", "no picture");
  album.write("cats/.DS_Store", "hidden");
  album.write("cats/._c0.png", "hidden");
  const Dataset data = album.load();
  CHECK(data.example_shape == Shape{4, 4, 1});
  CHECK(data.label_names == std::vector<std::string>{"apes", "cats"});
  CHECK(data.classes == 2);
  CHECK(data.examples == 20);
  CHECK(describe(data, Part::test).labels == std::vector<Index>{1, 1});
  CHECK(describe(data, Part::train).labels == std::vector<Index>{9, 9});
  for (Index i = 0; i < data.train.size(); i++)
    CHECK((data.train.values[i].data<std::uint8_t>()[0] < 50) == (data.train.labels.at<std::int32_t>({i}) == 1));
  CHECK(notes(data) == "passed over: 3 files not called as pictures are: 2 .txt, 1 .db\n");
  CHECK(contains(data.train.origin, "pictures in elbo-test-"));
  CHECK(data.checksum == album.load().checksum);

  album.add("stray.png", {1});
  CHECK(contains(album.error(), "1 pictures, the first is stray.png, lie beside the sub-folder apes"));
}

TEST_CASE("images: without sub-folders there are no labels") {
  const Album album;
  for (int i = 0; i < 12; i++) album.add(std::to_string(i) + ".png", {std::uint8_t(i), 7, 8});
  const Dataset data = album.load("", {});
  CHECK(data.classes == 0);
  CHECK_FALSE(data.train.labels);
  CHECK(data.test.size() == 1);
  CHECK(data.valid.size() == 1);
  CHECK(first_bytes(data) == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  CHECK(data.notes.empty());
}

TEST_CASE("images: size and channels are the files', where they agree, and given otherwise") {
  const Album album;
  album.add("a.png", {10}, 4, 6);
  album.add("b.png", {20, 255}, 4, 6);  // with alpha: laid over white
  CHECK(album.load().example_shape == Shape{4, 6, 1});
  CHECK(album.load("channels=4").example_shape == Shape{4, 6, 4});
  CHECK(album.load("size=3x2&channels=3").example_shape == Shape{2, 3, 3});
  album.add("c.png", {1, 2, 3}, 4, 6);
  CHECK(contains(album.error(), "2 files in grey, 1 file in colour (the first: " + (album / "c.png") + "); give '?channels=3'"));
  CHECK(contains(album.error("size=6x4"), "give '&channels=3'"));
  CHECK(album.load("channels=3").example_shape == Shape{4, 6, 3});
  album.add("d.png", {1}, 5, 6);
  CHECK(contains(album.error("channels=3"), "pictures of 2 sizes (3 files of 6x4, 1 file of 6x5; of 6x5 is " + (album / "d.png") +
                                                "); give one, such as '?size=6x4'"));
  CHECK(album.load("channels=1&size=6x4&fit=pad").train.values.shape() == Shape{3, 4, 6, 1});
  for (const char* bad : {"size=6", "size=0x4", "size=6x", "size=99999x1", "size=16384x16384"})
    CHECK(contains(message_of<UsageError>([&] { album.load(bad); }), "expected WIDTHxHEIGHT"));
  CHECK(contains(message_of<UsageError>([&] { album.load("channels=2"); }), "expected one of 1, 3, 4"));
  CHECK(contains(message_of<UsageError>([&] { album.load("fit=fill"); }), "expected one of crop, pad, stretch"));
}

TEST_CASE("images: every format, in one shape") {
  // A pixel of 16 bits in two bytes that differ: not those of another order, nor of another largest value.
  const auto grey16 = [](int y, int x) { return std::uint16_t(257 * (40 * y + 10 * x) + 30); };
  std::string deep, rows;
  for (int y = 0; y < 5; y++) {
    rows += '\0';  // no filter
    for (int x = 0; x < 7; x++) deep += big(grey16(y, x), 2);
    rows += deep.substr(deep.size() - 14);
  }
  for (const std::string name : {"rgb.png", "rgb.bmp", "rgb.tga", "rgb.ppm", "palette.png", "rgb.jpg", "text.ppm", "rgb_alpha.png",
                                 "grey16.png", "grey16.pgm", "grey.pgm", "bit.pbm", "deep.png", "deep.pgm"}) {
    CAPTURE(name);
    const Album album;
    if (name == "deep.png")
      album.write(name, png(7, 5, 16, 0, rows));
    else if (name == "deep.pgm")
      album.write(name, "P5 7 5 65535\n" + deep);
    else
      fs::copy_file(golden("files/" + name), album / name);
    const Dataset data = album.load("size=7x5&channels=3&fit=stretch");
    REQUIRE(data.train.values.shape() == Shape{1, 5, 7, 3});
    const bool colour = !name.starts_with("grey") && !name.starts_with("deep") && !name.starts_with("bit");
    const int tolerance = name == "rgb.jpg" ? 16 : 0;
    for (const auto& place : {std::array{0, 0}, {1, 3}, {4, 2}, {4, 6}, {0, 6}}) {
      const int y = place[0], x = place[1];
      CAPTURE(y);
      CAPTURE(x);
      const int grey = name == "bit.pbm" ? (40 * y + 10 * x > 127 ? 255 : 0) : 40 * y + 10 * x;
      const bool hidden = name == "rgb_alpha.png" && x >= 4;  // transparent: white
      const int expected[] = {hidden   ? 255
                              : colour ? 40 * y
                                       : grey,
                              hidden   ? 255
                              : colour ? 30 * x
                                       : grey,
                              hidden   ? 255
                              : colour ? 10 * y + 20 * x
                                       : grey};
      for (Index c = 0; c < 3; c++) CHECK(std::abs(int(data.train.values.at<std::uint8_t>({0, y, x, c})) - expected[c]) <= tolerance);
    }
  }
}

TEST_CASE("images: a size that a file only claims is that file's error, whether the size is given or not") {
  const Album album;
  for (int i = 0; i < 3; i++) album.add("x" + std::to_string(i) + ".png", {std::uint8_t(i)}, 8, 8);
  album.write("x3.bmp", bmp(8000, 8000, std::string(100, '\0')));
  album.write("x4.ppm", "P6 8000 8000 255\nabc");
  for (const char* options : {"", "channels=1", "size=4x4&channels=1"})
    CHECK(contains(album.error(options), "x3.bmp: 8000 x 8000 pixels in a file of 154 bytes"));
  const Dataset data = album.load("skip_bad=1");
  CHECK(data.example_shape == Shape{8, 8, 1});
  CHECK(data.examples == 3);
  CHECK(contains(notes(data), "x4.ppm: damaged: 8000 x 8000 pixels take 192000000 bytes"));
}

TEST_CASE("memory: no more than the control group of the process may use") {
  const Folder group;
  const std::uint64_t machine = memory_there_is(group.path());
  CHECK(machine > (1 << 20));
  const auto with = [&](const char* most, const char* high) {
    std::ofstream(group / "memory.max") << most;
    std::ofstream(group / "memory.high") << high;
    return memory_there_is(group.path());
  };
  CHECK(with("max\n", "max\n") == machine);
  CHECK(with("1000000\n", "max\n") == 1000000);
  CHECK(with("max\n", "900000\n") == 900000);
  CHECK(with("1000000\n", "2000000\n") == 1000000);
  CHECK(with("18446744073709551615\n", "") == machine);
}

TEST_CASE("images: a file that cannot be read is an error, or left out and listed") {
  const Album album;
  for (int i = 0; i < 20; i++) album.add("x" + std::to_string(10 + i) + ".png", {std::uint8_t(i)});
  const std::vector<std::byte> whole = read_file(album / "x15.png", 1 << 20);
  album.write("x15.png", std::string(reinterpret_cast<const char*>(whole.data()), whole.size() - 30));  // truncated
  album.write("x16.png", "no picture at all");
  album.write("x17.png", "");
  for (const int threads_now : {1, 2}) {
    const int before = threads();
    set_threads(threads_now);
    CHECK(contains(album.error(), "x16.png: expected a PNG"));  // the first whose head is bad
    CHECK(contains(album.error("size=4x4&channels=1"), "x15.png: damaged"));
    set_threads(before);
  }
  fs::create_symlink("nowhere.png", album / "x18.jpg");
  CHECK(contains(album.error(), "x18.jpg: a link to a file or folder that is not there; '?skip_bad=1' goes on"));
  const Dataset data = album.load("skip_bad=1");
  CHECK(data.examples == 17);
  CHECK(first_bytes(data) == std::vector<int>{0, 1, 2, 3, 4, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19});
  CHECK(data.notes.size() == 4);
  for (const char* name : {"x15.png", "x16.png", "x17.png", "x18.jpg"}) CHECK(contains(notes(data), name));
  CHECK(contains(notes(data), "x17.png: is empty"));

  const Album bad;
  bad.write("only.png", "nothing");
  CHECK(contains(bad.error("skip_bad=1"), "none of the 1 pictures can be read; the first: "));
  CHECK(contains(bad.error("skip_bad=1&size=4x4&channels=1"), "none of the 1 pictures can be read"));
}

TEST_CASE("images: folders without pictures, circles of links and names that are no text are one line each") {
  const Album album;
  CHECK(contains(album.error(), "expected pictures (PNG, JPEG, BMP, TGA, PNM), found none"));
  album.write("a.webp", "");
  CHECK(contains(album.error(), "found 1 file not called as pictures are: 1 .webp"));
  CHECK(contains(error_of([&] { load_dataset("images:" + (album / "none")); }), "No such file or directory"));
  CHECK(contains(error_of([&] { load_dataset("images:" + (album / "a.webp")); }), "expected a folder, this is a file"));

  album.add("cats/a\xff\n.png", {1});
  CHECK(album.load("", {}).examples == 1);  // what a file is called does not matter
  album.write("cats/a\xff\n.png", "bad");
  const std::string odd = album.error();
  CHECK(contains(odd, "a\\xff\\x0a.png'"));
  CHECK_FALSE(contains(odd, "\n"));
  fs::remove(album / "cats/a\xff\n.png");
  album.add("cats/a.png", {1});
  fs::create_directory_symlink("..", album / "cats/up");
  CHECK(contains(album.error(), "cats/up: a link to a folder that is read already"));
  CHECK(album.load("skip_bad=1", {}).examples == 1);
  fs::remove(album / "cats/up");
  fs::create_symlink("loop", album / "cats/loop");
  CHECK(contains(album.error(), "cats/loop: a link that leads in a circle"));
  fs::remove(album / "cats/loop");
  fs::create_directory_symlink("cats", album / "dogs");  // the same pictures twice
  CHECK(contains(album.error(), "dogs: a link to a folder that is read already"));
  fs::remove(album / "dogs");
  album.add("do\xffgs/b.png", {1});
  CHECK(contains(album.error(), "its name is a label and must be UTF-8"));
}

TEST_CASE("images: reading tells how far it is, and ends when it is told to") {
  const Album album;
  for (int i = 0; i < 20; i++) album.add("i" + std::to_string(10 + i) + ".png", {std::uint8_t(i)});
  int told = 0;
  const auto count_calls = [&](std::string_view what, Index done, Index count) {
    CHECK((what == "looking at pictures" || what == "decoding pictures"));
    CHECK((done >= 1 && done <= 20 && count == 20));
    told++;
  };
  CHECK(load_dataset("images:" + album.path(), {}, count_calls).examples == 20);
  CHECK(told >= 1);
  struct Enough {};
  for (const int many : {1, 3}) {  // threads
    const int before = threads();
    set_threads(many);
    told = 0;
    const auto end = [&](std::string_view, Index, Index) { told++, throw Enough(); };
    CHECK_THROWS_AS(load_dataset("images:" + album.path() + "?skip_bad=1", {}, end), Enough);
    CHECK(told == 1);
    set_threads(before);
  }
}

TEST_CASE("images: what does not fit into memory is kept on disk, and is the same data") {
  const Album album;
  for (int i = 0; i < 30; i++) album.add("i" + std::to_string(10 + i) + ".png", {std::uint8_t(i), 0, 255}, 160, 160);
  const Dataset near = album.load("", {}), far = album.load("memory=1", {});
  CHECK_FALSE(near.train.values.is_in_file());
  CHECK(contains(notes(far), "kept on disk: 3 MB are more than the 1 MB that 'memory' allows"));
  CHECK(far.checksum == near.checksum);
  for (const Part part : {Part::train, Part::valid, Part::test}) {
    CHECK(far.part(part).values.is_in_file());
    CHECK(identical(far.part(part).values, near.part(part).values));
    Batches one = Batches::training(near.part(part), {.size = 7}, 3),
            two = Batches::training(far.part(part), {.size = 7, .prefetch = true}, 3);
    for (Index epoch = 1; epoch <= 2; epoch++)
      for (Index b = 0; b < one.count(); b++) CHECK(identical(one.load(epoch, b).x, two.load(epoch, b).x));
  }
  const Dataset all = album.load("memory=1", {.use_test = true});
  CHECK(all.train.values.is_in_file());
  CHECK(all.train.size() == 28);
  CHECK(album.load("memory=1&skip_bad=1", {}).checksum == near.checksum);
}
