#include "tensor/normalise.h"

#include <doctest/doctest.h>

#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/reduce.h"
#include "tensor/shape_ops.h"
#include "tests/support.h"
#include "tests/tensor/helpers.h"

using namespace elbo;

namespace {

// One case: what goes in, and what comes out of the formulas, written down plainly in float64.
struct Case {
  Normalisation s;
  Tensor x, gain, bias, dy, dmean, dvariance;
  double epsilon = 0.1;  // a group of two near numbers is not blown up, nor their rounding

  Case(const Normalisation& how, const Shape& shape, DType type, std::uint64_t number)
      : s(how),
        x(scale_shift(normal(shape, type, number), 2, 3)),
        gain(normal({s.channels}, type, number + 1)),
        bias(normal({s.channels}, type, number + 2)),
        dy(normal(shape, type, number + 3)),
        dmean(normal(s.statistics(), type, number + 4)),
        dvariance(normal(s.statistics(), type, number + 5)) {}

  Index group_of(Index i) const { return i / (s.rows * s.channels) * s.groups + i % s.channels / (s.channels / s.groups); }
  // f of each number's place, added up by group or by channel.
  std::vector<double> over(const std::vector<Index>& places, Index count, auto&& f) const {
    std::vector<long double> sums(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < places.size(); i++) sums[std::size_t(places[i])] += f(i);
    return {sums.begin(), sums.end()};
  }
  Tensor each(auto&& f) const {
    Tensor t(x.shape(), DType::float64);
    double* to = t.mutable_data<double>();
    for (Index i = 0; i < x.numel(); i++) to[i] = f(std::size_t(i));
    return t;
  }

  void check(DType type) const {
    const double m = double(s.count());
    const auto numbers = [](const Tensor& t) {
      const Tensor wide = t.to(DType::float64);
      return std::vector<double>(wide.values<double>().begin(), wide.values<double>().end());
    };
    const auto xs = numbers(x), gains = numbers(gain), biases = numbers(bias), dys = numbers(dy), dm = numbers(dmean),
               dv = numbers(dvariance);
    std::vector<Index> group(xs.size()), channel(xs.size());
    for (std::size_t i = 0; i < xs.size(); i++) group[i] = group_of(Index(i)), channel[i] = Index(i) % s.channels;
    const auto of_group = [&](const auto& v, std::size_t i) { return v[std::size_t(group[i])]; };
    const auto of_channel = [&](const auto& v, std::size_t i) { return v[std::size_t(channel[i])]; };
    const auto over_groups = [&](auto&& f) { return over(group, s.blocks * s.groups, f); };
    const auto over_channels = [&](auto&& f) { return Tensor::from(over(channel, s.channels, f), {s.channels}); };

    const auto mean = over_groups([&](std::size_t i) { return xs[i] / m; });
    const auto d = [&](std::size_t i) { return xs[i] - of_group(mean, i); };
    const auto variance = over_groups([&](std::size_t i) { return d(i) * d(i) / m; });
    const auto a = [&](std::size_t i) { return 1 / std::sqrt(of_group(variance, i) + epsilon); };
    const auto g = [&](std::size_t i) { return of_channel(gains, i); };
    const auto fixed = [&](std::size_t i) { return g(i) * a(i) * dys[i]; };
    const auto p = over_groups([&](std::size_t i) { return g(i) * dys[i]; });
    const auto q = over_groups([&](std::size_t i) { return g(i) * dys[i] * d(i); });
    const Tensor y = each([&](std::size_t i) { return g(i) * d(i) * a(i) + of_channel(biases, i); });
    const Tensor dbias = over_channels([&](std::size_t i) { return dys[i]; });
    const Tensor dgain = over_channels([&](std::size_t i) { return dys[i] * d(i) * a(i); });
    const Tensor dx = each([&](std::size_t i) {
      return fixed(i) - a(i) * of_group(p, i) / m - d(i) * a(i) * a(i) * a(i) * of_group(q, i) / m + of_group(dm, i) / m +
             2 * d(i) * of_group(dv, i) / m;
    });
    const Tensor means = Tensor::from(mean, s.statistics()), variances = Tensor::from(variance, s.statistics());

    const double bound = 40 * epsilon_of(type), sum_bound = bound * std::max(1.0, std::sqrt(double(x.numel() / s.channels)));
    for_each_isa([&](Isa isa) {
      CAPTURE(isa_name(isa));
      const Normalised r = normalise("test", x, s, gain, bias, epsilon);
      CHECK(difference(r.mean, means) <= bound);
      CHECK(difference(r.variance, variances) <= bound);
      CHECK(difference(r.y, y) <= bound);
      CHECK(difference(standardise(x, s, r.mean, r.scale, gain, bias), r.y) == 0);
      Tensor gx = empty_like(x), gg = empty_like(gain), gb = empty_like(bias);
      normalise_backward({x, r.mean, r.scale, gain}, s, {dy, dmean, dvariance}, false, {&gx, &gg, &gb});
      CHECK(difference(gx, dx) <= bound);
      CHECK(difference(gg, dgain) <= sum_bound);
      CHECK(difference(gb, dbias) <= sum_bound);
      Tensor only = empty_like(x);
      normalise_backward({x, r.mean, r.scale, gain}, s, {dy, {}, {}}, true, {&only, nullptr, nullptr});
      CHECK(difference(only, each(fixed)) <= bound);
    });
  }
  static double epsilon_of(DType type) { return elbo::epsilon(type); }
};

}  // namespace

TEST_CASE("kernel: normalisation and its gradient agree with the formulas") {
  const RandomKey key{.seed = 10, .purpose = Purpose::test};
  std::uint32_t draws = 0;
  const auto draw = [&](Index low, Index high) { return low + Index(key.uniform(0, draws++) * double(high - low + 1)); };
  set_poison(true);
  for (std::uint64_t number = 0; number < 120; number++) {
    const DType type = number % 2 ? DType::float64 : DType::float32;
    const Index groups = draw(1, 4), channels = groups * (draw(0, 3) ? draw(1, 10) : draw(11, 50));
    const Shape shape = draw(0, 3) ? Shape{draw(1, 3), draw(1, 6), draw(1, 6), channels} : Shape{draw(2, 40), channels};
    CAPTURE(shape.str());
    const Tensor x(shape, type);
    const Normalisation batch = Normalisation::batch("test", x), group = Normalisation::group("test", x, groups);
    if (batch.count() > 1) Case(batch, shape, type, 10 * number).check(type);
    Case(group, shape, type, 10 * number).check(type);
  }
  for (const Shape& shape : {Shape{3, 50, 30, 20}, Shape{1, 60, 40, 24}, Shape{90, 400}}) {  // several units of work, and a rest
    CAPTURE(shape.str());
    const Tensor x(shape);
    Case(Normalisation::batch("test", x), shape, DType::float32, 7).check(DType::float32);
    Case(Normalisation::group("test", x, 4), shape, DType::float32, 8).check(DType::float32);
  }
  set_poison(false);
}

TEST_CASE("kernel: normalisation gives the same bits for any number of threads") {
  for (const Shape& shape : {Shape{4, 40, 30, 40}, Shape{700, 333}, Shape{1, 150, 100, 24}}) {
    const Tensor x = normal(shape), dy = normal(shape, DType::float32, 1), gain = normal({shape.back()}), bias = gain;
    for (const Normalisation& s : {Normalisation::batch("test", x), Normalisation::group("test", x, 1)}) {
      const Normalised r = normalise("test", x, s, gain, bias, 1e-5);
      CHECK(same_for_any_threads([&] { return normalise("test", x, s, gain, bias, 1e-5).y; }));
      CHECK(same_for_any_threads([&] { return normalise("test", x, s, gain, bias, 1e-5).variance; }));
      for (int which = 0; which < 3; which++)
        CHECK(same_for_any_threads([&] {
          Tensor all[] = {empty_like(x), empty_like(gain), empty_like(bias)};
          normalise_backward({x, r.mean, r.scale, gain}, s, {dy, {}, {}}, false, {&all[0], &all[1], &all[2]});
          return all[which];
        }));
    }
  }
}

TEST_CASE("kernel: normalisation of what is constant, of what lies far from 0, and of what is not finite") {
  for_each_isa([](Isa isa) {
    CAPTURE(isa_name(isa));
    for (const double value : {0.1, 1000001.0, -3e30}) {
      const Tensor x = Tensor::full({3, 7, 5, 6}, value), gain = Tensor::ones({6}), bias = Tensor::full({6}, 0.25);
      for (const Normalisation& s : {Normalisation::batch("test", x), Normalisation::group("test", x, 2)}) {
        const Normalised r = normalise("test", x, s, gain, bias, 1e-5);
        CHECK(identical(r.mean, Tensor::full(s.statistics(), value)));
        CHECK(identical(r.variance, Tensor::zeros(s.statistics())));
        CHECK(identical(r.y, Tensor::full(x.shape(), 0.25)));
      }
    }
    const Tensor far = scale_shift(normal({50, 8, 8, 3}), 1, 1e4), one = Tensor::ones({3}), none = Tensor::zeros({3});
    const Normalised r = normalise("test", far, Normalisation::batch("test", far), one, none, 0);
    CHECK(difference(r.variance.flatten(), variance(far.to(DType::float64), {0, 1, 2})) < 1e-6);
    Tensor bad = normal({5, 2, 2, 3});
    bad.set<float>({1, 0, 1, 1}, INFINITY);
    bad.set<float>({2, 0, 1, 2}, NAN);
    const Tensor y = normalise("test", bad, Normalisation::batch("test", bad), one, none, 1e-5).y;
    CHECK(std::isfinite(total(slice_axis(y, 3, 0, 1))));
    CHECK(std::isnan(y.at<float>({0, 0, 0, 1})));
    CHECK(std::isnan(y.at<float>({0, 0, 0, 2})));
  });
}

TEST_CASE("kernel: a number that is alone in its group becomes the bias, and has no gradient") {
  for (DType type : {DType::float32, DType::float64})
    for (const Shape& shape : {Shape{3, 1, 1, 8}, Shape{1, 8}}) {
      const Tensor x = scale_shift(normal(shape, type), 100), gain = normal({8}, type, 1), bias = normal({8}, type, 2);
      const Tensor dy = normal(shape, type, 3);
      const Normalisation s = Normalisation::group("test", x, 8);
      for_each_isa([&](Isa isa) {
        CAPTURE(isa_name(isa));
        const Normalised r = normalise("test", x, s, gain, bias, 1e-5);
        CHECK(identical(r.y, add(zeros_like(x), bias)));
        Tensor dx = empty_like(x), dgain = empty_like(gain), dbias = empty_like(bias);
        normalise_backward({x, r.mean, r.scale, gain}, s, {dy, {}, {}}, false, {&dx, &dgain, &dbias});
        CHECK(max(abs(dx)).item() == 0);
        CHECK(max(abs(dgain)).item() == 0);
        CHECK(difference(dbias, sum(dy.reshape({shape[0], 8}), {0})) <= 4 * epsilon(type));
      });
    }
}

TEST_CASE("normalisation checks shapes and counts") {
  const auto message = [](auto&& f) { return testing::error_of(f); };
  const Tensor one({1, 4}), scalar = Tensor::scalar(1), rows({3, 4});
  const Tensor c = Tensor::ones({4});
  CHECK(testing::contains(message([&] { normalise("batch_norm", one, Normalisation::batch("batch_norm", one), c, c, 1e-5); }),
                          "[batch_norm] expected at least two numbers in each mean, got 1 in inputs (1, 4)"));
  CHECK(testing::contains(message([&] { Normalisation::batch("batch_norm", scalar); }), "(n, ..., channels)"));
  CHECK(testing::contains(message([&] { Normalisation::group("group_norm", rows, 3); }), "divides the channels, got 3 groups for (3, 4)"));
  CHECK(testing::contains(message([&] { Normalisation::group("group_norm", rows, 0); }), "got 0 groups"));
  CHECK_THROWS_AS(Normalisation::batch("batch_norm", Tensor({3, 4}, DType::int32)), Error);
  const Tensor no_pixels({2, 0, 3, 4});
  CHECK(
      testing::contains(message([&] { normalise("group_norm", no_pixels, Normalisation::group("group_norm", no_pixels, 2), c, c, 1e-5); }),
                        "[group_norm] expected at least one number in each mean, got 0 in inputs (2, 0, 3, 4)"));
  const Tensor empty({0, 2, 2, 4});
  CHECK(normalise("test", empty, Normalisation::group("test", empty, 2), c, c, 1e-5).y.shape() == empty.shape());
}
