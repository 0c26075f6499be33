// Convolutions against plain loops over the formula in tensor/conv.h, for hundreds of geometries.

#include <doctest/doctest.h>

#include <optional>

#include "tensor/conv.h"
#include "tensor/elementwise.h"
#include "tests/tensor/helpers.h"

namespace elbo {
namespace {

// What the formula sums: for each number of the output its products of an input and a filter number.
template <class F>
void for_each_product(const ConvGeometry& g, F&& f) {
  for (Index n = 0; n < g.n; n++)
    for (Index i = 0; i < g.oh; i++)
      for (Index j = 0; j < g.ow; j++)
        for (Index y = 0; y < g.kh; y++)
          for (Index x = 0; x < g.kw; x++) {
            const Index row = i * g.sh + y * g.dh - g.top, col = j * g.sw + x * g.dw - g.left;
            if (row < 0 || row >= g.h || col < 0 || col >= g.w) continue;
            for (Index o = 0; o < g.o; o++)
              for (Index c = 0; c < g.group_inputs(); c++) {
                const Index channel = o / g.group_outputs() * g.group_inputs() + c, tap = y * g.kw + x;
                f(((n * g.h + row) * g.w + col) * g.c + channel, ((n * g.oh + i) * g.ow + j) * g.o + o, tap, c, o);
              }
          }
}

Index filter_index(const ConvGeometry& g, FilterOrder order, Index tap, Index c, Index o) {
  const Index size = g.group_inputs() * g.o;
  return tap * size + (order == FilterOrder::input_output ? c * g.o + o : o * g.group_inputs() + c);
}

struct Layer {
  ConvGeometry g;
  DType type;
  bool transposed;
  Activation activation;
  Shape in{g.n, transposed ? g.oh : g.h, transposed ? g.ow : g.w, transposed ? g.o : g.c};
  Shape out{g.n, transposed ? g.h : g.oh, transposed ? g.w : g.ow, transposed ? g.c : g.o};
  FilterOrder order = transposed ? FilterOrder::output_input : FilterOrder::input_output;
  Index channels = out[3];
  Tensor x = normal(in, type, 1), filters = normal({g.taps() * g.group_inputs() * g.o}, type, 2), bias = normal({channels}, type, 3),
         dy = normal(out, type, 4);
};

struct Results {
  Tensor y, dx, dfilters, dbias;
};

Results fast(const Layer& l) {
  Results r{Tensor(l.out, l.type), Tensor(l.in, l.type), Tensor(l.filters.shape(), l.type), Tensor(l.bias.shape(), l.type)};
  const auto run = [&]<class T>(T) {
    (l.transposed ? conv_input<T> : conv_output<T>)(l.g, l.order, l.x.data<T>(), l.filters.data<T>(), r.y.mutable_data<T>(),
                                                    {.bias = l.bias.data<T>(), .activation = l.activation});
    const ConvGradients<T> gradients{.x = l.x.data<T>(),
                                     .filters = l.filters.data<T>(),
                                     .y = r.y.data<T>(),
                                     .dy = l.dy.data<T>(),
                                     .activation = l.activation,
                                     .dx = r.dx.mutable_data<T>(),
                                     .dfilters = r.dfilters.mutable_data<T>(),
                                     .dbias = r.dbias.mutable_data<T>()};
    (l.transposed ? conv_transpose_backward<T> : conv_backward<T>)(l.g, gradients);
  };
  if (l.type == DType::float32)
    run(float{});
  else
    run(double{});
  return r;
}

// In float64, and what the magnitudes of each sum's products add up to: roundings are in proportion to that.
struct Exact {
  std::vector<double> value, magnitude;
  explicit Exact(Index n) : value(std::size_t(n)), magnitude(std::size_t(n)) {}
  void add(Index i, double product) { value[std::size_t(i)] += product, magnitude[std::size_t(i)] += std::fabs(product); }
};

double apply(Activation f, double s) {
  switch (f) {
    case Activation::none:
      return s;
    case Activation::relu:
      return std::fmax(s, 0);
    case Activation::tanh:
      return std::tanh(s);
    case Activation::sigmoid:
      return 1 / (1 + std::exp(-s));
  }
  return 0;
}

std::vector<double> numbers(const Tensor& t) {
  std::vector<double> v(static_cast<std::size_t>(t.numel()));
  for (Index i = 0; i < t.numel(); i++) v[std::size_t(i)] = t.element(i);
  return v;
}

// The largest difference between `t` and what is exact, in roundings of the sum's magnitude.
double roundings(const Tensor& t, const Exact& e) {
  double worst = 0;
  for (Index i = 0; i < t.numel(); i++) {
    const double d = std::fabs(t.element(i) - e.value[std::size_t(i)]);
    worst = std::isnan(d) ? INFINITY : std::max(worst, d / (epsilon(t.dtype()) * (e.magnitude[std::size_t(i)] + 1e-30)));
  }
  return worst;
}

void check(const Layer& l) {
  const ConvGeometry& g = l.g;
  INFO("n " << g.n << " input " << g.h << "x" << g.w << "x" << g.c << " output " << g.oh << "x" << g.ow << "x" << g.o << " kernel " << g.kh
            << "x" << g.kw << " stride " << g.sh << "x" << g.sw << " dilation " << g.dh << "x" << g.dw << " padding " << g.top << ","
            << g.left << " groups " << g.groups << (l.transposed ? " transposed" : "") << " activation " << int(l.activation) << " isa "
            << isa_name(isa()));
  const Results r = fast(l);
  const Index out_numel = l.out.numel(), in_numel = l.in.numel();
  Exact s(out_numel), dx(in_numel), dfilters(l.filters.numel()), dbias(l.channels);
  for (Index i = 0; i < out_numel; i++) s.add(i, l.bias.element(i % l.channels));
  const Tensor ds = through_activation(l.activation, r.y, l.dy);  // rounded as it is there: how that is right, other tests say
  for (Index i = 0; i < out_numel; i++) dbias.add(i % l.channels, ds.element(i));
  const std::vector<double> xs = numbers(l.x), filters = numbers(l.filters), slope = numbers(ds);
  for_each_product(g, [&](Index input, Index output, Index tap, Index c, Index o) {
    const Index from = l.transposed ? output : input, to = l.transposed ? input : output, f = filter_index(g, l.order, tap, c, o);
    const double x = xs[std::size_t(from)], w = filters[std::size_t(f)], d = slope[std::size_t(to)];
    s.add(to, x * w);
    dx.add(from, d * w);
    dfilters.add(f, d * x);
  });
  for (Index i = 0; i < out_numel; i++) s.value[std::size_t(i)] = apply(l.activation, s.value[std::size_t(i)]);
  for (double& m : s.magnitude) m += 1;  // tanh and sigmoid have roundings of their own
  const double few = 30;                 // each step of a sum may round
  CHECK(roundings(r.y, s) < few);
  CHECK(roundings(r.dx, dx) < few);
  CHECK(roundings(r.dfilters, dfilters) < few);
  CHECK(roundings(r.dbias, dbias) < few);
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
  g.n = draw(1, 3), g.kh = draw(1, 5), g.kw = draw(1, 5), g.sh = draw(1, 3), g.sw = draw(1, 3), g.dh = draw(1, 2), g.dw = draw(1, 2);
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
  for_each_isa([&](Isa) {
    int done = 0;
    for (std::uint64_t i = 0; done < cases; i++) {
      Draw draw(i);
      const std::optional<ConvGeometry> g = random_geometry(draw);
      if (!g) continue;
      done++;
      const auto activation = Activation(draw(0, 3));
      check({.g = *g, .type = draw(0, 3) == 0 ? DType::float64 : DType::float32, .transposed = draw(0, 1) == 1, .activation = activation});
    }
  });
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

TEST_CASE("convolution: the same bits for any number of threads, and for a picture whatever its batch") {
  for (bool transposed : {false, true})
    for (Index channels : {1, 3, 24}) {
      const ConvGeometry g{.n = 50,
                           .h = 14,
                           .w = 11,
                           .c = channels,
                           .oh = 7,
                           .ow = 6,
                           .o = 26 - channels,
                           .kh = 3,
                           .kw = 3,
                           .sh = 2,
                           .sw = 2,
                           .top = 1,
                           .left = 1};
      const Layer l{.g = g, .type = DType::float32, .transposed = transposed, .activation = Activation::tanh};
      CHECK(same_for_any_threads([&] { return fast(l).y; }));
      CHECK(same_for_any_threads([&] { return fast(l).dx; }));
      CHECK(same_for_any_threads([&] { return fast(l).dfilters; }));
      CHECK(same_for_any_threads([&] { return fast(l).dbias; }));
      const Results all = fast(l);
      ConvGeometry one = g;
      one.n = 1;
      Layer single{.g = one, .type = DType::float32, .transposed = transposed, .activation = Activation::tanh};
      single.x = l.x.slice(37, 38), single.dy = l.dy.slice(37, 38), single.filters = l.filters, single.bias = l.bias;
      CHECK(identical(fast(single).y, all.y.slice(37, 38)));
      CHECK(identical(fast(single).dx, all.dx.slice(37, 38)));
    }
}

TEST_CASE("convolution: an empty batch has empty results and gradients of zero") {
  ConvGeometry g{.n = 0, .h = 5, .w = 5, .c = 3, .oh = 3, .ow = 3, .o = 4, .kh = 3, .kw = 3};
  for (bool transposed : {false, true}) {
    const Results r = fast({.g = g, .type = DType::float32, .transposed = transposed, .activation = Activation::relu});
    CHECK(r.y.numel() == 0);
    for (Index i = 0; i < r.dfilters.numel(); i++) CHECK(r.dfilters.element(i) == 0);
    for (Index i = 0; i < r.dbias.numel(); i++) CHECK(r.dbias.element(i) == 0);
  }
}

TEST_CASE("convolution: a NaN stays where its filter reaches") {
  ConvGeometry g{.n = 2, .h = 6, .w = 6, .c = 8, .oh = 6, .ow = 6, .o = 5, .kh = 3, .kw = 3, .top = 1, .left = 1};
  for_each_isa([&](Isa) {
    Layer l{.g = g, .type = DType::float32, .transposed = false, .activation = Activation::relu};
    l.x.mutable_data<float>()[(6 * 6 + 2 * 6 + 3) * 8 + 4] = NAN;  // image 1, row 2, column 3
    const Tensor y = fast(l).y;
    for (Index i = 0; i < y.numel(); i++) {
      const Index pixel = i / 5, row = pixel / 6 % 6, col = pixel % 6;
      CHECK(std::isnan(y.element(i)) == (pixel >= 36 && std::abs(row - 2) <= 1 && std::abs(col - 3) <= 1));
    }
  });
}

}  // namespace elbo
