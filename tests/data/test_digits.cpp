#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <numeric>
#include <set>

#include "data/checksum.h"
#include "data/dataset.h"
#include "data/describe.h"
#include "data/digits.h"
#include "data/digits_skeletons.h"
#include "tensor/linalg.h"
#include "tensor/matmul.h"

using namespace elbo;

namespace {

const Dataset& digits() {
  static const Dataset data = load_dataset("digits", {.valid = 0});
  return data;
}

// Bytes (n, 28, 28, 1) as float32 (n, 784), 0 to 1.
Tensor vectors(const Tensor& bytes) {
  Tensor x({bytes.shape()[0], 784});
  const auto* from = bytes.data<std::uint8_t>();
  auto* to = x.mutable_data<float>();
  for (Index i = 0; i < x.numel(); i++) to[i] = float(from[i]) / 255;
  return x;
}

}  // namespace

TEST_CASE("the digits are the same bytes everywhere") {
  const std::clock_t before = std::clock();
  const Dataset& data = digits();
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__)
  CHECK(double(std::clock() - before) / CLOCKS_PER_SEC < 4);  // of all cores: two seconds on two
#else
  (void)before;
#endif
  CHECK(data.train.values.shape() == Shape{60000, 28, 28, 1});
  CHECK(data.test.values.shape() == Shape{10000, 28, 28, 1});
  // Golden: whoever changes a byte changes these, and makes every recorded result another one.
  CHECK(xxh64(data.train.values.raw(), data.train.values.bytes()) == 14796789728439563941u);
  CHECK(xxh64(data.test.values.raw(), data.test.values.bytes()) == 7260862433954610341u);
}

TEST_CASE("a digit depends on its index alone") {
  const Dataset& data = digits();
  std::array<std::uint8_t, 784> pixels;
  for (const Index index : {0, 1, 777, 59999, 60000, 69999, 31415}) {
    pixels.fill(99);
    const DigitFactors f = draw_digit(index, pixels.data());
    const Split& split = index < digits_train ? data.train : data.test;
    const Index row = index < digits_train ? index : index - digits_train;
    const Tensor expected = split.values[row];
    CHECK(std::equal(pixels.begin(), pixels.end(), expected.data<std::uint8_t>()));
    CHECK(split.labels.at<std::int32_t>({row}) == f.label);
    CHECK(split.factors[4].at<float>({row}) == float(f.size) / 65536);
  }
}

TEST_CASE("every class is equally frequent, and test writers have written nothing in the training part") {
  const Dataset& data = digits();
  CHECK(describe(data, Part::train).labels == std::vector<Index>(10, 6000));
  CHECK(describe(data, Part::test).labels == std::vector<Index>(10, 1000));
  const auto writers = [&](const Split& split) {
    const auto v = split.factors.at(8).values<float>();
    return std::set<float>(v.begin(), v.end());
  };
  const auto train = writers(data.train), test = writers(data.test);
  CHECK(train.size() == 600);
  CHECK(test.size() == 100);
  CHECK(*train.rbegin() < *test.begin());
}

TEST_CASE("the factors are known, vary, and stay in their ranges") {
  const Dataset& data = digits();
  CHECK(data.factor_names ==
        std::vector<std::string>{"slant", "rotation", "width", "aspect", "size", "bend", "waist", "skeleton", "writer"});
  const double ranges[][2] = {{-0.9, 1.2}, {-0.1746, 0.1746}, {1.5, 4}, {0.6, 1.5}, {9, 21}, {-0.3, 0.3}, {-0.25, 0.25}, {0, 3}, {0, 699}};
  for (const Split* split : {&data.train, &data.test})
    for (std::size_t k = 0; k < std::size(ranges); k++) {
      CAPTURE(data.factor_names[k]);
      const auto v = split->factors[k].values<float>();
      const auto [low, high] = std::minmax_element(v.begin(), v.end());
      CHECK(*low >= ranges[k][0]);
      CHECK(*high <= ranges[k][1]);
      CHECK(*high - *low > 0.4 * (ranges[k][1] - ranges[k][0]) * (k == 8 ? 0.3 : 1));
    }
  for (int digit = 0; digit < 10; digit++) {
    const auto skeletons = digit_skeletons(digit);
    CHECK(skeletons.size() >= 2);
    CHECK(skeletons.size() <= 4);
    CHECK(std::accumulate(skeletons.begin(), skeletons.end(), 0, [](int sum, const Skeleton& s) { return sum + s.weight; }) == 100);
    std::set<float> met;
    for (Index i = digit; i < 60000; i += 10) met.insert(data.train.factors[7].at<float>({i}));
    CHECK(met.size() == skeletons.size());
    for (const Skeleton& s : skeletons) {
      int points = 0;
      for (const SkeletonStroke& stroke : s.strokes) points += int(stroke.points.size());
      CHECK(points <= most_skeleton_points);
    }
  }
}

TEST_CASE("the ink is centred by mass, and as much of it as in MNIST") {
  const Dataset& data = digits();
  const DataSummary summary = describe(data);
  CHECK(summary.minimum == 0);
  CHECK(summary.maximum == 1);
  CHECK(summary.mean > 0.10);
  CHECK(summary.mean < 0.16);
  CHECK(summary.nonzero > 0.15);
  CHECK(summary.nonzero < 0.25);
  double furthest = 0;
  for (const Split* split : {&data.train, &data.test}) {
    const auto* p = split->values.data<std::uint8_t>();
    for (Index i = 0; i < split->size(); i++) {
      double mass = 0, x = 0, y = 0;
      for (int r = 0; r < 28; r++)
        for (int c = 0; c < 28; c++, p++) mass += *p, x += c * *p, y += r * *p;
      furthest = std::max({furthest, std::abs(x / mass - 13.5), std::abs(y / mass - 13.5)});
    }
  }
  CHECK(furthest <= 1);
}

TEST_CASE("noise is added on request alone") {
  std::array<std::uint8_t, 784> clean, noisy, again;
  double sum = 0, squares = 0;
  Index count = 0;
  for (Index index = 0; index < 200; index++) {
    draw_digit(index, clean.data());
    draw_digit(index, noisy.data(), 20 * 256);
    draw_digit(index, again.data(), 20 * 256);
    CHECK(noisy == again);
    for (std::size_t i = 0; i < 784; i++)
      if (clean[i] > 70 && clean[i] < 185) {  // nothing is cut off there
        const double d = double(noisy[i]) - clean[i];
        sum += d, squares += d * d, count++;
      }
  }
  CHECK(std::abs(sum / double(count)) < 0.7);
  CHECK(std::sqrt(squares / double(count)) == doctest::Approx(20).epsilon(0.03));
  const Dataset noisy_data = load_dataset("digits?noise=0.1", {.valid = 0});
  CHECK(noisy_data.checksum != digits().checksum);
  CHECK(describe(noisy_data, Part::test).nonzero > 0.5);
}

TEST_CASE("the nearest neighbour on pixels is right for 92 to 98% of the test part") {
  const Dataset& data = digits();
  constexpr Index count = 500, piece = 10000;
  const Tensor test = vectors(data.test.values.slice(0, count));
  std::vector<float> nearest(std::size_t(count), 1e30f);
  std::vector<Index> label(std::size_t(count), -1);
  Tensor dot({count, piece});
  for (Index first = 0; first < digits_train; first += piece) {
    const Tensor train = vectors(data.train.values.slice(first, first + piece));
    matmul(test, train, dot, false, true);
    for (Index j = 0; j < piece; j++) {
      const auto v = train[j].values<float>();
      const float square = std::inner_product(v.begin(), v.end(), v.begin(), 0.0f);
      for (Index i = 0; i < count; i++) {
        const float distance = square - 2 * dot.data<float>()[i * piece + j];
        if (distance < nearest[std::size_t(i)])
          nearest[std::size_t(i)] = distance, label[std::size_t(i)] = data.train.labels.data<std::int32_t>()[first + j];
      }
    }
  }
  Index right = 0;
  for (Index i = 0; i < count; i++) right += label[std::size_t(i)] == data.test.labels.at<std::int32_t>({i});
  MESSAGE("right: " << double(right) / count);
  CHECK(right >= 92 * count / 100);
  CHECK(right <= 98 * count / 100);
}

TEST_CASE("32 principal components leave 15 to 35% of the variance") {
  const Tensor x = vectors(digits().train.values.slice(0, 10000));
  const PrincipalComponents pca = principal_components(x, 32);
  double total = 0, kept = 0;
  const float* mean = pca.mean.data<float>();
  for (Index i = 0; i < x.numel(); i++) total += std::pow(double(x.data<float>()[i]) - mean[i % 784], 2) / 10000;
  for (const float v : pca.variances.values<float>()) kept += v;
  MESSAGE("left: " << 1 - kept / total);
  CHECK(1 - kept / total > 0.15);
  CHECK(1 - kept / total < 0.35);
}
