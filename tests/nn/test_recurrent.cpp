#include "nn/recurrent.h"

#include <doctest/doctest.h>

#include <cmath>

#include "autograd/engine.h"
#include "autograd/ops.h"
#include "nn/layers.h"
#include "tensor/elementwise.h"
#include "tensor/reduce.h"
#include "tensor/safetensors.h"
#include "tests/support.h"

using namespace elbo;
using namespace elbo::testing;

namespace {

// PyTorch's values (tests/golden/recurrent.py).
Tensor golden_tensor(const std::string& name) {
  static const TensorFile file = load_safetensors(golden("recurrent.safetensors"));
  const Tensor* found = file.find(name);
  if (!found) FAIL("recurrent.safetensors has no " << name);
  return *found;
}

void check_close(const Tensor& found, const std::string& name) {
  const Tensor expected = golden_tensor(name);
  CAPTURE(name);
  REQUIRE(found.shape() == expected.shape());
  const auto magnitude = [](const Tensor& x) { return max(unary(Unary::abs, x)).item(); };
  CHECK(magnitude(subtract(found, expected)) <= 1e-12 * magnitude(expected));
}

}  // namespace

TEST_CASE("recurrent layers one over the other, in one direction and in both, agree with PyTorch") {
  for (const RecurrentKind kind : {RecurrentKind::lstm, RecurrentKind::gru}) {
    const bool both = kind == RecurrentKind::lstm;
    const char* name = both ? "lstm_stack" : "gru_stack";
    CAPTURE(name);
    const std::string at = std::string(name) + "/";
    ParamStore store({.type = DType::float64});
    const RecurrentStack stack(Scope(store) / name, kind, 3, 4, 2, both);
    store.seal();
    CHECK(stack.width == (both ? 8 : 4));
    std::vector<std::pair<std::string, Tensor>> weights;
    for (const Parameter& p : store.parameters()) weights.emplace_back(p.name(), golden_tensor(p.name()));
    store.load(weights, "recurrent.safetensors");
    const Var x = leaf(golden_tensor(at + "x"));
    const RecurrentStack::Result r = stack(x);
    std::vector<Var> states;
    for (const RecurrentState& s : r.last) states.push_back(s.h);
    const Var last = elbo::stack(std::span<const Var>(states));
    check_close(r.y.value(), at + "y");
    check_close(last.value(), at + "last");
    const Gradients g = backward(sum(r.y * Var(golden_tensor(at + "dy"))) + sum(last * Var(golden_tensor(at + "dlast"))));
    check_close(g[x], at + "dx");
    for (const Parameter& p : store.parameters()) check_close(g[Var(p)], at + "d" + p.name().substr(at.size()));
  }
}

TEST_CASE("recurrent layers: what is done between layers, states of all of them, errors") {
  ParamStore store;
  const RecurrentStack stack(Scope(store) / "r", RecurrentKind::gru, 2, 3, 2);
  store.seal();
  const Var x(Tensor::full({4, 2, 2}, 0.5));
  std::vector<Index> between;
  const RecurrentStack::Result whole = stack(x, {}, {}, [&](const Var& y, Index layer) {
    between.push_back(layer);
    return y;
  });
  CHECK(between == std::vector<Index>{1});
  // The second half of a sequence goes on where the first half ended.
  const RecurrentStack::Result first = stack(slice(x, 0, 0, 2)), second = stack(slice(x, 0, 2, 4), first.last);
  CHECK(identical(second.y.value(), whole.y.value().slice(2, 4).clone()));
  CHECK(contains(error_of([&] { stack(x, {first.last[0]}); }), "expected no states or 2, one for each layer and direction, got 1"));
  CHECK(contains(message_of<UsageError>([] { recurrent_kind_from_name("lsmt"); }), "lstm"));
}

TEST_CASE("dropout of sequences: draws are an example's own; locked ones are the same at all steps") {
  const RandomKey key{.seed = 1, .purpose = Purpose::dropout, .step = 4};
  const Var x(Tensor::ones({6, 50, 40}));
  for (const bool locked : {false, true}) {
    const SequenceDropout dropout{.rate = 0.25, .locked = locked};
    const Tensor y = dropout(x, key, 0, true).value();
    CHECK(mean(y).item() == doctest::Approx(1).epsilon(locked ? 0.03 : 0.015));
    CHECK(identical(y[0].clone(), y[5].clone()) == locked);
    const Tensor later = dropout(Var(Tensor::ones({6, 20, 40})), key, 30, true).value();
    for (Index t = 0; t < 6; t++) CHECK(identical(later[t].clone(), y[t].slice(30, 50).clone()));
    CHECK(identical(dropout(x, key, 0, false).value(), x.value()));
  }
  CHECK(contains(error_of([&] { SequenceDropout{.rate = 1}(x, key, 0, true); }), "expected a rate from 0 to below 1"));
}

TEST_CASE("cross-entropy with its layer: a second pass over one graph is an error, not a wrong gradient") {
  const Var x = leaf(Tensor::ones({2, 3})), w = leaf(Tensor::full({4, 3}, 0.5)), b = leaf(Tensor::zeros({4}));
  const Var loss = sum(linear_cross_entropy(x, w, b, Tensor::from<std::int32_t>({0, 3}, {2})));
  const Tensor first = backward(loss, {.retain_graph = true})[x];
  CHECK(first.shape() == x.shape());
  CHECK(contains(error_of([&] { backward(loss); }), "linear_cross_entropy"));
}

TEST_CASE("embedding: rows by token, and their initial range") {
  for (const Init init : {Init::glorot_uniform, Init::fan_in_uniform}) {
    ParamStore store({.init = init});
    const Embedding embedding(Scope(store) / "e", 500, 40);
    store.seal();
    const Tensor tokens = Tensor::from<std::int32_t>({3, 499, 0, 3, 3, 1}, {3, 2});
    const Var y = embedding(tokens);
    CHECK(y.shape() == Shape{3, 2, 40});
    CHECK(identical(y.value()[0][1].clone(), embedding.weight.value()[499].clone()));
    CHECK(std::sqrt(variance(embedding.weight.value()).item()) == doctest::Approx(init == Init::fan_in_uniform ? 1 : 0.1).epsilon(0.02));
    const Gradients g = backward(sum(y));
    CHECK(g[Var(embedding.weight)].at<float>({3, 7}) == 3);
    CHECK(g[Var(embedding.weight)].at<float>({2, 7}) == 0);
  }
}
