// Row kernels of the likelihoods and of the Gaussian code. Compiled once for each instruction set.

#include "tensor/kernels/likelihood.h"

#include "tensor/kernels/functors.h"

namespace elbo::ELBO_ISA_NAMESPACE {
namespace {

// Sums f(batch of a, batch of b, place for the derivative) over a row: short runs in the lanes, runs in double, in a fixed order.
template <class T, class F>
double sum_row(const T* a, const T* b, T* d, std::int64_t n, F f) {
  using B = Batch<T>;
  constexpr std::int64_t width = B::size, run = 64 * width;
  double total = 0;
  std::int64_t i = 0;
  while (i + width <= n) {
    const std::int64_t end = std::min(i + run, n - width + 1);
    B lanes(0), slope;
    for (; i < end; i += width) {
      lanes += f(B::load_unaligned(a + i), B::load_unaligned(b + i), slope);
      if (d) slope.store_unaligned(d + i);
    }
    alignas(64) T parts[width];
    lanes.store_aligned(parts);
    for (std::int64_t k = 0; k < width; k++) total += double(parts[k]);
  }
  if (i < n) {
    B slope;
    const B last = f(load_part(a + i, n - i), load_part(b + i, n - i), slope);
    if (d) store_part(d + i, slope, n - i);
    alignas(64) T parts[width];
    last.store_aligned(parts);
    for (std::int64_t k = 0; k < n - i; k++) total += double(parts[k]);
  }
  return total;
}

template <class T>
double bernoulli(const T* logits, const T* target, T* d, std::int64_t n) {
  using B = Batch<T>;
  const auto loss = [](const B& o, const B& t, const B& e) { return xsimd::max(o, B(0)) - o * t + log1p_of_unit(e); };
  if (!d) return sum_row<T>(logits, target, nullptr, n, [&](const B& o, const B& t, B&) { return loss(o, t, decay(B(-xsimd::abs(o)))); });
  return sum_row<T>(logits, target, d, n, [&](const B& o, const B& t, B& slope) {
    const B e = decay(B(-xsimd::abs(o))), s = divide(B(1), B(B(1) + e));
    slope = xsimd::select(o >= B(0), s, e * s) - t;
    return loss(o, t, e);
  });
}

// Both functions of u = |o| of the continuous Bernoulli distribution go over into the first terms of their series near 0, where the closed
// forms cancel.
template <class T>
constexpr T near_zero = sizeof(T) == 4 ? T(1) : T(0.2);

// log(sinh(u / 2) / (u / 2)) = u / 2 + log((1 - exp(-u)) / u)
template <class B>
B log_sinhc(const B& u) {
  using T = typename B::value_type;
  static constexpr T series[] = {T(1.0 / 24), T(-1.0 / 2880), T(1.0 / 181440), T(-1.0 / 9676800), T(1.0 / 479001600)};
  const B square = u * u, near = square * polynomial(square, series);
  const B ratio = divide(B(-exponential_minus_1(B(-u))), B(xsimd::max(u, B(near_zero<T>))));
  return xsimd::select(u < B(near_zero<T>), near, B(B(0.5) * u + logarithm(ratio)));
}

// Its derivative: coth(u / 2) / 2 - 1 / u = 1/2 + exp(-u) / (1 - exp(-u)) - 1 / u
template <class B>
B log_sinhc_slope(const B& u) {
  using T = typename B::value_type;
  static constexpr T series[] = {T(1.0 / 12), T(-1.0 / 720), T(1.0 / 30240), T(-1.0 / 1209600), T(1.0 / 47900160)};
  const B near = u * polynomial(B(u * u), series), far = xsimd::max(u, B(near_zero<T>));
  const B e = exponential_minus_1(B(-far));
  return xsimd::select(u < B(near_zero<T>), near, B(B(0.5) - divide(B(B(1) + e), e) - divide(B(1), far)));
}

template <class B>
B continuous_bernoulli_mean_of(const B& o) {
  const B slope = log_sinhc_slope(B(xsimd::abs(o)));
  return B(0.5) + xsimd::select(o >= B(0), slope, B(-slope));
}

template <class T>
double continuous_bernoulli(const T* logits, const T* target, T* d, std::int64_t n) {
  using B = Batch<T>;
  return sum_row<T>(logits, target, d, n, [&](const B& o, const B& t, B& slope) {
    slope = continuous_bernoulli_mean_of(o) - t;
    return B(0.5) * o - o * t + log_sinhc(B(xsimd::abs(o)));
  });
}

template <class T>
void continuous_bernoulli_mean(const T* logits, T* mean, std::int64_t n) {
  map(logits, mean, n, [](const Batch<T>& o) { return continuous_bernoulli_mean_of(o); });
}

template <class T>
double squared_error(const T* y, const T* target, T* d, std::int64_t n) {
  using B = Batch<T>;
  return sum_row<T>(y, target, d, n, [](const B& a, const B& t, B& slope) {
    const B difference = a - t;
    slope = difference + difference;
    return difference * difference;
  });
}

template <class T>
void soft_clamp(const T* x, T low, T high, T* y, T* slope, std::int64_t n) {
  using B = Batch<T>;
  const T m = (high - low) * T(0.1);
  const B top(high - m), bottom(low + m), margin(m);
  const auto over = [&](B v) {
    return divide(B(xsimd::max(xsimd::max(v - top, bottom - v), B(0))), margin);
  };  // how far outside, in margins
  map(x, y, n, [&](B v) {
    const B u = over(v), bend = margin * divide(u, B(B(1) + u));
    return xsimd::select(v > top, top + bend, xsimd::select(v < bottom, bottom - bend, v));
  });
  if (slope)
    map(x, slope, n, [&](B v) {
      const B w = B(1) + over(v);
      return divide(B(1), B(w * w));
    });
}

template <class T>
void kl(const T* mu, const T* logvar, T* y, std::int64_t n) {
  using B = Batch<T>;
  map(mu, 1, logvar, 1, y, n, [](B m, B v) { return B(0.5) * (m * m + (exponential_minus_1(v) - v)); });
}

template <class T>
void reparameterise(const T* mu, const T* logvar, const T* epsilon, T* z, std::int64_t n) {
  using B = Batch<T>;
  map(logvar, 1, epsilon, 1, z, n, [](B v, B e) { return exponential(B(B(0.5) * v)) * e; });
  map(mu, 1, z, 1, z, n, [](B m, B noise) { return m + noise; });
}

template <class T>
constexpr LikelihoodTable<T> likelihood_table() {
  return {bernoulli<T>, continuous_bernoulli<T>, continuous_bernoulli_mean<T>, squared_error<T>, soft_clamp<T>, kl<T>, reparameterise<T>};
}

}  // namespace

extern const LikelihoodKernels likelihood_kernels;
constinit const LikelihoodKernels likelihood_kernels = {likelihood_table<float>(), likelihood_table<double>()};

}  // namespace elbo::ELBO_ISA_NAMESPACE
