#include <doctest/doctest.h>
#include <sys/resource.h>

#include <cstdint>
#include <limits>

#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/random.h"
#include "tensor/tensor.h"
#include "tests/support.h"

using namespace elbo;
using namespace elbo::testing;

TEST_CASE("reshapes and leading slices share memory, clones do not") {
  Tensor x = Tensor::from<float>({1, 2, 3, 4, 5, 6}, {2, 3});
  Tensor row = x[1], flat = x.reshape({6}), copy = x.clone();
  row.mutable_data<float>()[0] = 40;
  CHECK(x.at<float>({1, 0}) == 40);
  CHECK(flat.at<float>({3}) == 40);
  CHECK(copy.at<float>({1, 0}) == 4);
  CHECK(row.shares_storage_with(x));
  CHECK_FALSE(copy.shares_storage_with(x));
}

TEST_CASE("element access is checked") {
  const Tensor x = Tensor::arange(0, 6).reshape({2, 3});
  CHECK(x.at<float>({-1, -1}) == 5);
  CHECK_THROWS_AS(x.at<float>({2, 0}), Error);
  CHECK_THROWS_AS(x.at<float>({0}), Error);
  CHECK_THROWS_AS(x.at<double>({0, 0}), Error);
  CHECK_THROWS_AS(x.reshape({7}), Error);
  CHECK_THROWS_AS(x.slice(1, 3), Error);
}

TEST_CASE("floats become integers: truncated, out of range the nearest, NaN 0") {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  const Tensor x = Tensor::from<double>({-1.9, 2.9, 255.5, 256, 3e9, -3e9, inf, -inf, nan});
  const std::int32_t words[] = {-1, 2, 255, 256, INT32_MAX, INT32_MIN, INT32_MAX, INT32_MIN, 0};
  const std::uint8_t bytes[] = {0, 2, 255, 255, 255, 0, 255, 0, 0};
  for (const DType type : {DType::float64, DType::float32}) {
    CHECK(identical(x.to(type).to(DType::int32), Tensor::from<std::int32_t>(words, {9})));
    CHECK(identical(x.to(type).to(DType::uint8), Tensor::from<std::uint8_t>(bytes, {9})));
  }
  CHECK(Tensor::full({}, nan, DType::int32).item() == 0);
  CHECK(Tensor::full({}, 1e20, DType::uint8).item() == 255);
}

TEST_CASE("a part has a version of its own") {
  Tensor block = Tensor::zeros({10});
  Tensor a = block.part(0, {2, 2}), b = block.part(4, {3});
  const auto before = b.version();
  a.fill(1);
  CHECK(b.version() == before);
  CHECK(block.at<float>({3}) == 1);
  CHECK(block.at<float>({4}) == 0);
}

TEST_CASE("printing elides the middle") {
  CHECK(Tensor::from<float>({1, 2.5f, -3, 4}, {2, 2}).str() == "[[ 1.0000,  2.5000],\n [-3.0000,  4.0000]]\nfloat32 (2, 2)");
  CHECK(Tensor::arange(0, 2000, 1, DType::int32).str() == "[   0,    1,    2, ..., 1997, 1998, 1999]\nint32 (2000,)");
}

TEST_CASE("Philox gives the published vectors") {  // Random123, kat_vectors: philox4x32 10
  CHECK(philox({0, 0, 0, 0}, {0, 0}) == PhiloxBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}) == PhiloxBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        PhiloxBlock{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("a tensor in a file is like any other, and leaves no file behind") {
  const Folder folder;
  const Environment scratch("TMPDIR", folder.path());
  Tensor x = Tensor::in_file({1000, 33}, DType::int32);
  CHECK(x.is_in_file());
  CHECK_FALSE(x.clone().is_in_file());
  CHECK(std::filesystem::is_empty(folder.path()));
  CHECK(identical(x, Tensor::zeros({1000, 33}, DType::int32)));
  for (Index i = 0; i < x.numel(); i++) x.mutable_data<std::int32_t>()[i] = std::int32_t(i);
  const Tensor row = x[999], flat = x.flatten();
  x = Tensor();  // the others keep the memory
  row.will_read(0, 33);
  flat.will_read(990, 33000);
  CHECK(identical(row, Tensor::arange(32967, 33000, 1, DType::int32)));
  CHECK(identical(flat.slice(0, 100), Tensor::arange(0, 100, 1, DType::int32)));
  CHECK(Tensor::in_file({0, 3}).numel() == 0);
}

TEST_CASE("a tensor in a file finds a folder on a disk, or says what is missing") {
  {
    const Environment scratch("TMPDIR", "/dev/shm");  // in memory: the next one is taken
    CHECK(Tensor::in_file({3}).is_in_file());
  }
  const Folder folder;
  const Environment scratch("TMPDIR", folder.path());
  const std::string much = error_of([] { Tensor::in_file({Index{1} << 50}, DType::uint8); });
  CHECK(contains(much, "[scratch] "));
  CHECK(contains(much, "1073741825 MB"));
  CHECK(contains(much, "TMPDIR names another"));
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{1 << 20, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const std::string limited = error_of([] { Tensor::in_file({Index{1} << 21}, DType::uint8); });
  setrlimit(RLIMIT_FSIZE, &before);
  CHECK(contains(limited, "file-size limit"));
}
