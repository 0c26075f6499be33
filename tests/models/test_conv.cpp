// Convolutional models: sizes, shapes of every kind of image, gradients, normalisation.

#include <doctest/doctest.h>

#include "autograd/mode.h"
#include "models/gradcheck.h"
#include "models/objective.h"
#include "nn/conv.h"
#include "tensor/error.h"
#include "tests/tensor/helpers.h"

using namespace elbo;

namespace {

struct Built {
  Config config;
  ParamStore store;
  std::unique_ptr<Model> model;
  Built(const Config& c, const Shape& example) : config(c), store(store_options(c)), model(make_model(c, example, store)) {}
  Index below(std::string_view prefix) const {
    Index n = 0;
    for (const Parameter& p : store.parameters())
      if (p.name().starts_with(prefix)) n += p.value().numel();
    return n;
  }
};

Config small(const std::string& preset_name, std::vector<std::string> settings) {
  Config c = preset(preset_name).config;
  for (const char* s : {"model.filters=[3,4]", "model.latent=2"}) set_key(c, s);
  for (const std::string& s : settings) set_key(c, s);
  return c;
}

}  // namespace

TEST_CASE("conv: parameter counts of the published systems") {
  Config keras = preset("conv-vae").config;
  set_key(keras, "model.hidden=[16]");
  set_key(keras, "model.latent=2");
  const Built example(keras, {28, 28, 1});
  CHECK(example.below("encoder") == 69076);
  CHECK(example.below("decoder") == 65089);
  CHECK(Built(preset("conv-vae").config, {28, 28, 1}).store.numel() == 378753);
  CHECK(Built(preset("conv-ae").config, {28, 28, 1}).store.numel() == 378753 - 3136 * 32 - 32);
  // The published 26,571,073 without what its 256 latent dimensions add to two.
  Config same = preset("conv-same-vae").config;
  set_key(same, "model.latent=2");
  CHECK(Built(same, {28, 28, 1}).store.numel() == 26571073 - 254 * (2 * (64 * 784 + 1) + 64 * 49));
}

TEST_CASE("conv: images of any size and number of channels that the strides divide, or any at all when padded") {
  for (const char* kind : {"conv-vae", "conv-same-vae"})
    for (const char* pad : {"model.pad=false", "model.pad=true"})
      for (const Shape& example : {Shape{8, 8, 1}, Shape{4, 12, 3}, Shape{9, 6, 2}, Shape{1, 7, 4}}) {
        const Config c = small(kind, {pad});
        const bool divides = example[0] % 4 == 0 && example[1] % 4 == 0;
        CAPTURE(example.str());
        if (!divides && !c.model.pad) {
          CHECK_THROWS_AS(Built(c, example), UsageError);
          continue;
        }
        const Built b(c, example);
        const Tensor x = normal(example.prepend(2));
        const Code code = b.model->encode(Var(x));
        CHECK(code.mean.shape() == Shape{2, 2});
        CHECK(code.logvar.shape() == Shape{2, 2});
        CHECK(b.model->decode(code.mean).mean().shape() == example.prepend(2));
        CHECK(b.model->summary().back().output == Shape{(example[0] + 3) / 4 * 4, (example[1] + 3) / 4 * 4, example[2]});
      }
  CHECK_THROWS_WITH_AS(Built(small("conv-vae", {}), {30, 28, 1}),
                       doctest::Contains("28x30 pixels: widths of 28 and heights of 28 or 32 would do"), UsageError);
  CHECK_THROWS_WITH_AS(Built(small("conv-vae", {}), {784}), doctest::Contains("expected images"), UsageError);
  CHECK_THROWS_WITH_AS(Built(small("conv-vae", {"model.strides=[2]"}), {8, 8, 1}), doctest::Contains("as many model.strides"), UsageError);
  CHECK_THROWS_WITH_AS(Built(small("conv-same-vae", {"model.upsample=shuffle"}), {8, 8, 1}), doctest::Contains("nearest"), UsageError);
  CHECK_THROWS_WITH_AS(Built(small("conv-same-vae", {"model.strides=[64,64,64,64,64,64,64,64,64,64,64]"}), {8, 8, 1}),
                       doctest::Contains("4096 at most"), UsageError);
  CHECK_THROWS_WITH_AS(Built(small("conv-ae", {"objective.adversarial.weight=1"}), {8, 8, 1}), doctest::Contains("no prior"), UsageError);
}

TEST_CASE("conv: any number of stages, kernels and strides") {
  const Config c = small(
      "conv-vae", {"model.filters=[2,3,5]", "model.strides=[3,1,2]", "model.kernel=4", "model.hidden=[6,5]", "model.decoder_hidden=[7]"});
  const Built b(c, {12, 6, 3});
  const Tensor x = normal({3, 12, 6, 3});
  CHECK(b.model->decode(b.model->encode(Var(x)).mean).mean().shape() == x.shape());
}

TEST_CASE("conv: gradients of every variant") {
  for (const std::vector<std::string>& settings : std::vector<std::vector<std::string>>{
           {"model.upsample=transpose"},
           {"model.upsample=nearest", "model.normalisation=group", "objective.likelihood=gaussian-learned"},
           // As in training. Smooth, since the norm undoes what keeps relu away from its kink.
           {"model.upsample=shuffle", "model.normalisation=batch", "objective.likelihood=continuous-bernoulli", "model.activation=tanh"},
           {"model.variational=false", "objective.likelihood=squared-error", "model.pad=true"}}) {
    const Config c = small("conv-vae", settings);
    for (const GradcheckResult& r : gradcheck_parameters(c, c.model.pad ? Shape{5, 6, 2} : Shape{4, 8, 2}, 3)) {
      CAPTURE(settings[0]);
      CAPTURE(r.op);
      const bool taken_away = c.model.normalisation == "batch" && r.op.find("/conv") != std::string::npos && r.op.ends_with("/bias") &&
                              r.op.find("/norm/") == std::string::npos;  // by the batch's mean: 0 but for rounding
      CAPTURE(r.error64);
      if (!taken_away) CHECK(r.passed());
    }
  }
  for (const GradcheckResult& r : gradcheck_parameters(small("conv-same-vae", {}), {4, 4, 1}, 3)) {
    CAPTURE(r.op);
    CHECK(r.passed());
  }
}

TEST_CASE("conv: batch normalisation learns its running statistics in training alone") {
  const Built b(small("conv-ae", {"model.normalisation=batch"}), {8, 8, 1});
  const Tensor x = normal({4, 8, 8, 1}), before = b.store.buffers();
  REQUIRE(before);
  b.model->encode(Var(x));
  CHECK(identical(b.store.buffers(), before));
  b.model->encode(Var(x), {.training = true});
  const Tensor after = b.store.buffers();
  CHECK(!identical(after, before));
  Built other(small("conv-ae", {"model.normalisation=batch"}), {8, 8, 1});
  other.store.set_buffers(after);
  CHECK(identical(other.store.buffers(), after));
  CHECK(identical(other.model->encode(Var(x)).mean.value(), b.model->encode(Var(x)).mean.value()));
  CHECK_THROWS_AS(other.store.set_buffers(Tensor::zeros({3})), Error);
}

namespace {

// The half width of a uniform range, judged by draws from it: they fill it to within a few parts in a hundred.
void check_bound(const Tensor& draws, double bound) {
  double largest = 0;
  for (Index i = 0; i < draws.numel(); i++) largest = std::max(largest, std::fabs(draws.element(i)));
  CHECK(largest <= bound * (1 + 1e-6));  // float32 may round up
  CHECK(largest > 0.95 * bound);
}

}  // namespace

TEST_CASE("convolution layers: fans, grouped too; a transposed one's as PyTorch and Keras count them") {
  const Index in = 12, out = 160, taps = 15;
  for (const Index groups : {1, 2}) {
    CAPTURE(groups);
    const ConvConfig config{.in = in, .out = out, .kernel = {3, 5}, .groups = groups};
    ParamStore uniform({.seed = 3, .init = Init::fan_in_uniform}), glorot({.seed = 3, .init = Init::glorot_uniform});
    const Conv2d conv(Scope(uniform) / "conv", config), glorot_conv(Scope(glorot) / "conv", config);
    CHECK(conv.filters.value().shape() == Shape{3, 5, in / groups, out});
    check_bound(conv.filters.value(), 1 / std::sqrt(double(taps * in / groups)));
    check_bound(conv.bias.value(), 1 / std::sqrt(double(taps * in / groups)));
    check_bound(glorot_conv.filters.value(), std::sqrt(6.0 / double(taps * in / groups + taps * out / groups)));
    const ConvTranspose2d up(Scope(uniform) / "up", config), glorot_up(Scope(glorot) / "up", config);
    CHECK(up.filters.value().shape() == Shape{3, 5, in, out / groups});
    check_bound(up.filters.value(), 1 / std::sqrt(double(taps * out / groups)));
    check_bound(up.bias.value(), 1 / std::sqrt(double(taps * out / groups)));
    check_bound(glorot_up.filters.value(), std::sqrt(6.0 / double(taps * out / groups + taps * in)));
  }
}

TEST_CASE("convolution layers: orthogonal filters, groups that do not divide") {
  ParamStore store({.seed = 3, .init = Init::fan_in_uniform});
  CHECK_THROWS_WITH_AS(Conv2d(Scope(store) / "odd", {.in = 5, .out = 4, .groups = 2}), doctest::Contains("groups that divide"), Error);

  ParamStore orthogonal({.seed = 3, .init = Init::orthogonal});
  const Tensor f = Conv2d(Scope(orthogonal) / "conv", {.in = 4, .out = 8}).filters.value();
  for (Index i = 0; i < 8; i++)
    for (Index j = 0; j < 8; j++) {
      double dot = 0;
      for (Index k = 0; k < 36; k++) dot += f.element(k * 8 + i) * f.element(k * 8 + j);
      CHECK(std::fabs(dot - (i == j)) < 1e-5);
    }
}

TEST_CASE("convolution ops: errors say what was expected, what came and why") {
  const Var x(Tensor::zeros({1, 5, 5, 3})), w(Tensor::zeros({3, 3, 3, 4})), b(Tensor::zeros({4}));
  CHECK_THROWS_WITH_AS(conv2d(Var(Tensor::zeros({5, 5, 3})), w, b), doctest::Contains("[conv2d] expected images (n, h, w, c)"), Error);
  CHECK_THROWS_WITH_AS(conv2d(Var(Tensor::zeros({1, 5, 5, 2})), w, b), doctest::Contains("expected images of 3 channels"), Error);
  CHECK_THROWS_WITH_AS(conv2d(Var(Tensor::zeros({1, 2, 5, 3})), w, b), doctest::Contains("at least 3"), Error);
  CHECK_THROWS_WITH_AS(conv2d(x, w, Var(Tensor::zeros({3}))), doctest::Contains("a bias"), Error);
  CHECK_THROWS_WITH_AS(conv2d(x, w, b, {.stride = 0}), doctest::Contains("stride"), Error);
  CHECK_THROWS_WITH_AS(conv_transpose2d(x, w, b, {.stride = 2, .output_padding = 2}), doctest::Contains("output padding"), Error);
  CHECK_THROWS_WITH_AS(conv_transpose2d(x, w, b, {.stride = 2, .padding = ConvPadding::same(), .output_padding = {0, 1}}),
                       doctest::Contains("output padding goes with padding in numbers (or valid), got 0 and 1 with padding same"), Error);
  CHECK_THROWS_WITH_AS(conv_transpose2d(Var(Tensor::zeros({1, 1, 1, 3})), w, b, {.padding = ConvPadding::each(2)}),
                       doctest::Contains("at least one pixel"), Error);
  CHECK_THROWS_WITH_AS(conv2d(x, w, b, {.groups = 3}), doctest::Contains("expected images of 9 channels"), Error);
  // An empty batch is one, an empty image is none.
  const Var none(Tensor::zeros({3, 3, 0, 4})), no_output(Tensor::zeros({3, 3, 3, 0})), no_bias(Tensor::zeros({0}));
  for (auto* op : {conv2d, conv_transpose2d}) {
    for (const ConvOptions& o : {ConvOptions{.padding = ConvPadding::each(2)}, {.padding = ConvPadding::same()}, {}})
      for (const Shape& shape : {Shape{1, 0, 5, 3}, Shape{1, 5, 0, 3}})
        CHECK_THROWS_WITH_AS(op(Var(Tensor::zeros(shape)), w, b, o), doctest::Contains("expected images of at least one pixel"), Error);
    CHECK_THROWS_WITH_AS(op(Var(Tensor::zeros({1, 5, 5, 0})), none, b, {}), doctest::Contains("at least one channel"), Error);
    CHECK_THROWS_WITH_AS(op(x, no_output, no_bias, {}), doctest::Contains("at least one output channel, got (3, 3, 3, 0)"), Error);
    CHECK(op(Var(Tensor::zeros({0, 5, 5, 3})), w, b, {}).shape()[0] == 0);
  }
  // Both conventions' sizes: Keras' `same`, PyTorch's padding and output padding.
  CHECK(conv2d(Var(Tensor::zeros({1, 7, 8, 3})), w, b, {.stride = 2, .padding = ConvPadding::same()}).shape() == Shape{1, 4, 4, 4});
  CHECK(conv_transpose2d(x, w, b, {.stride = 2, .padding = ConvPadding::same()}).shape() == Shape{1, 10, 10, 4});
  CHECK(conv_transpose2d(x, w, b, {.stride = 2, .padding = ConvPadding::each(1), .output_padding = 1}).shape() == Shape{1, 10, 10, 4});
  CHECK(conv_transpose2d(x, w, b, {.stride = 2, .padding = ConvPadding::each(1)}).shape() == Shape{1, 9, 9, 4});
}
