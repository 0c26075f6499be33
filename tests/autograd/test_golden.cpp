// Every op against PyTorch: outputs and gradients of golden/ops.safetensors, which golden/ops.py made, and of golden/image_ops.safetensors
// and golden/recurrent.safetensors.
//
// float64: the largest difference is at most 1e-12 of the tensor's largest magnitude. float32: at most 2^-24 (the relative error of one
// rounding) for each rounding on the longest way to a number, where a transcendental function counts as four roundings and a sum of n
// terms as n.

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <functional>
#include <iterator>
#include <map>
#include <sstream>

#include "autograd/engine.h"
#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "tensor/isa.h"
#include "tensor/safetensors.h"
#include "tests/support.h"

using namespace elbo;

namespace {

using Vars = std::vector<Var>;

// One case of one op in the file: "linear/0".
struct Golden {
  const TensorFile& file;
  std::string key;

  const Tensor* tensor(const std::string& name) const { return file.find(key + "/" + name); }
  std::string text(const std::string& name) const {
    const std::string* found = file.find_metadata(key + "/" + name);
    return found ? *found : std::string();
  }
  std::vector<int> integers(const std::string& name) const {
    std::istringstream words(text(name));
    return {std::istream_iterator<int>(words), {}};
  }
  double number(const std::string& name) const { return std::stod(text(name)); }
  int integer(const std::string& name) const { return text(name).empty() ? 0 : std::stoi(text(name)); }
  Axes axes() const { return Axes(std::span<const int>(integers("axes"))); }
  Shape shape() const {
    const std::vector<int> sizes = integers("shape");
    const std::vector<Index> wide(sizes.begin(), sizes.end());
    return Shape(std::span<const Index>(wide));
  }
  Activation activation() const {
    for (const auto& [name, f] :
         {std::pair("none", Activation::none), {"relu", Activation::relu}, {"tanh", Activation::tanh}, {"sigmoid", Activation::sigmoid}})
      if (text("activation") == name) return f;
    FAIL("unknown activation in " << key);
    return {};
  }
};

Extent extent(const Golden& g, const std::string& name) {
  const std::vector<int> pair = g.integers(name);
  return {pair.at(0), pair.at(1)};
}
Window window(const Golden& g) { return {.kernel = extent(g, "kernel"), .stride = extent(g, "stride"), .padding = extent(g, "padding")}; }

// `same`, down and across, or top, bottom, left, right.
ConvPadding conv_padding(const Golden& g) {
  if (g.text("padding") == "same") return ConvPadding::same();
  const std::vector<int> p = g.integers("padding");
  if (p.size() == 2) return {.top = p[0], .bottom = p[0], .left = p[1], .right = p[1]};
  return {.top = p.at(0), .bottom = p.at(1), .left = p.at(2), .right = p.at(3)};
}

ConvOptions conv_options(const Golden& g) {
  return {.stride = extent(g, "stride"),
          .dilation = extent(g, "dilation"),
          .padding = conv_padding(g),
          .groups = g.integer("groups"),
          .output_padding = g.text("output_padding").empty() ? Extent(0) : extent(g, "output_padding"),
          .activation = g.activation()};
}

struct Runner {
  int roundings;  // on the longest way to a number of an output or a gradient, sums not counted
  std::function<Vars(const Vars&, const Golden&)> run;
};

Vars run_permute(const Vars& v, const Golden& g) {
  ops::PermuteOp op;
  for (int a : g.integers("axes")) op.axes[std::size_t(op.rank++)] = a;
  return {record(op, v[0])};
}

Vars run_pad(const Vars& v, const Golden& g) {
  const std::vector<int> m = g.integers("margins");
  return {pad(v[0], {.top = m.at(0), .bottom = m.at(1), .left = m.at(2), .right = m.at(3)},
              g.text("mode") == "zeros" ? Padding::zeros : Padding::reflect)};
}

Vars run_batch_norm(const Vars& v, const Golden& g) {
  const auto [y, mean, variance] = batch_norm(v[0], v[1], v[2], g.number("epsilon"));
  return {y, mean, variance};
}

Vars run_split(const Vars& v, const Golden& g) {
  const auto [first, rest] = split(v[0], g.integer("axis"), g.integer("at"));
  return {first, rest};
}

RecurrentOptions recurrent_options(const Vars& v, const Golden& g) {
  return {.lengths = g.integer("lengths") ? v.back().value() : Tensor(), .reverse = g.integer("reverse") != 0};
}

Vars run_lstm(const Vars& v, const Golden& g) {
  const RecurrentVars w{v[1], v[2], v[3]};
  const auto [y, h, c] = g.integer("states") ? lstm(v[0], w, v[4], v[5], recurrent_options(v, g)) : lstm(v[0], w, recurrent_options(v, g));
  return {y, h, c};
}

Vars run_gru(const Vars& v, const Golden& g) {
  const RecurrentVars w{v[1], v[2], v[3]};
  const auto [y, h] = g.integer("states") ? gru(v[0], w, v[4], recurrent_options(v, g)) : gru(v[0], w, recurrent_options(v, g));
  return {y, h};
}

const std::map<std::string, Runner>& runners() {
  const auto one = [](Var (*f)(const Var&)) { return [f](const Vars& v, const Golden&) { return Vars{f(v[0])}; }; };
  const auto two = [](Var (*f)(const Var&, const Var&)) { return [f](const Vars& v, const Golden&) { return Vars{f(v[0], v[1])}; }; };
  const auto loss = [](Var (*f)(const Var&, const Tensor&)) {
    return [f](const Vars& v, const Golden&) { return Vars{f(v[0], v[1].value())}; };
  };
  const auto reduction = [](Var (*f)(const Var&, const Axes&, bool)) {
    return [f](const Vars& v, const Golden& g) { return Vars{f(v[0], g.axes(), g.integer("keepdims") != 0)}; };
  };
  static const std::map<std::string, Runner> all = {
      {"abs", {1, one(abs)}},
      {"square", {2, one(square)}},
      {"reciprocal", {4, one(reciprocal)}},  // dx = -dy y y, y with a rounding of its own
      {"sqrt", {3, one(sqrt)}},
      {"rsqrt", {9, one(rsqrt)}},  // dx = -dy y y y / 2, y with two
      {"exp", {5, one(exp)}},
      {"expm1", {6, one(expm1)}},
      {"log", {4, one(log)}},
      {"log1p", {4, one(log1p)}},
      {"sin", {5, one(sin)}},
      {"cos", {5, one(cos)}},
      {"tanh", {11, one(tanh)}},         // dx = dy (1 - y y)
      {"sigmoid", {17, one(sigmoid)}},   // y: exp and three more; dx = dy y (1 - y)
      {"softplus", {9, one(softplus)}},  // log1p of exp, and one sum
      {"relu", {0, one(relu)}},
      {"elu", {6, one(elu)}},
      {"gelu", {15, one(gelu)}},  // dx: erf with three more, exp with six more, their sum
      {"silu", {26, one(silu)}},  // dx = dy s (1 + x (1 - s)), s with seven
      {"scale_shift", {2, [](const Vars& v, const Golden& g) { return Vars{scale_shift(v[0], g.number("scale"), g.number("shift"))}; }}},
      {"clamp", {0, [](const Vars& v, const Golden& g) { return Vars{clamp(v[0], g.number("low"), g.number("high"))}; }}},
      {"leaky_relu", {1, [](const Vars& v, const Golden& g) { return Vars{leaky_relu(v[0], g.number("slope"))}; }}},
      {"power_scalar",
       {26, [](const Vars& v, const Golden& g) { return Vars{power(v[0], g.number("exponent"))}; }}},  // exp(p log x), |p log x| < 4
      {"add", {1, two(add)}},
      {"subtract", {1, two(subtract)}},
      {"multiply", {1, two(multiply)}},
      {"divide", {3, two(divide)}},
      {"power", {24, two(power)}},  // exp(b log a), |b log a| < 3; db has another logarithm and two products
      {"maximum", {1, two(maximum)}},
      {"minimum", {1, two(minimum)}},
      {"where", {0, [](const Vars& v, const Golden&) { return Vars{where(v[0].value(), v[1], v[2])}; }}},
      {"sum", {0, reduction(sum)}},
      {"mean", {2, reduction(mean)}},
      {"max", {1, reduction(max)}},
      {"variance",
       {6, [](const Vars& v,
              const Golden& g) { return Vars{variance(v[0], g.axes(), g.integer("keepdims") != 0, g.integer("unbiased") != 0)}; }}},
      {"logsumexp", {14, reduction(logsumexp)}},
      {"cumulative_sum", {0, [](const Vars& v, const Golden& g) { return Vars{cumulative_sum(v[0], g.integer("axis"))}; }}},
      {"reshape", {0, [](const Vars& v, const Golden& g) { return Vars{reshape(v[0], g.shape())}; }}},
      {"permute", {0, run_permute}},
      {"concatenate", {0, [](const Vars& v, const Golden& g) { return Vars{concatenate(v, g.integer("axis"))}; }}},
      {"stack", {0, [](const Vars& v, const Golden& g) { return Vars{stack(v, g.integer("axis"))}; }}},
      {"slice",
       {0, [](const Vars& v, const Golden& g) { return Vars{slice(v[0], g.integer("axis"), g.integer("begin"), g.integer("end"))}; }}},
      {"split", {0, run_split}},
      {"broadcast", {0, [](const Vars& v, const Golden& g) { return Vars{broadcast_to(v[0], g.shape())}; }}},
      {"gather", {0, [](const Vars& v, const Golden&) { return Vars{gather_rows(v[0], v[1].value())}; }}},
      {"softmax", {12, one(softmax)}},  // exp, sum, quotient; dx = y (dy - sum)
      {"log_softmax", {14, one(log_softmax)}},
      {"linear",
       {20, [](const Vars& v,
               const Golden& g) { return Vars{linear(v[0], v[1], v[2], g.activation())}; }}},  // the sigmoid's, and the product's own
      {"matmul",
       {1, [](const Vars& v,
              const Golden& g) { return Vars{matmul(v[0], v[1], g.integer("transpose_a") != 0, g.integer("transpose_b") != 0)}; }}},
      {"bernoulli", {11, loss(bernoulli_loss)}},
      {"continuous_bernoulli", {30, loss(continuous_bernoulli_loss)}},
      {"squared_error", {3, loss(squared_error)}},
      {"gaussian", {12, [](const Vars& v, const Golden&) { return Vars{gaussian_loss(v[0], v[1], v[2].value())}; }}},
      {"cross_entropy", {14, loss(cross_entropy)}},
      {"kl_normal", {8, two(kl_normal)}},
      {"reparameterise", {9, [](const Vars& v, const Golden&) { return Vars{reparameterise(v[0], v[1], v[2].value())}; }}},
      {"soft_clamp", {9, [](const Vars& v, const Golden& g) { return Vars{soft_clamp(v[0], g.number("low"), g.number("high"))}; }}},
      {"conv2d", {8, [](const Vars& v, const Golden& g) { return Vars{conv2d(v[0], v[1], v[2], conv_options(g))}; }}},
      {"conv_transpose2d", {8, [](const Vars& v, const Golden& g) { return Vars{conv_transpose2d(v[0], v[1], v[2], conv_options(g))}; }}},
      {"max_pool2d", {0, [](const Vars& v, const Golden& g) { return Vars{max_pool2d(v[0], window(g))}; }}},
      {"average_pool2d",
       {4, [](const Vars& v, const Golden& g) { return Vars{average_pool2d(v[0], window(g), g.integer("count_padding") != 0)}; }}},
      {"upsample",
       {4,
        [](const Vars& v, const Golden& g) {
          return Vars{upsample(v[0], extent(g, "size"), g.text("mode") == "nearest" ? Upsampling::nearest : Upsampling::bilinear)};
        }}},
      {"pad", {0, run_pad}},
      {"batch_norm", {16, run_batch_norm}},
      {"standardise",
       {10, [](const Vars& v, const Golden& g) { return Vars{standardise(v[0], v[1], v[2], v[3], v[4], g.number("epsilon"))}; }}},
      {"group_norm",
       {16, [](const Vars& v, const Golden& g) { return Vars{group_norm(v[0], v[1], v[2], g.integer("groups"), g.number("epsilon"))}; }}},
      {"linear_cross_entropy",
       {16, [](const Vars& v, const Golden&) { return Vars{linear_cross_entropy(v[0], v[1], v[2], v[3].value())}; }}},
      {"lstm", {20, run_lstm}},
      {"gru", {20, run_gru}},
  };
  return all;
}

// The largest difference over the largest magnitude; infinity where shapes differ or a number is not finite.
double relative_difference(const Tensor& value, const Tensor& expected) {
  if (!(value.shape() == expected.shape())) return INFINITY;
  double difference = 0, magnitude = 0;
  for (Index i = 0; i < expected.numel(); i++) {
    const double d = std::fabs(value.element(i) - expected.element(i));
    if (!std::isfinite(d)) return INFINITY;
    difference = std::max(difference, d);
    magnitude = std::max(magnitude, std::fabs(expected.element(i)));
  }
  return difference == 0 ? 0 : difference / magnitude;
}

void check_case(const Golden& golden, const Runner& runner, DType type) {
  CAPTURE(golden.key);
  CAPTURE(dtype_name(type));
  CAPTURE(isa_name(isa()));
  const double bound = type == DType::float64 ? 1e-12 : (runner.roundings + golden.integer("terms")) * std::ldexp(1.0, -24);
  Vars inputs, wanted;
  std::vector<Tensor> expected;
  for (int i = 0; const Tensor* in = golden.tensor("in" + std::to_string(i)); i++) {
    const Tensor value = in->dtype() == DType::float64 ? in->to(type) : *in;
    const Tensor* gradient = golden.tensor("grad" + std::to_string(i));
    inputs.push_back(gradient ? leaf(value) : Var(value));
    if (!gradient) continue;
    wanted.push_back(inputs.back());
    expected.push_back(*gradient);
  }
  REQUIRE(!wanted.empty());
  const Vars outputs = runner.run(inputs, golden);
  Var loss;
  for (std::size_t k = 0; k < outputs.size(); k++) {
    const Tensor* out = golden.tensor("out" + std::to_string(k));
    REQUIRE(out);
    CHECK(relative_difference(outputs[k].value(), *out) <= bound);
    const Tensor* dy = golden.tensor("dy" + std::to_string(k));
    if (!dy) continue;
    const Var part = sum(outputs[k] * Var(dy->to(type)));
    loss = loss ? loss + part : part;
  }
  const std::vector<Tensor> found = gradients(loss, wanted);
  for (std::size_t i = 0; i < wanted.size(); i++) {
    CAPTURE(i);
    REQUIRE(found[i]);
    CHECK(relative_difference(found[i], expected[i]) <= bound);
  }
}

}  // namespace

TEST_CASE("every op agrees with PyTorch's golden values, in float64 and float32, with every instruction set") {
  const TensorFile files[] = {load_safetensors(testing::golden("ops.safetensors")),
                              load_safetensors(testing::golden("image_ops.safetensors")),
                              load_safetensors(testing::golden("recurrent.safetensors"))};
  const Isa before = isa();
  for (Isa each : {Isa::reference, Isa::baseline, Isa::avx2, Isa::avx512, Isa::neon}) {
    if (!isa_available(each)) continue;
    set_isa(each);
    for (const std::string& name : op_names()) {
      const auto runner = runners().find(name);
      int cases = 0;
      for (const TensorFile& file : files)
        for (int i = 0; file.find(name + "/" + std::to_string(i) + "/out0"); i++, cases++)
          if (runner != runners().end())
            for (DType type : {DType::float64, DType::float32}) check_case({file, name + "/" + std::to_string(i)}, runner->second, type);
      CHECK_MESSAGE((cases > 0 && runner != runners().end()),
                    "no golden values for the op " << name << ": add it to a script of golden/ and to this file");
    }
  }
  set_isa(before);
}
