#include "tensor/elementwise.h"

#include <fmt/core.h>

#include <atomic>

#include "tensor/error.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

// For messages, in the order of the enumerations.
constexpr std::string_view unary_names[int(Unary::count)] = {"negate",  "abs",      "sign", "square", "reciprocal", "sqrt", "rsqrt",
                                                             "exp",     "expm1",    "log",  "log1p",  "sin",        "cos",  "tanh",
                                                             "sigmoid", "softplus", "relu", "elu",    "gelu",       "silu", "is_finite"};
constexpr std::string_view binary_names[int(Binary::count)] = {"add",
                                                               "subtract",
                                                               "multiply",
                                                               "divide",
                                                               "power",
                                                               "minimum",
                                                               "maximum",
                                                               "equal",
                                                               "not_equal",
                                                               "less",
                                                               "less_equal",
                                                               "greater",
                                                               "greater_equal",
                                                               "abs_backward",
                                                               "sqrt_backward",
                                                               "rsqrt_backward",
                                                               "reciprocal_backward",
                                                               "square_backward",
                                                               "exp_backward",
                                                               "expm1_backward",
                                                               "log_backward",
                                                               "log1p_backward",
                                                               "sin_backward",
                                                               "cos_backward",
                                                               "tanh_backward",
                                                               "sigmoid_backward",
                                                               "softplus_backward",
                                                               "relu_backward",
                                                               "elu_backward",
                                                               "gelu_backward",
                                                               "silu_backward"};
constexpr std::string_view parametric_names[int(Parametric::count)] = {"scale_shift", "clamp",           "clamp_mask",
                                                                       "leaky_relu",  "leaky_relu_mask", "power_scalar"};

constexpr Index elementwise_grain = 1 << 14;  // elements a chunk: about 5 us of exp, well above the cost of waking a thread

// How an operand runs through an output of `rank` axes: the step in elements for each axis, 0 where it is repeated.
struct Steps {
  std::array<Index, Shape::max_rank> step{};
};

Steps steps_of(const Shape& operand, const Shape& output) {
  Steps s;
  Index stride = 1;
  for (int i = output.rank() - 1, k = operand.rank() - 1; i >= 0 && k >= 0; i--, k--) {
    s.step[std::size_t(i)] = operand[k] == 1 ? 0 : stride;
    stride *= operand[k];
  }
  return s;
}

// Neighbouring axes along which both operands run on without a gap (or are both repeated) count as one; axes of size 1 vanish.
// Afterwards most calls have one or two axes: everything, or rows.
struct Loop {
  int rank = 0;
  std::array<Index, Shape::max_rank> size{};
  Steps a, b;
};

Loop collapse(const Shape& output, const Steps& a, const Steps& b) {
  Loop l;
  for (int i = 0; i < output.rank(); i++) {
    const auto u = std::size_t(i);
    if (output[i] == 1) continue;
    const auto last = std::size_t(l.rank - 1);
    if (l.rank > 0 && l.a.step[last] == a.step[u] * output[i] && l.b.step[last] == b.step[u] * output[i]) {
      l.size[last] *= output[i];
      l.a.step[last] = a.step[u];
      l.b.step[last] = b.step[u];
    } else {
      l.size[std::size_t(l.rank)] = output[i];
      l.a.step[std::size_t(l.rank)] = a.step[u];
      l.b.step[std::size_t(l.rank)] = b.step[u];
      l.rank++;
    }
  }
  return l;
}

// Runs kernel(offset of a, step of a, offset of b, step of b, offset of y, n) over the innermost axis, for all outer positions.
template <class K>
void for_rows(const Loop& l, K&& kernel) {
  if (l.rank == 0) return kernel(Index{0}, Index{0}, Index{0}, Index{0}, Index{0}, Index{1});
  const auto inner = std::size_t(l.rank - 1);
  const Index n = l.size[inner], sa = l.a.step[inner], sb = l.b.step[inner];
  Index rows = 1;
  for (std::size_t i = 0; i < inner; i++) rows *= l.size[i];
  if (rows == 1) {
    parallel_ranges(n, elementwise_grain, [&](Index b, Index e) { kernel(b * sa, sa, b * sb, sb, b, e - b); });
    return;
  }
  const Index chunks = std::clamp<Index>(rows * n / elementwise_grain, 1, rows);
  parallel(chunks, [&](Index c) {
    for (Index r = rows * c / chunks; r < rows * (c + 1) / chunks; r++) {
      Index oa = 0, ob = 0, rest = r;
      for (std::size_t i = inner; i-- > 0;) {
        const Index k = rest % l.size[i];
        rest /= l.size[i];
        oa += k * l.a.step[i];
        ob += k * l.b.step[i];
      }
      kernel(oa, sa, ob, sb, r * n, n);
    }
  });
}

}  // namespace

void unary(Unary f, const Tensor& x, Tensor& out) {
  require_same_dtype(unary_names[int(f)], x, out);
  require_shape(unary_names[int(f)], "the output", out, x.shape());
  for_float(unary_names[int(f)], x.dtype(), [&]<class T>(T) {
    const T* in = x.data<T>();
    T* y = out.mutable_data<T>();
    const auto kernel = elementwise_kernels.of<T>().unary[int(f)];
    parallel_ranges(x.numel(), elementwise_grain, [&](Index b, Index e) { kernel(in + b, y + b, e - b); });
  });
}

Tensor unary(Unary f, const Tensor& x) {
  Tensor y(x.shape(), x.dtype());
  unary(f, x, y);
  return y;
}

void parametric(Parametric f, const Tensor& x, double p, double q, Tensor& out) {
  require_same_dtype(parametric_names[int(f)], x, out);
  require_shape(parametric_names[int(f)], "the output", out, x.shape());
  for_float(parametric_names[int(f)], x.dtype(), [&]<class T>(T) {
    const T* in = x.data<T>();
    T* y = out.mutable_data<T>();
    const auto kernel = elementwise_kernels.of<T>().parametric[int(f)];
    parallel_ranges(x.numel(), elementwise_grain, [&](Index b, Index e) { kernel(in + b, y + b, e - b, T(p), T(q)); });
  });
}

Tensor parametric(Parametric f, const Tensor& x, double p, double q) {
  Tensor y(x.shape(), x.dtype());
  parametric(f, x, p, q, y);
  return y;
}

void binary(Binary f, const Tensor& a, const Tensor& b, Tensor& out) {
  require_same_dtype(binary_names[int(f)], a, b);
  require_same_dtype(binary_names[int(f)], a, out);
  require_shape(binary_names[int(f)], "the output", out, broadcast(binary_names[int(f)], a.shape(), b.shape()));
  if (out.numel() == 0) return;
  for_float(binary_names[int(f)], a.dtype(), [&]<class T>(T) {
    const T *pa = a.data<T>(), *pb = b.data<T>();
    T* y = out.mutable_data<T>();
    const auto kernel = elementwise_kernels.of<T>().binary[int(f)];
    for_rows(collapse(out.shape(), steps_of(a.shape(), out.shape()), steps_of(b.shape(), out.shape())),
             [&](Index oa, Index sa, Index ob, Index sb, Index oy, Index n) { kernel(pa + oa, sa, pb + ob, sb, y + oy, n); });
  });
}

Tensor binary(Binary f, const Tensor& a, const Tensor& b) {
  Tensor y(broadcast(binary_names[int(f)], a.shape(), b.shape()), a.dtype());
  binary(f, a, b, y);
  return y;
}

Tensor broadcast_to(const Tensor& x, const Shape& shape) {
  if (x.shape() == shape) return x.clone();
  if (!(broadcast("broadcast_to", x.shape(), shape) == shape))
    fail("broadcast_to", fmt::format("{} does not broadcast to {}", x.shape().str(), shape.str()));
  Tensor y(shape, x.dtype());
  if (y.numel() == 0) return y;
  for_any(x.dtype(), [&]<class T>(T) {
    const T* in = x.data<T>();
    T* out = y.mutable_data<T>();
    const Steps s = steps_of(x.shape(), shape);
    for_rows(collapse(shape, s, s), [&](Index ox, Index sx, Index, Index, Index oy, Index n) {
      if (sx)
        std::copy_n(in + ox, n, out + oy);
      else
        std::fill_n(out + oy, n, in[ox]);
    });
  });
  return y;
}

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  require_same_dtype("where", a, b);
  require_same_dtype("where", condition, a);
  const Shape shape = broadcast("where", condition.shape(), broadcast("where", a.shape(), b.shape()));
  const auto whole = [&](const Tensor& t) { return t.shape() == shape ? t : broadcast_to(t, shape); };
  const Tensor c = whole(condition), x = whole(a), z = whole(b);
  Tensor y(shape, a.dtype());
  for_float("where", a.dtype(), [&]<class T>(T) {
    const T *pc = c.data<T>(), *px = x.data<T>(), *pz = z.data<T>();
    T* out = y.mutable_data<T>();
    const auto kernel = elementwise_kernels.of<T>().where;
    parallel_ranges(shape.numel(), elementwise_grain, [&](Index s, Index e) { kernel(pc + s, px + s, pz + s, out + s, e - s); });
  });
  return y;
}

bool all_finite(const Tensor& x) {
  return for_float("all_finite", x.dtype(), [&]<class T>(T) {
    const T* in = x.data<T>();
    std::atomic<bool> fine{true};
    parallel_ranges(x.numel(), 1 << 16, [&](Index b, Index e) {
      T largest = 0;  // a sum of zeros times the numbers is NaN as soon as one is not finite
      for (Index i = b; i < e; i++) largest += in[i] * T(0);
      if (largest != T(0)) fine = false;
    });
    return fine.load();
  });
}

}  // namespace elbo
