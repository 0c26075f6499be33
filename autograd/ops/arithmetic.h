#pragma once
// Elementwise ops of two inputs, with NumPy's broadcasting. Each rule gives gradients of the output's shape; the engine sums them
// down to a broadcast input's shape.

#include "autograd/ops/unary.h"
#include "autograd/record.h"
#include "autograd/samples.h"
#include "tensor/elementwise.h"

namespace elbo {
namespace ops {

// Pairs that broadcast on either side, on both, and not at all.
template <class O>
std::vector<Sample<O>> pair_samples(double low, double high, double gap = 0) {
  const auto pair = [&](const Shape& a, const Shape& b) {
    return Sample<O>{O{}, {sample_tensor(a, low, high, 11, gap), sample_tensor(b, low, high, 12, gap)}};
  };
  return {pair({2, 3}, {2, 3}), pair({2, 3}, {3}),       pair({1}, {2, 2}), pair({4, 1}, {1, 3}),
          pair({}, {2}),        pair({2, 1, 3}, {5, 1}), pair({0, 3}, {3})};
}

// y = a + b         da = dy         db = dy
struct AddOp {
  static constexpr std::string_view name = "add";
  static constexpr bool broadcasts = true;
  Tensor forward(Saved&, const Tensor& a, const Tensor& b) const { return add(a, b); }
  void backward(const Saved&, const Cotangents& dy, Targets& out) const {
    for (int i : {0, 1})
      if (out.needed(i)) out.pass(i, dy[0]);
  }
  static std::vector<Sample<AddOp>> samples() { return pair_samples<AddOp>(-1, 1); }
};

// y = a - b         da = dy         db = -dy
struct SubtractOp {
  static constexpr std::string_view name = "subtract";
  static constexpr bool broadcasts = true;
  Tensor forward(Saved&, const Tensor& a, const Tensor& b) const { return subtract(a, b); }
  void backward(const Saved&, const Cotangents& dy, Targets& out) const {
    if (out.needed(0)) out.pass(0, dy[0]);
    if (out.needed(1)) unary(Unary::negate, dy[0], out.at(1));
  }
  static std::vector<Sample<SubtractOp>> samples() { return pair_samples<SubtractOp>(-1, 1); }
};

// y = a b           da = dy b       db = dy a
struct MultiplyOp {
  static constexpr std::string_view name = "multiply";
  static constexpr bool broadcasts = true;
  Tensor forward(Saved& saved, const Tensor& a, const Tensor& b) const {
    saved.keep(a);
    saved.keep(b);
    return multiply(a, b);
  }
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
    for (int i : {0, 1})
      if (out.needed(i)) binary(Binary::multiply, saved[1 - i], dy[0], out.at(i));
  }
  static std::vector<Sample<MultiplyOp>> samples() { return pair_samples<MultiplyOp>(-1, 1); }
};

// y = a / b         da = dy / b     db = -dy y / b
struct DivideOp {
  static constexpr std::string_view name = "divide";
  static constexpr bool broadcasts = true;
  Tensor forward(Saved& saved, const Tensor& a, const Tensor& b) const {
    Tensor y = divide(a, b);
    saved.keep(b);
    saved.keep(y);
    return y;
  }
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
    if (out.needed(0)) binary(Binary::divide, dy[0], saved[0], out.at(0));
    if (!out.needed(1)) return;
    Tensor& db = out.at(1);
    binary(Binary::multiply, dy[0], saved[1], db);
    binary(Binary::divide, db, saved[0], db);
    unary(Unary::negate, db, db);
  }
  static std::vector<Sample<DivideOp>> samples() { return pair_samples<DivideOp>(-2, 2, 0.4); }
};

// y = a^b           da = dy b a^(b-1)       db = dy y log a      (a > 0, otherwise db is NaN as the logarithm is)
struct PowerOp {
  static constexpr std::string_view name = "power";
  static constexpr bool broadcasts = true;
  Tensor forward(Saved& saved, const Tensor& a, const Tensor& b) const {
    Tensor y = power(a, b);
    saved.keep(a);
    saved.keep(b);
    saved.keep(y);
    return y;
  }
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
    const Tensor &a = saved[0], &b = saved[1], &y = saved[2];
    if (out.needed(0)) binary(Binary::multiply, multiply(dy[0], b), power(a, scale_shift(b, 1, -1)), out.at(0));
    if (out.needed(1)) binary(Binary::multiply, multiply(dy[0], y), log(a), out.at(1));
  }
  static std::vector<Sample<PowerOp>> samples() { return pair_samples<PowerOp>(0.3, 2); }
};

// y = max(a, b)     the larger one's gradient is dy; of two equal ones each gets half
template <Binary f, Binary chosen>
struct ExtremeRule {
  Tensor forward(Saved& saved, const Tensor& a, const Tensor& b) const {
    saved.keep(a);
    saved.keep(b);
    return binary(f, a, b);
  }
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
    for (int i : {0, 1}) {
      if (!out.needed(i)) continue;
      const Tensor share = add(binary(chosen, saved[i], saved[1 - i]), scale_shift(equal(saved[i], saved[1 - i]), 0.5));
      binary(Binary::multiply, share, dy[0], out.at(i));
    }
  }
};
struct MaximumOp : ExtremeRule<Binary::maximum, Binary::greater> {
  static constexpr std::string_view name = "maximum";
  static constexpr bool broadcasts = true;
  static std::vector<Sample<MaximumOp>> samples() { return pair_samples<MaximumOp>(-1, 1); }
};
struct MinimumOp : ExtremeRule<Binary::minimum, Binary::less> {
  static constexpr std::string_view name = "minimum";
  static constexpr bool broadcasts = true;
  static std::vector<Sample<MinimumOp>> samples() { return pair_samples<MinimumOp>(-1, 1); }
};

// y = a where c is not 0, otherwise b      da = dy where c, otherwise 0      db = 0 where c, otherwise dy      (none for c)
struct WhereOp {
  static constexpr std::string_view name = "where";
  static constexpr bool broadcasts = true;
  Tensor forward(Saved& saved, const Tensor& c, const Tensor& a, const Tensor& b) const {
    saved.keep(c);
    return where(c, a, b);
  }
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
    const Tensor zero = Tensor::scalar(0, dy[0].dtype());
    if (out.needed(0)) out.at(0).fill(0);
    if (out.needed(1)) out.pass(1, where(saved[0], dy[0], zero));
    if (out.needed(2)) out.pass(2, where(saved[0], zero, dy[0]));
  }
  static std::vector<Sample<WhereOp>> samples() {
    const Tensor c = Tensor::from<double>({1, 0, 0, 1, 1, 0}, {2, 3});
    return {{{}, {c, sample_tensor({2, 3}, -1, 1, 1), sample_tensor({2, 3}, -1, 1, 2)}, {0}},
            {{}, {c, sample_tensor({3}, -1, 1, 1), sample_tensor({2, 1}, -1, 1, 2)}, {0}}};
  }
};

namespace arithmetic_family {
using Ops = OpList<AddOp, SubtractOp, MultiplyOp, DivideOp, PowerOp, MaximumOp, MinimumOp, WhereOp>;
}
}  // namespace ops

inline Var add(const Var& a, const Var& b) { return record(ops::AddOp{}, a, b); }
inline Var subtract(const Var& a, const Var& b) { return record(ops::SubtractOp{}, a, b); }
inline Var multiply(const Var& a, const Var& b) { return record(ops::MultiplyOp{}, a, b); }
inline Var divide(const Var& a, const Var& b) { return record(ops::DivideOp{}, a, b); }
inline Var power(const Var& a, const Var& b) { return record(ops::PowerOp{}, a, b); }
inline Var maximum(const Var& a, const Var& b) { return record(ops::MaximumOp{}, a, b); }
inline Var minimum(const Var& a, const Var& b) { return record(ops::MinimumOp{}, a, b); }
inline Var where(const Tensor& condition, const Var& a, const Var& b) { return record(ops::WhereOp{}, Var(condition), a, b); }

inline Var operator+(const Var& a, const Var& b) { return add(a, b); }
inline Var operator-(const Var& a, const Var& b) { return subtract(a, b); }
inline Var operator*(const Var& a, const Var& b) { return multiply(a, b); }
inline Var operator/(const Var& a, const Var& b) { return divide(a, b); }
inline Var operator+(const Var& a, double b) { return scale_shift(a, 1, b); }
inline Var operator-(const Var& a, double b) { return scale_shift(a, 1, -b); }
inline Var operator*(const Var& a, double b) { return scale_shift(a, b); }
inline Var operator/(const Var& a, double b) { return scale_shift(a, 1 / b); }
inline Var operator*(double a, const Var& b) { return scale_shift(b, a); }
inline Var operator+(double a, const Var& b) { return scale_shift(b, 1, a); }
inline Var operator-(double a, const Var& b) { return scale_shift(b, -1, a); }
inline Var operator-(const Var& a) { return negate(a); }

}  // namespace elbo
