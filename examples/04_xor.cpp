// A small network learns exclusive or, with a loop that hides nothing.

#include "autograd/ops.h"
#include "examples/expect.h"
#include "nn/layers.h"
#include "nn/optim/methods.h"

using namespace elbo;

int main() {
  const Tensor x = Tensor::from<float>({0, 0, 0, 1, 1, 0, 1, 1}, {4, 2});
  const Tensor t = Tensor::from<float>({0, 1, 1, 0}, {4, 1});

  // Parameters are made through a scope, which names them ("hidden/weight", ...), and lie in the store, in one block.
  ParamStore store({.seed = 1});
  const Scope scope(store);
  const Linear hidden(scope / "hidden", 2, 8, Nonlinearity::tanh), output(scope / "output", 8, 1);
  store.seal();

  Adam optimizer(store, {.learning_rate = 0.05});
  double first = 0, last = 0;
  for (int step = 1; step <= 200; step++) {
    const Var logits = output(hidden(x));              // forward: values now, and a graph of what was done
    const Var loss = mean(bernoulli_loss(logits, t));  // -log p(t | logits), in nats
    optimizer.step(backward(loss));                    // gradients, and one update of the whole block
    last = loss.item();
    if (step == 1) first = last;
    if (step % 50 == 0) std::printf("step %3d   loss %.5f nats\n", step, last);
  }

  NoGrad guard;  // from here on values only: no graph
  const Tensor p = sigmoid(output(hidden(x))).value();
  for (Index i = 0; i < 4; i++) {
    std::printf("%g xor %g: %.3f\n", x.element(2 * i), x.element(2 * i + 1), p.element(i));
    expect((p.element(i) > 0.5) == (t.element(i) > 0.5), "all four are right");
  }
  expect(last < 0.05 && last < first / 10, "the loss has fallen");
}
