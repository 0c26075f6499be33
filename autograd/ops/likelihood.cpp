#include "autograd/ops/likelihood.h"

#include <fmt/core.h>

#include <cmath>
#include <numbers>

#include "autograd/samples.h"
#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/likelihood.h"
#include "tensor/reduce.h"
#include "tensor/softmax.h"

namespace elbo::ops {
namespace {

// d[i, ...] * dy[i] for one factor an example.
void scale_rows(const Tensor& d, const Tensor& dy, Tensor& out) {
  const Index n = d.shape()[0], width = n == 0 ? 0 : d.numel() / n;
  Tensor flat = out.reshape({n, width});
  binary(Binary::multiply, d.reshape({n, width}), dy.reshape({n, 1}), flat);
}

// Sum over all axes but the first: shape (n,).
Tensor sum_rows(const Tensor& x) {
  const Index n = x.shape()[0], width = n == 0 ? 0 : x.numel() / n;
  return sum(x.reshape({n, width}), {1});
}

Tensor sample_labels() { return Tensor::from<std::int32_t>({2, 0, 3}, {3}); }

}  // namespace

Tensor BernoulliOp::forward(Saved& saved, const Tensor& logits, const Tensor& target) const {
  Tensor derivative;  // the exponential is at hand now; the backward pass would have to compute it again
  Tensor y = bernoulli_loss(logits, target, &derivative);
  saved.keep(derivative);
  return y;
}

void BernoulliOp::backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
  if (out.needed(0)) scale_rows(saved[0], dy[0], out.at(0));
  if (out.needed(1)) fail(name, "the target has no gradient: pass a Tensor, or detach() the Var");
}

std::vector<Sample<BernoulliOp>> BernoulliOp::samples() {
  return {{{}, {sample_tensor({3, 5}, -4, 4, 31), sample_tensor({3, 5}, 0, 1, 32)}, {1}},
          {{}, {sample_tensor({2, 2, 3, 1}, -30, 30, 33), sample_tensor({2, 2, 3, 1}, 0, 1, 34)}, {1}}};
}

Tensor ContinuousBernoulliOp::forward(Saved& saved, const Tensor& logits, const Tensor& target) const {
  Tensor derivative;
  Tensor y = continuous_bernoulli_loss(logits, target, &derivative);
  saved.keep(derivative);
  return y;
}

void ContinuousBernoulliOp::backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
  if (out.needed(0)) scale_rows(saved[0], dy[0], out.at(0));
  if (out.needed(1)) fail(name, "the target has no gradient: pass a Tensor, or detach() the Var");
}

std::vector<Sample<ContinuousBernoulliOp>> ContinuousBernoulliOp::samples() {
  return {{{}, {sample_tensor({3, 5}, -4, 4, 47), sample_tensor({3, 5}, 0, 1, 48)}, {1}},
          {{}, {sample_tensor({2, 2, 3, 1}, -0.3, 0.3, 49), sample_tensor({2, 2, 3, 1}, 0, 1, 50)}, {1}},
          {{}, {sample_tensor({2, 7}, -60, 60, 51), sample_tensor({2, 7}, 0, 1, 52)}, {1}}};
}

Tensor SquaredErrorOp::forward(Saved& saved, const Tensor& prediction, const Tensor& target) const {
  Tensor derivative;
  Tensor y = squared_error(prediction, target, &derivative);
  saved.keep(derivative);
  return y;
}

void SquaredErrorOp::backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
  if (out.needed(0)) scale_rows(saved[0], dy[0], out.at(0));
  if (out.needed(1)) fail(name, "the target has no gradient: pass a Tensor, or detach() the Var");
}

std::vector<Sample<SquaredErrorOp>> SquaredErrorOp::samples() {
  return {{{}, {sample_tensor({3, 5}, -1, 1, 35), sample_tensor({3, 5}, -1, 1, 36)}, {1}},
          {{}, {sample_tensor({4}, -1, 1, 35), sample_tensor({4}, -1, 1, 36)}, {1}}};
}

Tensor GaussianOp::forward(Saved& saved, const Tensor& mean, const Tensor& logvar, const Tensor& target) const {
  require_shape(name, "a log-variance like the mean", logvar, mean.shape());
  require_shape(name, "a target like the mean", target, mean.shape());
  const Tensor difference = subtract(mean, target), precision = exp(negate(logvar));
  const Tensor scaled = multiply(square(difference), precision);  // (t - m)^2 exp(-v)
  saved.keep(difference);
  saved.keep(precision);
  saved.keep(scaled);
  return sum_rows(scale_shift(add(logvar, scaled), 0.5, 0.5 * std::log(2 * std::numbers::pi)));
}

void GaussianOp::backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
  if (out.needed(0)) scale_rows(multiply(saved[0], saved[1]), dy[0], out.at(0));
  if (out.needed(1)) scale_rows(scale_shift(saved[2], -0.5, 0.5), dy[0], out.at(1));
  if (out.needed(2)) fail(name, "the target has no gradient: pass a Tensor, or detach() the Var");
}

std::vector<Sample<GaussianOp>> GaussianOp::samples() {
  return {{{}, {sample_tensor({3, 5}, -1, 1, 37), sample_tensor({3, 5}, -2, 1, 38), sample_tensor({3, 5}, -1, 1, 39)}, {2}}};
}

Tensor CrossEntropyOp::forward(Saved& saved, const Tensor& logits, const Tensor& labels) const {
  require_rank(name, "logits", logits, 2);
  const Index n = logits.shape()[0], classes = logits.shape()[1];
  require_shape(name, "one label a row of logits", labels, {n});
  const std::int32_t* label = labels.data<std::int32_t>();
  for (Index i = 0; i < n; i++)
    if (label[i] < 0 || label[i] >= classes) fail(name, fmt::format("label {} of row {} is outside 0 to {}", label[i], i, classes - 1));
  const Tensor logp = log_softmax(logits);
  Tensor y({n}, logits.dtype());
  for_float(name, logits.dtype(), [&]<class T>(T) {
    const T* p = logp.data<T>();
    T* out = y.mutable_data<T>();
    for (Index i = 0; i < n; i++) out[i] = -p[i * classes + label[i]];
  });
  saved.keep(logp);
  saved.keep(labels);
  return y;
}

void CrossEntropyOp::backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
  if (!out.needed(0)) return;
  const Tensor& logp = saved[0];
  const Index n = logp.shape()[0], classes = logp.shape()[1];
  const std::int32_t* label = saved[1].data<std::int32_t>();
  Tensor d = exp(logp);
  for_float(name, logp.dtype(), [&]<class T>(T) {
    T* p = d.mutable_data<T>();
    for (Index i = 0; i < n; i++) p[i * classes + label[i]] -= T(1);
  });
  scale_rows(d, dy[0], out.at(0));
}

std::vector<Sample<CrossEntropyOp>> CrossEntropyOp::samples() { return {{{}, {sample_tensor({3, 4}, -3, 3, 40), sample_labels()}}}; }

}  // namespace elbo::ops
