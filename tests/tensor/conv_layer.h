#pragma once
// Convolution layers with random numbers, by our kernels and by plain loops over the formula in tensor/conv.h.

#include "tensor/conv.h"
#include "tensor/elementwise.h"
#include "tests/tensor/helpers.h"

namespace elbo::conv_test {

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

inline Index filter_index(const ConvGeometry& g, FilterOrder order, Index tap, Index c, Index o) {
  const Index size = g.group_inputs() * g.o;
  return tap * size + (order == FilterOrder::input_output ? c * g.o + o : o * g.group_inputs() + c);
}

struct Wanted {
  bool dx = true, dfilters = true, dbias = true;
};

struct Layer {
  ConvGeometry g;
  DType type = DType::float32;
  bool transposed = false;
  Activation activation = Activation::none;
  Wanted wanted = {};
  Shape in{g.n, transposed ? g.oh : g.h, transposed ? g.ow : g.w, transposed ? g.o : g.c};
  Shape out{g.n, transposed ? g.h : g.oh, transposed ? g.w : g.ow, transposed ? g.c : g.o};
  FilterOrder order = transposed ? FilterOrder::output_input : FilterOrder::input_output;
  Index channels = out[3];
  Tensor x = normal(in, type, 1), filters = normal({g.taps() * g.group_inputs() * g.o}, type, 2), bias = normal({channels}, type, 3),
         dy = normal(out, type, 4);
};

struct Results {
  Tensor y, dx, dfilters, dbias;  // what is not wanted stays as it was
};

inline Results fast(const Layer& l) {
  Results r{Tensor(l.out, l.type), Tensor(l.in, l.type), Tensor(l.filters.shape(), l.type), Tensor(l.bias.shape(), l.type)};
  const auto run = [&]<class T>(T) {
    (l.transposed ? conv_input<T> : conv_output<T>)(l.g, l.order, l.x.data<T>(), l.filters.data<T>(), r.y.mutable_data<T>(),
                                                    {.bias = l.bias.data<T>(), .activation = l.activation});
    const ConvGradients<T> gradients{.x = l.x.data<T>(),
                                     .filters = l.filters.data<T>(),
                                     .y = l.activation == Activation::none ? nullptr : r.y.data<T>(),
                                     .dy = l.dy.data<T>(),
                                     .activation = l.activation,
                                     .dx = l.wanted.dx ? r.dx.mutable_data<T>() : nullptr,
                                     .dfilters = l.wanted.dfilters ? r.dfilters.mutable_data<T>() : nullptr,
                                     .dbias = l.wanted.dbias ? r.dbias.mutable_data<T>() : nullptr};
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

inline double apply(Activation f, double s) {
  switch (f) {
    case Activation::none:
      return s;
    case Activation::relu:
      return s < 0 ? 0 : s;  // NaN stays NaN
    case Activation::tanh:
      return std::tanh(s);
    case Activation::sigmoid:
      return 1 / (1 + std::exp(-s));
  }
  return 0;
}

inline std::vector<double> numbers(const Tensor& t) {
  std::vector<double> v(static_cast<std::size_t>(t.numel()));
  for (Index i = 0; i < t.numel(); i++) v[std::size_t(i)] = t.element(i);
  return v;
}

// The largest difference between `t` and what is exact, in roundings of the sum's magnitude.
inline double roundings(const Tensor& t, const Exact& e) {
  double worst = 0;
  for (Index i = 0; i < t.numel(); i++) {
    const double d = std::fabs(t.element(i) - e.value[std::size_t(i)]);
    worst = std::isnan(d) ? INFINITY : std::max(worst, d / (epsilon(t.dtype()) * (e.magnitude[std::size_t(i)] + 1e-30)));
  }
  return worst;
}

// What the layer's results are by the formula. Its gradients start from `y`, the layer's result as it was computed: how the slope of an
// activation is right, other tests say.
struct Expected {
  Exact y, dx, dfilters, dbias;
};

inline Expected plain_loops(const Layer& l, const Tensor& y) {
  Expected e{Exact(l.out.numel()), Exact(l.in.numel()), Exact(l.filters.numel()), Exact(l.channels)};
  for (Index i = 0; i < l.out.numel(); i++) e.y.add(i, l.bias.element(i % l.channels));
  const Tensor ds = through_activation(l.activation, y, l.dy);
  for (Index i = 0; i < l.out.numel(); i++) e.dbias.add(i % l.channels, ds.element(i));
  const std::vector<double> xs = numbers(l.x), filters = numbers(l.filters), slope = numbers(ds);
  for_each_product(l.g, [&](Index input, Index output, Index tap, Index c, Index o) {
    const Index from = l.transposed ? output : input, to = l.transposed ? input : output, f = filter_index(l.g, l.order, tap, c, o);
    const double x = xs[std::size_t(from)], w = filters[std::size_t(f)], d = slope[std::size_t(to)];
    e.y.add(to, x * w);
    e.dx.add(from, d * w);
    e.dfilters.add(f, d * x);
  });
  for (double& s : e.y.value) s = apply(l.activation, s);
  return e;
}

}  // namespace elbo::conv_test
