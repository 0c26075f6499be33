// The optimizers' moments where gradients have ended.

#include <doctest/doctest.h>

#include <cmath>
#include <memory>

#include "autograd/ops.h"
#include "nn/optim/methods.h"
#include "tests/tensor/helpers.h"

using namespace elbo;

namespace {

// One step with gradients of very different sizes, then steps with none until every moment has decayed. Returns the smallest moment that
// was seen and was not 0.
template <class T>
double smallest_moment(auto&& make) {
  ParamStore store({.type = dtype_of<T>});
  const Parameter weight = Scope(store).parameter("weight", {37}, Initializer::constant(1));
  store.seal();
  const std::unique_ptr<Optimizer> optimizer = make(store);
  std::vector<T> sizes;
  for (int i = 0; i < 37; i++) sizes.push_back(T(std::pow(10.0, -i / 4.0)));
  const Tensor first = Tensor::from<T>(sizes, {37});
  double smallest = INFINITY;
  const auto step = [&](double scale) {
    optimizer->step(backward(sum(Var(weight) * Var(first) * scale)));
    bool decayed = true;
    for (const auto& [name, block] : optimizer->state())
      for (const T x : block.template values<T>())
        if (x != 0) smallest = std::fmin(smallest, std::fabs(double(x))), decayed = false;
    return decayed;
  };
  REQUIRE(!step(1));
  int steps = 1;
  while (!step(0) && steps < 10000) steps++;
  CHECK(steps < 10000);  // subnormal numbers would stay for ever
  for (const T w : weight.value().template values<T>()) CHECK(std::isfinite(w));
  return smallest;
}

}  // namespace

TEST_CASE_TEMPLATE("moments decay to zero and are never subnormal, with every optimizer and instruction set", T, float, double) {
  for_each_isa([](Isa) {
    const auto check = [](const char* name, auto&& make) {
      CAPTURE(name);
      const double smallest = smallest_moment<T>(make);
      CHECK(smallest >= double(least_moment<T>));
      CHECK(smallest < 10 * double(least_moment<T>));
    };
    check("sgd", [](ParamStore& s) { return std::make_unique<Sgd>(s, SgdOptions{.learning_rate = 1e-3, .momentum = 0.9}); });
    check("rmsprop", [](ParamStore& s) { return std::make_unique<Rmsprop>(s, RmspropOptions{.learning_rate = 1e-3, .rho = 0.9}); });
    check("centred rmsprop", [](ParamStore& s) {
      return std::make_unique<Rmsprop>(s, RmspropOptions{.learning_rate = 1e-3, .rho = 0.9, .centred = true, .momentum = 0.9});
    });
    check("adam", [](ParamStore& s) { return std::make_unique<Adam>(s, AdamOptions{.learning_rate = 1e-3, .beta2 = 0.9}); });
  });
}
