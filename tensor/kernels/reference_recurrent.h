#pragma once
// The plain-loop twins of the cells of recurrent layers: see reference.h.

#include <cmath>
#include <cstdint>

namespace elbo::reference {

inline double logistic(double x) { return 1 / (1 + std::exp(-x)); }

template <class T>
void lstm(T* gates, const T* c_before, T* c, T* h, std::int64_t n) {
  for (std::int64_t k = 0; k < n; k++) {
    const double i = logistic(gates[k]), f = logistic(gates[n + k]), g = std::tanh(double(gates[2 * n + k])),
                 o = logistic(gates[3 * n + k]);
    const double next = f * double(c_before[k]) + i * g;
    gates[k] = T(i), gates[n + k] = T(f), gates[2 * n + k] = T(g), gates[3 * n + k] = T(o);
    c[k] = T(next);
    h[k] = T(o * std::tanh(next));
  }
}

template <class T>
void lstm_backward(const T* gates, const T* c_before, const T* c, const T* dh, const T* dy, T* dc, T* dsums, std::int64_t n) {
  for (std::int64_t k = 0; k < n; k++) {
    const double i = double(gates[k]), f = double(gates[n + k]), g = double(gates[2 * n + k]), o = double(gates[3 * n + k]);
    const double t = std::tanh(double(c[k])), d = double(dh[k]) + (dy ? double(dy[k]) : 0), dcell = double(dc[k]) + d * o * (1 - t * t);
    dsums[k] = T(dcell * g * i * (1 - i));
    dsums[n + k] = T(dcell * double(c_before[k]) * f * (1 - f));
    dsums[2 * n + k] = T(dcell * i * (1 - g * g));
    dsums[3 * n + k] = T(d * t * o * (1 - o));
    dc[k] = T(dcell * f);
  }
}

template <class T>
void gru(T* gates, const T* h_before, T* h, std::int64_t n) {
  for (std::int64_t k = 0; k < n; k++) {
    const double r = logistic(gates[k]), z = logistic(gates[n + k]);
    const double candidate = std::tanh(double(gates[2 * n + k]) + r * double(gates[3 * n + k]));
    gates[k] = T(r), gates[n + k] = T(z), gates[2 * n + k] = T(candidate);
    h[k] = T((1 - z) * candidate + z * double(h_before[k]));
  }
}

template <class T>
void gru_backward(const T* gates, const T* h_before, const T* dh, const T* dy, T* dh_before, T* dsums, std::int64_t n) {
  for (std::int64_t k = 0; k < n; k++) {
    const double r = double(gates[k]), z = double(gates[n + k]), candidate = double(gates[2 * n + k]), m = double(gates[3 * n + k]);
    const double d = double(dh[k]) + (dy ? double(dy[k]) : 0), dcandidate = d * (1 - z) * (1 - candidate * candidate);
    dsums[n + k] = T(d * (double(h_before[k]) - candidate) * z * (1 - z));
    dsums[k] = T(dcandidate * m * r * (1 - r));
    dsums[2 * n + k] = T(dcandidate);
    dsums[3 * n + k] = T(dcandidate * r);
    dh_before[k] = T(d * z);
  }
}

}  // namespace elbo::reference
