// Normalisation of columns. Compiled once for each instruction set.

#include "tensor/kernels/normalise.h"

#include "tensor/kernels/fold.h"

namespace elbo::ELBO_ISA_NAMESPACE {
namespace {

// Calls f(i, load, store) for every vector of columns. The last columns come anew together with some that are done, which come out as
// before; fewer than a vector through a padded one.
template <class T, class F>
void for_columns(std::int64_t width, F&& f) {
  using B = Batch<T>;
  constexpr std::int64_t lanes = B::size;
  const auto load = [](const T* p) { return B::load_unaligned(p); };
  const auto store = [](T* p, const B& v) { v.store_unaligned(p); };
  std::int64_t i = 0;
  for (; i + lanes <= width; i += lanes) f(i, load, store);
  if (i == width) return;
  if (width >= lanes)
    f(width - lanes, load, store);
  else
    f(
        0, [&](const T* p) { return load_part(p, width); }, [&](T* p, const B& v) { store_part(p, v, width); });
}

template <class T>
void apply(const T* x, std::int64_t n, std::int64_t width, const T* mean, const T* scale, const T* bias, T* y) {
  for (std::int64_t r = 0; r < n; r++, x += width, y += width)
    for_columns<T>(width, [&](std::int64_t i, auto&& load, auto&& store) {
      store(y + i, multiply_add(load(scale + i), load(x + i) - load(mean + i), load(bias + i)));
    });
}

template <class T>
void backward(const T* x, const T* dy, std::int64_t n, std::int64_t width, const T* mean, const T* scale, const T* slope, const T* shift,
              T* dx) {
  for (std::int64_t r = 0; r < n; r++, x += width, dy += width, dx += width)
    for_columns<T>(width, [&](std::int64_t i, auto&& load, auto&& store) {
      const Batch<T> rest = multiply_add(load(slope + i), load(x + i) - load(mean + i), load(shift + i));
      store(dx + i, multiply_add(load(scale + i), load(dy + i), rest));
    });
}

// Four vectors of columns at once, 32 rows to a block, the blocks joined in double; as in reduce.cpp.
template <class T, int side, class Load>
void strip(const T* x, const T* dy, std::int64_t n, std::int64_t width, const T* mean, Load&& load, double* sum, double* product) {
  using B = Batch<T>;
  constexpr std::int64_t lanes = B::size, block = 32;
  B m[side];
  for (int s = 0; s < side; s++) m[s] = load(mean + s * lanes);
  for (std::int64_t i = 0; i < side * lanes; i++) sum[i] = product[i] = 0;
  for (std::int64_t from = 0; from < n; from += block) {
    const std::int64_t to = n - from < block ? n : from + block;
    B a[side], b[side];
    for (int s = 0; s < side; s++) a[s] = b[s] = B(T(0));
    for (std::int64_t r = from; r < to; r++)
      for (int s = 0; s < side; s++) {
        const B d = load(dy + r * width + s * lanes);
        a[s] = a[s] + d;
        b[s] = multiply_add(d, load(x + r * width + s * lanes) - m[s], b[s]);
      }
    for (int s = 0; s < side; s++) {
      join_lanes<Sum<B>, T>(sum + s * lanes, a[s]);
      join_lanes<Sum<B>, T>(product + s * lanes, b[s]);
    }
  }
}

template <class T>
void sums(const T* x, const T* dy, std::int64_t n, std::int64_t width, const T* mean, double* sum, double* product) {
  constexpr std::int64_t lanes = Batch<T>::size;
  const auto load = [](const T* p) { return Batch<T>::load_unaligned(p); };
  std::int64_t i = 0;
  for (; i + 4 * lanes <= width; i += 4 * lanes) strip<T, 4>(x + i, dy + i, n, width, mean + i, load, sum + i, product + i);
  for (; i + lanes <= width; i += lanes) strip<T, 1>(x + i, dy + i, n, width, mean + i, load, sum + i, product + i);
  if (i == width) return;
  double few[2][lanes];
  if (width >= lanes) i = width - lanes;
  const auto part = [&](const T* p) { return width >= lanes ? load(p) : load_part(p, width); };
  strip<T, 1>(x + i, dy + i, n, width, mean + i, part, few[0], few[1]);
  std::memcpy(sum + i, few[0], std::size_t(width - i) * sizeof(double));
  std::memcpy(product + i, few[1], std::size_t(width - i) * sizeof(double));
}

}  // namespace

extern const NormaliseKernels normalise_kernels;
constinit const NormaliseKernels normalise_kernels = {{apply<float>, sums<float>, backward<float>},
                                                      {apply<double>, sums<double>, backward<double>}};

}  // namespace elbo::ELBO_ISA_NAMESPACE
