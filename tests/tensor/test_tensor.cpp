#include <doctest/doctest.h>

#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/random.h"
#include "tensor/tensor.h"

using namespace elbo;

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
