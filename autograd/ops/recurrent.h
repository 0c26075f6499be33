#pragma once
// Recurrent layers, each one op over a whole sequence: x: (steps, batch, inputs)   ->   y: (steps, batch, units) and the last states.
// Steps that an example does not have (`lengths`) change nothing, in values and gradients: tensor/recurrent.h.

#include "autograd/record.h"
#include "tensor/recurrent.h"

namespace elbo {
namespace ops {

// For each step, with [i f g o] = x W^T + h U^T + b side by side:
//   c' = sigmoid(f) c + sigmoid(i) tanh(g)        h' = sigmoid(o) tanh(c')
// Backwards from the last step, with ds the gradients of those sums:
//   dc += dh' o (1 - tanh(c')^2)        ds = [dc g i (1 - i), dc c f (1 - f), dc i (1 - g^2), dh' tanh(c') o (1 - o)]        dc = dc f
//   dh = ds U        and over all steps        dx = ds W        dW = ds^T x        dU = ds^T h        db = sum of ds
//
// Inputs: x, W: (4 units, inputs), U: (4 units, units), b: (4 units), then h and c (`states`), then int32 lengths (`lengths`).
struct LstmOp {
  static constexpr std::string_view name = "lstm";
  bool reverse = false, states = false, lengths = false;
  std::array<Tensor, 3> forward(Saved& saved, std::span<const Tensor> inputs) const;  // y, h, c
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const;
  std::vector<Attribute> attributes() const;
  static std::vector<Sample<LstmOp>> samples();
};

// For each step, with [r z n] = x W^T + b side by side (r and z with their part of h U^T), m = h U_n^T + b_m:
//   n' = tanh(n + sigmoid(r) m)        h' = (1 - sigmoid(z)) n' + sigmoid(z) h
// Backwards: dn = dh' (1 - z) (1 - n'^2)        ds = [dn m r (1 - r), dh' (h - n') z (1 - z), dn, dn r]        dh = dh' z + ds U; the rest
// as above.
//
// Inputs: x, W: (3 units, inputs), U: (3 units, units), b: (4 units: r, z, n, m), then h (`states`), then int32 lengths (`lengths`).
struct GruOp {
  static constexpr std::string_view name = "gru";
  bool reverse = false, states = false, lengths = false;
  std::array<Tensor, 2> forward(Saved& saved, std::span<const Tensor> inputs) const;  // y, h
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const;
  std::vector<Attribute> attributes() const;
  static std::vector<Sample<GruOp>> samples();
};

namespace recurrent_family {
using Ops = OpList<LstmOp, GruOp>;
}
}  // namespace ops

// What a layer reads with: gates in PyTorch's order.
struct RecurrentVars {
  Var input, recurrent, bias;
};
struct RecurrentOptions {
  Tensor lengths = {};   // int32 (batch,), or empty: all steps count
  bool reverse = false;  // from each example's last step to its first
};

// y, the last h, the last c. `h`, `c`: (batch, units), the states before the first step.
std::array<Var, 3> lstm(const Var& x, const RecurrentVars& w, const RecurrentOptions& options = {});
std::array<Var, 3> lstm(const Var& x, const RecurrentVars& w, const Var& h, const Var& c, const RecurrentOptions& options = {});
// y, the last h.
std::array<Var, 2> gru(const Var& x, const RecurrentVars& w, const RecurrentOptions& options = {});
std::array<Var, 2> gru(const Var& x, const RecurrentVars& w, const Var& h, const RecurrentOptions& options = {});

}  // namespace elbo
