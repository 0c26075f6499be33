#include <fmt/core.h>

#include "autograd/mode.h"
#include "lab/bench.h"
#include "lab/bench_common.h"
#include "tensor/conv.h"
#include "tensor/elementwise.h"
#include "tensor/gemm.h"
#include "tensor/likelihood.h"

namespace elbo {
namespace {

using namespace bench;

void bench_product(std::vector<KernelResult>& results, double seconds, const char* what, bool ta, bool tb, Index M, Index N, Index K) {
  const Tensor a = random({ta ? K : M, ta ? M : K}, 1), b = random({tb ? N : K, tb ? K : N}, 2);
  Tensor c({M, N});
  const float *pa = a.data<float>(), *pb = b.data<float>();
  float* pc = c.mutable_data<float>();
  const double flops = 2.0 * double(M) * double(N) * double(K);
  const GemmWay chosen = gemm_choice<float>(ta, tb, M, N, K);
  const std::string shape = fmt::format("{}x{}x{}{}{}", M, N, K, ta ? " A^T" : "", tb ? " B^T" : "");
  const auto add = [&](GemmWay way, const char* name, auto product) {
    const double t = median_seconds(seconds, [&] { product(ta, tb, M, N, K, pa, a.shape()[1], pb, b.shape()[1], pc, N, {}); });
    results.push_back({fmt::format("{}, {}{}", what, name, way == chosen ? " (chosen)" : ""), shape, t * 1e6, flops / t * 1e-9,
                       4 * double(M * K + K * N + M * N) / t * 1e-9});
  };
  add(GemmWay::own, "own", gemm_own<float>);
  if (chosen == GemmWay::few) add(GemmWay::few, "few", gemm_few<float>);
  if (chosen == GemmWay::narrow) add(GemmWay::narrow, "narrow", gemm_narrow<float>);
  add(GemmWay::openblas, "openblas", gemm_openblas<float>);
}

// A convolution: forward, and the gradients of input, filters, and both together as a step has them.
void bench_convolution(std::vector<KernelResult>& results, double seconds, const char* what, const ConvGeometry& g, bool transposed) {
  const Shape input{g.n, g.h, g.w, g.c}, output{g.n, g.oh, g.ow, g.o};
  const Tensor x = random(transposed ? output : input, 1), dy = random(transposed ? input : output, 2);
  const Tensor filters = random({g.taps() * g.group_inputs() * g.o}, 3), bias = random({transposed ? g.c : g.o}, 4);
  Tensor y = empty_like(dy), dx = empty_like(x), dfilters = empty_like(filters), dbias = empty_like(bias);
  const double flops = 2.0 * double(g.n * g.oh * g.ow) * double(g.taps() * g.group_inputs() * g.o);
  const double bytes = 4 * double(x.numel() + dy.numel() + filters.numel());
  const std::string shape = fmt::format("{}x{}x{}x{} -> {}x{}x{}, {}x{}/{}{}", g.n, g.h, g.w, g.c, g.oh, g.ow, g.o, g.kh, g.kw, g.sh,
                                        transposed ? " transposed" : "");
  const auto add = [&](const char* part, double products, auto&& f) {
    const double t = median_seconds(seconds, f);
    results.push_back({fmt::format("{}, {}", what, part), shape, t * 1e6, products * flops / t * 1e-9, products * bytes / t * 1e-9});
  };
  add("forward", 1, [&] {
    (transposed ? conv_input<float> : conv_output<float>)(g, transposed ? FilterOrder::output_input : FilterOrder::input_output,
                                                          x.data<float>(), filters.data<float>(), y.mutable_data<float>(),
                                                          {.bias = bias.data<float>(), .activation = Activation::relu});
  });
  const auto gradients = [&](bool of_input, bool of_filters) {
    ConvGradients<float> wanted{.x = x.data<float>(),
                                .filters = filters.data<float>(),
                                .y = y.data<float>(),
                                .dy = dy.data<float>(),
                                .activation = Activation::relu};
    if (of_input) wanted.dx = dx.mutable_data<float>();
    if (of_filters) wanted.dfilters = dfilters.mutable_data<float>(), wanted.dbias = dbias.mutable_data<float>();
    (transposed ? conv_transpose_backward<float> : conv_backward<float>)(g, wanted);
  };
  add("input gradient", 1, [&] { gradients(true, false); });
  add("filter gradient", 1, [&] { gradients(false, true); });
  add("both gradients", 2, [&] { gradients(true, true); });
}

// 3x3, of the sizes that the image models have on pictures of 28x28x1 and 32x32x3, and of some that they do not: the table of
// docs/convolution.md, in its order.
void bench_convolutions(std::vector<KernelResult>& results, double seconds) {
  const auto same = [](Index n, Index size, Index in, Index out, Index stride) {
    return ConvGeometry{.n = n,
                        .h = size,
                        .w = size,
                        .c = in,
                        .oh = size / stride,
                        .ow = size / stride,
                        .o = out,
                        .kh = 3,
                        .kw = 3,
                        .sh = stride,
                        .sw = stride,
                        .top = 1,
                        .left = 1};
  };
  for (const auto& [in, out] : {std::pair<Index, Index>{32, 64}, {64, 64}, {64, 32}})
    bench_convolution(results, seconds, "convolution", same(64, 28, in, out, 1), false);
  bench_convolution(results, seconds, "convolution with stride", same(128, 14, 32, 64, 2), false);
  bench_convolution(results, seconds, "transposed convolution", same(128, 14, 64, 64, 2), true);
  bench_convolution(results, seconds, "transposed convolution", same(128, 28, 32, 64, 2), true);
  bench_convolution(results, seconds, "convolution, grey image", same(64, 28, 1, 32, 1), false);
  bench_convolution(results, seconds, "convolution with stride, grey image", same(128, 28, 1, 32, 2), false);
  bench_convolution(results, seconds, "convolution to grey", same(128, 28, 32, 1, 1), false);
  bench_convolution(results, seconds, "convolution with stride, colour image", same(128, 32, 3, 32, 2), false);
  bench_convolution(results, seconds, "convolution to colour", same(128, 32, 32, 3, 1), false);
  bench_convolution(results, seconds, "convolution, odd channels", same(64, 28, 17, 23, 1), false);
  ConvGeometry depthwise = same(64, 28, 64, 64, 1);
  depthwise.groups = 64;
  bench_convolution(results, seconds, "depthwise convolution", depthwise, false);
}

}  // namespace

std::vector<KernelResult> bench_kernels(double seconds) {
  std::vector<KernelResult> all;
  struct Layer {
    Index in, out;
  };
  for (const Layer l : {Layer{784, 400},
                        {400, 200},
                        {200, 20},
                        {20, 200},
                        {200, 400},
                        {400, 784},
                        {784, 256},
                        {256, 32},
                        {32, 256},
                        {256, 784},
                        {784, 512},
                        {512, 2},
                        {2, 512},
                        {512, 784}}) {
    bench_product(all, seconds, "linear forward", false, true, 128, l.out, l.in);
    bench_product(all, seconds, "linear input gradient", false, false, 128, l.in, l.out);
    bench_product(all, seconds, "linear weight gradient", true, false, l.out, l.in, 128);
  }
  bench_product(all, seconds, "small batch forward", false, true, 20, 200, 784);
  bench_product(all, seconds, "small batch input gradient", false, false, 20, 200, 784);
  bench_product(all, seconds, "small batch weight gradient", true, false, 200, 784, 20);
  bench_product(all, seconds, "square", false, false, 2048, 2048, 2048);
  bench_convolutions(all, seconds);
  for (const Reference& r : references()) {  // inference: codes, and what is decoded from their means; of texts the loss
    const Config& config = r.config;
    const Shape example = example_of(r);
    ParamStore store(store_options(config));
    const auto model = make_model(config, example, store);
    const Tensor batch = random_input(config, example, config.train.batch);
    double flops = 0;
    for (const Model::LayerSummary& layer : model->summary()) flops += layer.flops * double(config.train.batch);
    NoGrad guard;
    const double t = median_seconds(seconds, [&] {
      const Code code = model->encode(batch);
      config.model.kind == "text" ? model->text_loss(code, code.mean, batch, {}).value() : model->decode(code.mean).mean();
    });
    all.push_back({r.name + " inference", batch.shape().str(), t * 1e6, flops / t * 1e-9, 4 * double(store.numel()) / t * 1e-9});
  }
  const Shape shape{128, 784};
  const Tensor x = random(shape, 4), target = random(shape, 5);
  Tensor y(shape);
  const double bytes = 4 * double(shape.numel());
  const auto add = [&](const std::string& name, double factor, auto&& f) {
    const double t = median_seconds(seconds, f);
    all.push_back({name, shape.str(), t * 1e6, 0, factor * bytes / t * 1e-9});
  };
  add("exp", 2, [&] { unary(Unary::exp, x, y); });
  add("tanh", 2, [&] { unary(Unary::tanh, x, y); });
  add("sigmoid", 2, [&] { unary(Unary::sigmoid, x, y); });
  add("log1p", 2, [&] { unary(Unary::log1p, x, y); });
  add("add", 3, [&] { binary(Binary::add, x, target, y); });
  add("bernoulli loss with derivative", 3, [&] { bernoulli_loss(x, target, &y); });
  add("normal numbers", 1, [&] { fill_normal(y, {.seed = 1}); });
  return all;
}

}  // namespace elbo
