#include "autograd/ops/normalise.h"

#include "autograd/samples.h"
#include "tensor/elementwise.h"
#include "tensor/normalise.h"

namespace elbo::ops {
namespace {

template <class... Rest>
void check(std::string_view op, const Tensor& x, const Tensor& gain, const Tensor& bias, const Rest&... rest) {
  const Shape c{x.shape().back()};
  (require_same_dtype(op, x, gain), require_same_dtype(op, x, bias), (require_same_dtype(op, x, rest), ...));
  require_shape(op, "a gain for each channel", gain, c);
  require_shape(op, "a bias for each channel", bias, c);
  (require_shape(op, "statistics for each channel", rest, c), ...);
}

// Where the gradients of x, the gain and the bias go, of those that are wanted.
NormaliseGradients wanted(Targets& out) {
  const auto at = [&](int i) { return out.needed(i) ? &out.at(i) : nullptr; };
  return {at(0), at(1), at(2)};
}

}  // namespace

std::array<Tensor, 3> BatchNormOp::forward(Saved& saved, const Tensor& x, const Tensor& gain, const Tensor& bias) const {
  const Normalisation s = Normalisation::batch(name, x);
  check(name, x, gain, bias);
  const Normalised r = normalise(name, x, s, gain, bias, epsilon);
  saved.keep(x);
  saved.keep(gain);
  saved.keep(r.mean);
  saved.keep(r.scale);
  return {r.y, r.mean.flatten(), r.variance.flatten()};
}
void BatchNormOp::backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
  const Tensor &x = saved[0], &gain = saved[1], &mean = saved[2], &scale = saved[3];
  const Tensor d = dy[0] ? dy[0] : zeros_like(x);
  normalise_backward({x, mean, scale, gain}, Normalisation::batch(name, x), {d, dy[1], dy[2]}, false, wanted(out));
}
std::vector<Sample<BatchNormOp>> BatchNormOp::samples() {
  const auto inputs = [](const Shape& x, std::uint32_t number) {
    const Shape c{x.back()};
    return std::vector<Tensor>{sample_tensor(x, -1, 2, number), sample_tensor(c, 0.3, 2, number + 1), sample_tensor(c, -1, 1, number + 2)};
  };
  return {{{}, inputs({2, 3, 4, 5}, 101)}, {{1e-2}, inputs({7, 3}, 104)}, {{1e-3}, inputs({3, 3, 5, 19}, 107)}};
}

Tensor StandardiseOp::forward(Saved& saved, const Tensor& x, const Tensor& gain, const Tensor& bias, const Tensor& mean,
                              const Tensor& variance) const {
  const Normalisation s = Normalisation::batch(name, x);
  check(name, x, gain, bias, mean, variance);
  // What backward needs is its own copy: running statistics may be updated before it comes, and then it still is this y's gradient.
  const Tensor m = mean.clone(), scale = rsqrt(scale_shift(variance, 1, epsilon));
  saved.keep(x);
  saved.keep(gain);
  saved.keep(m);
  saved.keep(scale);
  return standardise(x, s, m, scale, gain, bias);
}
void StandardiseOp::backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
  const Tensor &x = saved[0], &gain = saved[1], &mean = saved[2], &scale = saved[3];
  NormaliseGradients wants = wanted(out);
  Tensor dg = empty_like(gain), db = empty_like(gain);
  if (!wants.gain) wants.gain = &dg;
  if (!wants.bias) wants.bias = &db;
  normalise_backward({x, mean, scale, gain}, Normalisation::batch(name, x), {dy[0], {}, {}}, true, wants);
  const Tensor factor = multiply(gain, scale);
  if (out.needed(3)) out.pass(3, negate(multiply(factor, *wants.bias)));
  if (out.needed(4)) out.pass(4, scale_shift(multiply(multiply(factor, scale), *wants.gain), -0.5));
}
std::vector<Sample<StandardiseOp>> StandardiseOp::samples() {
  const auto inputs = [](const Shape& x, std::uint32_t number) {
    const Shape c{x.back()};
    return std::vector<Tensor>{sample_tensor(x, -1, 2, number), sample_tensor(c, 0.3, 2, number + 1), sample_tensor(c, -1, 1, number + 2),
                               sample_tensor(c, -1, 1, number + 3), sample_tensor(c, 0.3, 2, number + 4)};
  };
  return {{{}, inputs({2, 3, 4, 5}, 111)}, {{1e-2}, inputs({1, 3}, 116)}};
}

Tensor GroupNormOp::forward(Saved& saved, const Tensor& x, const Tensor& gain, const Tensor& bias) const {
  const Normalisation s = Normalisation::group(name, x, groups);
  check(name, x, gain, bias);
  const Normalised r = normalise(name, x, s, gain, bias, epsilon);
  saved.keep(x);
  saved.keep(gain);
  saved.keep(r.mean);
  saved.keep(r.scale);
  return r.y;
}
void GroupNormOp::backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
  const Tensor &x = saved[0], &gain = saved[1], &mean = saved[2], &scale = saved[3];
  normalise_backward({x, mean, scale, gain}, Normalisation::group(name, x, groups), {dy[0], {}, {}}, false, wanted(out));
}
std::vector<Sample<GroupNormOp>> GroupNormOp::samples() {
  const auto inputs = [](const Shape& x, std::uint32_t number) {
    const Shape c{x.back()};
    return std::vector<Tensor>{sample_tensor(x, -1, 2, number), sample_tensor(c, 0.3, 2, number + 1), sample_tensor(c, -1, 1, number + 2)};
  };
  return {{{2}, inputs({2, 3, 2, 6}, 121)},
          {{1, 1e-2}, inputs({3, 7}, 124)},
          {{3}, inputs({1, 2, 2, 3}, 127)},
          {{2}, inputs({2, 2, 5, 18}, 130)},
          {{8}, inputs({2, 1, 1, 8}, 133)}};
}

}  // namespace elbo::ops
