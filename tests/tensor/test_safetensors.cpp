#include "tensor/safetensors.h"

#include <doctest/doctest.h>

#include <fstream>
#include <limits>

#include "tests/support.h"

using namespace elbo;
using namespace elbo::testing;

namespace {

// A file in memory with this header and this many bytes of zeros behind.
std::string file_of(const std::string& header, std::size_t data_bytes) {
  std::string file(8, '\0');
  for (std::size_t i = 0; i < 8; i++) file[i] = char(header.size() >> (8 * i) & 255);
  return file + header + std::string(data_bytes, '\0');
}
std::string error_of_header(const std::string& header, std::size_t data_bytes) {
  const std::string file = file_of(header, data_bytes);
  return error_of([&] { load_safetensors(InputFile("made.safetensors", bytes_of(file))); });
}

TensorFile sample() {
  TensorFile f;
  f.tensors = {{"w", Tensor::arange(0, 3)},
               {"a", Tensor::arange(0, 4, 1, DType::float64).reshape({2, 2})},
               {"none", Tensor({0, 2})},
               {"label", Tensor::from<std::int32_t>({-1, 7})},
               {"picture", Tensor::from<std::uint8_t>({1, 255})},
               {"scalar", Tensor::scalar(2.5)}};
  f.metadata = {{"format", "1"}, {"config", "{\"latent\": 20}\n\"größe\""}};
  return f;
}

}  // namespace

TEST_CASE("safetensors: files of the reference package are read") {
  const TensorFile f = load_safetensors(golden("files/numpy.safetensors"));
  CHECK(f.tensors.size() == 8);
  CHECK(identical(*f.find("encoder.weight"), Tensor::from<float>({-1, -0.5f, 0, 0.5f, 1, 1.5f}, {2, 3})));
  CHECK(identical(*f.find("encoder.bias"), Tensor::from<double>({0, 0.1})));
  CHECK(identical(*f.find("label"), Tensor::from<std::int32_t>({-1, 0, 1})));
  CHECK(identical(*f.find("picture"), Tensor::from<std::uint8_t>({0, 50, 100, 150}, {2, 2, 1})));
  CHECK(identical(*f.find("half"), Tensor::from<float>({1, -2.5f, 65504})));
  CHECK(identical(*f.find("count"), Tensor::scalar(12345, DType::int32)));
  CHECK(identical(*f.find("flag"), Tensor::from<std::uint8_t>({1, 0})));
  CHECK(f.find("empty")->shape() == Shape{0, 4});
  CHECK(f.find("missing") == nullptr);
  REQUIRE(f.find_metadata("note"));
  CHECK(*f.find_metadata("note") == "größer \"quoted\"");
  CHECK(*f.find_metadata("format") == "1");
  CHECK(f.find_metadata("missing") == nullptr);
  CHECK(identical(*load_safetensors(golden("files/bfloat16.safetensors")).find("w"),
                  Tensor::from<float>({1, -2.5f, std::numeric_limits<float>::infinity()})));
}

TEST_CASE("safetensors: what is written is read back, in the same order, from the same bytes each time") {
  const Folder folder;
  const TensorFile f = sample();
  save_safetensors(folder / "a.safetensors", f);
  save_safetensors(folder / "b.safetensors", f);
  const auto bytes = read_file(folder / "a.safetensors", 1 << 20);
  CHECK(bytes == read_file(folder / "b.safetensors", 1 << 20));
  CHECK(std::to_integer<int>(bytes[0]) % 8 == 0);
  const TensorFile back = load_safetensors(folder / "a.safetensors");
  CHECK(back.metadata == f.metadata);
  REQUIRE(back.tensors.size() == f.tensors.size());
  for (std::size_t i = 0; i < f.tensors.size(); i++) {
    CHECK(back.tensors[i].first == f.tensors[i].first);
    CHECK(identical(back.tensors[i].second, f.tensors[i].second));
  }
  save_safetensors(folder / "empty.safetensors", {});
  CHECK(load_safetensors(folder / "empty.safetensors").tensors.empty());
}

TEST_CASE("safetensors: single tensors can be read") {
  const SafetensorsReader reader(golden("files/numpy.safetensors"));
  CHECK(reader.entries().size() == 8);
  REQUIRE(reader.find("encoder.bias"));
  CHECK(reader.find("encoder.bias")->shape == Shape{2});
  CHECK(identical(reader.load("label"), Tensor::from<std::int32_t>({-1, 0, 1})));
  CHECK(contains(error_of([&] { reader.load("z"); }), "expected a tensor 'z', there is none among its 8"));
}

TEST_CASE("safetensors: what cannot be written is refused, and no file is made") {
  const Folder folder;
  const std::string path = folder / "a.safetensors";
  const Tensor t = Tensor::zeros({1});
  CHECK(contains(error_of([&] { save_safetensors(path, {{{"a", t}, {"a", t}}, {}}); }), "'a'"));
  CHECK(contains(error_of([&] { save_safetensors(path, {{{"__metadata__", t}}, {}}); }), "reserved"));
  CHECK(contains(error_of([&] { save_safetensors(path, {{{"a", Tensor()}}, {}}); }), "empty handle"));
  CHECK(contains(error_of([&] { save_safetensors(path, {{{"\xff", t}}, {}}); }), "'\\xff': it is not valid UTF-8"));
  CHECK(contains(error_of([&] { save_safetensors(path, {{}, {{"k", "\xff"}}}); }), "not valid UTF-8"));
  CHECK(contains(error_of([&] { save_safetensors(path, {{}, {{"k", "1"}, {"k", "2"}}}); }), "'k'"));
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("safetensors: a bad file is one error that names file, tensor and reason") {
  const std::string good = R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  CHECK(error_of_header(good, 8).empty());
  CHECK(error_of_header(good + "   ", 8).empty());
  const auto rejects = [](const std::string& header, std::size_t bytes, const std::string& reason) {
    const std::string message = error_of_header(header, bytes);
    CAPTURE(header);
    CAPTURE(message);
    CHECK(contains(message, "] made.safetensors"));
    CHECK(contains(message, reason));
    CHECK(message.size() < 400);
  };
  rejects(good, 7, "its tensors take 8 bytes, but 7 follow the header; is it truncated?");
  rejects(good, 9, "its tensors take 8 bytes, but 9 follow");
  rejects(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,7]}})", 7,
          "tensor 'w': shape (2,) needs 8 bytes, but its data_offsets are 0 to 7");
  rejects(R"({"w":{"dtype":"F64","shape":[2],"data_offsets":[0,8]}})", 8, "needs 16 bytes");
  rejects(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", 8, "data_offsets are 8 to 0");
  rejects(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})", 12,
          "expected its data to begin at 0, where the one before ends, got 4 (a hole)");
  rejects(R"({"w":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"v":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})", 6,
          "tensor 'v': expected its data to begin at 4");
  rejects(R"({"w":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"w":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}})", 8,
          "'w' stands in its header twice");
  rejects(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"dtype":"F32"}})", 8, "tensor 'w': text in its header");
  rejects(R"({"w":{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}})", 8, "a list in its header");
  rejects(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"more":1}})", 8, "got 'more'");
  rejects(R"({"w":{"dtype":"F32","data_offsets":[0,8]}})", 8, "one is missing");
  rejects(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,4,8]}})", 8, "expected two data_offsets, got 3");
  rejects(R"({"w":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}})", 8, "dtype 'F8_E4M3' is not supported");
  rejects(R"({"w":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", 8, "the number -2");
  rejects(R"({"w":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}})", 8, "the number 2");
  rejects(R"({"w":{"dtype":"F32","shape":[1,1,1,1,1,1,2],"data_offsets":[0,8]}})", 8, "tensor 'w': expected at most 6 axes");
  rejects(R"({"w":{"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,8]}})", 8, "too large");
  rejects(R"({"w":{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}})", 8, "text in its header");
  rejects(R"({"w":{"dtype":"F32","shape":[[2]],"data_offsets":[0,8]}})", 8, "a list in its header");
  rejects(R"({"w":{"dtype":"F32","shape":{"a":1},"data_offsets":[0,8]}})", 8, "an object in its header");
  rejects(R"({"w":1})", 0, "tensor 'w': a number");
  rejects(R"({"__metadata__":{"a":1}})", 0, "its metadata holds a number, expected text under each key");
  rejects(R"({"__metadata__":{"a":"1","a":"2"}})", 0, "metadata key 'a' stands in its header twice");
  rejects(R"({"__metadata__":["a"]})", 0, "its metadata holds a list");
  rejects(R"([])", 0, "not a JSON object");
  rejects(R"({"w")", 0, "not valid JSON at byte 12");
  rejects(R"({} {})", 0, "not valid JSON");
  rejects(std::string("{}\0x", 4), 0, "not a JSON object");
  rejects("{\"\xff\":1}", 0, "not valid JSON");
  rejects("{\"" + std::string(100000, 'x') + "\":1}", 0, "xxx...'");
  rejects("{\"a\":" + std::string(1000000, '['), 0, "a list");
}

TEST_CASE("safetensors: header lengths beyond file and limit") {
  const auto error_of_file = [](const std::string& file) { return error_of([&] { load_safetensors(InputFile("made", bytes_of(file))); }); };
  CHECK(contains(error_of_file("short"), "only 5 bytes"));
  CHECK(contains(error_of_file(std::string(8, '\xff') + "{}"), "its header claims 18446744073709551615 bytes, the file has 10"));
  CHECK(contains(error_of_file(std::string(8, '\0')), "not a JSON object"));
  CHECK(contains(error_of([] { load_safetensors(golden("files/f4.npy")); }), "f4.npy: its header claims"));
}

TEST_CASE("safetensors: shapes that overflow are refused") {
  const std::string m = error_of_header(R"({"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}})", 8);
  CHECK(contains(m, "made.safetensors tensor 'w': shape (4294967296, 4294967296) is too large for any memory"));
}

TEST_CASE("the safetensors package reads what is written") {
  if (!python_has("numpy, safetensors.numpy")) {
    MESSAGE("skipped: python3 with numpy and safetensors is not installed");
    return;
  }
  const Folder folder;
  save_safetensors(folder / "x.safetensors", sample());
  std::ofstream(folder / "check.py") << "import sys, numpy as np, safetensors\n"
                                        "f = safetensors.safe_open(sys.argv[1] + '/x.safetensors', 'numpy')\n"
                                        "assert f.metadata() == {'format': '1', 'config': '{\"latent\": 20}\\n\"größe\"'}, f.metadata()\n"
                                        "x = {k: f.get_tensor(k) for k in f.keys()}\n"
                                        "assert sorted(x) == ['a', 'label', 'none', 'picture', 'scalar', 'w']\n"
                                        "assert x['w'].dtype == np.float32 and (x['w'] == [0, 1, 2]).all()\n"
                                        "assert x['a'].dtype == np.float64 and (x['a'] == [[0, 1], [2, 3]]).all()\n"
                                        "assert x['label'].dtype == np.int32 and (x['label'] == [-1, 7]).all()\n"
                                        "assert x['picture'].dtype == np.uint8 and (x['picture'] == [1, 255]).all()\n"
                                        "assert x['scalar'].shape == () and x['scalar'] == 2.5 and x['none'].shape == (0, 2)\n";
  CHECK(std::system(("python3 " + (folder / "check.py") + " " + folder.path()).c_str()) == 0);
}
