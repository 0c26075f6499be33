#include "tensor/likelihood.h"

#include <fmt/core.h>

#include "tensor/error.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

constexpr Index likelihood_grain = 1 << 13;

// Applies a row kernel to every example; rows go to threads in groups fixed by the shape.
template <class Kernel>
Tensor row_losses(std::string_view op, const Tensor& y, const Tensor& target, Tensor* derivative, Kernel kernel_of) {
  require_same_dtype(op, y, target);
  if (y.rank() == 0) fail(op, "expected a leading axis that counts examples, got a scalar");
  require_shape(op, "a target like the prediction", target, y.shape());
  const Index n = y.shape()[0], width = n == 0 ? 0 : y.numel() / n;
  Tensor losses({n}, y.dtype());
  if (derivative) *derivative = empty_like(y);
  for_float(op, y.dtype(), [&]<class T>(T) {
    const auto kernel = kernel_of(likelihood_kernels.of<T>());
    const T *a = y.data<T>(), *t = target.data<T>();
    T *out = losses.mutable_data<T>(), *d = derivative ? derivative->mutable_data<T>() : nullptr;
    const Index chunks = std::clamp<Index>(y.numel() / likelihood_grain, 1, std::max<Index>(n, 1));
    parallel(chunks, [&](Index c) {
      for (Index i = n * c / chunks; i < n * (c + 1) / chunks; i++)
        out[i] = T(kernel(a + i * width, t + i * width, d ? d + i * width : nullptr, width));
    });
  });
  return losses;
}

}  // namespace

Tensor bernoulli_loss(const Tensor& logits, const Tensor& target, Tensor* derivative) {
  return row_losses("bernoulli_loss", logits, target, derivative, [](const auto& table) { return table.bernoulli; });
}

Tensor continuous_bernoulli_loss(const Tensor& logits, const Tensor& target, Tensor* derivative) {
  return row_losses("continuous_bernoulli_loss", logits, target, derivative, [](const auto& table) { return table.continuous_bernoulli; });
}

Tensor continuous_bernoulli_mean(const Tensor& logits) {
  Tensor mean = empty_like(logits);
  for_float("continuous_bernoulli_mean", logits.dtype(), [&]<class T>(T) {
    const T* o = logits.data<T>();
    T* out = mean.mutable_data<T>();
    parallel_ranges(logits.numel(), likelihood_grain,
                    [&](Index b, Index e) { likelihood_kernels.of<T>().continuous_bernoulli_mean(o + b, out + b, e - b); });
  });
  return mean;
}

Tensor squared_error(const Tensor& y, const Tensor& target, Tensor* derivative) {
  return row_losses("squared_error", y, target, derivative, [](const auto& table) { return table.squared_error; });
}

Tensor soft_clamp(const Tensor& x, double low, double high, Tensor* slope) {
  if (!(low < high)) fail("soft_clamp", fmt::format("expected low < high, got {} and {}", low, high));
  Tensor y = empty_like(x);
  if (slope) *slope = empty_like(x);
  for_float("soft_clamp", x.dtype(), [&]<class T>(T) {
    const T* in = x.data<T>();
    T *out = y.mutable_data<T>(), *s = slope ? slope->mutable_data<T>() : nullptr;
    parallel_ranges(x.numel(), likelihood_grain, [&](Index b, Index e) {
      likelihood_kernels.of<T>().soft_clamp(in + b, T(low), T(high), out + b, s ? s + b : nullptr, e - b);
    });
  });
  return y;
}

Tensor kl_normal(const Tensor& mu, const Tensor& logvar) {
  require_same_dtype("kl_normal", mu, logvar);
  require_shape("kl_normal", "a log-variance like the mean", logvar, mu.shape());
  Tensor y = empty_like(mu);
  for_float("kl_normal", mu.dtype(), [&]<class T>(T) {
    const T *m = mu.data<T>(), *v = logvar.data<T>();
    T* out = y.mutable_data<T>();
    parallel_ranges(mu.numel(), likelihood_grain, [&](Index b, Index e) { likelihood_kernels.of<T>().kl(m + b, v + b, out + b, e - b); });
  });
  return y;
}

Tensor reparameterise(const Tensor& mu, const Tensor& logvar, const Tensor& epsilon) {
  require_same_dtype("reparameterise", mu, logvar);
  require_same_dtype("reparameterise", mu, epsilon);
  require_shape("reparameterise", "a log-variance like the mean", logvar, mu.shape());
  require_shape("reparameterise", "noise like the mean", epsilon, mu.shape());
  Tensor z = empty_like(mu);
  for_float("reparameterise", mu.dtype(), [&]<class T>(T) {
    const T *m = mu.data<T>(), *v = logvar.data<T>(), *e = epsilon.data<T>();
    T* out = z.mutable_data<T>();
    parallel_ranges(mu.numel(), likelihood_grain,
                    [&](Index b, Index end) { likelihood_kernels.of<T>().reparameterise(m + b, v + b, e + b, out + b, end - b); });
  });
  return z;
}

}  // namespace elbo
