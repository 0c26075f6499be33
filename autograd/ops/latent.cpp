#include "autograd/ops/latent.h"

#include "autograd/samples.h"
#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/likelihood.h"

namespace elbo::ops {

Tensor KlNormalOp::forward(Saved& saved, const Tensor& mu, const Tensor& logvar) const {
  saved.keep(mu);
  saved.keep(logvar);
  return kl_normal(mu, logvar);
}

void KlNormalOp::backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
  if (out.needed(0)) binary(Binary::multiply, saved[0], dy[0], out.at(0));
  if (!out.needed(1)) return;
  Tensor& dv = out.at(1);
  unary(Unary::expm1, saved[1], dv);
  parametric(Parametric::scale_shift, dv, 0.5, 0, dv);
  binary(Binary::multiply, dv, dy[0], dv);
}

std::vector<Sample<KlNormalOp>> KlNormalOp::samples() {
  return {{{}, {sample_tensor({3, 4}, -2, 2, 51), sample_tensor({3, 4}, -3, 2, 52)}},
          {{}, {sample_tensor({2}, -2, 2, 53), sample_tensor({2}, -3, 2, 54)}}};
}

Tensor ReparameteriseOp::forward(Saved& saved, const Tensor& mu, const Tensor& logvar, const Tensor& epsilon) const {
  Tensor z = reparameterise(mu, logvar, epsilon);
  saved.keep(z);
  saved.keep(mu);
  return z;
}

void ReparameteriseOp::backward(const Saved& saved, const Cotangents& dz, Targets& out) const {
  if (out.needed(0)) out.pass(0, dz[0]);
  if (out.needed(1)) {
    Tensor& dv = out.at(1);
    binary(Binary::subtract, saved[0], saved[1], dv);  // z - mu = exp(v / 2) epsilon
    binary(Binary::multiply, dv, dz[0], dv);
    parametric(Parametric::scale_shift, dv, 0.5, 0, dv);
  }
  if (out.needed(2)) fail(name, "the noise has no gradient: pass a Tensor");
}

std::vector<Sample<ReparameteriseOp>> ReparameteriseOp::samples() {
  return {{{}, {sample_tensor({3, 4}, -2, 2, 55), sample_tensor({3, 4}, -3, 2, 56), sample_tensor({3, 4}, -2, 2, 57)}, {2}}};
}

Tensor SoftClampOp::forward(Saved& saved, const Tensor& x) const {
  Tensor slope;
  Tensor y = soft_clamp(x, low, high, &slope);
  saved.keep(slope);
  return y;
}

void SoftClampOp::backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
  if (out.needed(0)) binary(Binary::multiply, saved[0], dy[0], out.at(0));
}

// Not across the joints at -8 and 8 (-5.1 and 2.1), where the second derivative jumps.
std::vector<Sample<SoftClampOp>> SoftClampOp::samples() {
  return {{{}, {sample_tensor({9}, -7.9, 7.9, 58)}, {}},
          {{}, {sample_tensor({9}, 8.1, 30, 58)}, {}},
          {{}, {sample_tensor({9}, -30, -8.1, 58)}, {}},
          {{-6, 3}, {sample_tensor({2, 5}, 2.2, 9, 59)}, {}}};
}

}  // namespace elbo::ops
