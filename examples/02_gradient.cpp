// A gradient by hand and by the engine: the straight line y = w x + b through four points.

#include <cmath>

#include "autograd/engine.h"
#include "autograd/ops.h"
#include "examples/expect.h"

using namespace elbo;

int main() {
  const Tensor x = Tensor::from<double>({0, 1, 2, 3}), t = Tensor::from<double>({1, 3, 5, 7});  // on the line 2 x + 1

  // A leaf is a value whose gradient can be asked for. Tensors take part as constants.
  Var w = leaf(Tensor::scalar(0.5, DType::float64), "w"), b = leaf(Tensor::scalar(0, DType::float64), "b");
  const Var error = w * x + b - t;
  const Var loss = mean(square(error));

  // By hand:  L = 1/n sum_i e_i^2  with  e_i = w x_i + b - t_i,  so  dL/dw = 2/n sum_i e_i x_i  and  dL/db = 2/n sum_i e_i.
  double dw = 0, db = 0;
  for (Index i = 0; i < 4; i++) {
    const double e = 0.5 * x.element(i) + 0 - t.element(i);
    dw += 2 * e * x.element(i) / 4;
    db += 2 * e / 4;
  }

  // By the engine. w was repeated to meet four numbers; the engine summed its gradient down to one again.
  const Gradients g = backward(loss);
  std::printf("dL/dw: by hand %g, by the engine %g\n", dw, g[w].item());
  std::printf("dL/db: by hand %g, by the engine %g\n", db, g[b].item());
  expect(std::abs(g[w].item() - dw) < 1e-12 && std::abs(g[b].item() - db) < 1e-12, "both agree");

  // Gradient descent: the same program again and again. Each backward pass gives its own gradients: nothing needs to be set to zero.
  for (int step = 0; step < 500; step++) {
    const Gradients now = backward(mean(square(w * x + b - t)));
    w = leaf(subtract(w.value(), scale_shift(now[w], 0.1)));
    b = leaf(subtract(b.value(), scale_shift(now[b], 0.1)));
  }
  std::printf("after 500 steps: w = %.6f, b = %.6f\n", w.item(), b.item());
  expect(std::abs(w.item() - 2) < 1e-6 && std::abs(b.item() - 1) < 1e-6, "the line through the points is 2 x + 1");
}
