// Layers that normalise, against PyTorch (golden/norm.safetensors, made by golden/norm.py), and what becomes of running statistics.

#include "nn/norm.h"

#include <doctest/doctest.h>

#include "autograd/gradcheck.h"
#include "autograd/mode.h"
#include "autograd/ops.h"
#include "nn/pooling.h"
#include "tensor/safetensors.h"
#include "tests/support.h"
#include "tests/tensor/helpers.h"

using namespace elbo;
using testing::contains, testing::error_of;

namespace {

const Tensor& golden(const std::string& name) {
  static const TensorFile file = load_safetensors(testing::golden("norm.safetensors"));
  const Tensor* t = file.find(name);
  REQUIRE_MESSAGE(t, name << " is not in norm.safetensors: run golden/norm.py");
  return *t;
}

// Values and gradients of one call against PyTorch's.
template <class Layer, class Run>
void check_step(const std::string& name, int number, const Layer& layer, Run&& run) {
  const auto key = [&](const char* what) { return name + "/" + what + std::to_string(number); };
  CAPTURE(key("step"));
  const Var x = leaf(golden(key("x")));
  const Var y = run(x);
  const Gradients g = backward(y, {.cotangent = golden(key("dy"))});
  CHECK(difference(y.value(), golden(key("y"))) <= 1e-13);
  CHECK(difference(g[x], golden(key("dx"))) <= 1e-13);
  CHECK(difference(g[Var(layer.gain)], golden(key("dgain"))) <= 1e-13);
  CHECK(difference(g[Var(layer.bias)], golden(key("dbias"))) <= 1e-13);
}

// gain and bias as in the file; buffers stay.
void load(ParamStore& store, const std::string& name) {
  auto all = store.tensors();
  for (auto& [key, tensor] : all)
    if (key == name + "/gain" || key == name + "/bias") tensor = golden(key);
  store.load(all, "norm.safetensors");
}

struct Small {
  explicit Small(DType type = DType::float64) : store({.type = type}), norm(Scope(store) / "norm", 3) { store.seal(); }
  ParamStore store;
  BatchNorm norm;
  std::pair<Tensor, Tensor> statistics() const { return {norm.running_mean.value().clone(), norm.running_variance.value().clone()}; }
};
bool same(const std::pair<Tensor, Tensor>& a, const std::pair<Tensor, Tensor>& b) {
  return identical(a.first, b.first) && identical(a.second, b.second);
}

}  // namespace

TEST_CASE("BatchNorm agrees with PyTorch in training and evaluation, its running statistics too") {
  for (const auto& [name, channels, options] :
       {std::tuple<std::string, Index, BatchNormOptions>{"batch", 5, {}}, {"rows", 7, {.momentum = 0.25, .epsilon = 1e-3}}}) {
    ParamStore store({.type = DType::float64});
    const BatchNorm norm(Scope(store) / name, channels, options);
    store.seal();
    CHECK(store.count() == 2);
    CHECK(store.tensors().size() == 4);
    load(store, name);
    for (int number = 0; number < 4; number++) {
      check_step(name, number, norm, [&](const Var& x) { return norm(x, number < 3); });
      CHECK(difference(norm.running_mean.value(), golden(name + "/running_mean" + std::to_string(number))) <= 1e-14);
      CHECK(difference(norm.running_variance.value(), golden(name + "/running_variance" + std::to_string(number))) <= 1e-14);
    }
  }
}

TEST_CASE("GroupNorm agrees with PyTorch") {
  ParamStore store({.type = DType::float64});
  const GroupNorm norm(Scope(store) / "group", 6, 2);
  store.seal();
  load(store, "group");
  check_step("group", 0, norm, norm);
}

TEST_CASE("running statistics: only training moves them, and never a graph that is merely drawn") {
  Small small;
  const Var x(normal({4, 2, 2, 3}, DType::float64));
  const auto first = small.statistics();
  small.norm(x, false);
  {
    Record guard;
    small.norm(x, true);
  }
  CHECK(same(small.statistics(), first));
  {
    NoGrad guard;
    small.norm(x, true);
  }
  const auto second = small.statistics();
  CHECK_FALSE(same(second, first));
  Small other;
  other.norm(leaf(x.value()), true);
  CHECK(same(other.statistics(), second));
  // They are saved and loaded with the parameters.
  Small loaded;
  loaded.store.load(small.store.tensors(), "test");
  CHECK(same(loaded.statistics(), second));
  CHECK(identical(loaded.norm(x, false).value(), small.norm(x, false).value()));
}

TEST_CASE("running statistics may move between a forward and its backward pass") {
  Small small, untouched;
  const Tensor input = normal({4, 2, 2, 3}, DType::float64), dy = normal({4, 2, 2, 3}, DType::float64, 1);
  for (const bool training : {false, true}) {
    const Var x = leaf(input), y = small.norm(x, training);
    small.norm(Var(dy), true);
    const Var x2 = leaf(input), y2 = untouched.norm(x2, training);
    CHECK(identical(backward(y, {.cotangent = dy})[x], backward(y2, {.cotangent = dy})[x2]));
    untouched.norm(Var(dy), true);
  }
}

TEST_CASE("running statistics have the same bits for any number of threads") {
  for (const bool variance : {false, true})
    CHECK(same_for_any_threads([&] {
      Small small(DType::float32);
      for (std::uint64_t i = 0; i < 3; i++) small.norm(Var(normal({40, 31, 29, 3}, DType::float32, i)), true);
      return variance ? small.statistics().second : small.statistics().first;
    }));
}

TEST_CASE("layers of images pass the gradient check in float64") {
  ParamStore store({.type = DType::float64});
  const BatchNorm batch(Scope(store) / "batch", 6);
  const GroupNorm group(Scope(store) / "group", 6, 3);
  store.seal();
  std::vector<Var> parameters;
  for (const Parameter& p : store.parameters()) parameters.push_back(p);
  const Var x = leaf(normal({2, 4, 6, 6}, DType::float64));
  parameters.push_back(x);
  const MaxPool2d largest;
  const AveragePool2d mean{{.kernel = 3, .stride = 1, .padding = 1}, false};
  const Upsample larger{.factor = {2, 1}, .mode = Upsampling::bilinear};
  for (const bool training : {true, false})
    CHECK(gradcheck_model([&] { return sum(square(larger(mean(group(batch(x, training))))) + sum(largest(x))); }, parameters) < 1e-7);
}

TEST_CASE("layers that normalise: errors") {
  ParamStore store;
  const Scope root(store);
  const BatchNorm batch(root / "batch", 4);
  CHECK(contains(error_of([&] { GroupNorm(root / "group", 6, 4); }), "4 groups for 6 channels in 'group'"));
  CHECK(contains(error_of([&] { BatchNorm(root / "other", 4, {.momentum = 2}); }), "momentum from 0 to 1, got 2"));
  CHECK(contains(error_of([&] { batch(Var(normal({1, 4})), true); }), "[batch_norm] expected at least two numbers in each mean"));
  CHECK(contains(error_of([&] { batch(Var(normal({3, 5})), true); }), "a gain for each channel"));
  CHECK(batch(Var(normal({1, 4})), false).shape() == Shape{1, 4});
  CHECK(contains(error_of([&] { batch.gain.buffer(); }), "'batch/gain' is trained"));
}
