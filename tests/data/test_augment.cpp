#include "data/augment.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "data/batches.h"
#include "tensor/memory.h"
#include "tensor/parallel.h"
#include "tests/support.h"

using namespace elbo;
using elbo::testing::message_of;

namespace {

// n pictures, 6 high and 8 wide, of three channels: row, column, and the picture's own number.
Split pictures(Index n, DType type = DType::uint8) {
  Tensor bytes({n, 6, 8, 3}, DType::uint8);
  auto* p = bytes.mutable_data<std::uint8_t>();
  for (Index i = 0; i < n; i++)
    for (int y = 0; y < 6; y++)
      for (int x = 0; x < 8; x++)
        for (const int v : {40 * y, 30 * x, int(i)}) *p++ = std::uint8_t(v);
  return {.values = bytes.to(type), .part = Part::train};
}

// The training pictures of one epoch as bytes, in the part's order.
Tensor epoch_of(const Split& split, const Augment& augment, Index epoch = 1, Index size = 16, bool prefetch = false) {
  Batches batches = Batches::training(split, {.size = size, .augment = augment, .prefetch = prefetch}, 1);
  Tensor all(split.values.shape());
  for (Index b = 0; b < batches.count(); b++) {
    const Batch& batch = batches.load(epoch, b);
    for (Index r = 0; r < batch.size(); r++) all[batch.examples.at<std::int32_t>({r})].copy_from(batch.x[r]);
  }
  return all;
}

int byte(const Tensor& t, std::initializer_list<Index> index) { return int(std::lround(t.at<float>(index) * 255)); }

}  // namespace

TEST_CASE("flip mirrors half of the pictures") {
  const Tensor x = epoch_of(pictures(200), {.flip = true});
  int mirrored = 0;
  for (Index i = 0; i < 200; i++) {
    const bool turned = byte(x, {i, 0, 0, 1}) != 0;
    mirrored += turned;
    for (Index y = 0; y < 6; y++)
      for (Index c = 0; c < 8; c++) {
        CHECK(byte(x, {i, y, c, 0}) == 40 * y);
        CHECK(byte(x, {i, y, c, 1}) == 30 * (turned ? 7 - c : c));
        CHECK(byte(x, {i, y, c, 2}) == i);
      }
  }
  CHECK(std::abs(mirrored - 100) < 30);
}

TEST_CASE("shift moves by whole pixels, and repeats the edge") {
  const Tensor x = epoch_of(pictures(200), {.shift = 2});
  std::set<std::pair<int, int>> met;
  for (Index i = 0; i < 200; i++) {
    const int down = byte(x, {i, 3, 4, 0}) / 40 - 3, right = byte(x, {i, 3, 4, 1}) / 30 - 4;
    met.insert({down, right});
    for (int y = 0; y < 6; y++)
      for (int c = 0; c < 8; c++) {
        CHECK(byte(x, {i, y, c, 0}) == 40 * std::clamp(y + down, 0, 5));
        CHECK(byte(x, {i, y, c, 1}) == 30 * std::clamp(c + right, 0, 7));
      }
  }
  CHECK(met.size() == 25);
}

TEST_CASE("crop enlarges a part of the picture, never less than was asked to be left") {
  for (const DType type : {DType::uint8, DType::float32}) {
    const Tensor x = epoch_of(pictures(200, type), {.crop = 0.5});
    const double scale = type == DType::uint8 ? 255 : 1, rounding = type == DType::uint8 ? 1 : 0.5;
    double least = 1e9, most = 0;
    for (Index i = 0; i < 200; i++) {
      const auto at = [&](Index y, Index c, Index k) { return x.at<float>({i, y, c, k}) * scale; };
      const double step = (at(2, 4, 1) - at(2, 3, 1)) / 30;  // in the middle nothing is cut off at an edge
      least = std::min(least, step), most = std::max(most, step);
      CHECK(std::abs((at(3, 4, 0) - at(2, 4, 0)) / 40 - step) < 0.06);  // both axes alike
      for (Index y = 0; y < 6; y++)
        for (Index c = 0; c < 8; c++) {
          CHECK(at(y, c, 2) == doctest::Approx(double(i)).epsilon(1e-5));
          CHECK(std::abs(at(y, c, 0) - std::clamp(at(3, c, 0) + 40 * step * double(y - 3), 0.0, 200.0)) <= 5 * rounding + 40 * 0.2);
        }
    }
    CHECK(least > 0.44);
    CHECK(least < 0.6);
    CHECK(most > 0.9);
    CHECK(most <= 1.04);
  }
}

TEST_CASE("what is drawn depends on seed, epoch and example alone") {
  const Split split = pictures(100);
  const Augment all{.flip = true, .shift = 2, .crop = 0.3};
  const int before = threads();
  const Tensor expected = epoch_of(split, all, 2, 16);
  CHECK(identical(epoch_of(split, all, 2, 7), expected));
  CHECK(identical(epoch_of(split, all, 2, 16, true), expected));
  set_threads(before == 1 ? 2 : 1);
  CHECK(identical(epoch_of(split, all, 2, 100), expected));
  set_threads(before);
  CHECK_FALSE(identical(epoch_of(split, all, 3), expected));
  Batches batches = Batches::training(split, {.size = 16, .augment = all}, 1);
  for (Index b = 0; b < batches.count(); b++) batches.load(1, b);
  const auto requests = memory_stats().requests;
  for (Index b = 0; b < batches.count(); b++) batches.load(2, b);
  CHECK(memory_stats().requests == requests);
}

TEST_CASE("evaluation is never augmented, and vectors cannot be") {
  const Split split = pictures(20);
  Batches plain = Batches::evaluation(split, {.size = 20}),
          asked = Batches::evaluation(split, {.size = 20, .augment = {.flip = true, .shift = 2, .crop = 0.3}});
  CHECK(identical(plain.load(1, 0).x, asked.load(1, 0).x));
  CHECK(identical(epoch_of(split, {}), plain.load(1, 0).x));
  Split vectors = split;
  vectors.values = split.values.reshape({20, 144});
  CHECK(message_of<UsageError>([&] { epoch_of(vectors, {.flip = true}); }).find("are for pictures (h, w, c)") != std::string::npos);
  CHECK(message_of<UsageError>([&] { epoch_of(split, {.shift = 6}); }).find("[data.shift] expected 0 to 5") != std::string::npos);
  CHECK(message_of<UsageError>([&] { epoch_of(split, {.crop = 0.95}); }).find("[data.crop]") != std::string::npos);
}
