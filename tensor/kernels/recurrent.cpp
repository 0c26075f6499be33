// The cells of recurrent layers. Compiled once for each instruction set.

#include "tensor/kernels/recurrent.h"

#include "tensor/kernels/functors.h"

namespace elbo::ELBO_ISA_NAMESPACE {
namespace {

// Calls f(i, load, store) for batches of units: load(p) and store(p, v) reach the numbers from p + i on, at the end fewer than a batch.
template <class T, class F>
void for_units(std::int64_t n, F f) {
  using B = Batch<T>;
  constexpr std::int64_t width = B::size;
  std::int64_t i = 0;
  for (; i + width <= n; i += width)
    f([i](const T* p) { return B::load_unaligned(p + i); }, [i](T* p, const B& v) { v.store_unaligned(p + i); });
  if (i < n) f([=](const T* p) { return load_part(p + i, n - i); }, [=](T* p, const B& v) { store_part(p + i, v, n - i); });
}

template <class T>
void lstm(T* gates, const T* c_before, T* c, T* h, std::int64_t n) {
  using B = Batch<T>;
  for_units<T>(n, [&](auto load, auto store) {
    const B i = sigmoid(load(gates)), f = sigmoid(load(gates + n)), g = xsimd::tanh(load(gates + 2 * n)), o = sigmoid(load(gates + 3 * n));
    const B next = multiply_add(f, load(c_before), B(i * g));
    store(gates, i), store(gates + n, f), store(gates + 2 * n, g), store(gates + 3 * n, o);
    store(c, next);
    store(h, B(o * xsimd::tanh(next)));
  });
}

template <class T>
void lstm_backward(const T* gates, const T* c_before, const T* c, const T* dh, const T* dy, T* dc, T* dsums, std::int64_t n) {
  using B = Batch<T>;
  const B one(1);
  for_units<T>(n, [&](auto load, auto store) {
    const B i = load(gates), f = load(gates + n), g = load(gates + 2 * n), o = load(gates + 3 * n), t = xsimd::tanh(load(c));
    const B d = dy ? B(load(dh) + load(dy)) : load(dh), dcell = load(dc) + d * o * (one - t * t);
    store(dsums, B(dcell * g * i * (one - i)));
    store(dsums + n, B(dcell * load(c_before) * f * (one - f)));
    store(dsums + 2 * n, B(dcell * i * (one - g * g)));
    store(dsums + 3 * n, B(d * t * o * (one - o)));
    store(dc, B(dcell * f));
  });
}

template <class T>
void gru(T* gates, const T* h_before, T* h, std::int64_t n) {
  using B = Batch<T>;
  for_units<T>(n, [&](auto load, auto store) {
    const B r = sigmoid(load(gates)), z = sigmoid(load(gates + n));
    const B candidate = xsimd::tanh(multiply_add(r, load(gates + 3 * n), load(gates + 2 * n)));
    store(gates, r), store(gates + n, z), store(gates + 2 * n, candidate);
    store(h, B(multiply_add(z, B(load(h_before) - candidate), candidate)));
  });
}

template <class T>
void gru_backward(const T* gates, const T* h_before, const T* dh, const T* dy, T* dh_before, T* dsums, std::int64_t n) {
  using B = Batch<T>;
  const B one(1);
  for_units<T>(n, [&](auto load, auto store) {
    const B r = load(gates), z = load(gates + n), candidate = load(gates + 2 * n), m = load(gates + 3 * n);
    const B d = dy ? B(load(dh) + load(dy)) : load(dh);
    const B dcandidate = d * (one - z) * (one - candidate * candidate);
    store(dsums + n, B(d * (load(h_before) - candidate) * z * (one - z)));
    store(dsums, B(dcandidate * m * r * (one - r)));
    store(dsums + 2 * n, dcandidate);
    store(dsums + 3 * n, B(dcandidate * r));
    store(dh_before, B(d * z));
  });
}

template <class T>
constexpr RecurrentTable<T> make_table() {
  return {lstm<T>, lstm_backward<T>, gru<T>, gru_backward<T>};
}

}  // namespace

extern const RecurrentKernels recurrent_kernels;
constinit const RecurrentKernels recurrent_kernels = {make_table<float>(), make_table<double>()};

}  // namespace elbo::ELBO_ISA_NAMESPACE
