#pragma once
// Shared by the tests of tensor/: numbers to test with, the instruction sets of this machine, naive loops over shapes.

#include <cmath>
#include <cstring>
#include <vector>

#include "tensor/isa.h"
#include "tensor/parallel.h"
#include "tensor/random.h"
#include "tensor/tensor.h"

namespace elbo {

// Normal numbers, different for each `number`.
inline Tensor normal(const Shape& shape, DType type = DType::float32, std::uint64_t number = 0) {
  Tensor t(shape, type);
  fill_normal(t, {.seed = 7, .purpose = Purpose::test, .step = number});
  return t;
}

// Whole numbers from 0 to n - 1.
inline Tensor integers(const Shape& shape, Index n, std::uint64_t number = 0) {
  Tensor t(shape, DType::int32);
  std::int32_t* p = t.mutable_data<std::int32_t>();
  const RandomKey key{.seed = 7, .purpose = Purpose::test, .step = number};
  for (Index i = 0; i < t.numel(); i++) p[i] = std::int32_t(key.uniform(0, std::uint32_t(i)) * double(n));
  return t;
}

// Runs f once with each instruction set that this machine has, plain loops included, and restores what was set.
template <class F>
void for_each_isa(F&& f) {
  const Isa before = isa();
  for (int i = 0; i < isa_count; i++) {
    if (!isa_available(Isa(i))) continue;
    set_isa(Isa(i));
    f(Isa(i));
  }
  set_isa(before);
}

// The same bits for 1, 2 and 5 threads?
template <class F>
bool same_for_any_threads(F&& f) {
  const int before = threads();
  set_threads(1);
  const Tensor one = f();
  bool same = true;
  for (int n : {2, 5}) {
    set_threads(n);
    same = same && identical(one, f());
  }
  set_threads(before);
  return same;
}

// The position of flat element i of `shape`, one number an axis.
inline std::vector<Index> position_of(Index i, const Shape& shape) {
  std::vector<Index> at(std::size_t(shape.rank()));
  for (int a = shape.rank() - 1; a >= 0; a--) at[std::size_t(a)] = i % shape[a], i /= shape[a];
  return at;
}

// Its flat number in `shape`; axes are aligned at the end, axes of size 1 repeated.
inline Index flat_of(const std::vector<Index>& at, const Shape& shape) {
  Index i = 0;
  for (int a = 0; a < shape.rank(); a++) {
    const Index k = at[at.size() - std::size_t(shape.rank()) + std::size_t(a)];
    i = i * shape[a] + (shape[a] == 1 ? 0 : k);
  }
  return i;
}

// The largest |a - b| / max(1, |b|), over all elements; infinite where only one of them is NaN or shapes differ.
inline double difference(const Tensor& a, const Tensor& b) {
  if (!(a.shape() == b.shape())) return INFINITY;
  double d = 0;
  for (Index i = 0; i < a.numel(); i++) {
    const double x = a.element(i), y = b.element(i);
    if (std::isnan(x) != std::isnan(y)) return INFINITY;
    if (std::isnan(x) || x == y) continue;
    d = std::max(d, std::fabs(x - y) / std::max(1.0, std::fabs(y)));
  }
  return d;
}

inline double epsilon(DType type) { return type == DType::float32 ? 0x1p-23 : 0x1p-52; }

}  // namespace elbo
