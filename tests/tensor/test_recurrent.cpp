#include "tensor/recurrent.h"

#include <doctest/doctest.h>

#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/linear_cross_entropy.h"
#include "tensor/matmul.h"
#include "tensor/memory.h"
#include "tensor/reduce.h"
#include "tensor/shape_ops.h"
#include "tensor/softmax.h"
#include "tests/support.h"
#include "tests/tensor/helpers.h"

using namespace elbo;
using namespace elbo::testing;

namespace {

// A layer of either kind with numbers in it, and all that its passes give, one after the other.
struct Layer {
  bool is_gru = false;
  Sequence sequence;
  RecurrentWeights weights;
  Tensor h, c;

  Layer(bool gru, Index steps, Index batch, Index inputs, Index units, DType type = DType::float32, std::uint64_t number = 0)
      : is_gru(gru),
        sequence{.x = normal({steps, batch, inputs}, type, number)},
        weights{.input = scale_shift(normal({(gru ? 3 : 4) * units, inputs}, type, number + 1), 0.3, 0),
                .recurrent = scale_shift(normal({(gru ? 3 : 4) * units, units}, type, number + 2), 0.3, 0),
                .bias = normal({4 * units}, type, number + 3)},
        h(normal({batch, units}, type, number + 4)),
        c(gru ? Tensor() : normal({batch, units}, type, number + 5)) {}

  RecurrentResult forward() const { return is_gru ? gru(sequence, weights, h) : lstm(sequence, weights, h, c); }
  std::vector<Tensor> all() const {
    const RecurrentResult r = forward();
    const DType type = sequence.x.dtype();
    RecurrentResult dy{.y = normal(r.y.shape(), type, 90), .h = normal(r.h.shape(), type, 91)};
    if (!is_gru) dy.c = normal(r.h.shape(), type, 92);
    std::vector<Tensor> gradients;
    for (const Tensor* t : {&sequence.x, &weights.input, &weights.recurrent, &weights.bias, &h}) gradients.push_back(empty_like(*t));
    gradients.push_back(empty_like(h));
    const RecurrentGradients out{.x = &gradients[0],
                                 .input_weights = &gradients[1],
                                 .recurrent_weights = &gradients[2],
                                 .bias = &gradients[3],
                                 .h = &gradients[4],
                                 .c = is_gru ? nullptr : &gradients[5]};
    if (is_gru) {
      gru_backward(sequence, weights, h, r, dy, out);
      gradients.pop_back();
    } else {
      lstm_backward(sequence, weights, h, c, r, dy, out);
    }
    gradients.insert(gradients.begin(), {r.y, r.h});
    if (!is_gru) gradients.push_back(r.c);
    return gradients;
  }
};

Tensor flat(const std::vector<Tensor>& all) {
  std::vector<Tensor> parts;
  for (const Tensor& t : all) parts.push_back(t.flatten());
  return concatenate(std::span<const Tensor>(parts), 0);
}

}  // namespace

TEST_CASE("kernel: recurrent layers agree with the plain loops") {
  set_poison(true);
  for (std::uint64_t number = 0; number < 60; number++) {
    const RandomKey key{.seed = 5, .purpose = Purpose::test, .step = number};
    const auto draw = [&](std::uint32_t i, Index low, Index high) { return low + Index(key.uniform(0, i) * double(high - low + 1)); };
    Layer layer(number % 2 == 1, draw(0, 1, 6), draw(1, 0, 9), draw(2, 1, 20), draw(3, 1, 40), number % 3 ? DType::float32 : DType::float64,
                number);
    layer.sequence.reverse = draw(4, 0, 1) == 1;
    if (draw(5, 0, 1)) layer.sequence.lengths = integers({layer.sequence.batch()}, layer.sequence.steps() + 1, number);
    if (draw(6, 0, 3) == 0) layer.h = Tensor::zeros(layer.h.shape(), layer.h.dtype());
    const Isa before = isa();
    set_isa(Isa::reference);
    const std::vector<Tensor> expected = layer.all();
    set_isa(before);
    for_each_isa([&](Isa isa) {
      CAPTURE(isa_name(isa));
      CAPTURE(number);
      const std::vector<Tensor> found = layer.all();
      for (std::size_t i = 0; i < expected.size(); i++) {
        CAPTURE(i);
        CHECK(difference(found[i], expected[i]) < (layer.h.dtype() == DType::float64 ? 1e-13 : 1e-4));
      }
    });
  }
  set_poison(false);
}

TEST_CASE("recurrent layers: the same bits for any number of threads, and for an example whatever its batch") {
  for (const bool is_gru : {false, true}) {
    const Layer layer(is_gru, 5, 33, 24, 70);
    CHECK(same_for_any_threads([&] { return flat(layer.all()); }));
    const RecurrentResult whole = layer.forward();
    for (const Index first : {0, 7, 32}) {
      Layer one = layer;
      std::vector<Tensor> rows;
      for (Index t = 0; t < 5; t++) rows.push_back(layer.sequence.x[t].slice(first, first + 1));
      one.sequence.x = stack(std::span<const Tensor>(rows), 0);
      one.h = layer.h.slice(first, first + 1);
      if (!is_gru) one.c = layer.c.slice(first, first + 1);
      CHECK(identical(one.forward().h.clone(), whole.h.slice(first, first + 1).clone()));
    }
  }
}

TEST_CASE("recurrent layers: one step at a time gives the bits of the whole sequence") {
  for (const bool is_gru : {false, true}) {
    const Layer layer(is_gru, 6, 3, 5, 11);
    const RecurrentResult whole = layer.forward();
    Layer step = layer;
    for (Index t = 0; t < 6; t++) {
      step.sequence.x = layer.sequence.x.slice(t, t + 1);
      const RecurrentResult r = step.forward();
      CHECK(identical(r.h.clone(), whole.y[t].clone()));
      step.h = r.h, step.c = r.c;
    }
  }
}

TEST_CASE("recurrent layers: a step that an example does not have changes nothing") {
  for (const bool is_gru : {false, true})
    for (const bool reverse : {false, true}) {
      CAPTURE(is_gru);
      CAPTURE(reverse);
      Layer layer(is_gru, 4, 3, 5, 6);
      layer.sequence.reverse = reverse;
      layer.sequence.lengths = Tensor::from<std::int32_t>({4, 2, 0}, {3});
      Layer other = layer;
      other.sequence.x = layer.sequence.x.clone();
      for (Index t = 2; t < 4; t++)
        for (Index k = 0; k < 5; k++) other.sequence.x.set<float>({t, 1, k}, 1000), other.sequence.x.set<float>({t, 2, k}, -1000);
      const std::vector<Tensor> a = layer.all(), b = other.all();
      for (std::size_t i = 0; i < a.size(); i++) CHECK(identical(a[i].clone(), b[i].clone()));
      // The example of two steps has the state of a sequence of two steps, and its padded steps no gradient.
      Layer alone = layer;
      alone.sequence.lengths = Tensor();
      alone.sequence.x = layer.sequence.x.slice(0, 2);
      CHECK(identical(alone.forward().h.slice(1, 2).clone(), layer.forward().h.slice(1, 2).clone()));
      CHECK(identical(layer.forward().h.slice(2, 3).clone(), layer.h.slice(2, 3).clone()));
      for (Index k = 0; k < 5; k++) CHECK(a[2].at<float>({3, 1, k}) == 0);
    }
}

TEST_CASE("recurrent layers: without states they begin with zeros; errors") {
  for (const bool is_gru : {false, true}) {
    Layer layer(is_gru, 3, 2, 4, 5);
    layer.h.fill(0);
    if (!is_gru) layer.c.fill(0);
    const Tensor with = layer.forward().y;
    layer.h = layer.c = Tensor();
    CHECK(identical(layer.forward().y, with));
  }
  Layer layer(false, 3, 2, 4, 5);
  layer.sequence.lengths = Tensor::from<std::int32_t>({3, 4}, {2});
  CHECK(contains(error_of([&] { layer.forward(); }), "expected lengths from 0 to 3, the number of steps, got 4"));
  layer.sequence.lengths = Tensor();
  layer.weights.input = normal({20, 3});
  CHECK(contains(error_of([&] { layer.forward(); }), "input weights"));
}

TEST_CASE("cross-entropy with its layer agrees with the two apart, whatever is kept, for any number of threads") {
  for (const Index n : {0, 1, 5, 700}) {
    const Index features = 19, classes = n == 700 ? 3001 : 47;
    const Tensor x = normal({n, features}), w = normal({classes, features}, DType::float32, 1), b = normal({classes}, DType::float32, 2);
    const Tensor targets = integers({n}, classes, 3), dy = normal({n}, DType::float32, 4);
    const auto run = [&] {
      LinearCrossEntropy kept = linear_cross_entropy(x, w, b, targets, true);
      CHECK(identical(kept.loss, linear_cross_entropy(x, w, b, targets, false).loss));
      Tensor dx = empty_like(x), dw = empty_like(w), db = empty_like(b);
      linear_cross_entropy_backward(x, w, targets, kept, dy, &dx, &dw, &db);
      return std::vector<Tensor>{kept.loss, dx, dw, db};
    };
    CHECK(same_for_any_threads([&] { return flat(run()); }));
    if (n == 0) continue;
    const Tensor p = log_softmax(add(matmul(x, w, false, true), b));
    Tensor d = exp(p);
    for (Index i = 0; i < n; i++) {
      const Index at = targets.at<std::int32_t>({i});
      d.set<float>({i, at}, d.at<float>({i, at}) - 1);
    }
    d = multiply(d, dy.reshape({n, 1}));
    for_each_isa([&](Isa isa) {
      if (isa == Isa::reference && n == 700) return;
      const std::vector<Tensor> found = run();
      for (Index i = 0; i < n; i++)
        CHECK(found[0].at<float>({i}) == doctest::Approx(-p.at<float>({i, targets.at<std::int32_t>({i})})).epsilon(1e-5));
      CHECK(difference(found[1], matmul(d, w)) < 1e-4);
      CHECK(difference(found[2], matmul(d, x, true)) < 1e-4);
      CHECK(difference(found[3], sum(d, {0})) < 1e-4);
    });
  }
  const Tensor far = Tensor::from<float>({1e4f, -1e4f}, {2}), one = Tensor::from<float>({0}, {1, 1});
  CHECK(linear_cross_entropy(one, Tensor::zeros({2, 1}), far, Tensor::from<std::int32_t>({1}, {1}), false).loss.item() == 2e4);
  CHECK(contains(error_of([&] {
                   linear_cross_entropy(one, Tensor::zeros({2, 1}), far, Tensor::from<std::int32_t>({2}, {1}), false);
                 }),
                 "target 2 of row 0 is outside 0 to 1"));
}
