#pragma once
// Losses of a prediction against data. Each gives one number for every example: shape (n,) for inputs (n, ...), summed over the
// example's own axes, in nats where it is a log-likelihood. None of them gives a gradient to the target.

#include "autograd/record.h"

namespace elbo {
namespace ops {

// y_i = sum_j max(o, 0) - o t + log1p(exp(-|o|)) = -log p(t | logits o)        do = (sigmoid(o) - t) dy_i
struct BernoulliOp {
  static constexpr std::string_view name = "bernoulli";
  Tensor forward(Saved& saved, const Tensor& logits, const Tensor& target) const;
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const;
  static std::vector<Sample<BernoulliOp>> samples();
};

// y_i = sum_j log((exp(o) - 1) / o) - o t = -log p(t | logits o), t in [0, 1] (Loaiza-Ganem and Cunningham 2019)
// do = (m - t) dy_i, m = 1 / (1 - exp(-o)) - 1 / o the distribution's mean
struct ContinuousBernoulliOp {
  static constexpr std::string_view name = "continuous_bernoulli";
  Tensor forward(Saved& saved, const Tensor& logits, const Tensor& target) const;
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const;
  static std::vector<Sample<ContinuousBernoulliOp>> samples();
};

// y_i = sum_j (p - t)^2        dp = 2 (p - t) dy_i
struct SquaredErrorOp {
  static constexpr std::string_view name = "squared_error";
  Tensor forward(Saved& saved, const Tensor& prediction, const Tensor& target) const;
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const;
  static std::vector<Sample<SquaredErrorOp>> samples();
};

// y_i = sum_j (log(2 pi) + v + (t - m)^2 exp(-v)) / 2 = -log N(t; m, exp(v))        m, v, t of one shape
// dm = (m - t) exp(-v) dy_i        dv = (1 - (t - m)^2 exp(-v)) / 2 dy_i
struct GaussianOp {
  static constexpr std::string_view name = "gaussian";
  Tensor forward(Saved& saved, const Tensor& mean, const Tensor& logvar, const Tensor& target) const;
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const;
  static std::vector<Sample<GaussianOp>> samples();
};

// y_i = logsumexp(o_i) - o_i[label_i] = -log softmax(o_i)[label_i]        do_i = (softmax(o_i) - onehot(label_i)) dy_i
//   logits: (n, classes)   labels: int32 (n,)
struct CrossEntropyOp {
  static constexpr std::string_view name = "cross_entropy";
  Tensor forward(Saved& saved, const Tensor& logits, const Tensor& labels) const;
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const;
  static std::vector<Sample<CrossEntropyOp>> samples();
};

namespace likelihood_family {
using Ops = OpList<BernoulliOp, ContinuousBernoulliOp, SquaredErrorOp, GaussianOp, CrossEntropyOp>;
}
}  // namespace ops

inline Var bernoulli_loss(const Var& logits, const Tensor& target) { return record(ops::BernoulliOp{}, logits, Var(target)); }
inline Var continuous_bernoulli_loss(const Var& logits, const Tensor& target) {
  return record(ops::ContinuousBernoulliOp{}, logits, Var(target));
}
inline Var squared_error(const Var& prediction, const Tensor& target) { return record(ops::SquaredErrorOp{}, prediction, Var(target)); }
inline Var gaussian_loss(const Var& mean, const Var& logvar, const Tensor& target) {
  return record(ops::GaussianOp{}, mean, logvar, Var(target));
}
inline Var cross_entropy(const Var& logits, const Tensor& labels) { return record(ops::CrossEntropyOp{}, logits, Var(labels)); }

}  // namespace elbo
