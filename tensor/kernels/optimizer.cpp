// The optimizers' updates. Compiled once for each instruction set.

#include "tensor/kernels/optimizer.h"

#include "tensor/kernels/fold.h"

namespace elbo::ELBO_ISA_NAMESPACE {
namespace {

template <class B>
inline B kept(const B& x) {
  using T = typename B::value_type;
  return xsimd::select(xsimd::abs(x) < B(least_moment<T>), B(T(0)), x);
}

template <class T>
double squares(const T* g, std::int64_t n) {
  return fold_row<T>(n, Products<Batch<T>>{}, g, g);
}

// Calls f(d, batches of the blocks...) along the blocks and stores what f made of them; d is the gradient as `use` says.
template <class T, class F, class... Block>
void stream(const T* g, std::int64_t n, const GradientUse& use, F f, Block*... blocks) {
  using B = Batch<T>;
  constexpr std::int64_t width = B::size;
  const B scale(T(use.scale)), high(T(use.clip)), low(T(-use.clip));
  const auto used = [&](const B& raw) {
    const B d = raw * scale;
    return xsimd::select(d > high, high, xsimd::select(d < low, low, d));
  };
  std::int64_t i = 0;
  for (; i + width <= n; i += width) {
    [&](auto... b) {
      f(used(B::load_unaligned(g + i)), b...);
      (b.store_unaligned(blocks + i), ...);
    }(B::load_unaligned(blocks + i)...);
  }
  if (i < n) {
    [&](auto... b) {
      f(used(load_part(g + i, n - i, T(0))), b...);
      (store_part(blocks + i, b, n - i), ...);
    }(load_part(blocks + i, n - i)...);
  }
}

template <class T>
void sgd(T* w, const T* g, T* m, std::int64_t n, const SgdNumbers& k) {
  using B = Batch<T>;
  const B rate(T(k.rate)), momentum(T(k.momentum)), fresh(T(k.fresh)), decay(T(k.weight_decay));
  if (!m)
    return stream(
        g, n, k.gradient, [&](const B& d, B& bw) { bw -= rate * (d + decay * bw); }, w);
  const bool nesterov = k.nesterov;
  return stream(
      g, n, k.gradient,
      [&](B d, B& bw, B& bm) {
        d += decay * bw;
        bm = kept(B(momentum * bm + fresh * d));
        bw -= rate * (nesterov ? d + momentum * bm : bm);
      },
      w, m);
}

template <class T>
void rmsprop(T* w, const T* g, T* v, T* mean, T* m, std::int64_t n, const RmspropNumbers& k) {
  using B = Batch<T>;
  const B rate(T(k.rate)), rho(T(k.rho)), fresh(T(1 - k.rho)), epsilon(T(k.epsilon)), momentum(T(k.momentum)), decay(T(k.weight_decay));
  const auto plain = [&](B d, const B& bw, B& bv) {  // d / s
    d += decay * bw;
    bv = kept(B(rho * bv + fresh * d * d));
    return divide(d, B(square_root(bv) + epsilon));
  };
  const auto centred = [&](B d, const B& bw, B& bv, B& bmean) {
    d += decay * bw;
    bv = kept(B(rho * bv + fresh * d * d));
    bmean = kept(B(bmean + fresh * (d - bmean)));
    const B variance = bv - bmean * bmean;  // below 0 only by rounding
    return divide(d, B(square_root(xsimd::select(variance < B(T(0)), B(T(0)), variance)) + epsilon));
  };
  const auto move = [&](B& bw, B& bm, const B& direction) {
    bm = kept(B(momentum * bm + direction));
    bw -= rate * bm;
  };
  if (mean && m)
    return stream(
        g, n, k.gradient, [&](const B& d, B& bw, B& bv, B& ba, B& bm) { move(bw, bm, centred(d, bw, bv, ba)); }, w, v, mean, m);
  if (mean)
    return stream(
        g, n, k.gradient, [&](const B& d, B& bw, B& bv, B& ba) { bw -= rate * centred(d, bw, bv, ba); }, w, v, mean);
  if (m)
    return stream(
        g, n, k.gradient, [&](const B& d, B& bw, B& bv, B& bm) { move(bw, bm, plain(d, bw, bv)); }, w, v, m);
  return stream(
      g, n, k.gradient, [&](const B& d, B& bw, B& bv) { bw -= rate * plain(d, bw, bv); }, w, v);
}

template <class T>
void adam(T* w, const T* g, T* m, T* v, T* top, std::int64_t n, const AdamNumbers& k) {
  using B = Batch<T>;
  const B rate(T(k.rate)), fresh1(T(1 - k.beta1)), beta2(T(k.beta2)), fresh2(T(1 - k.beta2)), epsilon(T(k.epsilon)), root(T(k.root));
  const B decay(T(k.weight_decay)), keep(T(k.keep));
  const auto moments = [&](B d, B& bw, B& bm, B& bv) {
    bw *= keep;
    d += decay * bw;
    bm = kept(B(bm + fresh1 * (d - bm)));
    bv = kept(B(beta2 * bv + fresh2 * d * d));
  };
  const auto move = [&](B& bw, const B& bm, const B& second) { bw -= divide(B(rate * bm), B(root * square_root(second) + epsilon)); };
  if (!top)
    return stream(
        g, n, k.gradient,
        [&](const B& d, B& bw, B& bm, B& bv) {
          moments(d, bw, bm, bv);
          move(bw, bm, bv);
        },
        w, m, v);
  return stream(
      g, n, k.gradient,
      [&](const B& d, B& bw, B& bm, B& bv, B& btop) {
        moments(d, bw, bm, bv);
        btop = xsimd::select(btop > bv, btop, bv);
        move(bw, bm, btop);
      },
      w, m, v, top);
}

template <class T>
constexpr OptimizerTable<T> optimizer_table() {
  return {squares<T>, sgd<T>, rmsprop<T>, adam<T>};
}

}  // namespace

extern const OptimizerKernels optimizer_kernels;
constinit const OptimizerKernels optimizer_kernels = {optimizer_table<float>(), optimizer_table<double>()};

}  // namespace elbo::ELBO_ISA_NAMESPACE
