#include "autograd/ops/linear.h"

#include <fmt/core.h>

#include "autograd/samples.h"
#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/gemm.h"
#include "tensor/linear_cross_entropy.h"
#include "tensor/matmul.h"
#include "tensor/reduce.h"

namespace elbo::ops {
Tensor LinearOp::forward(Saved& saved, const Tensor& x, const Tensor& w, const Tensor& b) const {
  require_same_dtype(name, x, w);
  require_same_dtype(name, x, b);
  require_rank(name, "weights", w, 2);
  const Index out = w.shape()[0], in = w.shape()[1];
  require_rank(name, "inputs", x, 2);
  if (x.shape()[1] != in)
    fail(name, fmt::format("expected inputs of {} features for weights {}, got {}: does the layer before have another width?", in,
                           w.shape().str(), x.shape().str()));
  require_shape(name, "a bias", b, {out});
  const Index batch = x.shape()[0];
  Tensor y({batch, out}, x.dtype());
  for_float(name, x.dtype(), [&]<class T>(T) {
    gemm<T>(false, true, batch, out, in, x.data<T>(), in, w.data<T>(), in, y.mutable_data<T>(), out,
            {.bias = b.data<T>(), .activation = activation});
  });
  saved.keep(x);
  saved.keep(w);
  if (activation != Activation::none) saved.keep(y);
  return y;
}

void LinearOp::backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
  const Tensor &x = saved[0], &w = saved[1];
  const Tensor ds = activation == Activation::none ? dy[0] : through_activation(activation, saved[2], dy[0]);
  const Index batch = x.shape()[0], in = x.shape()[1], o = w.shape()[0];
  for_float(name, x.dtype(), [&]<class T>(T) {
    const T* g = ds.data<T>();
    if (out.needed(0)) gemm<T>(false, false, batch, in, o, g, o, w.data<T>(), in, out.at(0).mutable_data<T>(), in);
    if (out.needed(1)) gemm<T>(true, false, o, in, batch, g, o, x.data<T>(), in, out.at(1).mutable_data<T>(), in);
    if (out.needed(2)) column_sums(g, batch, o, out.at(2).mutable_data<T>());
  });
}

std::vector<Attribute> LinearOp::attributes() const { return {{"activation", std::string(activation_name(activation))}}; }

std::vector<Sample<LinearOp>> LinearOp::samples() {
  std::vector<Sample<LinearOp>> all;
  for (Activation f : {Activation::none, Activation::relu, Activation::tanh, Activation::sigmoid})
    all.push_back({{f}, {sample_tensor({3, 4}, -1, 1, 21), sample_tensor({5, 4}, -1, 1, 22), sample_tensor({5}, -1, 1, 23)}});
  all.push_back({{}, {sample_tensor({1, 1}), sample_tensor({3, 1}), sample_tensor({3})}});
  all.push_back({{}, {sample_tensor({0, 2}), sample_tensor({3, 2}), sample_tensor({3})}});
  return all;
}

Tensor MatmulOp::forward(Saved& saved, const Tensor& a, const Tensor& b) const {
  saved.keep(a);
  saved.keep(b);
  return matmul(a, b, transpose_a, transpose_b);
}

void MatmulOp::backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
  const Tensor &a = saved[0], &b = saved[1], &g = dy[0];
  // y = op(a) op(b):  d op(a) = dy op(b)^T,  d op(b) = op(a)^T dy;  a transposed operand's gradient is the transpose of that.
  const auto deliver = [&](int i, const Tensor& grad, const Shape& shape) {
    if (grad.shape() == shape)
      out.pass(i, grad);
    else
      out.pass(i, sum_to(grad, shape));  // an operand repeated over leading axes
  };
  if (out.needed(0)) deliver(0, transpose_a ? matmul(b, g, transpose_b, true) : matmul(g, b, false, !transpose_b), a.shape());
  if (out.needed(1)) deliver(1, transpose_b ? matmul(g, a, true, transpose_a) : matmul(a, g, !transpose_a, false), b.shape());
}

std::vector<Attribute> MatmulOp::attributes() const {
  return {{"transpose_a", transpose_a ? "true" : "false"}, {"transpose_b", transpose_b ? "true" : "false"}};
}

std::vector<Sample<MatmulOp>> MatmulOp::samples() {
  const auto pair = [](bool ta, bool tb, const Shape& a, const Shape& b) {
    return Sample<MatmulOp>{{ta, tb}, {sample_tensor(a, -1, 1, 24), sample_tensor(b, -1, 1, 25)}};
  };
  return {pair(false, false, {3, 4}, {4, 2}),   pair(true, false, {4, 3}, {4, 2}),          pair(false, true, {3, 4}, {2, 4}),
          pair(true, true, {4, 3}, {2, 4}),     pair(false, false, {2, 3, 4}, {2, 4, 2}),   pair(true, true, {2, 4, 3}, {1, 2, 4}),
          pair(false, true, {3, 4}, {2, 2, 4}), pair(false, false, {2, 1, 3, 2}, {4, 2, 3})};
}

Tensor LinearCrossEntropyOp::forward(Saved& saved, const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& targets) const {
  const LinearCrossEntropy r = elbo::linear_cross_entropy(x, w, b, targets, saved.enabled());
  for (const Tensor& t : {x, w, targets, r.exponentials, r.sums}) saved.keep(t);
  return r.loss;
}

void LinearCrossEntropyOp::backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
  LinearCrossEntropy kept{.exponentials = saved[3], .sums = saved[4]};
  const auto at = [&](int i) { return out.needed(i) ? &out.at(i) : nullptr; };
  linear_cross_entropy_backward(saved[0], saved[1], saved[2], kept, dy[0], at(0), at(1), at(2));
}

std::vector<Sample<LinearCrossEntropyOp>> LinearCrossEntropyOp::samples() {
  return {{{},
           {sample_tensor({3, 4}, -1, 1, 26), sample_tensor({5, 4}, -2, 2, 27), sample_tensor({5}, -1, 1, 28),
            Tensor::from<std::int32_t>({4, 0, 2}, {3})},
           {3}},
          {{}, {sample_tensor({1, 1}), sample_tensor({1, 1}), sample_tensor({1}), Tensor::from<std::int32_t>({0}, {1})}, {3}},
          {{},  // a large vocabulary
           {sample_tensor({4, 3}, -1, 1, 29), sample_tensor({270, 3}, -2, 2, 30), sample_tensor({270}, -1, 1, 31),
            Tensor::from<std::int32_t>({127, 128, 0, 269}, {4})},
           {3}}};
}

}  // namespace elbo::ops
