#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "tensor/error.h"

using namespace elbo;

TEST_CASE("every op passes the gradient check") {
  set_poison(true);  // memory that a rule leaves unwritten is NaN
  std::set<std::string> checked;
  for (const GradcheckResult& r : gradcheck_ops()) {
    CAPTURE(r.op);
    CAPTURE(r.sample);
    CHECK(r.error64 < gradcheck_tolerance);
    CHECK(r.value32 < value32_tolerance);
    CHECK(r.error32 < error32_tolerance);
    CHECK(r.passed());
    checked.insert(r.op);
  }
  CHECK(op_names().size() >= 50);
  for (const std::string& name : op_names()) CHECK_MESSAGE(checked.contains(name), name << " has no samples");
  CHECK(gradcheck_ops("linear").front().op == "linear");
  CHECK(gradcheck_ops("no such op").empty());
  set_poison(false);
}

namespace {  // wrong on purpose: the check must see each of these

// y = a b^T with the transpose forgotten in da (square, so that shapes agree)
struct TransposedOp {
  static constexpr std::string_view name = "transposed";
  Tensor forward(Saved& saved, const Tensor& a, const Tensor& b) const {
    saved.keep(b);
    return matmul(Var(a), Var(b), false, true).value();
  }
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
    if (out.needed(0)) out.pass(0, matmul(Var(dy[0]), Var(saved[0]), false, true).value());  // dy b is right
    if (out.needed(1)) out.at(1).fill(0);
  }
  static std::vector<Sample<TransposedOp>> samples() {
    return {{{}, {sample_tensor({3, 3}, -1, 1, 1), sample_tensor({3, 3}, -1, 1, 2)}, {1}}};
  }
};

// y = a + b, the gradient of a broadcast b not summed but taken from the first row
struct ForgottenBroadcastOp {
  static constexpr std::string_view name = "forgotten_broadcast";
  Tensor forward(Saved&, const Tensor& a, const Tensor& b) const { return add(a, b); }
  void backward(const Saved&, const Cotangents& dy, Targets& out) const {
    if (out.needed(0)) out.pass(0, dy[0]);
    if (out.needed(1)) out.pass(1, dy[0][0]);
  }
  static std::vector<Sample<ForgottenBroadcastOp>> samples() { return {{{}, {sample_tensor({2, 3}), sample_tensor({3}, -1, 1, 2)}, {}}}; }
};

// y_i = x_i + 2 x_{n-1-i}: the second use assigns where it should add
struct AssigningOp {
  static constexpr std::string_view name = "assigning";
  Tensor forward(Saved&, const Tensor& x) const {
    Tensor y = empty_like(x);
    for_float(name, x.dtype(), [&]<class T>(T) {
      for (Index i = 0; i < x.numel(); i++) y.mutable_data<T>()[i] = T(x.element(i) + 2 * x.element(x.numel() - 1 - i));
    });
    return y;
  }
  void backward(const Saved&, const Cotangents& dy, Targets& out) const {
    const Index n = dy[0].numel();
    for_float(name, dy[0].dtype(), [&]<class T>(T) {
      T* d = out.at(0).mutable_data<T>();
      for (Index i = 0; i < n; i++) d[i] = T(dy[0].element(i));
      for (Index i = 0; i < n; i++) d[n - 1 - i] = T(2 * dy[0].element(i));
    });
  }
  static std::vector<Sample<AssigningOp>> samples() { return {{{}, {sample_tensor({4})}, {}}}; }
};

// fills only half of the gradient; the rest is what the memory held
struct HalfOp {
  static constexpr std::string_view name = "half";
  Tensor forward(Saved&, const Tensor& x) const { return multiply(x, Tensor::full({1}, 3.0, x.dtype())); }
  void backward(const Saved&, const Cotangents& dy, Targets& out) const {
    for_float(name, dy[0].dtype(), [&]<class T>(T) {
      T* d = out.at(0).mutable_data<T>();
      for (Index i = 0; i < dy[0].numel() / 2; i++) d[i] = T(3 * dy[0].element(i));
    });
  }
  static std::vector<Sample<HalfOp>> samples() { return {{{}, {sample_tensor({4})}, {}}}; }
};

// y = cos x with the sign of sin
struct SignOp {
  static constexpr std::string_view name = "sign_error";
  Tensor forward(Saved& saved, const Tensor& x) const {
    saved.keep(x);
    return cos(x);
  }
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
    if (out.needed(0)) out.pass(0, multiply(dy[0], sin(saved[0])));
  }
  static std::vector<Sample<SignOp>> samples() { return {{{}, {sample_tensor({4}, 0.3, 1)}, {}}}; }
};

// leaves a needed gradient unfilled
struct ForgetfulOp : SignOp {
  static constexpr std::string_view name = "forgetful";
  void backward(const Saved&, const Cotangents&, Targets&) const {}
  static std::vector<Sample<ForgetfulOp>> samples() { return {{{}, {sample_tensor({4}, 0.3, 1)}, {}}}; }
};

double worst_unary(const auto& op, const Tensor& x) {
  return gradcheck([&](std::span<const Var> v) { return std::vector<Var>{record(op, v[0])}; }, {x.clone()}).error64;
}

}  // namespace

TEST_CASE("the gradient check fails for wrong rules") {
  const auto both = [](const auto& op, const std::vector<Tensor>& in, std::vector<int> constants) {
    return gradcheck([&](std::span<const Var> v) { return std::vector<Var>{record(op, v[0], v[1])}; }, in, constants).error64;
  };
  CHECK(both(TransposedOp{}, TransposedOp::samples()[0].inputs, {1}) > 0.1);
  CHECK(both(ForgottenBroadcastOp{}, ForgottenBroadcastOp::samples()[0].inputs, {}) > 0.1);
  CHECK(worst_unary(SignOp{}, sample_tensor({4}, 0.3, 1)) > 0.1);
  CHECK_THROWS_AS(worst_unary(ForgetfulOp{}, sample_tensor({4}, 0.3, 1)), Error);
  CHECK(worst_unary(AssigningOp{}, AssigningOp::samples()[0].inputs[0]) > 0.1);
  set_poison(true);
  CHECK(worst_unary(HalfOp{}, HalfOp::samples()[0].inputs[0]) == INFINITY);
  const Var x = leaf(sample_tensor({4}));
  CHECK(gradcheck_model([&] { return sum(record(HalfOp{}, x)); }, std::vector<Var>{x}) == INFINITY);
  set_poison(false);
}
