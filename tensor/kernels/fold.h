#pragma once
// Included by kernel files only: the one pattern of every reduction along memory, used by reduce.cpp and softmax.cpp.
//
// A fold keeps several numbers at once in vector lanes, for a short block (16 steps a lane); the blocks are joined in double. So a
// float32 sum is as accurate as a float64 one but for the rounding within 16 steps, and ten million ones give exactly ten million.

#include "tensor/kernels/functors.h"

namespace elbo::ELBO_ISA_NAMESPACE {

// What a fold is: the value to start from, how one number enters, how two results join. `shift` is the same for all or one a lane.
template <class B>
struct AddUp {
  B shift;
  static B first() { return B(0); }
  static B join(const B& a, const B& b) { return a + b; }
  static double join(double a, double b) { return a + b; }
};
template <class B>
struct Sum : AddUp<B> {
  B step(const B& a, const B& x) const { return a + x; }
};
template <class B>
struct Deviations : AddUp<B> {
  B step(const B& a, const B& x) const { return a + (x - this->shift); }
};
template <class B>
struct SquareDeviations : AddUp<B> {
  B step(const B& a, const B& x) const { return a + (x - this->shift) * (x - this->shift); }
};
template <class B>
struct Exponentials : AddUp<B> {
  B step(const B& a, const B& x) const { return a + exponential(B(x - this->shift)); }
};
template <class B>
struct Products : AddUp<B> {
  B step(const B& a, const B& x, const B& y) const { return a + x * y; }
};
template <class B>
struct Max {
  B shift;
  static B first() { return B(-std::numeric_limits<typename B::value_type>::infinity()); }
  static B join(const B& a, const B& b) { return xsimd::select(a > b, a, xsimd::select(a == a, b, a)); }  // NaN in either gives NaN
  static double join(double a, double b) { return a > b || a != a ? a : b; }
  B step(const B& a, const B& x) const { return join(a, x); }
};
template <class B>
struct Min {
  B shift;
  static B first() { return B(std::numeric_limits<typename B::value_type>::infinity()); }
  static B join(const B& a, const B& b) { return xsimd::select(a < b, a, xsimd::select(a == a, b, a)); }
  static double join(double a, double b) { return a < b || a != a ? a : b; }
  B step(const B& a, const B& x) const { return join(a, x); }
};

// 0, 1, 2, ... in the lanes.
template <class T>
inline Batch<T> lane_numbers() {
  alignas(64) T lanes[Batch<T>::size];
  for (std::size_t i = 0; i < Batch<T>::size; i++) lanes[i] = T(i);
  return Batch<T>::load_aligned(lanes);
}

// total[i] = join(total[i], v[i]) for all lanes
template <class Op, class T>
inline void join_lanes(double* total, const Batch<T>& v) {
  alignas(64) T lanes[Batch<T>::size];
  v.store_aligned(lanes);
  for (std::size_t i = 0; i < Batch<T>::size; i++) total[i] = Op::join(total[i], double(lanes[i]));
}

// The fold of n numbers that lie side by side, in one array or in step in several.
template <class T, class Op, class... P>
inline double fold_row(std::int64_t n, const Op& op, const P*... x) {
  using B = Batch<T>;
  constexpr std::int64_t width = B::size, block = 16 * 4 * width;
  double total[width];
  for (double& t : total) t = double(Op::first().get(0));
  for (std::int64_t i = 0; i < n;) {
    const std::int64_t end = n - i < block ? n : i + block;
    B a = Op::first(), b = a, c = a, d = a;
    for (; i + 4 * width <= end; i += 4 * width) {
      a = op.step(a, B::load_unaligned(x + i)...);
      b = op.step(b, B::load_unaligned(x + i + width)...);
      c = op.step(c, B::load_unaligned(x + i + 2 * width)...);
      d = op.step(d, B::load_unaligned(x + i + 3 * width)...);
    }
    for (; i + width <= end; i += width) a = op.step(a, B::load_unaligned(x + i)...);
    if (i < end) {
      b = xsimd::select(lane_numbers<T>() < B(T(end - i)), op.step(b, load_part(x + i, end - i)...), b);
      i = end;
    }
    join_lanes<Op, T>(total, Op::join(Op::join(a, b), Op::join(c, d)));
  }
  double result = total[0];
  for (std::int64_t i = 1; i < width; i++) result = Op::join(result, total[i]);
  return result;
}

}  // namespace elbo::ELBO_ISA_NAMESPACE
