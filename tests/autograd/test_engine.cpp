#include <doctest/doctest.h>

#include "autograd/engine.h"
#include "autograd/ops.h"
#include "tensor/error.h"

using namespace elbo;

namespace {
Tensor d(std::initializer_list<double> values) { return Tensor::from<double>(values); }
}  // namespace

TEST_CASE("a Var used twice gets the sum") {
  const Var x = leaf(d({1, 2, 3}));
  CHECK(identical(backward(sum(x * x))[x], d({2, 4, 6})));
  CHECK(identical(backward(sum(x + x))[x], d({2, 2, 2})));
  const Var y = x * x;
  CHECK(identical(backward(sum(y * x + y))[x], d({5, 16, 33})));  // 3 x^2 + 2 x
}

TEST_CASE("broadcasting on both sides") {
  const Var a = leaf(Tensor::ones({3, 1}, DType::float64)), b = leaf(Tensor::full({1, 4}, 2, DType::float64));
  const Gradients g = backward(sum(a * b));
  CHECK(identical(g[a], Tensor::full({3, 1}, 8, DType::float64)));
  CHECK(identical(g[b], Tensor::full({1, 4}, 3, DType::float64)));
}

TEST_CASE("intermediates, and branches that lead nowhere") {
  const Var x = leaf(d({1, 2})), other = leaf(d({5, 5}));
  const Var h = x * x, y = sum(h * other);
  const Gradients g = backward(y, {.also = std::vector<Var>{h}, .retain_graph = true});
  CHECK(identical(g[h], d({5, 5})));
  CHECK(identical(g[x], d({10, 20})));
  const auto only = gradients(y, std::vector<Var>{h, other});
  CHECK(identical(only[0], d({5, 5})));
  CHECK(identical(only[1], d({1, 4})));
  CHECK_FALSE(gradients(sum(x), std::vector<Var>{other})[0]);
  CHECK_THROWS_AS(backward(sum(x))[other], Error);
}

TEST_CASE("a multiple-output op with an unused output") {
  const Var x = leaf(d({1, 2, 3, 4}));
  const auto [a, b] = split(x * 2, 0, 1);
  CHECK(identical(backward(sum(b), {.retain_graph = true})[x], d({0, 2, 2, 2})));
  CHECK(identical(backward(sum(a) + sum(b))[x], d({2, 2, 2, 2})));
}

TEST_CASE("constants need no gradient, NoGrad records nothing") {
  const Var x = leaf(d({1, 2}));
  {
    NoGrad guard;
    CHECK_FALSE((x * x).needs_gradient());
  }
  CHECK_FALSE((Var(d({1, 2})) * Var(d({3, 4}))).node());
  CHECK_THROWS_AS(backward(sum(x.detach() * x.detach())), Error);
}

TEST_CASE("damage to a saved tensor is an error that names the op") {
  const Var x = leaf(d({1, 2}));
  const Var y = sum(exp(x) * x);
  Tensor alias = x.value();
  alias.fill(7);
  CHECK_THROWS_WITH_AS(backward(y), doctest::Contains("[multiply]"), Error);
}

TEST_CASE("a used-up graph says so") {
  const Var x = leaf(d({1, 2}));
  const Var y = sum(x * x);
  backward(y);
  CHECK_THROWS_WITH_AS(backward(y), doctest::Contains("retain_graph"), Error);
}

TEST_CASE("zero-size tensors") {
  const Var x = leaf(Tensor::zeros({0, 3}, DType::float64)), b = leaf(d({1, 2, 3}));
  const Gradients g = backward(sum(x * b));
  CHECK(g[x].shape() == Shape{0, 3});
  CHECK(identical(g[b], d({0, 0, 0})));
}

TEST_CASE("a chain of a million ops trains and frees") {
  const Var x = leaf(d({1}));
  Var y = x;
  for (int i = 0; i < 1'000'000; i++) y = scale_shift(y, 1, 1e-6);
  CHECK(backward(y)[x].item() == 1);
  y = x;
  for (int i = 0; i < 1'000'000; i++) y = scale_shift(y, 1, 1e-6);
  y = Var();  // never differentiated: frees in a loop as well
  CHECK(x.node()->references == 1);
}

TEST_CASE("anomaly mode names op and step") {
  Anomaly guard(17);
  const Var x = leaf(d({-1, 2}));
  CHECK_THROWS_WITH_AS(log(x), doctest::Contains("step 17: log"), Error);
  const Var zero = leaf(d({0, 1}));
  CHECK_THROWS_WITH_AS(backward(sum(sqrt(zero))), doctest::Contains("gradient of input 0 (2,) of sqrt"), Error);
}
