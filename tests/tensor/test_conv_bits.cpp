// What holds of convolutions bit by bit: the same for any number of threads and any batch, zeros for none, NaN where it belongs.

#include <doctest/doctest.h>

#include "tensor/conv_plan.h"
#include "tests/tensor/conv_layer.h"

namespace elbo {
namespace {

using namespace conv_test;

struct Named {
  const char* name;
  ConvGeometry g;
  bool strips = false;  // whether each of its images is cut
};

void check_nans(const Tensor& t, const Exact& e) {
  Index wrong = 0;
  for (Index i = 0; i < t.numel(); i++) wrong += std::isnan(t.element(i)) != std::isnan(e.value[std::size_t(i)]);
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("convolution: the same bits for any number of threads, and for a picture whatever its batch") {
  ConvGeometry some{.n = 50, .h = 14, .w = 11, .oh = 7, .ow = 6, .kh = 3, .kw = 3, .sh = 2, .sw = 2, .top = 1, .left = 1};
  ConvGeometry large = some;
  large.n = 3, large.h = 90, large.w = 70, large.oh = 45, large.ow = 35;
  const auto with = [](ConvGeometry g, Index c, Index o, Index groups = 1) {
    g.c = c, g.o = o, g.groups = groups;
    return g;
  };
  for (const Named& each : {Named{"grey", with(some, 1, 25)},
                            {"colour", with(some, 3, 23)},
                            {"to two channels", with(some, 24, 2)},
                            {"groups", with(some, 8, 12, 4)},
                            {"depthwise", with(some, 19, 19, 19)},
                            {"strips", with(large, 20, 9), true},
                            {"strips, to two channels", with(large, 24, 2), true},
                            {"strips, groups", with(large, 18, 12, 3), true},
                            {"strips, depthwise", with(large, 19, 19, 19), true}})
    for (bool transposed : {false, true}) {
      CAPTURE(each.name);
      CAPTURE(transposed);
      const ConvGeometry& g = each.g;
      REQUIRE((conv::Units(g, sizeof(float)).strips > 1) == each.strips);
      const Layer l{.g = g, .transposed = transposed, .activation = Activation::tanh};
      CHECK(same_for_any_threads([&] { return fast(l).y; }));
      CHECK(same_for_any_threads([&] { return fast(l).dx; }));
      CHECK(same_for_any_threads([&] { return fast(l).dfilters; }));
      CHECK(same_for_any_threads([&] { return fast(l).dbias; }));
      const Results all = fast(l);
      const Index picture = g.n * 3 / 4;
      ConvGeometry one = g;
      one.n = 1;
      Layer single{.g = one, .transposed = transposed, .activation = Activation::tanh};
      single.x = l.x.slice(picture, picture + 1), single.dy = l.dy.slice(picture, picture + 1);
      single.filters = l.filters, single.bias = l.bias;
      CHECK(identical(fast(single).y, all.y.slice(picture, picture + 1)));
      CHECK(identical(fast(single).dx, all.dx.slice(picture, picture + 1)));
    }
}

TEST_CASE("convolution: an empty batch has empty results and gradients of zero") {
  const ConvGeometry g{.n = 0, .h = 5, .w = 5, .c = 3, .oh = 3, .ow = 3, .o = 4, .kh = 3, .kw = 3};
  for (bool transposed : {false, true}) {
    const Results r = fast({.g = g, .transposed = transposed, .activation = Activation::relu});
    CHECK(r.y.numel() == 0);
    for (Index i = 0; i < r.dfilters.numel(); i++) CHECK(r.dfilters.element(i) == 0);
    for (Index i = 0; i < r.dbias.numel(); i++) CHECK(r.dbias.element(i) == 0);
  }
}

TEST_CASE("convolution: a NaN is in the numbers that the formula makes of it, and in no others") {
  const ConvGeometry g{.n = 2, .h = 6, .w = 6, .c = 8, .oh = 6, .ow = 6, .o = 5, .kh = 3, .kw = 3, .top = 1, .left = 1};
  const auto with = [&](Index c, Index o, Index groups = 1) {
    ConvGeometry other = g;
    other.c = c, other.o = o, other.groups = groups;
    return other;
  };
  for_each_isa([&](Isa isa) {
    for (const ConvGeometry& each : {g, with(1, 9), with(9, 1), with(24, 3), with(8, 6, 2), with(9, 9, 9)})
      for (bool transposed : {false, true})
        for (Activation activation : {Activation::none, Activation::relu})
          for (bool in_x : {false, true}) {
            CAPTURE(isa_name(isa));
            CAPTURE(transposed);
            CAPTURE(each.c);
            CAPTURE(each.o);
            CAPTURE(each.groups);
            Layer l{.g = each, .transposed = transposed, .activation = activation};
            Tensor& bad = in_x ? l.x : l.dy;
            const Index channels = bad.shape().back(), channel = channels / 2;
            bad.mutable_data<float>()[((6 + 2) * 6 + 3) * channels + channel] = NAN;  // image 1, row 2, column 3
            const Results r = fast(l);
            const Expected e = plain_loops(l, r.y);
            check_nans(r.y, e.y);
            check_nans(r.dx, e.dx);
            check_nans(r.dfilters, e.dfilters);
            check_nans(r.dbias, e.dbias);
          }
  });
}

}  // namespace elbo
