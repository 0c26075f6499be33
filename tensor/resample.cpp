#include "tensor/resample.h"

#include <fmt/core.h>

#include <cstring>

#include "tensor/error.h"
#include "tensor/kernels/resample.h"

namespace elbo {
namespace {

// Pixels that lie side by side in both rows, copied at once; from -1 stands for zeros.
struct Run {
  Index to, from, length;
};

PoolVector<Run> runs_of(const Taps& columns) {
  PoolVector<Run> runs;
  for (Index i = 0; i < columns.count(); i++) {
    const Index k = columns.first[std::size_t(i)];
    const Index from = k == columns.first[std::size_t(i) + 1] ? -1 : columns.index[std::size_t(k)];
    Run* last = runs.empty() ? nullptr : &runs.back();
    if (last && (from < 0 ? last->from < 0 : last->from >= 0 && from == last->from + last->length))
      last->length++;
    else
      runs.push_back({i, from, 1});
  }
  return runs;
}

// A call of memcpy would cost more than a few numbers.
template <class T>
void copy(const T* from, T* to, Index n) {
  if (n * Index(sizeof(T)) >= 64) {
    std::memcpy(to, from, std::size_t(n) * sizeof(T));
  } else {
    for (Index i = 0; i < n; i++) to[i] = from[i];
  }
}

// Rows begin .. end-1 of one image's result where numbers only move; rows that repeat are copied whole.
template <class T>
void pick_rows(const T* x, Index width, Index c, const Taps& rows, const PoolVector<Run>& runs, Index count, Index begin, Index end, T* y) {
  Index before = -1;  // the row of x in the row of y above
  for (Index i = begin; i < end; i++, y += count * c) {
    const Index k = rows.first[std::size_t(i)];
    if (k == rows.first[std::size_t(i) + 1]) {
      std::memset(y, 0, std::size_t(count * c) * sizeof(T));
      before = -1;
      continue;
    }
    const Index row = rows.index[std::size_t(k)];
    if (row == before) {
      std::memcpy(y, y - count * c, std::size_t(count * c) * sizeof(T));
      continue;
    }
    before = row;
    const T* from = x + row * width * c;
    for (const Run& r : runs) {
      if (r.from < 0)
        std::fill_n(y + r.to * c, r.length * c, T(0));
      else
        copy(from + r.from * c, y + r.to * c, r.length * c);
    }
  }
}

template <class T>
PoolVector<T> weights_of(const Taps& taps) {
  return PoolVector<T>(taps.weight.begin(), taps.weight.end());
}

}  // namespace

void Taps::add(Index pixel, double w) {
  if (w == 0) return;  // 0 times infinity is not 0
  picks = picks && w == 1 && first.back() == Index(index.size());
  index.push_back(std::int32_t(pixel));
  weight.push_back(w);
}

Taps Taps::transposed() const {
  Taps t;
  t.size = count();
  t.first.assign(std::size_t(size) + 1, 0);
  for (std::int32_t pixel : index) t.first[std::size_t(pixel) + 1]++;
  for (Index i = 0; i < size; i++) {
    t.picks = t.picks && t.first[std::size_t(i) + 1] <= 1;
    t.first[std::size_t(i) + 1] += t.first[std::size_t(i)];
  }
  t.index.resize(index.size());
  t.weight.resize(index.size());
  PoolVector<Index> next(t.first.begin(), t.first.end() - 1);
  for (Index i = 0; i < count(); i++)
    for (Index k = first[std::size_t(i)]; k < first[std::size_t(i) + 1]; k++) {
      const auto at = std::size_t(next[std::size_t(index[std::size_t(k)])]++);
      t.index[at] = std::int32_t(i);
      t.weight[at] = weight[std::size_t(k)];
      t.picks = t.picks && t.weight[at] == 1;
    }
  return t;
}

Taps nearest_taps(Index size, Index count) {
  Taps t;
  t.size = size;
  for (Index i = 0; i < count; i++) {
    t.add(i * size / count, 1);
    t.end_of_sum();
  }
  return t;
}

Taps bilinear_taps(Index size, Index count) {
  Taps t;
  t.size = size;
  for (Index i = 0; i < count; i++) {
    // (i + 1/2) size / count - 1/2 as a quotient of whole numbers, so that what is whole comes out whole
    const Index at = std::max<Index>(0, (2 * i + 1) * size - count), low = at / (2 * count);
    const double high_part = double(at - low * 2 * count) / double(2 * count);
    if (low + 1 >= size) {
      t.add(size - 1, 1);
    } else {
      t.add(low, 1 - high_part);
      t.add(low + 1, high_part);
    }
    t.end_of_sum();
  }
  return t;
}

Taps mean_taps(Index size, Index kernel, Index stride, Index padding, bool count_padding) {
  Taps t;
  t.size = size;
  for (Index from = -padding; from + kernel <= size + padding; from += stride) {
    const Index begin = std::max<Index>(0, from), end = std::min(size, from + kernel);
    for (Index i = begin; i < end; i++) t.add(i, 1 / double(count_padding ? kernel : end - begin));
    t.end_of_sum();
  }
  return t;
}

Taps padded_taps(Index size, Index before, Index after, bool reflect) {
  Taps t;
  t.size = size;
  for (Index i = -before; i < size + after; i++) {
    const Index mirrored = i < 0 ? -i : i < size ? i : 2 * (size - 1) - i;
    if (reflect || mirrored == i) t.add(mirrored, 1);
    t.end_of_sum();
  }
  return t;
}

void resample(const Tensor& x, const Taps& rows, const Taps& columns, Tensor& out) {
  require_images("resample", x);
  require_same_dtype("resample", x, out);
  const Shape& s = x.shape();
  const Index n = s[0], c = s[3], width = columns.size, count = columns.count();
  require_shape("resample", "images as the tables of weights have them", x, {n, rows.size, width, c});
  require_shape("resample", "the output", out, {n, rows.count(), count, c});
  if (out.numel() == 0) return;
  for_float("resample", x.dtype(), [&]<class T>(T) {
    const T* in = x.data<T>();
    T* y = out.mutable_data<T>();
    const Index image = rows.size * width * c, result = rows.count() * count * c;
    if (rows.picks && columns.picks) {
      const PoolVector<Run> runs = runs_of(columns);
      for_image_rows(n, rows.count(), count * c, [&](Index i, Index begin, Index end) {
        pick_rows(in + i * image, width, c, rows, runs, count, begin, end, y + i * result + begin * count * c);
      });
      return;
    }
    const PoolVector<T> row_weights = weights_of<T>(rows), column_weights = weights_of<T>(columns);
    const TapsOf<T> down{rows.first.data(), rows.index.data(), row_weights.data()};
    const TapsOf<T> across{columns.first.data(), columns.index.data(), column_weights.data()};
    const Index taps = Index(rows.index.size()) * width / rows.count() + Index(columns.index.size());  // multiplications a row and channel
    for_image_rows(n, rows.count(), std::max(count, taps) * c, [&](Index i, Index begin, Index end) {
      PoolVector<T> scratch(std::size_t(width * c + scratch_tail));
      resample_kernels.of<T>().rows(in + i * image, width, c, down, across, count, begin, end, scratch.data(),
                                    y + i * result + begin * count * c);
    });
  });
}

Tensor resample(const Tensor& x, const Taps& rows, const Taps& columns) {
  require_images("resample", x);
  Tensor y({x.shape()[0], rows.count(), columns.count(), x.shape()[3]}, x.dtype());
  resample(x, rows, columns, y);
  return y;
}

}  // namespace elbo
