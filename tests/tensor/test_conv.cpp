// Convolutions against plain loops over the formula in tensor/conv.h, for hundreds of geometries.

#include <doctest/doctest.h>

#include <optional>

#include "tests/tensor/conv_layer.h"

namespace elbo {
namespace {

using namespace conv_test;

void check(const Layer& l) {
  const ConvGeometry& g = l.g;
  INFO("n " << g.n << " input " << g.h << "x" << g.w << "x" << g.c << " output " << g.oh << "x" << g.ow << "x" << g.o << " kernel " << g.kh
            << "x" << g.kw << " stride " << g.sh << "x" << g.sw << " dilation " << g.dh << "x" << g.dw << " padding " << g.top << ","
            << g.left << " groups " << g.groups << (l.transposed ? " transposed" : "") << " activation " << int(l.activation) << " wanted "
            << l.wanted.dx << l.wanted.dfilters << l.wanted.dbias << " isa " << isa_name(isa()));
  const Results r = fast(l);
  Expected e = plain_loops(l, r.y);
  for (double& m : e.y.magnitude) m += 1;  // tanh and sigmoid have roundings of their own
  const double few = 30;                   // each step of a sum may round
  CHECK(roundings(r.y, e.y) < few);
  if (l.wanted.dx) CHECK(roundings(r.dx, e.dx) < few);
  if (l.wanted.dfilters) CHECK(roundings(r.dfilters, e.dfilters) < few);
  if (l.wanted.dbias) CHECK(roundings(r.dbias, e.dbias) < few);
}

// Whole numbers drawn one after the other.
class Draw {
 public:
  explicit Draw(std::uint64_t number) : key_{.seed = 11, .purpose = Purpose::test, .step = number} {}
  Index operator()(Index low, Index high) { return low + Index(key_.uniform(0, count_++) * double(high - low + 1)); }

 private:
  RandomKey key_;
  std::uint32_t count_ = 0;
};

// A random layer; none where the filter does not fit the input.
std::optional<ConvGeometry> random_geometry(Draw& draw) {
  ConvGeometry g;
  g.n = draw(0, 3), g.kh = draw(1, 5), g.kw = draw(1, 5), g.sh = draw(1, 3), g.sw = draw(1, 3), g.dh = draw(1, 2), g.dw = draw(1, 2);
  g.h = draw(1, 17), g.w = draw(1, 17);
  switch (draw(0, 3)) {
    case 0:  // channels as in the models' first and last layers
      g.c = draw(1, 3), g.o = draw(1, 40);
      break;
    case 1:
      g.c = draw(1, 40), g.o = draw(1, 5);
      break;
    case 2:
      g.groups = draw(2, 4), g.c = g.groups * draw(1, 6), g.o = g.groups * draw(1, 6);
      break;
    default:
      g.c = draw(1, 20), g.o = draw(1, 20);
      if (draw(0, 2) == 0) g.o = g.groups = g.c;
  }
  g.top = draw(0, 3), g.left = draw(0, 3);
  const Index below = draw(0, 3), right = draw(0, 3), height = g.h + g.top + below - g.dh * (g.kh - 1) - 1,
              width = g.w + g.left + right - g.dw * (g.kw - 1) - 1;
  if (height < 0 || width < 0) return std::nullopt;
  g.oh = height / g.sh + 1, g.ow = width / g.sw + 1;
  return g;
}

}  // namespace

TEST_CASE("kernel: random convolutions against plain loops") {
  const Index cases = 300;
  set_poison(true);  // what is not written is NaN, and what is read without being written too
  for_each_isa([&](Isa) {
    int done = 0;
    for (std::uint64_t i = 0; done < cases; i++) {
      Draw draw(i);
      const std::optional<ConvGeometry> g = random_geometry(draw);
      if (!g) continue;
      done++;
      const auto activation = Activation(draw(0, 3));
      const Wanted wanted{.dx = draw(0, 1) == 1, .dfilters = draw(0, 1) == 1, .dbias = draw(0, 1) == 1};
      check({.g = *g,
             .type = draw(0, 3) == 0 ? DType::float64 : DType::float32,
             .transposed = draw(0, 1) == 1,
             .activation = activation,
             .wanted = wanted});
    }
  });
  set_poison(false);
}

TEST_CASE("kernel: convolutions of many small images, and of images cut into strips") {
  const ConvGeometry small{
      .n = 67, .h = 7, .w = 7, .c = 5, .oh = 4, .ow = 4, .o = 17, .kh = 3, .kw = 3, .sh = 2, .sw = 2, .top = 1, .left = 1};
  const ConvGeometry grey{.n = 40, .h = 9, .w = 8, .c = 1, .oh = 9, .ow = 8, .o = 9, .kh = 3, .kw = 3, .top = 1, .left = 1};
  const ConvGeometry large{
      .n = 1, .h = 60, .w = 50, .c = 12, .oh = 30, .ow = 25, .o = 16, .kh = 3, .kw = 3, .sh = 2, .sw = 2, .top = 1, .left = 1};
  const ConvGeometry dilated{
      .n = 1, .h = 61, .w = 70, .c = 16, .oh = 61, .ow = 70, .o = 2, .kh = 3, .kw = 3, .dh = 3, .dw = 2, .top = 3, .left = 2};
  const ConvGeometry depthwise{
      .n = 1, .h = 80, .w = 60, .c = 19, .oh = 40, .ow = 30, .o = 19, .kh = 3, .kw = 5, .sh = 2, .sw = 2, .left = 2, .groups = 19};
  for_each_isa([&](Isa) {
    for (const ConvGeometry& g : {small, grey, large, dilated, depthwise})
      for (bool transposed : {false, true})
        check({.g = g, .type = DType::float32, .transposed = transposed, .activation = Activation::relu});
  });
}

}  // namespace elbo
