#include <doctest/doctest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "data/dataset.h"
#include "data/describe.h"
#include "tensor/npy.h"
#include "tests/support.h"

using namespace elbo;
using elbo::testing::message_of;

namespace {

struct File {
  std::string path = (std::filesystem::temp_directory_path() / ("elbo-source-" + std::to_string(getpid()) + ".npy")).string();
  explicit File(const Tensor& t) { save_npy(path, t); }
  ~File() { std::filesystem::remove(path); }
  Dataset load(const PartsOptions& options = {}) const { return load_dataset("npy:" + path, options); }
};

}  // namespace

TEST_CASE("npy:FILE holds pictures as bytes, or vectors of floats") {
  Tensor pictures({100, 4, 5, 3}, DType::uint8);
  for (Index i = 0; i < pictures.numel(); i++) pictures.mutable_data<std::uint8_t>()[i] = std::uint8_t(i % 200);
  const Dataset bytes = File(pictures).load();
  CHECK(bytes.example_shape == Shape{4, 5, 3});
  CHECK(bytes.train.values.dtype() == DType::uint8);
  CHECK(bytes.train.size() == 81);
  CHECK(bytes.valid.size() == 9);
  CHECK(bytes.test.size() == 10);
  CHECK(bytes.classes == 0);
  CHECK_FALSE(bytes.train.labels);

  const Dataset floats = File(Tensor::arange(0, 40, 0.5, DType::float64).reshape({20, 4})).load({.valid = 0});
  CHECK(floats.example_shape == Shape{4});
  CHECK(floats.train.values.dtype() == DType::float32);
  CHECK(floats.train.size() == 18);
}

TEST_CASE("npy:FILE refuses what is no set of examples") {
  const auto message = [](const Tensor& t) { return message_of<Error>([&] { File(t).load(); }); };
  CHECK(message(Tensor::zeros({3, 28, 28})).find("expected pictures (n, h, w, c) or vectors (n, d), got shape (3, 28, 28)") !=
        std::string::npos);
  CHECK(message(Tensor::zeros({0, 4})).find("no elements") != std::string::npos);
  CHECK(message(Tensor::zeros({3, 4}, DType::int32)).find("uint8") != std::string::npos);
  CHECK(message(Tensor::from<float>({0, 1, NAN, 3}, {2, 2})).find("example 1") != std::string::npos);
  CHECK(message(Tensor::from<double>({1, 1e300}, {1, 2})).find("example 0") != std::string::npos);
  CHECK(message_of<Error>([] { load_dataset("npy:/nowhere.npy"); }).find("/nowhere.npy") != std::string::npos);
}

TEST_CASE("a data set is described in figures") {
  Dataset data = File(Tensor::from<float>({0, -2, 0.5f, 4, 0, 0, 1, 0.5f}, {4, 2})).load({.valid = 1});
  const DataSummary all = describe(data);
  CHECK(all.train.examples == 2);
  CHECK(all.valid.examples == 1);
  CHECK(all.test.examples == 1);
  CHECK(all.test.origin.find("1 of the 4 examples of elbo-source-") == 0);
  CHECK(all.shape == Shape{2});
  CHECK(all.minimum == -2);
  CHECK(all.maximum == 4);
  CHECK(all.mean == 0.5);
  CHECK(all.nonzero == 0.625);
  CHECK(all.labels.empty());

  data.train.values = Tensor::from<std::uint8_t>({0, 51, 255, 102}, {2, 2});
  data.train.labels = Tensor::from<std::int32_t>({2, 2}, {2});
  data.classes = 3;
  const DataSummary train = describe(data, Part::train);
  CHECK(train.minimum == 0);
  CHECK(train.maximum == 1);
  CHECK(train.mean == doctest::Approx(0.4));
  CHECK(train.nonzero == 0.75);
  CHECK(train.labels == std::vector<Index>{0, 0, 2});
}
