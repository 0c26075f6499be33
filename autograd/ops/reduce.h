#pragma once
// Reductions over axes (none given: all) and cumulative sums.

#include "autograd/record.h"
#include "tensor/reduce.h"

namespace elbo {
namespace ops {

inline std::vector<Attribute> reduction_attributes(const Axes& axes, bool keepdims) {
  std::vector<Attribute> all = {{"axes", axes.str()}};
  if (keepdims) all.push_back({"keepdims", "true"});
  return all;
}

// y = sum of x over axes        dx = dy repeated along them
struct SumOp {
  static constexpr std::string_view name = "sum";
  Axes axes;
  bool keepdims = false;
  Tensor forward(Saved& saved, const Tensor& x) const;
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const;
  std::vector<Attribute> attributes() const { return reduction_attributes(axes, keepdims); }
  static std::vector<Sample<SumOp>> samples();
};

// y = mean of x over axes        dx = dy / n repeated along them, n numbers in each mean
struct MeanOp {
  static constexpr std::string_view name = "mean";
  Axes axes;
  bool keepdims = false;
  Tensor forward(Saved& saved, const Tensor& x) const;
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const;
  std::vector<Attribute> attributes() const { return reduction_attributes(axes, keepdims); }
  static std::vector<Sample<MeanOp>> samples();
};

// y = largest x over axes        dx = dy where x is the largest (shared equally among equal ones), otherwise 0
struct MaxOp {
  static constexpr std::string_view name = "max";
  Axes axes;
  bool keepdims = false;
  Tensor forward(Saved& saved, const Tensor& x) const;
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const;
  std::vector<Attribute> attributes() const { return reduction_attributes(axes, keepdims); }
  static std::vector<Sample<MaxOp>> samples();
};

// y = mean of (x - mean x)^2 over axes (or sum / (n - 1) if unbiased)        dx = 2 (x - mean x) dy / n  (or n - 1)
struct VarianceOp {
  static constexpr std::string_view name = "variance";
  Axes axes;
  bool keepdims = false, unbiased = false;
  Tensor forward(Saved& saved, const Tensor& x) const;
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const;
  std::vector<Attribute> attributes() const {
    std::vector<Attribute> all = reduction_attributes(axes, keepdims);
    all.push_back({"unbiased", unbiased ? "true" : "false"});
    return all;
  }
  static std::vector<Sample<VarianceOp>> samples();
};

// y = log sum exp x over axes        dx = exp(x - y) dy
struct LogSumExpOp {
  static constexpr std::string_view name = "logsumexp";
  Axes axes;
  bool keepdims = false;
  Tensor forward(Saved& saved, const Tensor& x) const;
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const;
  std::vector<Attribute> attributes() const { return reduction_attributes(axes, keepdims); }
  static std::vector<Sample<LogSumExpOp>> samples();
};

// y_i = x_0 + ... + x_i along an axis        dx_i = dy_i + ... + dy_n
struct CumulativeSumOp {
  static constexpr std::string_view name = "cumulative_sum";
  int axis = -1;
  Tensor forward(Saved&, const Tensor& x) const { return cumulative_sum(x, axis); }
  void backward(const Saved&, const Cotangents& dy, Targets& out) const {
    if (out.needed(0)) cumulative_sum(dy[0], axis, true, out.at(0));
  }
  std::vector<Attribute> attributes() const { return {attribute("axis", axis)}; }
  static std::vector<Sample<CumulativeSumOp>> samples();
};

namespace reduce_family {
using Ops = OpList<SumOp, MeanOp, MaxOp, VarianceOp, LogSumExpOp, CumulativeSumOp>;
}
}  // namespace ops

inline Var sum(const Var& x, const Axes& axes = {}, bool keepdims = false) { return record(ops::SumOp{axes, keepdims}, x); }
inline Var mean(const Var& x, const Axes& axes = {}, bool keepdims = false) { return record(ops::MeanOp{axes, keepdims}, x); }
inline Var max(const Var& x, const Axes& axes = {}, bool keepdims = false) { return record(ops::MaxOp{axes, keepdims}, x); }
inline Var variance(const Var& x, const Axes& axes = {}, bool keepdims = false, bool unbiased = false) {
  return record(ops::VarianceOp{axes, keepdims, unbiased}, x);
}
inline Var logsumexp(const Var& x, const Axes& axes = {}, bool keepdims = false) { return record(ops::LogSumExpOp{axes, keepdims}, x); }
inline Var cumulative_sum(const Var& x, int axis) { return record(ops::CumulativeSumOp{axis}, x); }

}  // namespace elbo
