#include "nn/layers.h"
#include "nn/norm.h"

#include <doctest/doctest.h>

#include "autograd/ops.h"
#include "tensor/elementwise.h"
#include "tensor/reduce.h"
#include "tensor/safetensors.h"

using namespace elbo;

namespace {

// PyTorch's values (tests/golden/layers.py).
Tensor golden(const std::string& name) {
  static const TensorFile file = load_safetensors(ELBO_GOLDEN "/layers.safetensors");
  for (const auto& [key, tensor] : file.tensors)
    if (key == name) return tensor;
  FAIL("layers.safetensors has no " << name);
  return {};
}

double magnitude(const Tensor& x) { return max(unary(Unary::abs, x)).item(); }

void check_close(const Tensor& found, const std::string& name) {
  const Tensor expected = golden(name);
  CAPTURE(name);
  REQUIRE(found.shape() == expected.shape());
  CHECK(magnitude(binary(Binary::subtract, found, expected)) <= 1e-12 * magnitude(expected));
}

// Values and gradients of `layer`, whose parameters in `store` are NAME/..., against PyTorch's.
template <class Layer>
void check_layer(const std::string& name, ParamStore& store, const Layer& layer) {
  std::vector<std::pair<std::string, Tensor>> weights;
  for (const Parameter& p : store.parameters()) weights.emplace_back(p.name(), golden(p.name()));
  store.load(weights, "layers.safetensors");
  const Var x = leaf(golden(name + "/x"));
  const Var y = layer(x);
  check_close(y.value(), name + "/y");
  const Gradients g = backward(y, {.cotangent = golden(name + "/dy")});
  check_close(g[x], name + "/dx");
  for (const Parameter& p : store.parameters()) check_close(g[Var(p)], name + "/d" + p.name().substr(name.size() + 1));
}

}  // namespace

TEST_CASE("LayerNorm agrees with PyTorch") {
  ParamStore store({.type = DType::float64});
  const LayerNorm norm(Scope(store) / "norm", 7);
  store.seal();
  check_layer("norm", store, norm);
}

TEST_CASE("dense layers agree with PyTorch") {
  ParamStore store({.type = DType::float64});
  const Mlp mlp(Scope(store) / "mlp", 6, std::vector<Index>{5, 4}, Nonlinearity::tanh);
  store.seal();
  check_layer("mlp", store, mlp);
}

TEST_CASE("Sequential applies its layers in order") {
  ParamStore store({.seed = 8});
  const Scope root(store);
  const Linear a(root / "a", 4, 3, Nonlinearity::tanh), b(root / "b", 3, 2);
  Sequential both;
  both.add(a).add(b);
  Tensor x({5, 4});
  fill_normal(x, {.seed = 9});
  CHECK(identical(both(Var(x)).value(), b(a(Var(x))).value()));
}
