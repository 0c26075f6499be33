#include "tensor/normalise.h"

#include <fmt/core.h>

#include <cmath>

#include "tensor/error.h"
#include "tensor/kernels/normalise.h"
#include "tensor/kernels/reduce.h"
#include "tensor/parallel.h"
#include "tensor/pool_vector.h"
#include "tensor/reduce.h"

namespace elbo {
namespace {

// The rows of one block as the kernels read them. Rows of few channels lie side by side in lines, so that vectors are full; what is left
// of the rows is one shorter line. A unit is some lines that stay in a core's cache while they are read twice.
class Lines {
 public:
  explicit Lines(const Normalisation& s) : channels_(s.channels), groups_(s.groups) {
    const Index together = std::max<Index>(1, shortest / std::max<Index>(1, channels_));
    width_ = together * channels_;
    lines_ = s.rows / together;
    rest_ = s.rows % together * channels_;
    step_ = std::max<Index>(1, unit_numbers / std::max<Index>(1, width_));
    whole_ = divide_up(lines_, step_);
  }
  struct Unit {
    Index offset, lines, width;  // numbers before it in the block; rows of `width` numbers
  };
  Index width() const { return width_; }
  Index units() const { return whole_ + (rest_ > 0); }
  Unit unit(Index u) const {
    if (u == whole_) return {lines_ * width_, 1, rest_};
    return {u * step_ * width_, std::min(step_, lines_ - u * step_), width_};
  }
  // Calls f(first column, lines, group) for each group of columns of all units, in order; columns are counted on through the units.
  template <class F>
  void for_groups(F&& f) const {
    for (Index u = 0; u < units(); u++) {
      const Unit each = unit(u);
      for (Index i = 0; i < each.width; i += channels_)
        for (Index g = 0; g < groups_; g++) f(u * width_ + i + g * (channels_ / groups_), each.lines, g);
    }
  }
  // f(channel, group) for each column of a line, for the kernels.
  template <class T, class F>
  PoolVector<T> repeated(F&& f) const {
    PoolVector<T> all(std::size_t(std::max(width_, channels_)));
    for (Index g = 0, c = 0; g < groups_; g++)
      for (const Index end = c + channels_ / groups_; c < end; c++) all[std::size_t(c)] = T(f(c, g));
    for (auto i = std::size_t(channels_); i < all.size(); i++) all[i] = all[i - std::size_t(channels_)];
    return all;
  }

 private:
  static constexpr Index shortest = 128, unit_numbers = 1 << 15;
  Index channels_, groups_, width_, lines_, rest_, step_, whole_;
};

// Calls f(block) for all blocks: several at once where they are small, otherwise one by one, for f itself to use the threads.
template <class F>
void for_blocks(const Normalisation& s, F&& f) {
  const Index numbers = s.rows * s.channels, grain = 1 << 15;
  if (s.blocks == 1 || numbers >= 8 * grain) {
    for (Index b = 0; b < s.blocks; b++) f(b);
    return;
  }
  const Index chunks = std::clamp<Index>(s.blocks * numbers / grain, 1, std::max<Index>(1, s.blocks));
  parallel(chunks, [&](Index c) {
    for (Index b = s.blocks * c / chunks; b < s.blocks * (c + 1) / chunks; b++) f(b);
  });
}

// Mean and mean square deviation of each group of a block, from those of every column of every unit.
template <class T>
void block_moments(const T* x, const Normalisation& s, const Lines& lines, double* mean, double* variance) {
  const Index width = lines.width(), per = s.channels / s.groups;
  PoolVector<double> means(std::size_t(lines.units() * width)), squares(means.size());
  parallel(lines.units(), [&](Index u) {
    const auto [offset, n, w] = lines.unit(u);
    const T* p = x + offset;
    double *m = means.data() + u * width, *q = squares.data() + u * width;
    const ReduceTable<T>& kernels = reduce_kernels.of<T>();
    kernels.columns[int(Fold::deviations)](p, n, w, w, p, m);  // from the first line: what is constant has no deviation at all
    PoolVector<T> centre;
    centre.reserve(std::size_t(w));
    for (Index i = 0; i < w; i++) centre.push_back(T(m[i] = double(p[i]) + m[i] / double(n)));
    kernels.columns[int(Fold::square_deviations)](p, n, w, w, centre.data(), q);
  });
  std::fill_n(mean, s.groups, 0.0);
  std::fill_n(variance, s.groups, 0.0);
  // Deviations of the columns' means from the first one's, for the same reason.
  lines.for_groups([&](Index i, Index n, Index g) {
    double sum = 0;
    for (Index k = i; k < i + per; k++) sum += means[std::size_t(k)] - means[std::size_t(g * per)];
    mean[g] += double(n) * sum;
  });
  for (Index g = 0; g < s.groups; g++) mean[g] = means[std::size_t(g * per)] + mean[g] / double(s.count());
  lines.for_groups([&](Index i, Index n, Index g) {
    double within = 0, between = 0;
    for (Index k = i; k < i + per; k++) {
      const double d = means[std::size_t(k)] - mean[g];
      within += squares[std::size_t(k)];
      between += d * d;
    }
    variance[g] += within + double(n) * between;
  });
  for (Index g = 0; g < s.groups; g++) variance[g] /= double(s.count());
}

template <class T>
void apply(const T* x, const Lines& lines, const T* mean, const T* scale, const T* gain, const T* bias, T* y) {
  const PoolVector<T> m = lines.repeated<T>([&](Index, Index g) { return mean[g]; });
  const PoolVector<T> a = lines.repeated<T>([&](Index c, Index g) { return double(gain[c]) * double(scale[g]); });
  const PoolVector<T> b = lines.repeated<T>([&](Index c, Index) { return bias[c]; });
  parallel(lines.units(), [&](Index u) {
    const auto [offset, n, w] = lines.unit(u);
    normalise_kernels.of<T>().apply(x + offset, n, w, m.data(), a.data(), b.data(), y + offset);
  });
}

void require_layout(std::string_view op, const Tensor& x) {
  if (x.dtype() != DType::float32 && x.dtype() != DType::float64) fail_dtype(op, x.dtype());
  if (x.rank() < 2 || x.shape().back() < 1)
    fail(op, fmt::format("expected inputs (n, ..., channels) with at least one channel, got {}", x.shape().str()));
}

}  // namespace

Normalisation Normalisation::batch(std::string_view op, const Tensor& x) {
  require_layout(op, x);
  const Index c = x.shape().back();
  return {.blocks = 1, .rows = x.numel() / c, .channels = c, .groups = c, .least = 2};
}

Normalisation Normalisation::group(std::string_view op, const Tensor& x, Index groups) {
  require_layout(op, x);
  const Index c = x.shape().back();
  if (groups < 1 || c % groups != 0)
    fail(op, fmt::format("expected a number of groups that divides the channels, got {} groups for {}", groups, x.shape().str()));
  Index rows = 1;
  for (int i = 1; i + 1 < x.rank(); i++) rows *= x.shape()[i];
  return {.blocks = x.shape()[0], .rows = rows, .channels = c, .groups = groups};
}

Normalised normalise(std::string_view op, const Tensor& x, const Normalisation& s, const Tensor& gain, const Tensor& bias, double epsilon) {
  if (s.count() < s.least)
    fail(op, fmt::format("expected at least {} in each mean, got {} in inputs {}", s.least == 1 ? "one number" : "two numbers", s.count(),
                         x.shape().str()));
  Normalised r{empty_like(x), Tensor(s.statistics(), x.dtype()), Tensor(s.statistics(), x.dtype()), Tensor(s.statistics(), x.dtype())};
  const Lines lines(s);
  for_float(op, x.dtype(), [&]<class T>(T) {
    const T *in = x.data<T>(), *g = gain.data<T>(), *h = bias.data<T>();
    T *y = r.y.mutable_data<T>(), *mean = r.mean.mutable_data<T>(), *variance = r.variance.mutable_data<T>();
    T* scale = r.scale.mutable_data<T>();
    for_blocks(s, [&](Index b) {
      const Index at = b * s.rows * s.channels, group = b * s.groups;
      PoolVector<double> moments(std::size_t(2 * s.groups));
      block_moments(in + at, s, lines, moments.data(), moments.data() + s.groups);
      for (Index i = 0; i < s.groups; i++) {
        mean[group + i] = T(moments[std::size_t(i)]);
        variance[group + i] = T(moments[std::size_t(s.groups + i)]);
        scale[group + i] = T(1 / std::sqrt(moments[std::size_t(s.groups + i)] + epsilon));
      }
      apply(in + at, lines, mean + group, scale + group, g, h, y + at);
    });
  });
  return r;
}

Tensor standardise(const Tensor& x, const Normalisation& s, const Tensor& mean, const Tensor& scale, const Tensor& gain,
                   const Tensor& bias) {
  Tensor y = empty_like(x);
  const Lines lines(s);
  for_float("standardise", x.dtype(), [&]<class T>(T) {
    const T *in = x.data<T>(), *m = mean.data<T>(), *a = scale.data<T>(), *g = gain.data<T>(), *h = bias.data<T>();
    T* out = y.mutable_data<T>();
    for_blocks(s, [&](Index b) {
      const Index at = b * s.rows * s.channels, group = b * s.groups;
      apply(in + at, lines, m + group, a + group, g, h, out + at);
    });
  });
  return y;
}

void normalise_backward(const NormaliseInputs& in, const Normalisation& s, const NormaliseCotangents& dy, bool fixed,
                        const NormaliseGradients& out) {
  const Lines lines(s);
  const Index width = lines.width(), per = s.channels / s.groups;
  Tensor all_sums({s.blocks, 2 * s.channels}, DType::float64);  // of each block: sum dy, then sum dy d, for each channel
  double* sums = all_sums.mutable_data<double>();
  for_float("normalise_backward", in.x.dtype(), [&]<class T>(T) {
    const T *x = in.x.data<T>(), *mean = in.mean.data<T>(), *scale = in.scale.data<T>(), *gain = in.gain.data<T>(), *d = dy.y.data<T>();
    const T *dmean = dy.mean ? dy.mean.data<T>() : nullptr, *dvariance = dy.variance ? dy.variance.data<T>() : nullptr;
    T* dx = out.x ? out.x->mutable_data<T>() : nullptr;
    for_blocks(s, [&](Index b) {
      const Index at = b * s.rows * s.channels, group = b * s.groups;
      double *sum = sums + b * 2 * s.channels, *product = sum + s.channels;
      const PoolVector<T> m = lines.repeated<T>([&](Index, Index g) { return mean[group + g]; });
      const Index all = lines.units() * width;
      PoolVector<double> parts(std::size_t(2 * all));
      parallel(lines.units(), [&](Index u) {
        const auto [offset, n, w] = lines.unit(u);
        double* p = parts.data() + u * width;
        normalise_kernels.of<T>().sums(x + at + offset, d + at + offset, n, w, m.data(), p, p + all);
      });
      std::fill_n(sum, 2 * s.channels, 0.0);
      lines.for_groups([&](Index i, Index, Index g) {
        for (Index k = 0; k < per; k++) {
          sum[g * per + k] += parts[std::size_t(i + k)];
          product[g * per + k] += parts[std::size_t(all + i + k)];
        }
      });
      if (!dx) return;
      // What a number adds by itself and by its mean cancels where it is alone: to 0, which roundings would miss.
      const bool alone = s.count() == 1 && !fixed;
      PoolVector<double> slope(std::size_t(s.groups), 0), shift(std::size_t(s.groups), 0);
      for (Index g = 0; g < s.groups && !fixed; g++) {
        const double a = double(scale[group + g]), count = double(s.count());
        double dy_sum = 0, dy_product = 0;
        for (Index c = g * per; c < (g + 1) * per; c++) dy_sum += double(gain[c]) * sum[c], dy_product += double(gain[c]) * product[c];
        slope[std::size_t(g)] = (-a * a * a * dy_product + (dvariance ? 2 * double(dvariance[group + g]) : 0)) / count;
        shift[std::size_t(g)] = ((alone ? 0 : -a * dy_sum) + (dmean ? double(dmean[group + g]) : 0)) / count;
      }
      const PoolVector<T> a = lines.repeated<T>([&](Index c, Index g) { return alone ? 0 : double(gain[c]) * double(scale[group + g]); });
      const PoolVector<T> p = lines.repeated<T>([&](Index, Index g) { return slope[std::size_t(g)]; });
      const PoolVector<T> q = lines.repeated<T>([&](Index, Index g) { return shift[std::size_t(g)]; });
      parallel(lines.units(), [&](Index u) {
        const auto [offset, n, w] = lines.unit(u);
        normalise_kernels.of<T>().backward(x + at + offset, d + at + offset, n, w, m.data(), a.data(), p.data(), q.data(),
                                           dx + at + offset);
      });
    });
    if (out.bias) {
      const Tensor total = sum(all_sums, {0});
      T* g = out.bias->mutable_data<T>();
      for (Index c = 0; c < s.channels; c++) g[c] = T(total.data<double>()[c]);
    }
    if (out.gain) {
      for (Index b = 0; b < s.blocks; b++)
        for (Index c = 0; c < s.channels; c++) sums[(2 * b + 1) * s.channels + c] *= double(scale[b * s.groups + c / per]);
      const Tensor total = sum(all_sums, {0});
      T* g = out.gain->mutable_data<T>();
      for (Index c = 0; c < s.channels; c++) g[c] = T(total.data<double>()[s.channels + c]);
    }
  });
}

}  // namespace elbo
