#include "autograd/ops/reduce.h"

#include "autograd/samples.h"
#include "tensor/elementwise.h"

namespace elbo::ops {
namespace {

// A result (or its cotangent) with the reduced axes back in place as size 1, so that it broadcasts against the input.
Tensor kept(const Tensor& y, const Shape& input, const Axes& axes) { return y.reshape(reduced_shape("reduce", input, axes, true)); }

template <class O>
std::vector<Sample<O>> reduce_samples(std::uint32_t number) {
  const Tensor x = sample_tensor({2, 3, 4}, -2, 2, number);
  return {{{.axes = {}}, {x}},
          {{.axes = {1}}, {x}},
          {{.axes = {0, -1}, .keepdims = true}, {x}},
          {{.axes = {0}}, {sample_tensor({5}, -2, 2, number)}}};
}

}  // namespace

Tensor SumOp::forward(Saved& saved, const Tensor& x) const {
  saved.keep(x);
  return sum(x, axes, keepdims);
}
void SumOp::backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
  if (out.needed(0)) out.pass(0, broadcast_to(kept(dy[0], saved[0].shape(), axes), saved[0].shape()));
}
std::vector<Sample<SumOp>> SumOp::samples() { return reduce_samples<SumOp>(61); }

Tensor MeanOp::forward(Saved& saved, const Tensor& x) const {
  saved.keep(x);
  return mean(x, axes, keepdims);
}
void MeanOp::backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
  if (!out.needed(0)) return;
  const Shape& shape = saved[0].shape();
  const Tensor share = scale_shift(kept(dy[0], shape, axes), 1 / double(reduced_count(shape, axes)));
  out.pass(0, broadcast_to(share, shape));
}
std::vector<Sample<MeanOp>> MeanOp::samples() { return reduce_samples<MeanOp>(62); }

Tensor MaxOp::forward(Saved& saved, const Tensor& x) const {
  Tensor y = max(x, axes, keepdims);
  saved.keep(x);
  saved.keep(y);
  return y;
}
void MaxOp::backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
  if (!out.needed(0)) return;
  const Shape& shape = saved[0].shape();
  const Tensor winners = equal(saved[0], kept(saved[1], shape, axes));
  const Tensor share = divide(kept(dy[0], shape, axes), sum(winners, axes, true));
  binary(Binary::multiply, winners, share, out.at(0));
}
std::vector<Sample<MaxOp>> MaxOp::samples() { return reduce_samples<MaxOp>(63); }

Tensor VarianceOp::forward(Saved& saved, const Tensor& x) const {
  saved.keep(x);
  return variance(x, axes, keepdims, unbiased);
}
void VarianceOp::backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
  if (!out.needed(0)) return;
  const Tensor& x = saved[0];
  const double n = double(reduced_count(x.shape(), axes)) - (unbiased ? 1 : 0);
  const Tensor share = scale_shift(kept(dy[0], x.shape(), axes), 2 / n);
  binary(Binary::multiply, subtract(x, mean(x, axes, true)), share, out.at(0));
}
std::vector<Sample<VarianceOp>> VarianceOp::samples() {
  auto all = reduce_samples<VarianceOp>(64);
  all.push_back({{.axes = {1}, .unbiased = true}, {sample_tensor({2, 4}, -2, 2, 65)}});
  return all;
}

Tensor LogSumExpOp::forward(Saved& saved, const Tensor& x) const {
  Tensor y = logsumexp(x, axes, keepdims);
  saved.keep(x);
  saved.keep(y);
  return y;
}
void LogSumExpOp::backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
  if (!out.needed(0)) return;
  const Tensor& x = saved[0];
  Tensor& dx = out.at(0);
  binary(Binary::subtract, x, kept(saved[1], x.shape(), axes), dx);
  unary(Unary::exp, dx, dx);
  binary(Binary::multiply, dx, kept(dy[0], x.shape(), axes), dx);
}
std::vector<Sample<LogSumExpOp>> LogSumExpOp::samples() { return reduce_samples<LogSumExpOp>(66); }

std::vector<Sample<CumulativeSumOp>> CumulativeSumOp::samples() {
  return {
      {{0}, {sample_tensor({3, 4}, -1, 1, 67)}}, {{-1}, {sample_tensor({3, 4}, -1, 1, 68)}}, {{1}, {sample_tensor({2, 3, 2}, -1, 1, 69)}}};
}

}  // namespace elbo::ops
