#pragma once
// The plain-loop twins of the reductions and of softmax: see reference.h. Sums are long double, so that they can
// judge double.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "tensor/kernels/reduce.h"

namespace elbo::reference {

// The fold of x[0], x[stride], ..., n numbers.
template <class T>
double fold(Fold f, const T* x, std::int64_t n, std::int64_t stride, double shift) {
  long double y = f == Fold::max ? -std::numeric_limits<double>::infinity() : f == Fold::min ? std::numeric_limits<double>::infinity() : 0;
  for (std::int64_t i = 0; i < n; i++) {
    const double v = double(x[i * stride]);
    switch (f) {
      case Fold::sum:
        y += v;
        break;
      case Fold::deviations:
        y += v - shift;
        break;
      case Fold::square_deviations:
        y += (v - shift) * (v - shift);
        break;
      case Fold::exponentials:
        y += std::exp(v - shift);
        break;
      case Fold::max:
        y = std::isnan(y) || y > v ? y : v;
        break;
      case Fold::min:
        y = std::isnan(y) || y < v ? y : v;
        break;
      case Fold::count:
        break;
    }
  }
  return double(y);
}

template <class T>
void softmax(const T* x, T* y, std::int64_t n) {
  const double m = fold(Fold::max, x, n, 1, 0), s = fold(Fold::exponentials, x, n, 1, m);
  for (std::int64_t i = 0; i < n; i++) y[i] = T(std::exp(double(x[i]) - m) / s);
}

template <class T>
void log_softmax(const T* x, T* y, std::int64_t n) {
  const double m = fold(Fold::max, x, n, 1, 0), s = fold(Fold::exponentials, x, n, 1, m);
  for (std::int64_t i = 0; i < n; i++) y[i] = T(double(x[i]) - m - std::log(s));
}

template <class T>
void softmax_backward(const T* y, const T* dy, T* dx, std::int64_t n) {
  double mean = 0;
  for (std::int64_t i = 0; i < n; i++) mean += double(y[i]) * double(dy[i]);
  for (std::int64_t i = 0; i < n; i++) dx[i] = T(double(y[i]) * (double(dy[i]) - mean));
}

template <class T>
void log_softmax_backward(const T* y, const T* dy, T* dx, std::int64_t n) {
  const double sum = fold(Fold::sum, dy, n, 1, 0);
  for (std::int64_t i = 0; i < n; i++) dx[i] = T(double(dy[i]) - std::exp(double(y[i])) * sum);
}

template <class T>
double exponentials(T* x, std::int64_t n, T* sum) {
  const double m = fold(Fold::max, x, n, 1, 0), s = fold(Fold::exponentials, x, n, 1, m);
  for (std::int64_t i = 0; i < n; i++) x[i] = T(std::exp(double(x[i]) - m));
  *sum = T(s);
  return m + std::log(s);
}

template <class T>
void scale(T* x, T factor, std::int64_t n) {
  for (std::int64_t i = 0; i < n; i++) x[i] *= factor;
}

}  // namespace elbo::reference
