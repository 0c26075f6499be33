#include "lab/sharpness.h"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <numbers>

#include "tensor/elementwise.h"
#include "tensor/random.h"
#include "tests/support.h"

using namespace elbo;
using elbo::testing::contains;
using elbo::testing::error_of;

namespace {

Tensor picture(Index h, Index w, Index c, const std::function<double(Index, Index)>& f) {
  Tensor x({1, h, w, c});
  for (Index i = 0; i < h; i++)
    for (Index j = 0; j < w; j++)
      for (Index k = 0; k < c; k++) x.set<float>({0, i, j, k}, float(f(i, j)));
  return x;
}

Sharpness measured(const Tensor& x) {
  SharpnessMeter meter({x.size(1), x.size(2), x.size(3)});
  meter.add(x);
  return meter.result();
}

// The share of all power that lies in the band of a frequency.
double share_at(const Sharpness& s, double frequency) {
  double all = 0, there = 0;
  for (std::size_t k = 0; k < s.power.size(); k++) {
    all += s.power[k];
    if (std::abs(s.frequency[k] - frequency) < 1e-9) there += s.power[k];
  }
  return there / all;
}

}  // namespace

TEST_CASE("white noise of variance s: a flat spectrum of power s, a Laplacian variance of 20 s") {
  Tensor x({400, 16, 12, 3});
  fill_normal(x, {.seed = 1});
  const Sharpness s = measured(multiply(x, Tensor::scalar(0.1)));
  CHECK(s.laplacian_variance == doctest::Approx(20 * 0.01).epsilon(0.02));
  for (const double p : s.power) CHECK(p == doctest::Approx(0.01).epsilon(0.15));
  CHECK(s.frequency.front() == doctest::Approx(1.0 / 12));
  CHECK(s.frequency.back() == doctest::Approx(std::sqrt(0.5)).epsilon(0.06));
}

TEST_CASE("a wave lies in the band of its frequency, a checkerboard in the corner") {
  const double pi = std::numbers::pi;
  for (const Index cycles : {1, 3, 8}) {
    const auto wave = [&](Index at) { return 0.5 + 0.4 * std::cos(2 * pi * double(cycles * at) / 16); };
    CHECK(share_at(measured(picture(16, 16, 1, [&](Index, Index j) { return wave(j); })), double(cycles) / 16) > 0.999);
    CHECK(share_at(measured(picture(16, 16, 3, [&](Index i, Index) { return wave(i); })), double(cycles) / 16) > 0.999);
  }
  // Sixteen rows of 32: cycles a pixel, not a picture.
  const auto longer = [&](Index, Index j) { return 0.5 + 0.4 * std::sin(2 * pi * 4 * double(j) / 32); };
  CHECK(share_at(measured(picture(16, 32, 1, longer)), 2.0 / 16) > 0.999);
  const Sharpness board = measured(picture(16, 16, 1, [](Index i, Index j) { return double((i + j) % 2); }));
  CHECK(share_at(board, 11.0 / 16) > 0.999);
  CHECK(board.laplacian_variance == doctest::Approx(16));  // +-4 at every pixel
}

TEST_CASE("the transform keeps sums of squares, and batches add up to the whole") {
  Tensor x({30, 7, 9, 2});
  fill_uniform(x, {.seed = 4});
  const Sharpness all = measured(x);
  SharpnessMeter meter({7, 9, 2});
  for (Index i = 0; i < 30; i += 10) meter.add(x.slice(i, i + 10));
  CHECK(meter.result().power == all.power);
  CHECK(meter.result().laplacian_variance == doctest::Approx(all.laplacian_variance).epsilon(1e-12));
  // A picture of one point: power 1/(h w) everywhere, so that with the mean's band they sum to its square.
  const Sharpness point = measured(picture(7, 9, 1, [](Index i, Index j) { return i == 3 && j == 4 ? 1.0 : 0.0; }));
  for (const double p : point.power) CHECK(p == doctest::Approx(1.0 / 63).epsilon(1e-5));
}

TEST_CASE("distances: nothing to itself, the same for half and twice, finite for a blank picture") {
  Tensor x({50, 12, 12, 1});
  fill_uniform(x, {.seed = 9});
  const Tensor half = multiply(x, Tensor::scalar(0.5)), twice = multiply(x, Tensor::scalar(2));
  const Sharpness s = measured(x), h = measured(half), t = measured(twice);
  CHECK(laplacian_distance(s, s) == 0);
  CHECK(spectrum_distance(s, s) == 0);
  const double ln4 = 2 * std::numbers::ln2;  // both count squares
  CHECK(laplacian_distance(h, s) == doctest::Approx(ln4));
  CHECK(laplacian_distance(t, s) == doctest::Approx(ln4));
  CHECK(spectrum_distance(h, s) == doctest::Approx(ln4));
  CHECK(spectrum_distance(t, s) == doctest::Approx(ln4));
  const Sharpness blank = measured(Tensor::zeros({1, 12, 12, 1}));
  CHECK(std::isfinite(laplacian_distance(blank, s)));
  CHECK(laplacian_distance(blank, s) > 5);
  CHECK(std::isfinite(spectrum_distance(s, blank)));
  CHECK(contains(error_of([&] { spectrum_distance(s, measured(Tensor::zeros({1, 5, 5, 1}))); }), "different sizes"));
}

TEST_CASE("what is no picture is refused") {
  CHECK(contains(error_of([] { SharpnessMeter({784}); }), "expected pictures"));
  CHECK(contains(error_of([] { SharpnessMeter({2, 28, 1}); }), "(2, 28, 1)"));
  CHECK(contains(error_of([] { SharpnessMeter({8, 8, 1}).result(); }), "no pictures"));
  CHECK(contains(error_of([] { SharpnessMeter({8, 8, 1}).add(Tensor({2, 8, 8, 3})); }), "(2, 8, 8, 3)"));
  CHECK_FALSE(SharpnessMeter::measures({28, 28}));
  CHECK(SharpnessMeter::measures({28, 28, 1}));
}
