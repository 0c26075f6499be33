#pragma once
// Included by kernel files only. exp, expm1, log and power for a batch, where xsimd's own (8.1) are wrong near the ends of their range:
// its exp is infinite from 88.38 on (float32; 709.44 in float64), its float64 log is wrong below the smallest normal number, its pow
// loses a digit for each factor of ten of the exponent. docs/accuracy.md has the errors of these.

#include <limits>

#include "tensor/kernels/map.h"

namespace elbo::ELBO_ISA_NAMESPACE {

// What depends on the type. Coefficients by coefficients.py.
template <class T>
struct Floating;

template <>
struct Floating<float> {
  using Bits = std::uint32_t;
  static constexpr int mantissa_bits = 23;
  static constexpr float ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;  // ln2_high times a whole number is exact
  static constexpr float round = 0x1.8p23f, bias = 127;                       // x + round - round is x rounded to a whole number
  static constexpr float exp_least = -105, exp_most = 89, exp_normal = -87.33f,
                         expm1_least = -20;  // beyond: 0, infinity, no normal number, -1
  static constexpr float exp_tail[] = {0.500000001, 0.166666667, 0.0416664642, 0.00833331084, 0.00139337307, 0.000198910805};
  static constexpr float log1p_tail[] = {-0.499999995, 0.333332373,   -0.249967599, 0.19956708,   -0.163651529,
                                         0.130333642,  -0.0913941377, 0.0493099734, -0.017184267, 0.00280164199};
};

template <>
struct Floating<double> {
  using Bits = std::uint64_t;
  static constexpr int mantissa_bits = 52;
  static constexpr double ln2_high = 6.93147180369123816490e-01, ln2_low = 1.90821492927058770002e-10;
  static constexpr double round = 0x1.8p52, bias = 1023;
  static constexpr double exp_least = -746, exp_most = 710, exp_normal = -708.39, expm1_least = -40;
  static constexpr double exp_tail[] = {0.5,
                                        0.16666666666666671,
                                        0.041666666666666671,
                                        0.0083333333333260838,
                                        0.0013888888888883711,
                                        0.00019841269875002279,
                                        2.4801587325677461e-05,
                                        2.7557255170000888e-06,
                                        2.7557273478718582e-07,
                                        2.5105312729622103e-08,
                                        2.0914755325893202e-09};
  static constexpr double log1p_tail[] = {-0.5,
                                          0.33333333333332466,
                                          -0.2499999999987205,
                                          0.19999999992471629,
                                          -0.16666666430978341,
                                          0.14285709745445543,
                                          -0.12499941281507687,
                                          0.11110571142855806,
                                          -0.099963243475501368,
                                          0.09071835292534261,
                                          -0.0825618541627825,
                                          0.074448170199422264,
                                          -0.065040103660368553,
                                          0.053223522460321214,
                                          -0.039125051152339441,
                                          0.024682950191684934,
                                          -0.012732150528247672,
                                          0.0050810904785489937,
                                          -0.0014569248473329174,
                                          0.00026529597054253103,
                                          -2.2938856818471438e-05};
};

// c[0] + c[1] x + c[2] x^2 + ...
template <class B, class T, std::size_t n>
inline B polynomial(const B& x, const T (&c)[n]) {
  B y(c[n - 1]);
  for (std::size_t i = n - 1; i-- > 0;) y = multiply_add(y, x, B(c[i]));
  return y;
}

// x, but not outside low .. high. NaN stays NaN.
template <class B>
inline B within(const B& x, const B& low, const B& high) {
  return xsimd::select(x < low, low, xsimd::select(x > high, high, x));
}

// 2^n for a whole number n for which that is a normal number.
template <class B>
inline B two_to(const B& n) {
  using F = Floating<typename B::value_type>;
  using Bits = Batch<typename F::Bits>;
  // Adding `round` leaves n + bias in the lowest bits; shifted up, they are the exponent.
  return __builtin_bit_cast(B, Bits(__builtin_bit_cast(Bits, B(n + B(F::round + F::bias))) << F::mantissa_bits));
}

// x + low = n ln 2 + r with |r| at most about ln(2) / 2: n, and exp(r) - 1.
template <class B>
struct ReducedExp {
  B n, p;
  ReducedExp(const B& x, const B& low) {
    using F = Floating<typename B::value_type>;
    n = multiply_add(x, B(1.4426950408889634074), B(F::round)) - B(F::round);
    const B r = multiply_add(n, B(-F::ln2_low), multiply_add(n, B(-F::ln2_high), x)) + low;
    p = multiply_add(r * r, polynomial(r, F::exp_tail), r);
  }
};

// exp(x + low), where |low| is at most a rounding of x or so. Gives denormal numbers and infinity where they belong.
template <class B>
inline B exponential(const B& x, const B& low) {
  using F = Floating<typename B::value_type>;
  const ReducedExp<B> e(within(x, B(F::exp_least), B(F::exp_most)), low);
  const B half = multiply_add(e.n, B(0.5), B(F::round)) - B(F::round);  // 2^n in two steps: n may be beyond the exponents of normal numbers
  return (B(1) + e.p) * two_to(half) * two_to(B(e.n - half));
}
template <class B>
inline B exponential(const B& x) {
  return exponential(x, B(0));
}

// exp(x) for x <= 0, where a result below the smallest normal number may be 0: cheaper.
template <class B>
inline B decay(const B& x) {
  using F = Floating<typename B::value_type>;
  const ReducedExp<B> e(x, B(0));
  return xsimd::select(x < B(F::exp_normal), B(0), (B(1) + e.p) * two_to(e.n));  // where n is out of range, nothing of it is kept
}

// exp(x) - 1, without cancellation near 0.
template <class B>
inline B exponential_minus_1(const B& x) {
  using F = Floating<typename B::value_type>;
  const ReducedExp<B> e(within(x, B(F::expm1_least), B(F::exp_most)), B(0));
  const B half = two_to(B(e.n - B(1)));  // 2^n (p + 1) - 1 = 2 (2^(n-1) p + (2^(n-1) - 1/2)), finite up to the largest number
  return B(2) * multiply_add(half, e.p, half - B(0.5));
}

// log(1 + e) for 0 <= e <= 1.
template <class B>
inline B log1p_of_unit(const B& e) {
  return multiply_add(e * e, polynomial(e, Floating<typename B::value_type>::log1p_tail), e);
}

template <class B>
inline B logarithm(const B& x) {
  using T = typename B::value_type;
  if constexpr (sizeof(T) == 4) {
    return xsimd::log(x);
  } else {
    const auto tiny = x < B(std::numeric_limits<T>::min());
    return xsimd::log(xsimd::select(tiny, x * B(0x1p54), x)) - xsimd::select(tiny, B(54 * 0.69314718055994530942), B(0));
  }
}

// A number as an unevaluated sum high + low, low below a rounding of high (Dekker 1971, "A floating-point technique for extending the
// available precision").
template <class B>
struct Pair {
  B high, low;
};

template <class B>
inline Pair<B> exact_sum(const B& a, const B& b) {
  const B s = a + b, bb = s - a;
  return {s, (a - (s - bb)) + (b - bb)};
}

template <class B>
inline Pair<B> exact_product(const B& a, const B& b) {  // float64; halves of 26 bits
  const B ca = a * B(134217729.0), cb = b * B(134217729.0);
  const B ah = ca - (ca - a), bh = cb - (cb - b), al = a - ah, bl = b - bh, p = a * b;
  return {p, ((ah * bh - p) + ah * bl + al * bh) + al * bl};
}

// log(a) for a > 0 to about 2^-65, float64: a = m 2^e with m near 1, s = (m - 1) / (m + 1), log m = 2 (s + s^3 / 3 + s^5 / 5 + ...).
template <class B>
inline Pair<B> precise_logarithm(const B& a) {
  using F = Floating<double>;
  using Bits = Batch<std::uint64_t>;
  const auto tiny = a < B(std::numeric_limits<double>::min());
  const Bits bits = __builtin_bit_cast(Bits, B(xsimd::select(tiny, a * B(0x1p54), a)));
  const Bits mantissa = (bits & Bits(0x000fffffffffffffull)) | Bits(0x3ff0000000000000ull),
             exponent = (bits >> 52) | Bits(0x4330000000000000ull);
  B m = __builtin_bit_cast(B, mantissa);
  B e = __builtin_bit_cast(B, exponent) - B(0x1p52 + F::bias) - xsimd::select(tiny, B(54), B(0));
  const auto above = m > B(1.41421356237309504880);
  m = xsimd::select(above, m * B(0.5), m);
  e = e + xsimd::select(above, B(1), B(0));

  const Pair<B> sum = exact_sum(B(1), m);
  const B difference = m - B(1), s = divide(difference, sum.high);
  const Pair<B> back = exact_product(s, sum.high);
  const B s_low = divide(B(((difference - back.high) - back.low) - s * sum.low), sum.high);
  Pair<B> z = exact_product(s, s);  // s^2
  z.low = z.low + B(2) * s * s_low;
  static constexpr double tail[] = {1.0 / 5,  1.0 / 7,  1.0 / 9,  1.0 / 11, 1.0 / 13, 1.0 / 15,
                                    1.0 / 17, 1.0 / 19, 1.0 / 21, 1.0 / 23, 1.0 / 25};
  Pair<B> third = exact_product(z.high, B(1.0 / 3));  // z / 3; 1/3 is off by 2^-54 / 3
  third.low = third.low + z.high * B(0x1p-54 / 3) + z.low * B(1.0 / 3) + z.high * z.high * polynomial(z.high, tail);
  Pair<B> w = exact_sum(B(1), third.high);
  w.low = w.low + third.low;
  Pair<B> y = exact_product(B(2) * s, w.high);
  y.low = y.low + B(2) * (s * w.low + s_low * w.high) + e * B(F::ln2_low);
  const Pair<B> total = exact_sum(B(e * B(F::ln2_high)), y.high);
  const B low = total.low + y.low, high = total.high + low;
  return {high, (total.high - high) + low};
}

// |a|^b for a that is neither 0 nor NaN. float32 goes through float64.
template <class B>
inline B power_of_magnitude(const B& a, const B& b) {
  if constexpr (sizeof(typename B::value_type) == 4) {
    using D = Batch<double>;
    alignas(64) float narrow[B::size];
    alignas(64) double x[B::size], y[B::size];
    a.store_aligned(narrow);
    for (std::size_t i = 0; i < B::size; i++) x[i] = double(narrow[i]);
    b.store_aligned(narrow);
    for (std::size_t i = 0; i < B::size; i++) y[i] = double(narrow[i]);
    for (std::size_t i = 0; i < B::size; i += D::size)
      exponential(D(D::load_aligned(y + i) * logarithm(D(xsimd::abs(D::load_aligned(x + i)))))).store_aligned(x + i);
    for (std::size_t i = 0; i < B::size; i++) narrow[i] = float(x[i]);
    return B::load_aligned(narrow);
  } else {
    const B size = xsimd::abs(a);
    const Pair<B> l = precise_logarithm(size);
    const auto finite = size < B(std::numeric_limits<double>::infinity());
    const B high = xsimd::select(finite, l.high, size), plain = b * high;
    const auto moderate = xsimd::abs(plain) < B(800);
    Pair<B> y = exact_product(b, high);
    y.low = y.low + b * l.low;
    return exponential(B(xsimd::select(moderate, y.high, plain)), B(xsimd::select(moderate, y.low, B(0))));
  }
}

// a^b as C's pow has it: a negative base with a whole exponent keeps its sign, 1^b and a^0 are 1 even for NaN.
template <class B>
inline B power(const B& a, const B& b) {
  using Limits = std::numeric_limits<typename B::value_type>;
  const B size = xsimd::abs(a), half = b * B(0.5), infinity(Limits::infinity());
  const B magnitude = xsimd::select(size == B(1), B(1), power_of_magnitude(a, b));
  const auto whole = xsimd::floor(b) == b;
  const auto odd = whole && xsimd::floor(half) != half;
  const B below = xsimd::select(odd, negative(magnitude), xsimd::select(whole || size == infinity, magnitude, B(Limits::quiet_NaN())));
  const B of_zero = xsimd::select(odd, xsimd::select(b > B(0), a, divide(B(1), a)), xsimd::select(b > B(0), B(0), infinity));
  const B y = xsimd::select(a == B(0), of_zero, xsimd::select(a < B(0), below, magnitude));
  // NaN in a or b gives NaN but for 1^b and a^0.
  return xsimd::select(b == B(0) || a == B(1), B(1), xsimd::select(a == a && b == b, y, a + b));
}

}  // namespace elbo::ELBO_ISA_NAMESPACE
