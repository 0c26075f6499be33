#include "autograd/ops/conv.h"

#include <fmt/core.h>

#include "autograd/samples.h"
#include "tensor/elementwise.h"
#include "tensor/error.h"

namespace elbo {
namespace {

struct Axis {
  Index size, kernel, stride, dilation, before, after, output_padding;
  Index reach() const { return dilation * (kernel - 1) + 1; }  // pixels that a filter spans
};

Axis axis_of(const ConvOptions& o, const Shape& x, const Shape& filters, int i) {
  const auto of = [i](const Extent& e) { return i == 0 ? e.h : e.w; };
  return {.size = x[1 + i],
          .kernel = filters[i],
          .stride = of(o.stride),
          .dilation = of(o.dilation),
          .before = i == 0 ? o.padding.top : o.padding.left,
          .after = i == 0 ? o.padding.bottom : o.padding.right,
          .output_padding = of(o.output_padding)};
}

void check_layer(std::string_view op, const ConvOptions& o, const Shape& x, const Shape& filters) {
  require_images(op, x);
  if (x[3] < 1) fail(op, fmt::format("expected images of at least one channel, got {}: axes are (n, h, w, c)", x.str()));
  if (filters.rank() != 4) fail(op, fmt::format("expected filters (kh, kw, in, out), got {}", filters.str()));
  if (filters[3] < 1) fail(op, fmt::format("expected filters for at least one output channel, got {}", filters.str()));
  for (int i = 0; i < 2; i++) {
    const Axis a = axis_of(o, x, filters, i);
    if (a.kernel < 1 || a.stride < 1 || a.dilation < 1)
      fail(op, fmt::format("expected kernel, stride and dilation of at least 1, got {}, {} and {}", a.kernel, a.stride, a.dilation));
    if (a.before < 0 || a.after < 0) fail(op, fmt::format("expected padding of at least 0, got {} and {}", a.before, a.after));
  }
  if (o.groups < 1) fail(op, fmt::format("expected at least 1 group, got {}", o.groups));
}

[[noreturn]] void fail_channels(std::string_view op, const Shape& x, const Shape& filters, Index groups, Index expected) {
  fail(op, fmt::format("expected images of {} channels for filters {} in {} group{}, got {}: does the layer before have another width?",
                       expected, filters.str(), groups, groups == 1 ? "" : "s", x.str()));
}

constexpr std::string_view conv_name = ops::Conv2dOp::name, transpose_name = ops::ConvTranspose2dOp::name;

// The gradients of a layer that are wanted, into the engine's memory.
template <class T>
ConvGradients<T> gradients_of(const Saved& saved, Activation activation, const Cotangents& dy, Targets& out) {
  const auto target = [&](int i) { return out.needed(i) ? out.at(i).mutable_data<T>() : nullptr; };
  return {.x = saved[0].data<T>(),
          .filters = saved[1].data<T>(),
          .y = activation == Activation::none ? nullptr : saved[2].data<T>(),
          .dy = dy[0].data<T>(),
          .activation = activation,
          .dx = target(0),
          .dfilters = target(1),
          .dbias = target(2)};
}

void keep(Saved& saved, const ConvOptions& options, const Tensor& x, const Tensor& filters, const Tensor& y) {
  saved.keep(x);
  saved.keep(filters);
  if (options.activation != Activation::none) saved.keep(y);
}

std::vector<Attribute> attributes_of(const ConvOptions& o, bool transposed) {
  const auto pair = [](const Extent& e) { return e.h == e.w ? std::to_string(e.h) : fmt::format("{}x{}", e.h, e.w); };
  const ConvPadding& p = o.padding;
  std::vector<Attribute> all{{"stride", pair(o.stride)}};
  all.push_back({"padding", p.rule == ConvPadding::Rule::same ? "same"
                            : p.top == p.bottom && p.left == p.right && p.top == p.left
                                ? std::to_string(p.top)
                                : fmt::format("{},{},{},{}", p.top, p.bottom, p.left, p.right)});
  if (!(o.dilation == Extent(1))) all.push_back({"dilation", pair(o.dilation)});
  if (o.groups != 1) all.push_back({"groups", std::to_string(o.groups)});
  if (transposed && !(o.output_padding == Extent(0))) all.push_back({"output_padding", pair(o.output_padding)});
  all.push_back({"activation", std::string(activation_name(o.activation))});
  return all;
}

}  // namespace

ConvGeometry conv_geometry(const ConvOptions& o, const Shape& x, const Shape& filters) {
  check_layer(conv_name, o, x, filters);
  ConvGeometry g{.n = x[0], .h = x[1], .w = x[2], .c = x[3], .o = filters[3], .kh = filters[0], .kw = filters[1], .groups = o.groups};
  g.sh = o.stride.h, g.sw = o.stride.w, g.dh = o.dilation.h, g.dw = o.dilation.w;
  if (g.c != filters[2] * o.groups) fail_channels(conv_name, x, filters, o.groups, filters[2] * o.groups);
  if (g.o % o.groups != 0) fail(conv_name, fmt::format("expected filters for a multiple of {} outputs, got {}", o.groups, filters.str()));
  const auto result = [&](int i, Index& before) {
    const Axis a = axis_of(o, x, filters, i);
    if (o.padding.rule == ConvPadding::Rule::same) {
      const Index out = (a.size + a.stride - 1) / a.stride;
      before = std::max<Index>(0, (out - 1) * a.stride + a.reach() - a.size) / 2;
      return out;
    }
    before = a.before;
    const Index padded = a.size + a.before + a.after;
    if (a.reach() > padded)
      fail(conv_name, fmt::format("expected images of at least {} by the filter's reach, got {} with padding: {}, filters {}", a.reach(),
                                  padded, x.str(), filters.str()));
    return (padded - a.reach()) / a.stride + 1;
  };
  g.oh = result(0, g.top), g.ow = result(1, g.left);
  return g;
}

ConvGeometry conv_transpose_geometry(const ConvOptions& o, const Shape& x, const Shape& filters) {
  check_layer(transpose_name, o, x, filters);
  ConvGeometry g{
      .n = x[0], .c = filters[3] * o.groups, .oh = x[1], .ow = x[2], .o = x[3], .kh = filters[0], .kw = filters[1], .groups = o.groups};
  g.sh = o.stride.h, g.sw = o.stride.w, g.dh = o.dilation.h, g.dw = o.dilation.w;
  if (g.o != filters[2]) fail_channels(transpose_name, x, filters, o.groups, filters[2]);
  if (g.o % o.groups != 0)
    fail(transpose_name, fmt::format("expected filters for a multiple of {} inputs, got {}", o.groups, filters.str()));
  if (o.padding.rule == ConvPadding::Rule::same && !(o.output_padding == Extent(0)))
    fail(transpose_name, fmt::format("output padding goes with padding in numbers (or valid), got {} and {} with padding same: there the "
                                     "result has size * stride",
                                     o.output_padding.h, o.output_padding.w));
  const auto result = [&](int i, Index& before) {
    const Axis a = axis_of(o, x, filters, i);
    if (a.output_padding < 0 || (a.output_padding > 0 && a.output_padding >= std::max(a.stride, a.dilation)))
      fail(transpose_name, fmt::format("expected an output padding from 0 to below stride or dilation, got {}", a.output_padding));
    if (o.padding.rule == ConvPadding::Rule::same) {
      before = std::max<Index>(0, a.reach() - a.stride) / 2;
      return a.size * a.stride;
    }
    before = a.before;
    const Index out = (a.size - 1) * a.stride + a.reach() - a.before - a.after + a.output_padding;
    if (out < 1)
      fail(transpose_name,
           fmt::format("expected a result of at least one pixel, got {}: padding {} and {} for {}", out, a.before, a.after, x.str()));
    return out;
  };
  g.h = result(0, g.top), g.w = result(1, g.left);
  return g;
}

namespace ops {

Tensor Conv2dOp::forward(Saved& saved, const Tensor& x, const Tensor& filters, const Tensor& b) const {
  require_same_dtype(name, x, filters);
  require_same_dtype(name, x, b);
  const ConvGeometry g = conv_geometry(options, x.shape(), filters.shape());
  require_shape(name, "a bias", b, {g.o});
  Tensor y({g.n, g.oh, g.ow, g.o}, x.dtype());
  for_float(name, x.dtype(), [&]<class T>(T) {
    conv_output<T>(g, FilterOrder::input_output, x.data<T>(), filters.data<T>(), y.mutable_data<T>(),
                   {.bias = b.data<T>(), .activation = options.activation});
  });
  keep(saved, options, x, filters, y);
  return y;
}

void Conv2dOp::backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
  const ConvGeometry g = conv_geometry(options, saved[0].shape(), saved[1].shape());
  for_float(name, saved[0].dtype(), [&]<class T>(T) { conv_backward<T>(g, gradients_of<T>(saved, options.activation, dy, out)); });
}

std::vector<Attribute> Conv2dOp::attributes() const { return attributes_of(options, false); }

Tensor ConvTranspose2dOp::forward(Saved& saved, const Tensor& x, const Tensor& filters, const Tensor& b) const {
  require_same_dtype(name, x, filters);
  require_same_dtype(name, x, b);
  const ConvGeometry g = conv_transpose_geometry(options, x.shape(), filters.shape());
  require_shape(name, "a bias", b, {g.c});
  Tensor y({g.n, g.h, g.w, g.c}, x.dtype());
  for_float(name, x.dtype(), [&]<class T>(T) {
    conv_input<T>(g, FilterOrder::output_input, x.data<T>(), filters.data<T>(), y.mutable_data<T>(),
                  {.bias = b.data<T>(), .activation = options.activation});
  });
  keep(saved, options, x, filters, y);
  return y;
}

void ConvTranspose2dOp::backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
  const ConvGeometry g = conv_transpose_geometry(options, saved[0].shape(), saved[1].shape());
  for_float(name, saved[0].dtype(),
            [&]<class T>(T) { conv_transpose_backward<T>(g, gradients_of<T>(saved, options.activation, dy, out)); });
}

std::vector<Attribute> ConvTranspose2dOp::attributes() const { return attributes_of(options, true); }

std::vector<Sample<Conv2dOp>> Conv2dOp::samples() {
  const auto sample = [](const ConvOptions& o, const Shape& x, const Shape& filters) {
    return Sample<Conv2dOp>{{o}, {sample_tensor(x, -1, 1, 41), sample_tensor(filters, -1, 1, 42), sample_tensor({filters[3]}, -1, 1, 43)}};
  };
  return {
      sample({}, {2, 4, 5, 3}, {3, 2, 3, 4}),
      sample({.padding = ConvPadding::same(), .activation = Activation::relu}, {2, 5, 4, 1}, {3, 3, 1, 6}),
      sample({.stride = {2, 2}, .padding = ConvPadding::same(), .activation = Activation::tanh}, {2, 5, 6, 2}, {3, 3, 2, 3}),
      sample({.stride = {2, 1}, .dilation = {1, 2}, .padding = ConvPadding::each(1), .activation = Activation::sigmoid}, {1, 6, 5, 4},
             {2, 3, 4, 1}),
      sample({.stride = {3, 2}, .padding = {.top = 2, .right = 1}}, {1, 4, 5, 2}, {2, 2, 2, 2}),
      sample({.padding = ConvPadding::each(1), .groups = 2}, {2, 3, 3, 4}, {3, 3, 2, 6}),
      sample({.stride = {2, 2}, .padding = ConvPadding::each(1), .groups = 3, .activation = Activation::relu}, {1, 5, 4, 3}, {3, 3, 1, 3}),
      sample({.activation = Activation::relu}, {2, 3, 2, 3}, {1, 1, 3, 4}),
      sample({}, {0, 3, 3, 2}, {2, 2, 2, 3})};
}

std::vector<Sample<ConvTranspose2dOp>> ConvTranspose2dOp::samples() {
  const auto sample = [](const ConvOptions& o, const Shape& x, const Shape& filters) {
    return Sample<ConvTranspose2dOp>{
        {o}, {sample_tensor(x, -1, 1, 44), sample_tensor(filters, -1, 1, 45), sample_tensor({filters[3] * o.groups}, -1, 1, 46)}};
  };
  return {sample({}, {2, 3, 4, 3}, {3, 2, 3, 4}),
          sample({.stride = {2, 2}, .padding = ConvPadding::same(), .activation = Activation::relu}, {2, 3, 3, 2}, {3, 3, 2, 3}),
          sample({.stride = {2, 2}, .padding = ConvPadding::each(1), .output_padding = {1, 1}, .activation = Activation::tanh},
                 {1, 3, 2, 4}, {3, 3, 4, 1}),
          sample({.stride = {3, 2}, .padding = {.top = 1, .right = 1}, .output_padding = {2, 0}}, {1, 2, 3, 1}, {2, 2, 1, 5}),
          sample({.stride = {1, 2}, .dilation = {2, 1}, .groups = 2, .activation = Activation::sigmoid}, {2, 2, 3, 4}, {2, 3, 4, 2}),
          sample({.stride = {2, 2}, .groups = 3}, {1, 2, 3, 3}, {3, 3, 3, 1}),
          sample({}, {2, 3, 2, 3}, {1, 1, 3, 4}),
          sample({}, {0, 3, 3, 2}, {2, 2, 2, 3})};
}

}  // namespace ops
}  // namespace elbo
