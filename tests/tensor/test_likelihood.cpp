#include "tensor/likelihood.h"

#include <doctest/doctest.h>

#include "tensor/elementwise.h"
#include "tests/tensor/helpers.h"

using namespace elbo;

namespace {

// Every length of a tail, and around the blocks in which rows are summed.
const std::vector<Index> widths = {0,  1,  2,   3,   5,   7,   8,   9,   15,  16,  17,   31,   33,
                                   63, 65, 127, 129, 255, 257, 511, 512, 513, 784, 1023, 1025, 2049};

// Rows of one width; logits and targets up to the extremes. Made once: normal numbers differ between instruction sets by roundings.
struct Inputs {
  Tensor x, t, logits, target;
  Inputs(Index width, DType type)
      : x(normal({3, width}, type, 1)), t(normal({3, width}, type, 2)), logits(unary(Unary::negate, x)), target(unary(Unary::sigmoid, t)) {
    for_float("test", type, [&]<class T>(T) {
      T *l = logits.mutable_data<T>(), *y = target.mutable_data<T>();
      for (Index i = 0; i < logits.numel(); i += 11) l[i] = T(i % 2 ? 90 : -90), y[i] = T(i % 3 == 0);
    });
  }
};

std::vector<Tensor> results(const Inputs& in) {
  Tensor a, b, c, slope;
  const Tensor continuous = continuous_bernoulli_loss(in.logits, in.target, &c);
  const Tensor bernoulli = bernoulli_loss(in.logits, in.target, &a), squares = squared_error(in.x, in.target, &b);
  const Tensor clamped = soft_clamp(parametric(Parametric::scale_shift, in.x, 8, 0), -10, 10, &slope);
  return {bernoulli,
          a,
          bernoulli_loss(in.logits, in.target),
          continuous,
          c,
          continuous_bernoulli_mean(in.logits),
          squares,
          b,
          squared_error(in.x, in.target),
          clamped,
          slope,
          kl_normal(in.x, in.t),
          reparameterise(in.x, in.t, in.logits)};
}

}  // namespace

TEST_CASE("kernel: likelihoods, KL and codes are those of the plain loops, for any length") {
  for (const DType type : {DType::float32, DType::float64})
    for (const Index width : widths) {
      CAPTURE(width);
      const Inputs inputs(width, type);
      const Isa before = isa();
      set_isa(Isa::reference);
      const std::vector<Tensor> expected = results(inputs);
      set_isa(before);
      for_each_isa([&](Isa isa) {
        CAPTURE(isa_name(isa));
        const std::vector<Tensor> found = results(inputs);
        for (std::size_t i = 0; i < found.size(); i++) {
          CAPTURE(i);
          REQUIRE(found[i].shape() == expected[i].shape());
          CHECK(difference(found[i], expected[i]) <= 16 * epsilon(type));
        }
      });
    }
}

TEST_CASE("likelihoods: the same numbers at any place and for any number of threads") {
  const Tensor x = normal({7, 784}), t = unary(Unary::sigmoid, normal({7, 784}, DType::float32, 3));
  const Tensor whole = bernoulli_loss(x, t);
  for (Index i = 0; i < 7; i++) {
    const Tensor one = bernoulli_loss(x.slice(i, i + 1).clone(), t.slice(i, i + 1).clone());
    CHECK(one.element(0) == whole.element(i));
  }
  const Tensor large = normal({300, 784}), targets = unary(Unary::sigmoid, normal({300, 784}, DType::float32, 4));
  const int before = threads();
  set_threads(1);
  const Tensor one = bernoulli_loss(large, targets);
  set_threads(5);
  CHECK(identical(one, bernoulli_loss(large, targets)));
  set_threads(before);
}
