#pragma once
// Elementwise ops of one input. dx = dy f'(x); the rule uses x or y, whichever is at hand without computing it again.

#include "autograd/record.h"
#include "autograd/samples.h"
#include "tensor/elementwise.h"

namespace elbo {
namespace ops {

enum class Keep { x, y };

// y = f(x)         dx = b(x, dy)  or  b(y, dy)
template <Unary f, Binary b, Keep keep>
struct UnaryRule {
  Tensor forward(Saved& saved, const Tensor& x) const {
    Tensor y = unary(f, x);
    saved.keep(keep == Keep::x ? x : y);
    return y;
  }
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
    if (out.needed(0)) binary(b, saved[0], dy[0], out.at(0));
  }
};

template <class O>
std::vector<Sample<O>> unary_samples(double low, double high, double gap = 0) {
  return {{O{}, {sample_tensor({2, 3}, low, high, 1, gap)}},
          {O{}, {sample_tensor({17}, low, high, 2, gap)}},
          {O{}, {sample_tensor({}, low, high, 3, gap)}}};
}

struct AbsOp : UnaryRule<Unary::abs, Binary::abs_backward, Keep::x> {  // dx = dy sign(x), 0 at 0
  static constexpr std::string_view name = "abs";
  static std::vector<Sample<AbsOp>> samples() { return unary_samples<AbsOp>(-2, 2, 0.1); }
};
struct SquareOp : UnaryRule<Unary::square, Binary::square_backward, Keep::x> {  // dx = 2 x dy
  static constexpr std::string_view name = "square";
  static std::vector<Sample<SquareOp>> samples() { return unary_samples<SquareOp>(-2, 2); }
};
struct ReciprocalOp : UnaryRule<Unary::reciprocal, Binary::reciprocal_backward, Keep::y> {  // dx = -dy y^2
  static constexpr std::string_view name = "reciprocal";
  static std::vector<Sample<ReciprocalOp>> samples() { return unary_samples<ReciprocalOp>(-2, 2, 0.5); }
};
struct SqrtOp : UnaryRule<Unary::sqrt, Binary::sqrt_backward, Keep::y> {  // dx = dy / (2 y)
  static constexpr std::string_view name = "sqrt";
  static std::vector<Sample<SqrtOp>> samples() { return unary_samples<SqrtOp>(0.2, 3); }
};
struct RsqrtOp : UnaryRule<Unary::rsqrt, Binary::rsqrt_backward, Keep::y> {  // dx = -dy y^3 / 2
  static constexpr std::string_view name = "rsqrt";
  static std::vector<Sample<RsqrtOp>> samples() { return unary_samples<RsqrtOp>(0.3, 3); }
};
struct ExpOp : UnaryRule<Unary::exp, Binary::exp_backward, Keep::y> {  // dx = dy y
  static constexpr std::string_view name = "exp";
  static std::vector<Sample<ExpOp>> samples() { return unary_samples<ExpOp>(-2, 2); }
};
struct Expm1Op : UnaryRule<Unary::expm1, Binary::expm1_backward, Keep::y> {  // dx = dy (y + 1)
  static constexpr std::string_view name = "expm1";
  static std::vector<Sample<Expm1Op>> samples() { return unary_samples<Expm1Op>(-2, 2); }
};
struct LogOp : UnaryRule<Unary::log, Binary::log_backward, Keep::x> {  // dx = dy / x
  static constexpr std::string_view name = "log";
  static std::vector<Sample<LogOp>> samples() { return unary_samples<LogOp>(0.2, 3); }
};
struct Log1pOp : UnaryRule<Unary::log1p, Binary::log1p_backward, Keep::x> {  // dx = dy / (1 + x)
  static constexpr std::string_view name = "log1p";
  static std::vector<Sample<Log1pOp>> samples() { return unary_samples<Log1pOp>(-0.7, 3); }
};
struct SinOp : UnaryRule<Unary::sin, Binary::sin_backward, Keep::x> {  // dx = dy cos x
  static constexpr std::string_view name = "sin";
  static std::vector<Sample<SinOp>> samples() { return unary_samples<SinOp>(-3, 3); }
};
struct CosOp : UnaryRule<Unary::cos, Binary::cos_backward, Keep::x> {  // dx = -dy sin x
  static constexpr std::string_view name = "cos";
  static std::vector<Sample<CosOp>> samples() { return unary_samples<CosOp>(-3, 3); }
};
struct TanhOp : UnaryRule<Unary::tanh, Binary::tanh_backward, Keep::y> {  // dx = dy (1 - y^2)
  static constexpr std::string_view name = "tanh";
  static std::vector<Sample<TanhOp>> samples() { return unary_samples<TanhOp>(-2, 2); }
};
struct SigmoidOp : UnaryRule<Unary::sigmoid, Binary::sigmoid_backward, Keep::y> {  // dx = dy y (1 - y)
  static constexpr std::string_view name = "sigmoid";
  static std::vector<Sample<SigmoidOp>> samples() { return unary_samples<SigmoidOp>(-3, 3); }
};
struct SoftplusOp : UnaryRule<Unary::softplus, Binary::softplus_backward, Keep::x> {  // dx = dy sigmoid(x)
  static constexpr std::string_view name = "softplus";
  static std::vector<Sample<SoftplusOp>> samples() { return unary_samples<SoftplusOp>(-3, 3); }
};
struct ReluOp : UnaryRule<Unary::relu, Binary::relu_backward, Keep::y> {  // dx = dy where y > 0, otherwise 0
  static constexpr std::string_view name = "relu";
  static std::vector<Sample<ReluOp>> samples() { return unary_samples<ReluOp>(-2, 2, 0.1); }
};
struct EluOp : UnaryRule<Unary::elu, Binary::elu_backward, Keep::y> {  // dx = dy, or dy (y + 1) below 0
  static constexpr std::string_view name = "elu";
  static std::vector<Sample<EluOp>> samples() { return unary_samples<EluOp>(-2, 2, 0.1); }
};
struct GeluOp : UnaryRule<Unary::gelu, Binary::gelu_backward, Keep::x> {  // y = x Phi(x)   dx = dy (Phi(x) + x phi(x))
  static constexpr std::string_view name = "gelu";
  static std::vector<Sample<GeluOp>> samples() { return unary_samples<GeluOp>(-3, 3); }
};
struct SiluOp : UnaryRule<Unary::silu, Binary::silu_backward, Keep::x> {  // y = x s   dx = dy s (1 + x (1 - s)),  s = sigmoid(x)
  static constexpr std::string_view name = "silu";
  static std::vector<Sample<SiluOp>> samples() { return unary_samples<SiluOp>(-3, 3); }
};

// y = scale x + shift        dx = scale dy
struct ScaleShiftOp {
  static constexpr std::string_view name = "scale_shift";
  double scale = 1, shift = 0;
  Tensor forward(Saved&, const Tensor& x) const { return scale_shift(x, scale, shift); }
  void backward(const Saved&, const Cotangents& dy, Targets& out) const {
    if (out.needed(0)) parametric(Parametric::scale_shift, dy[0], scale, 0, out.at(0));
  }
  std::vector<Attribute> attributes() const { return {attribute("scale", scale), attribute("shift", shift)}; }
  static std::vector<Sample<ScaleShiftOp>> samples() { return {{{2.5, -1}, {sample_tensor({2, 3})}}, {{-1, 0}, {sample_tensor({5})}}}; }
};

// y = min(max(x, low), high)        dx = dy inside [low, high], otherwise 0
struct ClampOp {
  static constexpr std::string_view name = "clamp";
  double low = 0, high = 1;
  Tensor forward(Saved& saved, const Tensor& x) const {
    saved.keep(x);
    return clamp(x, low, high);
  }
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
    if (!out.needed(0)) return;
    parametric(Parametric::clamp_mask, saved[0], low, high, out.at(0));
    binary(Binary::multiply, out.at(0), dy[0], out.at(0));
  }
  std::vector<Attribute> attributes() const { return {attribute("low", low), attribute("high", high)}; }
  static std::vector<Sample<ClampOp>> samples() { return {{{-0.5, 0.45}, {sample_tensor({3, 5}, -1, 1, 4)}}}; }
};

// y = x, or slope x below 0        dx = dy, or slope dy
struct LeakyReluOp {
  static constexpr std::string_view name = "leaky_relu";
  double slope = 0.01;
  Tensor forward(Saved& saved, const Tensor& x) const {
    saved.keep(x);
    return leaky_relu(x, slope);
  }
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
    if (!out.needed(0)) return;
    parametric(Parametric::leaky_relu_mask, saved[0], slope, 0, out.at(0));
    binary(Binary::multiply, out.at(0), dy[0], out.at(0));
  }
  std::vector<Attribute> attributes() const { return {attribute("slope", slope)}; }
  static std::vector<Sample<LeakyReluOp>> samples() { return {{{0.2}, {sample_tensor({3, 5}, -2, 2, 5, 0.1)}}}; }
};

// y = x^p        dx = p x^(p-1) dy
struct PowerScalarOp {
  static constexpr std::string_view name = "power_scalar";
  double exponent = 1;
  Tensor forward(Saved& saved, const Tensor& x) const {
    saved.keep(x);
    return power(x, exponent);
  }
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
    if (!out.needed(0)) return;
    if (exponent == 0) return out.at(0).fill(0);
    parametric(Parametric::power_scalar, saved[0], exponent - 1, 0, out.at(0));
    parametric(Parametric::scale_shift, out.at(0), exponent, 0, out.at(0));
    binary(Binary::multiply, out.at(0), dy[0], out.at(0));
  }
  std::vector<Attribute> attributes() const { return {attribute("exponent", exponent)}; }
  static std::vector<Sample<PowerScalarOp>> samples() {
    return {{{1.7}, {sample_tensor({2, 3}, 0.3, 2)}},
            {{3}, {sample_tensor({4}, -2, 2, 6, 0.2)}},
            {{0}, {sample_tensor({4}, 0.5, 2)}},
            {{-2}, {sample_tensor({4}, -2, 2, 7, 0.5)}}};
  }
};

namespace unary_family {
using Ops = OpList<AbsOp, SquareOp, ReciprocalOp, SqrtOp, RsqrtOp, ExpOp, Expm1Op, LogOp, Log1pOp, SinOp, CosOp, TanhOp, SigmoidOp,
                   SoftplusOp, ReluOp, EluOp, GeluOp, SiluOp, ScaleShiftOp, ClampOp, LeakyReluOp, PowerScalarOp>;
}
}  // namespace ops

inline Var abs(const Var& x) { return record(ops::AbsOp{}, x); }
inline Var square(const Var& x) { return record(ops::SquareOp{}, x); }
inline Var reciprocal(const Var& x) { return record(ops::ReciprocalOp{}, x); }
inline Var sqrt(const Var& x) { return record(ops::SqrtOp{}, x); }
inline Var rsqrt(const Var& x) { return record(ops::RsqrtOp{}, x); }
inline Var exp(const Var& x) { return record(ops::ExpOp{}, x); }
inline Var expm1(const Var& x) { return record(ops::Expm1Op{}, x); }
inline Var log(const Var& x) { return record(ops::LogOp{}, x); }
inline Var log1p(const Var& x) { return record(ops::Log1pOp{}, x); }
inline Var sin(const Var& x) { return record(ops::SinOp{}, x); }
inline Var cos(const Var& x) { return record(ops::CosOp{}, x); }
inline Var tanh(const Var& x) { return record(ops::TanhOp{}, x); }
inline Var sigmoid(const Var& x) { return record(ops::SigmoidOp{}, x); }
inline Var softplus(const Var& x) { return record(ops::SoftplusOp{}, x); }
inline Var relu(const Var& x) { return record(ops::ReluOp{}, x); }
inline Var elu(const Var& x) { return record(ops::EluOp{}, x); }
inline Var gelu(const Var& x) { return record(ops::GeluOp{}, x); }
inline Var silu(const Var& x) { return record(ops::SiluOp{}, x); }
inline Var scale_shift(const Var& x, double scale, double shift = 0) { return record(ops::ScaleShiftOp{scale, shift}, x); }
inline Var clamp(const Var& x, double low, double high) { return record(ops::ClampOp{low, high}, x); }
inline Var leaky_relu(const Var& x, double slope = 0.01) { return record(ops::LeakyReluOp{slope}, x); }
inline Var power(const Var& x, double exponent) { return record(ops::PowerScalarOp{exponent}, x); }
inline Var negate(const Var& x) { return scale_shift(x, -1); }

}  // namespace elbo
