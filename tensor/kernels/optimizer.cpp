// The optimizers' updates. Compiled once for each instruction set.

#include "tensor/kernels/optimizer.h"

#include "tensor/kernels/map.h"

namespace elbo::ELBO_ISA_NAMESPACE {
namespace {

// Calls f(d, batches of the blocks...) along the blocks and stores what f made of them; d is the gradient as `use` says. Returns the
// sum of g^2: short runs in the lanes, runs in double, in a fixed order.
template <class T, class F, class... Block>
double stream(const T* g, std::int64_t n, const GradientUse& use, F f, Block*... blocks) {
  using B = Batch<T>;
  constexpr std::int64_t width = B::size, run = 64 * width;
  const B scale(T(use.scale)), high(T(use.clip)), low(T(-use.clip));
  const auto used = [&](const B& raw) {  // selects, not min and max, so that NaN stays NaN
    const B d = raw * scale;
    return xsimd::select(d > high, high, xsimd::select(d < low, low, d));
  };
  const auto lanes_sum = [](const B& lanes) {
    alignas(64) T parts[width];
    lanes.store_aligned(parts);
    double sum = 0;
    for (std::int64_t k = 0; k < width; k++) sum += double(parts[k]);
    return sum;
  };
  double total = 0;
  std::int64_t i = 0;
  while (i + width <= n) {
    const std::int64_t end = i + run < n - width + 1 ? i + run : n - width + 1;
    B squares(T(0));
    for (; i < end; i += width) {
      const B raw = B::load_unaligned(g + i);
      squares += raw * raw;
      [&](auto... b) {
        f(used(raw), b...);
        (b.store_unaligned(blocks + i), ...);
      }(B::load_unaligned(blocks + i)...);
    }
    total += lanes_sum(squares);
  }
  if (i < n) {
    const B raw = load_part(g + i, n - i, T(0));
    total += lanes_sum(raw * raw);
    [&](auto... b) {
      f(used(raw), b...);
      (store_part(blocks + i, b, n - i), ...);
    }(load_part(blocks + i, n - i)...);
  }
  return total;
}

template <class T>
double squares(const T* g, std::int64_t n) {
  return stream(g, n, GradientUse{}, [](const Batch<T>&) {});
}

template <class T>
double sgd(T* w, const T* g, T* m, std::int64_t n, const SgdNumbers& k) {
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
        bm = momentum * bm + fresh * d;
        bw -= rate * (nesterov ? d + momentum * bm : bm);
      },
      w, m);
}

template <class T>
double rmsprop(T* w, const T* g, T* v, T* mean, T* m, std::int64_t n, const RmspropNumbers& k) {
  using B = Batch<T>;
  const B rate(T(k.rate)), rho(T(k.rho)), fresh(T(1 - k.rho)), epsilon(T(k.epsilon)), momentum(T(k.momentum)), decay(T(k.weight_decay));
  const auto plain = [&](B d, const B& bw, B& bv) {  // d / s
    d += decay * bw;
    bv = rho * bv + fresh * d * d;
    return d / (xsimd::sqrt(bv) + epsilon);
  };
  const auto centred = [&](B d, const B& bw, B& bv, B& bmean) {
    d += decay * bw;
    bv = rho * bv + fresh * d * d;
    bmean += fresh * (d - bmean);
    const B variance = bv - bmean * bmean;  // below 0 only by rounding
    return d / (xsimd::sqrt(xsimd::select(variance < B(T(0)), B(T(0)), variance)) + epsilon);
  };
  const auto move = [&](B& bw, B& bm, const B& direction) {
    bm = momentum * bm + direction;
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
double adam(T* w, const T* g, T* m, T* v, T* top, std::int64_t n, const AdamNumbers& k) {
  using B = Batch<T>;
  const B rate(T(k.rate)), fresh1(T(1 - k.beta1)), beta2(T(k.beta2)), fresh2(T(1 - k.beta2)), epsilon(T(k.epsilon)), root(T(k.root));
  const B decay(T(k.weight_decay)), keep(T(k.keep));
  const auto moments = [&](B d, B& bw, B& bm, B& bv) {
    bw *= keep;
    d += decay * bw;
    bm += fresh1 * (d - bm);
    bv = beta2 * bv + fresh2 * d * d;
  };
  const auto move = [&](B& bw, const B& bm, const B& second) { bw -= rate * bm / (root * xsimd::sqrt(second) + epsilon); };
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
constexpr OptimizerTable<T> make_table() {
  return {squares<T>, sgd<T>, rmsprop<T>, adam<T>};
}

}  // namespace

extern const OptimizerKernels optimizer_kernels;
constinit const OptimizerKernels optimizer_kernels = {make_table<float>(), make_table<double>()};

}  // namespace elbo::ELBO_ISA_NAMESPACE
