#include "tensor/reduce.h"

#include <fmt/core.h>

#include <cmath>

#include "tensor/error.h"
#include "tensor/kernels/reduce.h"
#include "tensor/parallel.h"
#include "tensor/shape_ops.h"

namespace elbo {
namespace {

constexpr Index reduce_grain = 1 << 15;  // numbers a chunk
constexpr Index most_fold_chunks = 64;   // bounds the memory for partial results

std::array<bool, Shape::max_rank> marked(std::string_view op, const Shape& shape, const Axes& axes) {
  std::array<bool, Shape::max_rank> reduced{};
  if (axes.count() == 0) reduced.fill(true);
  for (int a : axes) {
    const int n = normal_axis(op, a, shape.rank());
    if (std::exchange(reduced[std::size_t(n)], true)) fail(op, fmt::format("axis {} is named twice in {}", n, axes.str()));
  }
  return reduced;
}

// The numbers of a reduction, seen as (outer, count, inner): result (o, i) folds x[o, 0 .. count-1, i].
struct AxesView {
  Tensor x;
  Index outer = 1, count = 1, inner = 1;
  Index results() const { return outer * inner; }
};

// Axes that are neighbours are one. Where others lie between them, they are moved to the end, which copies.
AxesView view(std::string_view op, const Tensor& x, const Axes& axes) {
  const Shape& s = x.shape();
  const auto reduced = marked(op, s, axes);
  int first = s.rank(), last = -1;
  for (int i = 0; i < s.rank(); i++)
    if (reduced[std::size_t(i)] && s[i] != 1) first = std::min(first, i), last = i;
  AxesView v{x};
  bool together = true;
  for (int i = 0; i < s.rank(); i++) {
    const bool inside = i >= first && i <= last;
    if (inside && !reduced[std::size_t(i)] && s[i] != 1) together = false;
    (i < first ? v.outer : inside ? v.count : v.inner) *= s[i];
  }
  if (together) return v;
  std::array<int, Shape::max_rank> order{};
  std::size_t k = 0;
  v = AxesView{};
  for (const bool take : {false, true})
    for (int i = 0; i < s.rank(); i++)
      if (reduced[std::size_t(i)] == take) order[k++] = i, (take ? v.count : v.outer) *= s[i];
  v.x = permute(x, std::span<const int>(order.data(), k));
  return v;
}

double join(Fold f, double a, double b) {
  switch (f) {
    case Fold::max:
      return a > b || std::isnan(a) ? a : b;
    case Fold::min:
      return a < b || std::isnan(a) ? a : b;
    default:
      return a + b;
  }
}

// y[o * inner + i] = the fold, as float64. The work is cut by the results (rows, or strips of columns) and, where there are few of
// them, along the reduced axis too; the parts are joined in order.
template <class T>
Tensor fold(Fold f, const AxesView& v, const T* shift = nullptr) {
  Tensor y({v.results()}, DType::float64);
  if (v.results() == 0) return y;
  const T* x = v.x.data<T>();
  const Index chunks = std::clamp<Index>(v.results() * v.count / reduce_grain, 1, most_fold_chunks);
  const Index wanted = std::clamp<Index>(std::min(chunks / v.outer, v.inner / 128), 1, most_fold_chunks);
  const Index width = v.inner == 1 ? 1 : ((v.inner + wanted - 1) / wanted + 63) / 64 * 64;
  const Index strips = (v.inner + width - 1) / width, units = v.outer * strips, groups = std::min(units, chunks);
  const Index pieces = std::clamp<Index>(chunks / groups, 1, std::max<Index>(1, v.count / 256));
  Tensor parts = pieces == 1 ? y : Tensor({pieces, v.results()}, DType::float64);
  double* out = parts.mutable_data<double>();
  const ReduceTable<T>& kernels = reduce_kernels.of<T>();
  parallel(groups * pieces, [&](Index task) {
    const Index g = task / pieces, p = task % pieces;
    const Index begin = units * g / groups, end = units * (g + 1) / groups;
    const Index from = v.count * p / pieces, n = v.count * (p + 1) / pieces - from;
    double* to = out + p * v.results();
    if (v.inner == 1) {
      kernels.rows[int(f)](x + begin * v.count + from, end - begin, n, v.count, shift ? shift + begin : nullptr, to + begin);
      return;
    }
    for (Index u = begin; u < end; u++) {
      const Index o = u / strips, i = u % strips * width, at = o * v.inner + i;
      kernels.columns[int(f)](x + (o * v.count + from) * v.inner + i, n, std::min(width, v.inner - i), v.inner,
                              shift ? shift + at : nullptr, to + at);
    }
  });
  if (pieces == 1) return y;
  double* total = y.mutable_data<double>();
  for (Index r = 0; r < v.results(); r++) {
    total[r] = out[r];
    for (Index p = 1; p < pieces; p++) total[r] = join(f, total[r], out[p * v.results() + r]);
  }
  return y;
}

// Checks the output and gives it f(the fold) elementwise.
template <class T, class F>
void finish(const Tensor& folded, Tensor& out, F&& f) {
  const double* a = folded.data<double>();
  T* y = out.mutable_data<T>();
  for (Index i = 0; i < folded.numel(); i++) y[i] = T(f(a[i], i));
}

void require_output(std::string_view op, const Tensor& x, const Axes& axes, const Tensor& out) {
  require_same_dtype(op, x, out);
  if (!(out.shape() == reduced_shape(op, x.shape(), axes, false)))
    require_shape(op, "the output", out, reduced_shape(op, x.shape(), axes, true));
}

void require_numbers(std::string_view op, const AxesView& v) {
  if (v.count == 0 && v.results() > 0)
    fail(op, fmt::format("no numbers to choose from: shape {} has an axis of size 0", v.x.shape().str()));
}

void extremum(std::string_view op, Fold f, const Tensor& x, const Axes& axes, Tensor& out) {
  require_output(op, x, axes, out);
  const AxesView v = view(op, x, axes);
  require_numbers(op, v);
  for_float(op, x.dtype(), [&]<class T>(T) { finish<T>(fold<T>(f, v), out, [](double a, Index) { return a; }); });
}

Tensor position(std::string_view op, Fold f, const Tensor& x, const Axes& axes, bool keepdims) {
  const AxesView v = view(op, x, axes);
  require_numbers(op, v);
  if (v.count > Index{1} << 31) fail(op, fmt::format("positions among {} numbers do not fit int32", v.count));
  Tensor y(reduced_shape(op, x.shape(), axes, keepdims), DType::int32);
  for_float(op, x.dtype(), [&]<class T>(T) {
    Tensor best({v.results()}, x.dtype());
    finish<T>(fold<T>(f, v), best, [](double a, Index) { return a; });
    const T *in = v.x.data<T>(), *value = best.data<T>();
    std::int32_t* index = y.mutable_data<std::int32_t>();
    parallel_ranges(v.outer, std::max<Index>(1, reduce_grain / std::max<Index>(1, v.count * v.inner)), [&](Index b, Index e) {
      for (Index o = b; o < e; o++)
        reduce_kernels.of<T>().first_equal(in + o * v.count * v.inner, v.count, v.inner, v.inner, value + o * v.inner, index + o * v.inner);
    });
  });
  return y;
}

template <class F>
Tensor make(std::string_view op, const Tensor& x, const Axes& axes, bool keepdims, F&& f) {
  Tensor y(reduced_shape(op, x.shape(), axes, keepdims), x.dtype());
  f(y);
  return y;
}

}  // namespace

Axes::Axes(std::span<const int> axes) {
  if (axes.size() > Shape::max_rank) fail("axes", fmt::format("expected at most {} axes, got {}", Shape::max_rank, axes.size()));
  for (int a : axes) axes_[std::size_t(count_++)] = a;
}

std::string Axes::str() const {
  std::string text = "{";
  for (int i = 0; i < count_; i++) text += fmt::format("{}{}", i ? ", " : "", (*this)[i]);
  return text + "}";
}

Shape reduced_shape(std::string_view op, const Shape& shape, const Axes& axes, bool keepdims) {
  const auto reduced = marked(op, shape, axes);
  Shape s;
  for (int i = 0; i < shape.rank(); i++) {
    if (!reduced[std::size_t(i)]) s = s.append(shape[i]);
    if (reduced[std::size_t(i)] && keepdims) s = s.append(1);
  }
  return s;
}

Index reduced_count(const Shape& shape, const Axes& axes) {
  const auto reduced = marked("reduced_count", shape, axes);
  Index n = 1;
  for (int i = 0; i < shape.rank(); i++)
    if (reduced[std::size_t(i)]) n *= shape[i];
  return n;
}

void sum(const Tensor& x, const Axes& axes, Tensor& out) {
  require_output("sum", x, axes, out);
  for_float("sum", x.dtype(),
            [&]<class T>(T) { finish<T>(fold<T>(Fold::sum, view("sum", x, axes)), out, [](double a, Index) { return a; }); });
}

void mean(const Tensor& x, const Axes& axes, Tensor& out) {
  require_output("mean", x, axes, out);
  const AxesView v = view("mean", x, axes);
  for_float("mean", x.dtype(),
            [&]<class T>(T) { finish<T>(fold<T>(Fold::sum, v), out, [&](double a, Index) { return a / double(v.count); }); });
}

void max(const Tensor& x, const Axes& axes, Tensor& out) { extremum("max", Fold::max, x, axes, out); }
void min(const Tensor& x, const Axes& axes, Tensor& out) { extremum("min", Fold::min, x, axes, out); }

void variance(const Tensor& x, const Axes& axes, Tensor& out, bool unbiased) {
  require_output("variance", x, axes, out);
  const AxesView v = view("variance", x, axes);
  for_float("variance", x.dtype(), [&]<class T>(T) {
    const Tensor sums = fold<T>(Fold::sum, v);
    Tensor centre({v.results()}, x.dtype());  // the mean, rounded to T: what rounding moved is taken off below
    finish<T>(sums, centre, [&](double a, Index) { return a / double(v.count); });
    const double n = double(v.count), divisor = unbiased ? n - 1 : n;
    const double* s = sums.data<double>();
    const T* c = centre.data<T>();
    finish<T>(fold<T>(Fold::square_deviations, v, c), out, [&](double a, Index i) {
      const double moved = s[i] / n - double(c[i]);
      return std::max(0.0, a - n * moved * moved) / divisor;
    });
  });
}

void logsumexp(const Tensor& x, const Axes& axes, Tensor& out) {
  require_output("logsumexp", x, axes, out);
  const AxesView v = view("logsumexp", x, axes);
  for_float("logsumexp", x.dtype(), [&]<class T>(T) {
    Tensor largest({v.results()}, x.dtype());
    finish<T>(fold<T>(Fold::max, v), largest, [](double a, Index) { return std::isfinite(a) ? a : 0; });
    const T* m = largest.data<T>();
    finish<T>(fold<T>(Fold::exponentials, v, m), out, [&](double a, Index i) { return double(m[i]) + std::log(a); });
  });
}

Tensor sum(const Tensor& x, const Axes& axes, bool keepdims) {
  return make("sum", x, axes, keepdims, [&](Tensor& y) { sum(x, axes, y); });
}
Tensor mean(const Tensor& x, const Axes& axes, bool keepdims) {
  return make("mean", x, axes, keepdims, [&](Tensor& y) { mean(x, axes, y); });
}
Tensor max(const Tensor& x, const Axes& axes, bool keepdims) {
  return make("max", x, axes, keepdims, [&](Tensor& y) { max(x, axes, y); });
}
Tensor min(const Tensor& x, const Axes& axes, bool keepdims) {
  return make("min", x, axes, keepdims, [&](Tensor& y) { min(x, axes, y); });
}
Tensor variance(const Tensor& x, const Axes& axes, bool keepdims, bool unbiased) {
  return make("variance", x, axes, keepdims, [&](Tensor& y) { variance(x, axes, y, unbiased); });
}
Tensor logsumexp(const Tensor& x, const Axes& axes, bool keepdims) {
  return make("logsumexp", x, axes, keepdims, [&](Tensor& y) { logsumexp(x, axes, y); });
}
Tensor argmax(const Tensor& x, const Axes& axes, bool keepdims) { return position("argmax", Fold::max, x, axes, keepdims); }
Tensor argmin(const Tensor& x, const Axes& axes, bool keepdims) { return position("argmin", Fold::min, x, axes, keepdims); }

double total(const Tensor& x) {
  return for_float("total", x.dtype(), [&]<class T>(T) { return fold<T>(Fold::sum, view("total", x, {})).item(); });
}

void cumulative_sum(const Tensor& x, int axis, bool reverse, Tensor& out) {
  axis = normal_axis("cumulative_sum", axis, x.rank());
  require_same_dtype("cumulative_sum", x, out);
  require_shape("cumulative_sum", "the output", out, x.shape());
  if (x.numel() == 0) return;
  const AxesView v = view("cumulative_sum", x, {axis});
  for_float("cumulative_sum", x.dtype(), [&]<class T>(T) {
    const T* in = x.data<T>();
    T* y = out.mutable_data<T>();
    parallel_ranges(v.results(), std::max<Index>(1, reduce_grain / v.count), [&](Index b, Index e) {
      for (Index r = b; r < e; r++) {
        const Index at = r / v.inner * v.count * v.inner + r % v.inner;
        double sum = 0;
        for (Index k = 0; k < v.count; k++) {
          const Index i = at + (reverse ? v.count - 1 - k : k) * v.inner;
          y[i] = T(sum += double(in[i]));
        }
      }
    });
  });
}

Tensor cumulative_sum(const Tensor& x, int axis, bool reverse) {
  Tensor y(x.shape(), x.dtype());
  cumulative_sum(x, axis, reverse, y);
  return y;
}

}  // namespace elbo
