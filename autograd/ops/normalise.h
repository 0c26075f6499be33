#pragma once
// Normalisation of activations: over the batch (Ioffe and Szegedy 2015), over groups of channels (Wu and He 2018), and with statistics
// that are given. x: (n, ..., c), such as images (n, h, w, c) or rows (n, c); gain, bias: (c). Each is one op: composed of
// reductions and products it takes four times as long, for that is how often it reads and writes the images.

#include "autograd/record.h"

namespace elbo {
namespace ops {

// y = g (x - mean) scale + b, scale = 1 / sqrt(variance + epsilon); mean and variance (biased) of each channel over its m numbers: (c)
// dg = sum dy (x - mean) scale        db = sum dy
// dx = g scale (dy - db / m - (x - mean) scale dg / m) + dmean / m + 2 (x - mean) dvariance / m
struct BatchNormOp {
  static constexpr std::string_view name = "batch_norm";
  double epsilon = 1e-5;
  std::array<Tensor, 3> forward(Saved& saved, const Tensor& x, const Tensor& gain, const Tensor& bias) const;  // y, mean, variance
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const;
  std::vector<Attribute> attributes() const { return {attribute("epsilon", epsilon)}; }
  static std::vector<Sample<BatchNormOp>> samples();
};

// y = g (x - mean) scale + b, scale = 1 / sqrt(variance + epsilon)        mean, variance: (c)
// dx = g scale dy        dg = sum dy (x - mean) scale        db = sum dy        dmean = -g scale db        dvariance = -g scale^2 dg / 2
struct StandardiseOp {
  static constexpr std::string_view name = "standardise";
  double epsilon = 1e-5;
  Tensor forward(Saved& saved, const Tensor& x, const Tensor& gain, const Tensor& bias, const Tensor& mean, const Tensor& variance) const;
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const;
  std::vector<Attribute> attributes() const { return {attribute("epsilon", epsilon)}; }
  static std::vector<Sample<StandardiseOp>> samples();
};

//   y = g (x - mean) scale + b, scale = 1 / sqrt(variance + epsilon)
//   dx = g scale dy - scale sum(g dy) / m - (x - mean) scale^3 sum(g dy (x - mean)) / m
//   dg = sum dy (x - mean) scale        db = sum dy
//
// Mean, variance and the sums of dx are over the m numbers of each example's group of channels; those of dg and db over all examples and
// pixels.
struct GroupNormOp {
  static constexpr std::string_view name = "group_norm";
  Index groups = 1;
  double epsilon = 1e-5;
  Tensor forward(Saved& saved, const Tensor& x, const Tensor& gain, const Tensor& bias) const;
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const;
  std::vector<Attribute> attributes() const { return {attribute("groups", double(groups)), attribute("epsilon", epsilon)}; }
  static std::vector<Sample<GroupNormOp>> samples();
};

namespace normalise_family {
using Ops = OpList<BatchNormOp, StandardiseOp, GroupNormOp>;
}
}  // namespace ops

// {y, mean, variance}. Throws for fewer than two numbers a channel.
inline std::array<Var, 3> batch_norm(const Var& x, const Var& gain, const Var& bias, double epsilon = 1e-5) {
  return record(ops::BatchNormOp{epsilon}, x, gain, bias);
}
inline Var standardise(const Var& x, const Var& gain, const Var& bias, const Var& mean, const Var& variance, double epsilon = 1e-5) {
  return record(ops::StandardiseOp{epsilon}, x, gain, bias, mean, variance);
}
inline Var group_norm(const Var& x, const Var& gain, const Var& bias, Index groups, double epsilon = 1e-5) {
  return record(ops::GroupNormOp{groups, epsilon}, x, gain, bias);
}

}  // namespace elbo
