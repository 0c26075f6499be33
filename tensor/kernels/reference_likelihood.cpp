// The plain-loop twins of kernels/likelihood.cpp.

#include "tensor/kernels/likelihood.h"
#include "tensor/kernels/reference.h"

namespace elbo::isa_reference {
namespace {

template <class T>
double bernoulli(const T* logits, const T* target, T* d, std::int64_t n) {
  double total = 0;
  for (std::int64_t i = 0; i < n; i++) {
    const double o = double(logits[i]), t = double(target[i]);
    total += reference::softplus(o) - o * t;
    if (d) d[i] = T(reference::sigmoid(o) - t);
  }
  return total;
}

// The mean of the continuous Bernoulli distribution with logit o, and the logarithm of its normaliser (exp(o) - 1) / o. Near 0 the
// closed forms cancel: there, the first terms of their series.
double continuous_mean(double o) {
  if (std::fabs(o) > 0.2) return 1 / -std::expm1(-o) - 1 / o;
  const double s = o * o;
  return 0.5 + o * (1.0 / 12 - s * (1.0 / 720 - s * (1.0 / 30240 - s * (1.0 / 1209600 - s / 47900160))));
}
double log_normaliser(double o) {
  const double u = std::fabs(o), s = o * o;
  if (u > 0.2) return (o + u) / 2 + std::log(-std::expm1(-u) / u);
  return o / 2 + s * (1.0 / 24 - s * (1.0 / 2880 - s * (1.0 / 181440 - s * (1.0 / 9676800 - s / 479001600))));
}

template <class T>
double continuous_bernoulli(const T* logits, const T* target, T* d, std::int64_t n) {
  double total = 0;
  for (std::int64_t i = 0; i < n; i++) {
    const double o = double(logits[i]), t = double(target[i]);
    total += log_normaliser(o) - o * t;
    if (d) d[i] = T(continuous_mean(o) - t);
  }
  return total;
}

template <class T>
void continuous_bernoulli_mean(const T* logits, T* mean, std::int64_t n) {
  for (std::int64_t i = 0; i < n; i++) mean[i] = T(continuous_mean(double(logits[i])));
}

template <class T>
double squared_error(const T* y, const T* target, T* d, std::int64_t n) {
  double total = 0;
  for (std::int64_t i = 0; i < n; i++) {
    const double difference = double(y[i]) - double(target[i]);
    total += difference * difference;
    if (d) d[i] = T(2 * difference);
  }
  return total;
}

template <class T>
void soft_clamp(const T* x, T low, T high, T* y, T* slope, std::int64_t n) {
  const double m = 0.1 * (double(high) - double(low)), top = double(high) - m, bottom = double(low) + m;
  for (std::int64_t i = 0; i < n; i++) {
    const double v = double(x[i]), u = std::fmax(0, v > top ? v - top : bottom - v) / m;
    y[i] = T(v > top ? top + m * u / (1 + u) : v < bottom ? bottom - m * u / (1 + u) : v);
    if (slope) slope[i] = T(1 / ((1 + u) * (1 + u)));
  }
}

template <class T>
void kl(const T* mu, const T* logvar, T* y, std::int64_t n) {
  for (std::int64_t i = 0; i < n; i++) {
    const double m = double(mu[i]), v = double(logvar[i]);
    y[i] = T(0.5 * (m * m + std::expm1(v) - v));
  }
}

template <class T>
void reparameterise(const T* mu, const T* logvar, const T* epsilon, T* z, std::int64_t n) {
  for (std::int64_t i = 0; i < n; i++) z[i] = T(double(mu[i]) + std::exp(0.5 * double(logvar[i])) * double(epsilon[i]));
}

template <class T>
constexpr LikelihoodTable<T> likelihood_table() {
  return {bernoulli<T>, continuous_bernoulli<T>, continuous_bernoulli_mean<T>, squared_error<T>, soft_clamp<T>, kl<T>, reparameterise<T>};
}

}  // namespace

constinit const LikelihoodKernels likelihood_kernels = {likelihood_table<float>(), likelihood_table<double>()};

}  // namespace elbo::isa_reference
