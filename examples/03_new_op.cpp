// A new op: one struct with its forward pass, its backward rule, and samples that its gradient is checked with.

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "autograd/samples.h"
#include "examples/expect.h"

using namespace elbo;

// y = x / (1 + |x|)        dx = dy / (1 + |x|)^2
struct SoftsignOp {
  static constexpr std::string_view name = "softsign";

  Tensor forward(Saved& saved, const Tensor& x) const {
    const Tensor d = scale_shift(abs(x), 1, 1);  // 1 + |x|
    saved.keep(d);                               // all that backward needs: x itself may be freed
    return divide(x, d);
  }

  // A rule fills memory that the engine gives it, completely, and never adds: where x was used twice, the engine adds.
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
    const Tensor& d = saved[0];
    if (out.needed(0)) binary(Binary::divide, divide(dy[0], d), d, out.at(0));
  }

  // Without samples this does not compile. They lie away from kinks; softsign's slope has one at 0.
  static std::vector<Sample<SoftsignOp>> samples() {
    return {{{}, {sample_tensor({5}, -3, 3, 1, 0.1)}, {}}, {{}, {sample_tensor({2, 3}, -1, 1, 2, 0.1)}, {}}};
  }
};

Var softsign(const Var& x) { return record(SoftsignOp{}, x); }

int main() {
  // The rule against central differences, in float64, for every sample.
  for (const GradcheckResult& r : gradcheck_op<SoftsignOp>()) {
    std::printf("%s, sample %d: largest relative error %.1e\n", r.op.c_str(), r.sample, r.error64);
    expect(r.passed(), "the gradient is right");
  }

  // It is an op like any other now.
  const Var x = leaf(Tensor::from<double>({-1, 3}));
  const Gradients g = backward(sum(softsign(x) * 16));
  std::printf("16 softsign'(-1) = %g, 16 softsign'(3) = %g\n", g[x].element(0), g[x].element(1));
  expect(g[x].element(0) == 4 && g[x].element(1) == 1, "1 / (1 + 1)^2 and 1 / (1 + 3)^2, times 16");
}
