#include <doctest/doctest.h>

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "nn/layers.h"
#include "tensor/error.h"

using namespace elbo;

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

TEST_CASE("orthogonal initialisation has orthonormal rows") {
  ParamStore store({.init = Init::orthogonal, .type = DType::float64});
  const Linear a(Scope(store) / "a", 20, 7);
  const Tensor product = matmul(Var(a.weight), Var(a.weight), false, true).value();
  for (Index i = 0; i < 7; i++)
    for (Index j = 0; j < 7; j++) CHECK(product.at<double>({i, j}) == doctest::Approx(i == j ? 1 : 0));
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
