#include <doctest/doctest.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "data/dataset.h"
#include "data/idx.h"
#include "tensor/memory.h"
#include "tests/support.h"

using namespace elbo;
using elbo::testing::message_of;
namespace fs = std::filesystem;

namespace {

// A folder that goes away with the test.
struct Folder {
  fs::path path = fs::temp_directory_path() / ("elbo-idx-" + std::to_string(getpid()));
  Folder() { fs::remove_all(path), fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
};

std::string idx(std::uint32_t magic, std::initializer_list<std::uint32_t> sizes, const std::string& body) {
  std::string s;
  const auto word = [&](std::uint32_t v) { s += {char(v >> 24), char(v >> 16), char(v >> 8), char(v)}; };
  word(magic);
  for (const std::uint32_t size : sizes) word(size);
  return s + body;
}
void write(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }
void write_gz(const std::string& path, const std::string& bytes) {
  gzFile f = gzopen(path.c_str(), "wb");
  gzwrite(f, bytes.data(), unsigned(bytes.size()));
  gzclose(f);
}
std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string counting(std::size_t n, int modulus) {
  std::string s;
  for (std::size_t i = 0; i < n; i++) s += char(i % std::size_t(modulus));
  return s;
}
const std::string pictures12 = idx(0x803, {12, 2, 3}, counting(72, 251)), labels12 = idx(0x801, {12}, counting(12, 10));

// A correct small set, the training pictures gzipped.
void write_set(const Folder& folder, const std::string& prefix = "", const std::string& test = "t10k") {
  write_gz(folder / (prefix + "train-images-idx3-ubyte.gz"), pictures12);
  write(folder / (prefix + "train-labels-idx1-ubyte"), labels12);
  write(folder / (prefix + test + "-images-idx3-ubyte"), idx(0x803, {2, 2, 3}, counting(12, 200)));
  write_gz(folder / (prefix + test + "-labels-idx1-ubyte.gz"), idx(0x801, {2}, counting(2, 2)));
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("IDX files are read plain and gzipped") {
  Folder folder;
  write(folder / "plain", pictures12);
  write_gz(folder / "packed.gz", pictures12);
  const Tensor a = read_idx(folder / "plain", 3), b = read_idx(folder / "packed.gz", 3);
  CHECK(a.shape() == Shape{12, 2, 3});
  CHECK(a.at<std::uint8_t>({11, 1, 2}) == 71);
  CHECK(identical(a, b));
  write(folder / "labels", labels12);
  CHECK(read_idx(folder / "labels", 1).shape() == Shape{12});
}

TEST_CASE("a broken IDX file gets one clear error, before memory is taken") {
  Folder folder;
  const auto message = [&](const std::string& name, const std::string& bytes, bool packed = false) {
    const std::string path = folder / name;
    packed ? write_gz(path, bytes) : write(path, bytes);
    const std::string text = message_of<Error>([&] { read_idx(path, 3); });
    CHECK(has(text, path));
    return text;
  };
  for (const bool packed : {false, true}) {
    CAPTURE(packed);
    CHECK(has(message("empty", "", packed), "header of 16 bytes, got 0"));
    CHECK(has(message("short", pictures12.substr(0, 15), packed), "header of 16 bytes, got 15"));
    CHECK(has(message("magic", labels12 + pictures12, packed), "expected the magic number 0x00000803 (pictures), got 0x00000801"));
    CHECK(has(message("none", idx(0x803, {0, 28, 28}, ""), packed), "no elements"));
    CHECK(has(message("more", pictures12 + "x", packed), "the file goes on"));
    CHECK(has(message("huge", idx(0x803, {0xffffffff, 0xffffffff, 0xffffffff}, "abc"), packed),
              "claims 4294967295 x 4294967295 x 4294967295"));
    CHECK(has(message("many", idx(0x803, {60000, 28, 28}, "abc"), packed), "claims 60000 x 28 x 28"));
  }
  CHECK(has(message("cut", pictures12.substr(0, 80)), "claims 12 x 2 x 3 elements, but the file has 80 bytes"));
  CHECK(has(message("cut.gz", pictures12.substr(0, 80), true), "expected 72 bytes of (12, 2, 3), got 64; the file is truncated"));
  CHECK(has(message_of<Error>([&] { read_idx(folder / "absent", 3); }), "No such file"));

  // A stream cut in the middle, and one with a bit turned over.
  std::string noise;
  for (std::size_t i = 0; i < 60000; i++) noise += char(i * i * 2654435761u >> 13);
  write_gz(folder / "whole.gz", idx(0x803, {60, 20, 50}, noise));
  const std::string whole = read(folder / "whole.gz");
  write(folder / "half.gz", whole.substr(0, whole.size() / 2));
  CHECK(has(message_of<Error>([&] { read_idx(folder / "half.gz", 3); }), "truncated"));
  std::string turned = whole;
  turned[turned.size() / 2] ^= 16;
  write(folder / "turned.gz", turned);
  CHECK(has(message_of<Error>([&] { read_idx(folder / "turned.gz", 3); }), "turned.gz"));

  // 64 MB of zeros in 64 kB, behind a header that claims little: no more than claimed is taken.
  write_gz(folder / "bomb.gz", idx(0x803, {1, 4, 4}, std::string(std::size_t{64} << 20, '\0')));
  const auto before = memory_stats().live_bytes;
  reset_peak_memory();
  CHECK(has(message_of<Error>([&] { read_idx(folder / "bomb.gz", 3); }), "the file goes on"));
  CHECK(memory_stats().peak_bytes - before < 4096);
}

TEST_CASE("mnist:FOLDER finds its four files, with and without prefix") {
  for (const char* test : {"t10k", "test"})
    for (const char* prefix : {"", "emnist-digits-"}) {
      Folder folder;
      write_set(folder, prefix, test);
      const Dataset data = load_dataset("mnist:" + folder.path.string(), {.valid = 0});
      CHECK(data.train.values.shape() == Shape{12, 2, 3, 1});
      CHECK(data.train.labels.at<std::int32_t>({11}) == 1);
      CHECK(data.test.size() == 2);
      CHECK(data.valid.size() == 0);
      CHECK(data.example_shape == Shape{2, 3, 1});
      CHECK(data.classes == 10);
      CHECK(data.examples == 14);
      CHECK(data.train.origin == std::string(prefix) + "train-images-idx3-ubyte.gz");
    }
}

TEST_CASE("mnist:FOLDER says what is wrong with its files") {
  const auto message = [](const Folder& folder, const std::string& options = "") {
    return message_of<Error>([&] { load_dataset("mnist:" + folder.path.string() + options); });
  };
  {
    Folder folder;
    CHECK(has(message(folder), "expected a file [PREFIX-]train-images-idx3-ubyte[.gz], found none"));
    write_set(folder);
    CHECK_NOTHROW(load_dataset("mnist:" + folder.path.string()));
    CHECK(has(message(folder, "?classes=7"), "expected labels 0 to 6, but number 7 is 7"));
    write(folder / "train-images-idx3-ubyte", pictures12);
    CHECK(has(message(folder), "found train-images-idx3-ubyte and train-images-idx3-ubyte.gz; leave one"));
  }
  {
    Folder folder;
    write_set(folder);
    write(folder / "train-labels-idx1-ubyte", idx(0x801, {11}, counting(11, 10)));
    CHECK(has(message(folder), "holds 11 labels, but train-images-idx3-ubyte.gz holds 12 pictures"));
    write(folder / "train-labels-idx1-ubyte", idx(0x801, {12}, counting(12, 11)));
    CHECK(has(message(folder), "number 10 is 10"));
    CHECK_NOTHROW(load_dataset("mnist:" + folder.path.string() + "?classes=11"));
  }
  {
    Folder folder;
    write_set(folder);
    write(folder / "t10k-images-idx3-ubyte", idx(0x803, {2, 3, 2}, counting(12, 200)));
    CHECK(has(message(folder), "training pictures are (2, 3, 1), test pictures (3, 2, 1)"));
  }
  CHECK(has(message_of<Error>([] { load_dataset("mnist:/nowhere/at/all"); }), "there is no such folder"));
  Folder folder;
  write(folder / "file", "x");
  CHECK(has(message_of<Error>([&] { load_dataset("mnist:" + (folder / "file")); }), "expected a folder"));
}

TEST_CASE("the checksum follows the data") {
  Folder folder;
  write_set(folder);
  const std::string spec = "mnist:" + folder.path.string();
  const auto sum = load_dataset(spec).checksum;
  CHECK(load_dataset(spec, {.valid = 3, .use_test = true}).checksum == sum);
  std::string changed = labels12;
  changed[10] = 9;
  write(folder / "train-labels-idx1-ubyte", changed);
  CHECK(load_dataset(spec).checksum != sum);
}

TEST_CASE("MNIST itself") {
  const char* wish = std::getenv("ELBO_DATA");
  const fs::path folder = (wish ? fs::path(wish) : fs::path("../shared/data")) / "mnist";
  if (!fs::is_directory(folder)) {
    MESSAGE("skipped: no " << folder.string() << " (the environment variable ELBO_DATA names the folder above it)");
    return;
  }
  const Dataset data = load_dataset("mnist:" + folder.string());
  CHECK(data.train.values.shape() == Shape{55000, 28, 28, 1});
  CHECK(data.valid.size() == 5000);
  CHECK(data.test.size() == 10000);
  CHECK(data.test.labels.at<std::int32_t>({0}) == 7);
  CHECK(data.checksum == 0xde36af4351d2a08c);
}
