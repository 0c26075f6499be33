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
constexpr LikelihoodTable<T> make_table() {
  return {bernoulli<T>, squared_error<T>, soft_clamp<T>, kl<T>, reparameterise<T>};
}

}  // namespace

constinit const LikelihoodKernels likelihood_kernels = {make_table<float>(), make_table<double>()};

}  // namespace elbo::isa_reference
