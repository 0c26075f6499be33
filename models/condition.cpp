#include "models/condition.h"

#include <fmt/core.h>

#include "autograd/ops.h"
#include "tensor/error.h"

namespace elbo {

Tensor Condition::one_hot(const Tensor& labels, DType type) const {
  const Index n = labels.numel();
  Tensor out = Tensor::zeros({n, classes_}, DType::float32);
  float* to = out.mutable_data<float>();
  const auto* label = labels.data<std::int32_t>();
  for (Index i = 0; i < n; i++) {
    if (label[i] < 0 || label[i] >= classes_)
      fail("condition", fmt::format("label {} of example {}: the model is given labels from 0 to {}", label[i], i, classes_ - 1));
    to[i * classes_ + label[i]] = 1;
  }
  return out.to(type);
}

Var Condition::beside(const Var& x, const Tensor& labels) const {
  if (classes_ == 0) return x;
  if (!labels)
    fail("condition", fmt::format("the model is given labels as conditions (model.classes={}), and these examples have none", classes_));
  if (labels.dtype() != DType::int32 || labels.rank() != 1 || labels.size(0) != x.size(0))
    fail("condition", fmt::format("expected a label for each of {} rows, int32 ({},), got {} {}", x.size(0), x.size(0),
                                  dtype_name(labels.dtype()), labels.shape().str()));
  return concatenate({x, Var(one_hot(labels, x.dtype()))}, 1);
}

Tensor Condition::in_turn(Index n) const {
  if (classes_ == 0) return {};
  Tensor labels({n}, DType::int32);
  for (Index i = 0; i < n; i++) labels.mutable_data<std::int32_t>()[i] = std::int32_t(i % classes_);
  return labels;
}

}  // namespace elbo
