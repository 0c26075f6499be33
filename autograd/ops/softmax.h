#pragma once
// Softmax and its logarithm along the last axis.

#include "autograd/record.h"
#include "autograd/samples.h"
#include "tensor/softmax.h"

namespace elbo {
namespace ops {

// y = exp(x) / sum exp(x)        dx = y (dy - sum(y dy))
struct SoftmaxOp {
  static constexpr std::string_view name = "softmax";
  Tensor forward(Saved& saved, const Tensor& x) const {
    Tensor y = softmax(x);
    saved.keep(y);
    return y;
  }
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
    if (out.needed(0)) softmax_backward(saved[0], dy[0], out.at(0));
  }
  static std::vector<Sample<SoftmaxOp>> samples() {
    return {{{}, {sample_tensor({3, 5}, -3, 3, 71)}}, {{}, {sample_tensor({2, 2, 17}, -3, 3, 72)}}};
  }
};

// y = x - log sum exp(x)        dx = dy - exp(y) sum(dy)
struct LogSoftmaxOp {
  static constexpr std::string_view name = "log_softmax";
  Tensor forward(Saved& saved, const Tensor& x) const {
    Tensor y = log_softmax(x);
    saved.keep(y);
    return y;
  }
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
    if (out.needed(0)) log_softmax_backward(saved[0], dy[0], out.at(0));
  }
  static std::vector<Sample<LogSoftmaxOp>> samples() {
    return {{{}, {sample_tensor({3, 5}, -3, 3, 73)}}, {{}, {sample_tensor({2, 2, 17}, -3, 3, 74)}}};
  }
};

namespace softmax_family {
using Ops = OpList<SoftmaxOp, LogSoftmaxOp>;
}
}  // namespace ops

inline Var softmax(const Var& x) { return record(ops::SoftmaxOp{}, x); }
inline Var log_softmax(const Var& x) { return record(ops::LogSoftmaxOp{}, x); }

}  // namespace elbo
