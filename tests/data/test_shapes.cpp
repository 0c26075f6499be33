#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>

#include "data/checksum.h"
#include "data/dataset.h"
#include "data/describe.h"
#include "data/shapes.h"
#include "tensor/parallel.h"
#include "tests/support.h"

using namespace elbo;
using elbo::testing::message_of;

namespace {

const Dataset& shapes() {
  static const Dataset data = load_dataset("shapes", {.valid = 0});
  return data;
}

using Pixels = std::array<std::uint8_t, 32 * 32 * 3>;
Pixels drawn(const ShapeFactors& f) {
  Pixels pixels;
  draw_shape(f, pixels.data());
  return pixels;
}

// In red on a background of the red's lowest level, the red channel shows what is covered: the share of each pixel.
std::vector<double> covered(ShapeFactors f) {
  f.hue = 0, f.background = 16 << 16, f.gradient = 0;
  const Pixels pixels = drawn(f);
  std::vector<double> shares;
  for (std::size_t i = 0; i < pixels.size(); i += 3) shares.push_back((pixels[i] - 16) / 224.0);
  return shares;
}

double sum(const std::vector<double>& v) {
  double total = 0;
  for (const double x : v) total += x;
  return total;
}

ShapeFactors middle_of_everything(ShapeKind kind) {
  ShapeFactors f{.shape = kind};
  for (const ShapeRange& range : shape_ranges) f.*range.place = range.low + (range.high - range.low) / 2;
  return f;
}

}  // namespace

TEST_CASE("the shapes are the same bytes everywhere, drawn in about a second") {
  const std::clock_t before = std::clock();
  const Dataset& data = shapes();
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__)
  CHECK(double(std::clock() - before) / CLOCKS_PER_SEC < 2.5);  // of all cores
#else
  (void)before;
#endif
  CHECK(data.train.values.shape() == Shape{50000, 32, 32, 3});
  CHECK(data.test.values.shape() == Shape{10000, 32, 32, 3});
  // Golden: whoever changes a byte changes these, and makes every recorded result another one.
  CHECK(xxh64(data.train.values.raw(), data.train.values.bytes()) == 3013771349865730741u);
  CHECK(xxh64(data.test.values.raw(), data.test.values.bytes()) == 14504352458104237086u);
}

TEST_CASE("a shape depends on its index alone") {
  const Dataset& data = shapes();
  for (const Index index : {0, 777, 49999, 50000, 59999}) {
    const ShapeFactors f = draw_shape_factors(index);
    const Split& split = index < shapes_train ? data.train : data.test;
    const Index row = index % shapes_train;
    const Pixels pixels = drawn(f);
    CHECK(std::equal(pixels.begin(), pixels.end(), split.values[row].data<std::uint8_t>()));
    CHECK(split.labels.at<std::int32_t>({row}) == int(f.shape));
    CHECK(split.factors[2].at<float>({row}) == float(f.size) / 65536);
  }
}

TEST_CASE("the factors fill their ranges and are independent of each other") {
  const Dataset& data = shapes();
  CHECK(data.factor_names == std::vector<std::string>{"shape", "hue", "size", "x", "y", "rotation", "background", "gradient"});
  for (const Split* split : {&data.train, &data.test}) {
    const double n = double(split->size());
    std::vector<std::vector<double>> standard;  // each factor with mean 0 and variance 1, as a uniform one has them
    for (std::size_t k = 0; k < 8; k++) {
      CAPTURE(data.factor_names[k]);
      const auto v = split->factors[k].values<float>();
      const double low = k == 0 ? 0 : shape_ranges[k - 1].low / 65536.0, high = k == 0 ? 4 : shape_ranges[k - 1].high / 65536.0;
      const auto [least, most] = std::minmax_element(v.begin(), v.end());
      CHECK(*least >= low);
      CHECK(*most < high);
      const double step = k == 0 ? 1 : (high - low) / 1000;
      CHECK(*least < low + step);
      CHECK(*most >= high - step);
      const double variance = k == 0 ? 1.25 : (high - low) * (high - low) / 12, mean = k == 0 ? 1.5 : (low + high) / 2;
      standard.emplace_back();
      for (const float x : v) standard.back().push_back((x - mean) / std::sqrt(variance));
      CHECK(std::abs(sum(standard.back()) / n) < 4 / std::sqrt(n));
    }
    for (std::size_t a = 0; a < 8; a++)  // no factor goes with another, nor with how far another is from its middle
      for (std::size_t b = 0; b < 8; b++) {
        double straight = 0, bent = 0;
        for (std::size_t i = 0; i < standard[a].size(); i++) {
          straight += standard[a][i] * standard[b][i];
          bent += standard[a][i] * (standard[b][i] * standard[b][i] - 1);
        }
        CHECK(std::abs(straight / n - (a == b)) < 4 / std::sqrt(n));
        CHECK(std::abs(bent / n) < 4 / std::sqrt(n));
      }
  }
}

TEST_CASE("a shape has the area that its factors say, and lies whole within the picture where they say") {
  for (Index index = 0; index < 500; index++) {
    const ShapeFactors f = draw_shape_factors(index);
    const auto shares = covered(f);
    CHECK(sum(shares) == doctest::Approx(f.size / 65536.0).epsilon(0.003));
    double ends[4] = {32, 0, 32, 0};  // left, right, top, bottom
    for (int i = 0; i < 1024; i++)
      if (shares[std::size_t(i)] > 0) {
        ends[0] = std::min(ends[0], double(i % 32)), ends[1] = std::max(ends[1], i % 32 + 1.0);
        ends[2] = std::min(ends[2], double(i / 32)), ends[3] = std::max(ends[3], i / 32 + 1.0);
      }
    CHECK(std::abs((ends[0] + ends[1]) / 2 - f.x / 65536.0) <= 0.75);
    CHECK(std::abs((ends[2] + ends[3]) / 2 - f.y / 65536.0) <= 0.75);
  }
  for (int kind = 0; kind < shape_kinds; kind++)  // the largest, furthest from the middle, at every degree
    for (int degree = 0; degree <= 80; degree += 4)
      for (int corner = 0; corner < 4; corner++) {
        ShapeFactors f = middle_of_everything(ShapeKind(kind));
        f.size = 300 << 16, f.rotation = degree << 16;
        f.x = (corner & 1 ? 55 : 73) << 14, f.y = (corner & 2 ? 55 : 73) << 14;
        CHECK(sum(covered(f)) == doctest::Approx(300).epsilon(0.004));
      }
}

TEST_CASE("every rotation of every shape is a picture of its own") {
  for (int kind = 0; kind < shape_kinds; kind++) {
    std::vector<std::vector<double>> pictures;
    for (int degree = 0; degree < 80; degree += 5) {
      ShapeFactors f = middle_of_everything(ShapeKind(kind));
      f.rotation = degree << 16;
      pictures.push_back(covered(f));
    }
    double least = 1e9;
    for (std::size_t a = 0; a < pictures.size(); a++)
      for (std::size_t b = 0; b < a; b++) {
        double difference = 0;
        for (std::size_t i = 0; i < 1024; i++) difference += std::abs(pictures[a][i] - pictures[b][i]);
        least = std::min(least, difference);
      }
    MESSAGE("least difference of rotations 5 degrees apart, of 190 pixels: " << least);
    CHECK(least > 4);
  }
}

TEST_CASE("colours are those of the hue, and the background is a grey that changes from left to right") {
  for (const auto& [degrees, colour] : {std::pair<int, std::array<int, 3>>{0, {240, 16, 16}},
                                        {30, {240, 128, 16}},
                                        {120, {16, 240, 16}},
                                        {180, {16, 240, 240}},
                                        {240, {16, 16, 240}},
                                        {330, {240, 16, 128}}}) {
    ShapeFactors f = middle_of_everything(ShapeKind::square);
    f.hue = degrees << 16, f.background = 100 << 16, f.gradient = 64 << 16;
    const Pixels p = drawn(f);
    for (std::size_t c = 0; c < 3; c++) {
      CHECK(int(p[(16 * 32 + 16) * 3 + c]) == colour[c]);
      CHECK(int(p[c]) == 69);  // 100 - 31, half a pixel from the left edge
      CHECK(int(p[31 * 3 + c]) == 131);
      CHECK(p[30 * 32 * 3 + c] == p[c]);
    }
  }
}

TEST_CASE("?label= names the factor that serves as label, ?holdout= keeps a combination for the test part; threads change nothing") {
  const int before = threads();
  set_threads(before == 1 ? 2 : 1);
  const Dataset data = load_dataset("shapes?label=hue&holdout=red,triangle");
  set_threads(before);
  CHECK(data.label_names == std::vector<std::string>{"red", "yellow", "green", "cyan", "blue", "magenta"});
  CHECK(data.train.size() + data.valid.size() == 50000);
  CHECK(data.checksum != shapes().checksum);
  CHECK(identical(data.test.values, shapes().test.values));
  for (const Part part : {Part::train, Part::valid, Part::test}) {
    const Split& split = data.part(part);
    Index wrong = 0, held_out = 0;
    for (Index i = 0; i < split.size(); i++) {
      const int colour = int((split.factors[1].at<float>({i}) + 30) / 60) % 6;
      wrong += split.labels.at<std::int32_t>({i}) != colour;
      held_out += colour == 0 && split.factors[0].at<float>({i}) == float(ShapeKind::triangle);
    }
    CHECK(wrong == 0);
    if (part == Part::test)
      CHECK(held_out > 350);  // 10,000 / 24
    else
      CHECK(held_out == 0);
    // The other reds, and what has another colour, are as frequent as they were.
    const auto counts = describe(data, part).labels;
    for (std::size_t c = 0; c < 6; c++)
      CHECK(double(counts[c]) / double(split.size()) == doctest::Approx(part == Part::test ? 1.0 / 6
                                                                        : c == 0           ? 3.0 / 23
                                                                                           : 4.0 / 23)
                                                            .epsilon(0.1));
  }
  CHECK(message_of<UsageError>([] { parse_data_spec("shapes?label=form"); }).find("expected one of shape, hue, size") != std::string::npos);
  for (const char* bad : {"shapes?holdout=red,triangel", "shapes?holdout=red,green", "shapes?holdout=", "shapes?holdout=red,"})
    CHECK(message_of<UsageError>([&] { parse_data_spec(bad); }).find("names of different factors") != std::string::npos);
  const auto reason = [](const char* spec, const char* why) {
    return message_of<UsageError>([&] { parse_data_spec(spec); }).find(why) != std::string::npos;
  };
  CHECK(reason("shapes?holdout=red,triangel", "unknown name 'triangel'; the nearest is 'triangle'"));
  CHECK(reason("shapes?holdout=red,green", "(red and green are both a hue)"));
}
