#pragma once
// Included by kernel files only, which are compiled once for each instruction set (ELBO_ISA names it, ELBO_ARCH is xsimd's name of it).
//
// `map` applies one functor, written for a batch of numbers, to arrays. The tail goes through a padded batch, never through scalar
// code: xsimd's exp or tanh for one scalar may differ in the last bits from the same function for a batch, and then a result would
// depend on an element's position.

#include <cstdint>
#include <cstring>
#include <xsimd/xsimd.hpp>

#define ELBO_JOIN_(a, b) a##b
#define ELBO_JOIN(a, b) ELBO_JOIN_(a, b)
#define ELBO_ISA_NAMESPACE ELBO_JOIN(isa_, ELBO_ISA)

namespace elbo::ELBO_ISA_NAMESPACE {

template <class T>
using Batch = xsimd::batch<T, ELBO_ARCH>;

// x * y + z, rounded once where the instruction set can. (xsimd 8.1 has no fused form for AVX-512.)
template <class B>
inline B multiply_add(const B& x, const B& y, const B& z) {
#if defined(__AVX512F__)
  if constexpr (std::is_same_v<typename B::value_type, float>)
    return _mm512_fmadd_ps(x, y, z);
  else
    return _mm512_fmadd_pd(x, y, z);
#else
  return xsimd::fma(x, y, z);
#endif
}

// The square root, rounded once. (For float32 on NEON xsimd 8.1 approximates it, and gives NaN for infinity.)
template <class B>
inline B square_root(const B& x) {
#if defined(__aarch64__)
  if constexpr (std::is_same_v<typename B::value_type, float>) return B(vsqrtq_f32(x));
#endif
  return xsimd::sqrt(x);
}

// x / y, rounded once. (For float32 on NEON xsimd 8.1 multiplies by an approximate reciprocal, and gives NaN for 0 / 1e-40.)
template <class B>
inline B divide(const B& x, const B& y) {
#if defined(__aarch64__)
  if constexpr (std::is_same_v<typename B::value_type, float>) return B(vdivq_f32(x, y));
#endif
  return x / y;
}

// -x, of zeros as well. (For AVX-512 xsimd's is 0 - x, which makes 0 of 0, not -0.)
template <class B>
inline B negative(const B& x) {
  return B(typename B::value_type(-0.0)) - x;
}

// The first k < Batch::size numbers at p; the rest is `pad`, a value on which every functor is harmless.
template <class T>
inline Batch<T> load_part(const T* p, std::int64_t k, T pad = T(1)) {
  alignas(64) T buffer[Batch<T>::size];
  for (std::size_t i = 0; i < Batch<T>::size; i++) buffer[i] = pad;
  std::memcpy(buffer, p, std::size_t(k) * sizeof(T));
  return Batch<T>::load_aligned(buffer);
}

template <class T>
inline void store_part(T* p, const Batch<T>& v, std::int64_t k) {
  alignas(64) T buffer[Batch<T>::size];
  v.store_aligned(buffer);
  std::memcpy(p, buffer, std::size_t(k) * sizeof(T));
}

// y[i] = f(x[i])
template <class T, class F>
inline void map(const T* x, T* y, std::int64_t n, F f) {
  constexpr std::int64_t width = Batch<T>::size;
  std::int64_t i = 0;
  for (; i + width <= n; i += width) f(Batch<T>::load_unaligned(x + i)).store_unaligned(y + i);
  if (i < n) store_part(y + i, f(load_part(x + i, n - i)), n - i);
}

// y[i] = f(a[i * sa], b[i * sb]) with sa, sb 1 or 0
template <class T, class F>
inline void map(const T* a, std::int64_t sa, const T* b, std::int64_t sb, T* y, std::int64_t n, F f) {
  constexpr std::int64_t width = Batch<T>::size;
  if (n <= 0) return;
  std::int64_t i = 0;
  const Batch<T> a0(*a), b0(*b);
  if (sa && sb)
    for (; i + width <= n; i += width) f(Batch<T>::load_unaligned(a + i), Batch<T>::load_unaligned(b + i)).store_unaligned(y + i);
  else if (sa)
    for (; i + width <= n; i += width) f(Batch<T>::load_unaligned(a + i), b0).store_unaligned(y + i);
  else if (sb)
    for (; i + width <= n; i += width) f(a0, Batch<T>::load_unaligned(b + i)).store_unaligned(y + i);
  else
    for (; i + width <= n; i += width) f(a0, b0).store_unaligned(y + i);
  if (i < n) store_part(y + i, f(sa ? load_part(a + i, n - i) : a0, sb ? load_part(b + i, n - i) : b0), n - i);
}

// y[i] = f(a[i], b[i], c[i])
template <class T, class F>
inline void map(const T* a, const T* b, const T* c, T* y, std::int64_t n, F f) {
  constexpr std::int64_t width = Batch<T>::size;
  std::int64_t i = 0;
  for (; i + width <= n; i += width)
    f(Batch<T>::load_unaligned(a + i), Batch<T>::load_unaligned(b + i), Batch<T>::load_unaligned(c + i)).store_unaligned(y + i);
  if (i < n) store_part(y + i, f(load_part(a + i, n - i), load_part(b + i, n - i), load_part(c + i, n - i)), n - i);
}

// 1 where the condition holds, otherwise 0.
template <class B, class M>
inline B indicator(const M& mask) {
  return xsimd::select(mask, B(1), B(0));
}

}  // namespace elbo::ELBO_ISA_NAMESPACE
