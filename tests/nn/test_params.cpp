#include <doctest/doctest.h>

#include <cmath>

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "nn/layers.h"
#include "nn/norm.h"
#include "nn/optim/methods.h"
#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/reduce.h"

using namespace elbo;

namespace {

Tensor square_of(const Tensor& x) { return square(Var(x)).value(); }

}  // namespace

TEST_CASE("parameters lie in one block, aligned, and gradients go straight into it") {
  ParamStore store({.seed = 3});
  const Scope root(store);
  const Linear a(root / "a", 5, 3, Nonlinearity::relu), b(root / "b", 3, 2);
  const Linear unused(root / "unused", 2, 2);
  store.seal();
  CHECK(store.count() == 6);
  CHECK(store.numel() == 18 + 8 + 6);
  for (int i = 0; i < store.count(); i++) CHECK(store.slot(i).offset % 16 == 0);
  Tensor x({4, 5});
  fill_normal(x, {.seed = 9});
  store.gradients().fill(123);
  const Gradients g = backward(sum(square(b(a(Var(x))))));
  CHECK(g[Var(a.weight)].raw() == static_cast<const char*>(store.gradients().raw()) + 4 * store.slot(0).offset);
  CHECK_FALSE(g.contains(Var(unused.weight)));
  store.complete(g);
  CHECK(store.gradients().element(store.slot(4).offset) == 0);
  CHECK(store.gradients().element(store.slot(0).offset) != 123);
}

TEST_CASE("initial weights depend on seed and name alone") {
  ParamStore one({.seed = 5}), two({.seed = 5}), other({.seed = 6});
  const Linear a(Scope(one) / "x", 10, 10), skip(Scope(two) / "before", 3, 3), b(Scope(two) / "x", 10, 10), c(Scope(other) / "x", 10, 10);
  CHECK(identical(a.weight.value(), b.weight.value()));
  CHECK_FALSE(identical(a.weight.value(), c.weight.value()));
  CHECK_THROWS_AS(Linear(Scope(one) / "x", 2, 2), Error);
}

TEST_CASE("orthogonal initialisation has orthonormal rows or columns, whichever are fewer") {
  for (const auto& [in, out] : {std::pair<Index, Index>{20, 7}, {7, 20}}) {
    ParamStore store({.init = Init::orthogonal, .type = DType::float64});
    const Linear a(Scope(store) / "a", in, out);
    const bool rows = out < in;
    const Tensor product = matmul(Var(a.weight), Var(a.weight), !rows, rows).value();
    for (Index i = 0; i < 7; i++)
      for (Index j = 0; j < 7; j++) CHECK(product.at<double>({i, j}) == doctest::Approx(i == j ? 1 : 0));
  }
}

TEST_CASE("initialisers have their range and deviation, biases are zero but for fan-in-uniform") {
  const Index in = 300, out = 200;
  struct Expected {
    Init init;
    bool uniform;
    double deviation;
  };
  for (const Expected& e : {Expected{Init::glorot_uniform, true, std::sqrt(2.0 / double(in + out))},
                            {Init::fan_in_uniform, true, std::sqrt(1.0 / (3.0 * double(in)))},
                            {Init::glorot_normal, false, std::sqrt(2.0 / double(in + out))},
                            {Init::he_uniform, true, std::sqrt(2.0 / double(in))},
                            {Init::he_normal, false, std::sqrt(2.0 / double(in))},
                            {Init::zeros, true, 0}}) {
    CAPTURE(init_name(e.init));
    ParamStore store({.init = e.init, .type = DType::float64});
    const Linear layer(Scope(store) / "a", in, out);
    const Tensor w = layer.weight.value(), b = layer.bias.value();
    const double mean = total(w) / double(w.numel()), square = total(square_of(w)) / double(w.numel());
    CHECK(std::abs(mean) <= 5 * e.deviation / std::sqrt(double(w.numel())));
    CHECK(std::sqrt(square) == doctest::Approx(e.deviation).epsilon(0.02));
    const double largest = max(abs(w)).item(), width = std::sqrt(3.0) * e.deviation;
    if (e.uniform) {
      CHECK(largest <= width);
      CHECK(largest >= 0.999 * width);
    } else {
      CHECK(largest > 3.5 * e.deviation);
    }
    if (e.init == Init::fan_in_uniform) {
      const double a = 1 / std::sqrt(double(in)), most = max(abs(b)).item();
      CHECK(most <= a);
      CHECK(most > 0.9 * a);
    } else {
      CHECK(max(abs(b)).item() == 0);
    }
  }
}

TEST_CASE("gradients that a later pass has overwritten are refused, by the optimizer too") {
  ParamStore store({.init = Init::zeros});
  const Scope root(store);
  const Parameter w = root.parameter("w", {1}, Initializer::constant(0)), v = root.parameter("v", {1}, Initializer::constant(1));
  store.seal();
  Sgd sgd(store, SgdOptions{Schedule::constant(0.5)});
  const auto loss = [&](double factor) { return sum(Var(w) * factor); };
  const Gradients first = backward(loss(2));
  CHECK(first[Var(w)].element(0) == 2);
  const std::vector<Tensor> kept = gradients(loss(7), std::vector<Var>{w});
  CHECK_THROWS_WITH_AS(first[Var(w)], doctest::Contains("overwritten"), Error);
  CHECK_THROWS_WITH_AS(sgd.step(first), doctest::Contains("overwritten"), Error);
  CHECK(w.value().element(0) == 0);
  const Gradients second = backward(loss(30));
  CHECK(kept[0].element(0) == 7);  // gradients() gives numbers of their own
  sgd.step(second);
  CHECK(w.value().element(0) == -15);
  // A pass that does not touch the parameter leaves its gradient valid.
  const Gradients third = backward(loss(4)), elsewhere = backward(sum(Var(v) * 5));
  CHECK(third[Var(w)].element(0) == 4);
  CHECK(elsewhere[Var(v)].element(0) == 5);
}

TEST_CASE("buffers are saved with the parameters, and not trained") {
  ParamStore store;
  const Scope root(store);
  const Parameter running = root.buffer("running", {3}, 0.5), w = root.parameter("w", {2}, Initializer::constant(1));
  store.seal();
  CHECK(store.count() == 1);
  CHECK(store.numel() == 2);
  CHECK(store.tensors().size() == 2);
  CHECK(running.value().element(2) == 0.5);
  ParamStore other;
  const Parameter theirs = Scope(other).buffer("running", {3}, 0);
  const Parameter weight = Scope(other).parameter("w", {2}, Initializer::constant(0));
  other.seal();
  other.load(store.tensors(), "test");
  CHECK(identical(theirs.value(), running.value()));
  CHECK(identical(weight.value(), w.value()));
}

TEST_CASE("layers pass the gradient check in float64") {
  ParamStore store({.seed = 2, .type = DType::float64});
  const Scope root(store);
  const Mlp mlp(root / "mlp", 4, std::vector<Index>{6, 5}, Nonlinearity::tanh);
  const LayerNorm norm(root / "norm", 5);
  store.seal();
  Tensor x({3, 4}, DType::float64);
  fill_normal(x, {.seed = 4});
  std::vector<Var> parameters;
  for (const Parameter& p : store.parameters()) parameters.push_back(p);
  CHECK(gradcheck_model([&] { return sum(square(norm(mlp(Var(x)))) * 0.5 + norm(mlp(Var(x)))); }, parameters) < 1e-7);
}

TEST_CASE("dropout keeps the mean and does nothing in evaluation") {
  const Dropout dropout{.rate = 0.3};
  const Var x(Tensor::ones({1000, 50}));
  const RandomKey key{.seed = 1, .purpose = Purpose::dropout, .step = 4};
  const double kept = total(dropout(x, key, 0, true).value()) / 50000;
  CHECK(kept == doctest::Approx(1).epsilon(0.01));
  CHECK(identical(dropout(x, key, 0, false).value(), x.value()));
  CHECK(identical(dropout(x, key, 0, true).value(), dropout(x, key, 0, true).value()));
}
