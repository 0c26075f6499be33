// The optimizers: against PyTorch (golden/optim.safetensors, made by golden/optim.py), and what PyTorch's values do not show.

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <memory>

#include "autograd/ops.h"
#include "nn/optim/methods.h"
#include "tensor/parallel.h"
#include "tensor/safetensors.h"
#include "tests/support.h"

using namespace elbo;
using testing::contains, testing::error_of;

namespace {

const TensorFile& golden_file() {
  static const TensorFile file = load_safetensors(testing::golden("optim.safetensors"));
  return file;
}
const Tensor& golden(const std::string& name) {
  const Tensor* t = golden_file().find(name);
  REQUIRE_MESSAGE(t, name << " is not in optim.safetensors: run golden/optim.py");
  return *t;
}

// The three parameters of the golden file. The gradient of sum(w G) is G: the file's.
struct Model {
  explicit Model(DType type = DType::float32) : store({.type = type}) {
    const Scope encoder = Scope(store) / "encoder", decoder = Scope(store) / "decoder";
    const auto zero = Initializer::constant(0);
    parameters = {encoder.parameter("weight", {3, 5}, zero), encoder.parameter("bias", {4}, zero),
                  decoder.parameter("weight", {2, 19}, zero)};
    store.seal();
    std::vector<std::pair<std::string, Tensor>> start;
    for (std::size_t p = 0; p < 3; p++) start.emplace_back(parameters[p].name(), golden("start" + std::to_string(p)));
    store.load(start, "start");
  }
  Var loss(Index s, std::vector<std::size_t> which = {0, 1, 2}) const {
    Var total;
    for (std::size_t p : which) {
      const Var part = sum(Var(parameters[p]) * Var(golden("gradient" + std::to_string(p))[s].to(store.options().type)));
      total = total ? total + part : part;
    }
    return total;
  }
  ParamStore store;
  std::vector<Parameter> parameters;
};

using Make = std::function<std::unique_ptr<Optimizer>(ParamStore&)>;

template <class O, class Options>
Make make(const Options& options, const UpdateOptions& update = {}) {
  return [=](ParamStore& store) { return std::make_unique<O>(store, options, update); };
}

struct Case {
  std::string name;
  Make make;
};
std::vector<Case> cases() {
  return {
      {"sgd", make<Sgd>(SgdOptions{.learning_rate = 0.05})},
      {"sgd-decay", make<Sgd>(SgdOptions{.learning_rate = 0.05, .weight_decay = 0.1})},
      {"sgd-momentum", make<Sgd>(SgdOptions{.learning_rate = 0.02, .momentum = 0.9})},
      {"sgd-dampening", make<Sgd>(SgdOptions{.learning_rate = 0.05, .momentum = 0.8, .dampening = 0.3, .weight_decay = 0.1})},
      {"sgd-nesterov", make<Sgd>(SgdOptions{.learning_rate = 0.02, .momentum = 0.9, .nesterov = true, .weight_decay = 0.05})},
      {"rmsprop", make<Rmsprop>(RmspropOptions{})},
      {"rmsprop-decay", make<Rmsprop>(RmspropOptions{.rho = 0.9, .epsilon = 1e-4, .weight_decay = 0.1})},
      {"rmsprop-momentum", make<Rmsprop>(RmspropOptions{.rho = 0.9, .momentum = 0.8})},
      {"rmsprop-centred", make<Rmsprop>(RmspropOptions{.rho = 0.95, .centred = true})},
      {"rmsprop-centred-momentum", make<Rmsprop>(RmspropOptions{.rho = 0.95, .centred = true, .momentum = 0.8, .weight_decay = 0.05})},
      {"adam", make<Adam>(AdamOptions{.learning_rate = 0.01})},
      {"adam-decay", make<Adam>(AdamOptions{.learning_rate = 0.01, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-4, .weight_decay = 0.1})},
      {"adam-amsgrad", make<Adam>(AdamOptions{.learning_rate = 0.01, .beta2 = 0.9, .amsgrad = true})},
      {"adamw", make<AdamW>(AdamWOptions{.learning_rate = 0.01})},
      {"adamw-decay", make<AdamW>(AdamWOptions{.learning_rate = 0.05, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-4, .weight_decay = 0.2})},
      {"adamw-amsgrad", make<AdamW>(AdamWOptions{.learning_rate = 0.01, .beta2 = 0.9, .weight_decay = 0.1, .amsgrad = true})},
      {"clip-norm", make<Adam>(AdamOptions{.learning_rate = 0.01}, {.clip_norm = 9})},
      {"clip-value", make<Sgd>(SgdOptions{.learning_rate = 0.05, .momentum = 0.9}, {.clip_value = 0.75})},
      {"clip-both", make<Sgd>(SgdOptions{.learning_rate = 0.05}, {.clip_norm = 9, .clip_value = 0.75})},
      {"groups",
       make<AdamW>(AdamWOptions{.learning_rate = 0.01, .weight_decay = 0.1},
                   {.groups = {{.prefix = "encoder/", .suffix = "weight", .rate = 0.1}, {.suffix = "/bias", .weight_decay = 0}}})},
      {"scheduled", make<Adam>(AdamOptions{.learning_rate = Schedule::exponential(0.01, 0.97)},
                               {.groups = {{.prefix = "encoder/weight", .rate = 0.5}}})},
  };
}

// Largest difference between two tensors over the largest magnitude of the second.
double relative_difference(const Tensor& value, const Tensor& expected) {
  REQUIRE(value.shape() == expected.shape());
  double difference = 0, magnitude = 0;
  for (Index i = 0; i < expected.numel(); i++) {
    const double d = std::fabs(value.element(i) - expected.element(i));
    REQUIRE(std::isfinite(d));
    difference = std::max(difference, d);
    magnitude = std::max(magnitude, std::fabs(expected.element(i)));
  }
  return difference / magnitude;
}

void check_against_golden(const std::string& name, const Make& maker, DType type) {
  Model model(type);
  const auto optimizer = maker(model.store);
  const Tensor shown = golden("shown");
  for (Index s = 0, next = 0; s < golden("gradient0").size(0); s++) {
    optimizer->step(backward(model.loss(s)));
    if (s + 1 != shown.element(next)) continue;
    for (std::size_t p = 0; p < 3; p++) {
      CAPTURE(s);
      CAPTURE(p);
      const Tensor expected = golden(name + (type == DType::float32 ? "/f32/" : "/f64/") + std::to_string(p))[next];
      CHECK(relative_difference(model.parameters[p].value(), expected) <= (type == DType::float32 ? 1e-6 : 1e-12));
    }
    next++;
  }
  CHECK(optimizer->steps() == 100);
}

// A store of one parameter of n numbers, large enough for several chunks.
struct Large {
  explicit Large(Index n) {
    weight = Scope(store).parameter("weight", {n}, Initializer{Initializer::Kind::normal, 1});
    store.seal();
    gradient = Tensor({1, n});
    fill_normal(gradient, {.seed = 5});
    gradient = gradient.flatten();
  }
  Gradients pass() const { return backward(sum(Var(weight) * Var(gradient))); }
  ParamStore store;
  Parameter weight;
  Tensor gradient;
};

}  // namespace

TEST_CASE("100 steps of every optimizer agree with PyTorch, in both types, with every instruction set") {
  const Isa before = isa();
  for (Isa each : {Isa::reference, Isa::baseline, Isa::avx2, Isa::avx512, Isa::neon}) {
    if (!isa_available(each)) continue;
    set_isa(each);
    CAPTURE(isa_name(each));
    for (const Case& c : cases()) {
      CAPTURE(c.name);
      check_against_golden(c.name, c.make, DType::float64);
      check_against_golden(c.name, c.make, DType::float32);
    }
  }
  set_isa(before);
}

TEST_CASE("an update has the same bits for any number of threads, and leaves the gradients alone") {
  const int before = threads();
  std::vector<Tensor> results;
  std::vector<double> norms;
  for (int n : {1, 2, 5}) {
    set_threads(n);
    Large large(300001);
    Adam adam(large.store, {}, {.clip_norm = 3});
    for (int s = 0; s < 3; s++) adam.step(large.pass());
    CHECK(identical(large.store.gradients().slice(0, 300001), large.gradient));
    results.push_back(large.weight.value().clone());
    norms.push_back(adam.last_gradient_norm());
  }
  set_threads(before);
  for (int i : {1, 2}) {
    CHECK(identical(results[0], results[std::size_t(i)]));
    CHECK(norms[0] == norms[std::size_t(i)]);
  }
  double squares = 0;
  const Large large(300001);
  for (float g : large.gradient.values<float>()) squares += double(g) * double(g);
  CHECK(norms[0] == doctest::Approx(std::sqrt(squares)).epsilon(1e-6));
}

TEST_CASE("a step takes no memory") {
  Large large(100000);
  Adam adam(large.store, {.amsgrad = true}, {.clip_norm = 3, .clip_value = 1});
  adam.step(large.pass());
  const Gradients g = large.pass();
  const auto requests = memory_stats().requests;
  adam.step(g);
  CHECK(memory_stats().requests == requests);
}

TEST_CASE("a prefix restricts an optimizer to a part of the store, state included") {
  Model all, part;
  const Tensor encoder = part.parameters[0].value().clone();
  Adam one(all.store), two(part.store, {}, {.prefix = "decoder/"});
  CHECK(two.ranges().size() == 1);
  CHECK(two.ranges()[0].offset == part.store.slot(2).offset);
  CHECK(two.ranges()[0].length == 38);
  CHECK(two.state()[0].second.numel() == 38);
  for (Index s = 0; s < 5; s++) {
    one.step(backward(all.loss(s)));
    two.step(backward(part.loss(s)));
  }
  CHECK(identical(part.parameters[2].value(), all.parameters[2].value()));
  CHECK(identical(part.parameters[0].value(), encoder));
  double squares = 0;
  const Tensor gradient = golden("gradient2")[4];
  for (float g : gradient.values<float>()) squares += double(g) * double(g);
  CHECK(two.last_gradient_norm() == doctest::Approx(std::sqrt(squares)));
  CHECK(contains(error_of([&] { Adam(part.store, {}, {.prefix = "nowhere/"}); }), "nowhere/"));
}

TEST_CASE("a parameter that a pass did not reach has a zero gradient in it, never the last pass's") {
  Model skipped, zero;
  Adam one(skipped.store), two(zero.store);
  for (Index s = 0; s < 3; s++) {
    one.step(backward(skipped.loss(s)));
    two.step(backward(zero.loss(s)));
  }
  one.step(backward(skipped.loss(3, {0, 2})));
  two.step(backward(zero.loss(3, {0, 2}) + sum(Var(zero.parameters[1]) * 0.0)));
  for (std::size_t p = 0; p < 3; p++) CHECK(identical(skipped.parameters[p].value(), zero.parameters[p].value()));
}

TEST_CASE("state goes out and in by name, and training goes on to the same bits") {
  for (const Case& c : cases()) {
    CAPTURE(c.name);
    Model straight, stopped;
    const auto one = c.make(straight.store);
    for (Index s = 0; s < 20; s++) one->step(backward(straight.loss(s)));
    const auto two = c.make(stopped.store);
    for (Index s = 0; s < 10; s++) two->step(backward(stopped.loss(s)));
    Model resumed;
    resumed.store.load(stopped.store.tensors(), "test");
    const auto three = c.make(resumed.store);
    three->load_state(two->state(), two->steps(), "test");
    for (Index s = 10; s < 20; s++) three->step(backward(resumed.loss(s)));
    for (std::size_t p = 0; p < 3; p++) CHECK(identical(resumed.parameters[p].value(), straight.parameters[p].value()));
    CHECK(three->steps() == 20);
  }
}

TEST_CASE("state that does not fit is an error and changes nothing") {
  Model model, wide(DType::float64);
  Adam adam(model.store), other(wide.store), amsgrad(model.store, {.amsgrad = true});
  Sgd sgd(model.store, {.momentum = 0.9});
  adam.step(backward(model.loss(0)));
  const Tensor m = adam.state()[0].second.clone();
  CHECK(contains(error_of([&] { adam.load_state(sgd.state(), 3, "run/state"); }), "run/state: block 'v' of adam is missing"));
  CHECK(contains(error_of([&] { adam.load_state(amsgrad.state(), 3, "run/state"); }), "'v_max' is not one of adam's"));
  CHECK(contains(error_of([&] { adam.load_state(other.state(), 3, "run/state"); }), "float64"));
  CHECK(contains(error_of([&] { adam.load_state(adam.state(), -1, "run/state"); }), "-1"));
  CHECK(identical(adam.state()[0].second, m));
  CHECK(adam.steps() == 1);
}

TEST_CASE("a graph that saved a parameter cannot be used after the update") {
  Model model;
  Sgd sgd(model.store);
  const Var w = model.parameters[0];
  const Var y = sum(square(w));
  sgd.step(backward(model.loss(0)));
  CHECK(contains(error_of([&] { backward(y); }), "changed in place"));
}

TEST_CASE("the hook sees the whole gradient block before clipping") {
  Model plain, doubled;
  Sgd one(plain.store), two(doubled.store, {}, {.clip_value = 100, .hook = [](Tensor&g) {
                                                  for (float& x : std::span(g.mutable_data<float>(), std::size_t(g.numel()))) x *= 2;
                                                }});
  one.step(backward(plain.loss(0)), 2);  // twice the rate for this step is twice the gradient
  two.step(backward(doubled.loss(0)));
  CHECK(identical(plain.parameters[2].value(), doubled.parameters[2].value()));
  CHECK(two.last_gradient_norm() == doctest::Approx(2 * one.last_gradient_norm()));
}

TEST_CASE("a gradient that is not finite moves nothing") {
  for (const float wrong : {NAN, INFINITY, -INFINITY}) {
    Large large(1000);
    Adam adam(large.store, {}, {.clip_norm = 1, .clip_value = 0.5});
    adam.step(large.pass());
    const Tensor before = large.weight.value().clone(), m = adam.state()[0].second.clone();
    large.gradient.set<float>({7}, wrong);
    CHECK_THROWS_AS(adam.step(large.pass()), NonFiniteGradient);
    CHECK_FALSE(std::isfinite(adam.last_gradient_norm()));
    CHECK(identical(large.weight.value(), before));
    CHECK(identical(adam.state()[0].second, m));
    CHECK(adam.steps() == 1);
  }
}

TEST_CASE("options out of range and an open store are errors") {
  Model model;
  ParamStore open;
  Scope(open).parameter("w", {2}, Initializer::constant(0));
  CHECK(contains(error_of([&] { Sgd{open}; }), "seal()"));
  CHECK(contains(error_of([&] { Sgd(model.store, {.momentum = 1}); }), "momentum in [0, 1), got 1"));
  CHECK(contains(error_of([&] { Sgd(model.store, {.nesterov = true}); }), "Nesterov"));
  CHECK(contains(error_of([&] { Sgd(model.store, {.momentum = 0.9, .dampening = 0.1, .nesterov = true}); }), "Nesterov"));
  CHECK(contains(error_of([&] { Rmsprop(model.store, {.rho = -0.1}); }), "rho"));
  CHECK(contains(error_of([&] { Rmsprop(model.store, {.epsilon = 0}); }), "epsilon"));
  CHECK(contains(error_of([&] { Adam(model.store, {.beta2 = 1.5}); }), "beta2"));
  CHECK(contains(error_of([&] { AdamW(model.store, {.weight_decay = -1}); }), "decay"));
  CHECK(contains(error_of([&] { Sgd(model.store, {}, {.clip_norm = -1}); }), "clip_norm -1"));
}
