// The plain-loop twins of kernels/optimizer.cpp: each optimizer's formulas, one number after the other. In T throughout, unlike other
// twins: a factor such as 0.9999 rounded to float32 and one in double lead 100 steps of AdamW apart by more than the tests allow.

#include <cmath>

#include "tensor/kernels/optimizer.h"

namespace elbo::isa_reference {
namespace {

// The gradient as the update uses it: scaled, then clamped. NaN stays NaN.
template <class T>
T used(T g, const GradientUse& use) {
  const T d = g * T(use.scale), high = T(use.clip);
  return d > high ? high : d < -high ? -high : d;
}

template <class T>
T kept(T x) {
  return std::abs(x) < least_moment<T> ? T(0) : x;
}

template <class T>
double squares(const T* g, std::int64_t n) {
  double sum = 0;
  for (std::int64_t i = 0; i < n; i++) sum += double(g[i]) * double(g[i]);
  return sum;
}

template <class T>
void sgd(T* w, const T* g, T* m, std::int64_t n, const SgdNumbers& k) {
  const T rate = T(k.rate), momentum = T(k.momentum), fresh = T(k.fresh), decay = T(k.weight_decay);
  for (std::int64_t i = 0; i < n; i++) {
    T d = used(g[i], k.gradient) + decay * w[i];
    if (m) {
      m[i] = kept(momentum * m[i] + fresh * d);
      d = k.nesterov ? d + momentum * m[i] : m[i];
    }
    w[i] -= rate * d;
  }
}

template <class T>
void rmsprop(T* w, const T* g, T* v, T* mean, T* m, std::int64_t n, const RmspropNumbers& k) {
  const T rate = T(k.rate), rho = T(k.rho), fresh = T(1 - k.rho), epsilon = T(k.epsilon), momentum = T(k.momentum),
          decay = T(k.weight_decay);
  for (std::int64_t i = 0; i < n; i++) {
    T d = used(g[i], k.gradient) + decay * w[i];
    v[i] = kept(rho * v[i] + fresh * d * d);
    T variance = v[i];
    if (mean) {
      mean[i] = kept(rho * mean[i] + fresh * d);
      variance = v[i] - mean[i] * mean[i];
      if (variance < 0) variance = 0;  // by rounding
    }
    d /= std::sqrt(variance) + epsilon;
    if (m) d = m[i] = kept(momentum * m[i] + d);
    w[i] -= rate * d;
  }
}

template <class T>
void adam(T* w, const T* g, T* m, T* v, T* top, std::int64_t n, const AdamNumbers& k) {
  const T rate = T(k.rate), beta1 = T(k.beta1), fresh1 = T(1 - k.beta1), beta2 = T(k.beta2), fresh2 = T(1 - k.beta2);
  const T epsilon = T(k.epsilon), root = T(k.root), decay = T(k.weight_decay), keep = T(k.keep);
  for (std::int64_t i = 0; i < n; i++) {
    w[i] *= keep;
    const T d = used(g[i], k.gradient) + decay * w[i];
    m[i] = kept(beta1 * m[i] + fresh1 * d);
    v[i] = kept(beta2 * v[i] + fresh2 * d * d);
    if (top) top[i] = top[i] > v[i] ? top[i] : v[i];
    w[i] -= rate * m[i] / (root * std::sqrt(top ? top[i] : v[i]) + epsilon);
  }
}

template <class T>
constexpr OptimizerTable<T> optimizer_table() {
  return {squares<T>, sgd<T>, rmsprop<T>, adam<T>};
}

}  // namespace

constinit const OptimizerKernels optimizer_kernels = {optimizer_table<float>(), optimizer_table<double>()};

}  // namespace elbo::isa_reference
