#include "tensor/npy.h"

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "tests/support.h"

using namespace elbo;
using namespace elbo::testing;

namespace {

Tensor golden_npy(const std::string& name) { return load_npy(golden("files/" + name + ".npy")); }
std::string golden_error(const std::string& name) {
  return error_of([&] { golden_npy(name); });
}

// An .npy file in memory, version 1.0, with this header text and this many bytes of zeros behind.
std::string error_of_header(const std::string& text, std::size_t data_bytes = 0) {
  std::string file =
      std::string("\x93NUMPY\x01\x00", 8) + char(text.size() & 255) + char(text.size() >> 8) + text + std::string(data_bytes, '\0');
  return error_of([&] { load_npy(InputFile("made.npy", bytes_of(file))); });
}

// Elements offset, offset + factor, ...: what golden/files/make.py calls a ramp.
void check_ramp(const Tensor& t, DType type, const Shape& shape, double factor, double offset = 0) {
  CHECK(t.dtype() == type);
  REQUIRE(t.shape() == shape);
  for (Index i = 0; i < t.numel(); i++) CHECK(t.element(i) == double(i) * factor + offset);
}

}  // namespace

TEST_CASE("npy: NumPy's files are read") {
  check_ramp(golden_npy("f4"), DType::float32, {2, 3, 4}, 0.5, -3);
  check_ramp(golden_npy("f8"), DType::float64, {3, 5}, 0.1);
  check_ramp(golden_npy("i4"), DType::int32, {7}, 1, -3);
  check_ramp(golden_npy("u1"), DType::uint8, {4, 4, 1}, 17);
  check_ramp(golden_npy("scalar"), DType::float32, {}, 0, 2.5);
  check_ramp(golden_npy("empty"), DType::float32, {0, 3}, 0);
  check_ramp(golden_npy("rank6"), DType::int32, {1, 2, 1, 3, 1, 2}, 1);
  SUBCASE("either byte order") {
    check_ramp(golden_npy("f4_big"), DType::float32, {2, 3}, 0.5, -3);
    check_ramp(golden_npy("i2_big"), DType::int32, {5}, 1000, -2000);
  }
  SUBCASE("column-major becomes row-major") { check_ramp(golden_npy("f8_fortran"), DType::float64, {2, 3, 4}, 0.25); }
  SUBCASE("later versions of the format") {
    check_ramp(golden_npy("version2"), DType::float32, {2, 2}, 1);
    check_ramp(golden_npy("version3"), DType::float32, {2, 2}, 1);
  }
  SUBCASE("other integers become int32") {
    check_ramp(golden_npy("i8"), DType::int32, {6}, 1, -3);
    check_ramp(golden_npy("i1"), DType::int32, {3}, 1, -1);
    check_ramp(golden_npy("u2"), DType::int32, {3}, 32767);
    CHECK(identical(golden_npy("u4"), Tensor::from<std::int32_t>({0, 1, 2147483647})));
  }
  SUBCASE("booleans become bytes") { CHECK(identical(golden_npy("b1"), Tensor::from<std::uint8_t>({1, 0, 0, 1}, {2, 2}))); }
  SUBCASE("half precision becomes float32 exactly") {
    const Tensor t = golden_npy("f2");
    const float inf = std::numeric_limits<float>::infinity();
    CHECK(identical(t.slice(0, 9), Tensor::from<float>({0, -0.0f, 1, -2.5f, 65504, 0x1p-24f, 0x1p-14f, inf, -inf})));
    CHECK(std::isnan(t.at<float>({9})));
  }
}

TEST_CASE("npy: what int32 cannot hold is an error, not another number") {
  CHECK(contains(golden_error("i8_too_large"), "element 1 is 2147483648, which does not fit int32"));
  CHECK(contains(golden_error("u8_too_large"), "element 0 is 18446744073709551615"));
}

TEST_CASE("npy: other types, ranks and files are refused by name") {
  CHECK(contains(golden_error("complex"), "got '<c16'"));
  CHECK(contains(golden_error("records"), "records"));
  CHECK(contains(golden_error("rank7"), "at most 6 axes"));
  CHECK(contains(golden_error("not_there"), "not_there.npy: no such file"));
  CHECK(contains(error_of([] { load_npy(golden("files/make.py")); }), "does not begin with \\x93NUMPY"));
  CHECK(contains(error_of([] { load_npy(golden("files")); }), "it is a folder"));
}

TEST_CASE("npy: a bad header is an error that says where") {
  const std::string good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  CHECK(error_of_header(good, 24).empty());
  CHECK(error_of_header("{\"shape\":(2L,3L),\"fortran_order\":True,\"descr\":\"<f4\"}", 24).empty());
  CHECK(contains(error_of_header(good, 23), "needs 24 bytes, but 23 follow the header; is the file truncated?"));
  CHECK(contains(error_of_header(good, 25), "more than one array"));
  CHECK(contains(error_of_header("{'descr': '<f4', 'fortran_order': False, 'shape': (-2, 3), }", 24), "negative size in shape (-2, 3)"));
  CHECK(contains(error_of_header("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }"),
                 "too large for any memory"));
  CHECK(contains(error_of_header("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 4294967296, 4294967296), }"),
                 "too large for any memory"));
  CHECK(contains(error_of_header("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,), }", 100),
                 "needs 4000000000000 bytes, but 100"));
  CHECK(contains(error_of_header("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }"), "each below 2^63"));
  CHECK(contains(error_of_header("{'descr': '<f4', 'fortran_order': 0, 'shape': (2, 3), }", 24), "expected True or False"));
  CHECK(contains(error_of_header("{'descr': '<f4', 'shape': (2, 3), }", 24), "expected the keys"));
  CHECK(contains(error_of_header("{'descr': '<f4', 'descr': '<f4', }", 24), "unexpected or repeated key 'descr'"));
  CHECK(contains(error_of_header(good + " x", 24), "text after the closing"));
  CHECK(contains(error_of_header("{'descr", 24), "a string without an end"));
  CHECK(contains(error_of_header("", 24), "expected '{'"));
}

TEST_CASE("npy: what is written is read back, bit for bit") {
  const Folder folder;
  const std::string path = folder / "x.npy";
  for (const DType type : {DType::float32, DType::float64, DType::int32, DType::uint8}) {
    for (const Shape& shape : {Shape{}, Shape{5}, Shape{2, 3}, Shape{0, 4}, Shape{1, 2, 3, 1, 2, 1}}) {
      const Tensor t = Tensor::arange(0, double(shape.numel()), 1, type).reshape(shape);
      save_npy(path, t);
      CHECK(identical(load_npy(path), t));
      CHECK(npy_header(t).size() % 64 == 0);
    }
  }
  const Tensor rows = Tensor::arange(0, 12).reshape({4, 3});
  save_npy(path, rows.slice(1, 3));
  CHECK(identical(load_npy(path), rows.slice(1, 3)));
  CHECK(contains(error_of([&] { save_npy(path, Tensor()); }), "empty handle"));
}

TEST_CASE("npz: NumPy's archives are read, stored and deflated, with 32-bit and 64-bit fields") {
  for (const std::string name : {"stored", "deflated", "zip64"}) {
    CAPTURE(name);
    const NamedTensors entries = load_npz(golden("files/" + name + ".npz"));
    REQUIRE(entries.size() == 3);
    CHECK(entries[0].first == "mean");
    check_ramp(entries[0].second, DType::float32, {3, 2}, 0.5);
    CHECK(entries[1].first == "label");
    check_ramp(entries[1].second, DType::int32, {3}, 1);
    CHECK(identical(entries[2].second, Tensor::zeros({100, 100}, DType::uint8)));
  }
}

TEST_CASE("npz: what is written is read back, and is the same bytes each time") {
  const Folder folder;
  const NamedTensors entries = {
      {"mean", Tensor::arange(0, 6).reshape({2, 3})}, {"label", Tensor::from<std::int32_t>({4, -1})}, {"none", Tensor({0, 2})}};
  save_npz(folder / "a.npz", entries);
  save_npz(folder / "b.npz", entries);
  CHECK(read_file(folder / "a.npz", 1 << 20) == read_file(folder / "b.npz", 1 << 20));
  const NamedTensors back = load_npz(folder / "a.npz");
  REQUIRE(back.size() == entries.size());
  for (std::size_t i = 0; i < back.size(); i++) {
    CHECK(back[i].first == entries[i].first);
    CHECK(identical(back[i].second, entries[i].second));
  }
  save_npz(folder / "empty.npz", {});
  CHECK(load_npz(folder / "empty.npz").empty());
  CHECK(contains(error_of([&] { save_npz(folder / "c.npz", {entries[0], entries[0]}); }), "'mean' is empty, too long or there twice"));
}

TEST_CASE("npz: damage is noticed") {
  const auto error_of_change = [](const std::string& name, auto change) {
    std::vector<std::byte> bytes = read_file(golden("files/" + name), 1 << 20);
    change(bytes);
    return error_of([&] { load_npz(InputFile("made.npz", bytes)); });
  };
  CHECK(contains(error_of_change("stored.npz", [](auto& b) { b[150] ^= std::byte{1}; }), "entry 'mean.npy' is damaged: expected checksum"));
  CHECK(contains(error_of_change("deflated.npz", [](auto& b) { b[80] ^= std::byte{1}; }), "entry 'mean.npy' is damaged"));
  CHECK(contains(error_of_change("stored.npz", [](auto& b) { b.resize(b.size() - 1); }), "no end of a zip archive; is it truncated?"));
  CHECK(contains(error_of_change("stored.npz", [](auto& b) { b.erase(b.begin() + 100, b.begin() + 110); }), "outside of the file"));
  CHECK(contains(error_of_change("f4.npy", [](auto&) {}), "no end of a zip archive"));
}

TEST_CASE("NumPy reads what is written") {
  if (!python_has("numpy")) {
    MESSAGE("skipped: python3 with numpy is not installed");
    return;
  }
  const Folder folder;
  save_npy(folder / "x.npy", Tensor::arange(0, 12, 1, DType::float64).reshape({3, 4}));
  save_npz(folder / "x.npz", {{"mean", Tensor::arange(0, 6).reshape({2, 3})}, {"größe", Tensor::from<std::int32_t>({4, -1})}});
  std::ofstream(folder / "check.py") << "import sys, numpy as np\n"
                                        "x = np.load(sys.argv[1] + '/x.npy', allow_pickle=False)\n"
                                        "assert x.dtype == np.float64 and (x == np.arange(12).reshape(3, 4)).all()\n"
                                        "z = np.load(sys.argv[1] + '/x.npz', allow_pickle=False)\n"
                                        "assert list(z) == ['mean', 'größe'], list(z)\n"
                                        "assert z['mean'].dtype == np.float32 and (z['mean'] == np.arange(6).reshape(2, 3)).all()\n"
                                        "assert z['größe'].dtype == np.int32 and (z['größe'] == [4, -1]).all()\n";
  CHECK(std::system(("python3 " + (folder / "check.py") + " " + folder.path()).c_str()) == 0);
}
