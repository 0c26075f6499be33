// Softmax and log-softmax, row by row: a row stays in the first cache over the passes that it takes. Compiled once for each
// instruction set.

#include "tensor/kernels/softmax.h"

#include <cmath>

#include "tensor/kernels/fold.h"

namespace elbo::ELBO_ISA_NAMESPACE {
namespace {

// y_i = exp(x_i - m) / s with m = max x, s = sum exp(x - m): no exponent above 0, so nothing overflows
template <class T>
void softmax(const T* x, T* y, std::int64_t rows, std::int64_t n) {
  using B = Batch<T>;
  for (std::int64_t r = 0; r < rows; r++, x += n, y += n) {
    const B m(T(fold_row<T>(n, Max<B>{}, x)));
    map(x, y, n, [&](B v) { return decay(B(v - m)); });
    const B scale(T(1 / fold_row<T>(n, Sum<B>{}, y)));
    map(y, y, n, [&](B v) { return v * scale; });
  }
}

// y_i = (x_i - m) - log s
template <class T>
void log_softmax(const T* x, T* y, std::int64_t rows, std::int64_t n) {
  using B = Batch<T>;
  for (std::int64_t r = 0; r < rows; r++, x += n, y += n) {
    const B m(T(fold_row<T>(n, Max<B>{}, x)));
    const B log_sum(T(std::log(fold_row<T>(n, Exponentials<B>{{m}}, x))));
    map(x, y, n, [&](B v) { return v - m - log_sum; });
  }
}

// dx_i = y_i (dy_i - sum_k y_k dy_k)
template <class T>
void softmax_backward(const T* y, const T* dy, T* dx, std::int64_t rows, std::int64_t n) {
  using B = Batch<T>;
  for (std::int64_t r = 0; r < rows; r++, y += n, dy += n, dx += n) {
    const B mean(T(fold_row<T>(n, Products<B>{}, y, dy)));
    map(y, 1, dy, 1, dx, n, [&](B p, B d) { return p * (d - mean); });
  }
}

// dx_i = dy_i - exp(y_i) sum_k dy_k
template <class T>
void log_softmax_backward(const T* y, const T* dy, T* dx, std::int64_t rows, std::int64_t n) {
  using B = Batch<T>;
  for (std::int64_t r = 0; r < rows; r++, y += n, dy += n, dx += n) {
    const B sum(T(fold_row<T>(n, Sum<B>{}, dy)));
    map(y, 1, dy, 1, dx, n, [&](B l, B d) { return d - exponential(l) * sum; });
  }
}

template <class T>
double exponentials(T* x, std::int64_t n, T* sum) {
  using B = Batch<T>;
  const double m = fold_row<T>(n, Max<B>{}, x);
  const B largest = B(T(m));
  map(x, x, n, [&](B v) { return decay(B(v - largest)); });
  const double s = fold_row<T>(n, Sum<B>{}, x);
  *sum = T(s);
  return m + std::log(s);
}

template <class T>
void scale(T* x, T factor, std::int64_t n) {
  const Batch<T> f(factor);
  map(x, x, n, [&](Batch<T> v) { return v * f; });
}

}  // namespace

extern const SoftmaxKernels softmax_kernels;
constinit const SoftmaxKernels softmax_kernels = {
    {softmax<float>, log_softmax<float>, softmax_backward<float>, log_softmax_backward<float>, exponentials<float>, scale<float>},
    {softmax<double>, log_softmax<double>, softmax_backward<double>, log_softmax_backward<double>, exponentials<double>, scale<double>}};

}  // namespace elbo::ELBO_ISA_NAMESPACE
