#pragma once
// The plain-loop twins of the kernels for images and normalisation: see reference.h. x and y of the first are single images, rows of pixels
// of channels.

#include <cmath>
#include <cstdint>

#include "tensor/kernels/normalise.h"
#include "tensor/kernels/pooling.h"
#include "tensor/kernels/resample.h"

namespace elbo::reference {

// y[i][j][c] = sum over pixels of their row's weight times their column's weight times x; y begins with row `begin`.
template <class T>
void resample(const T* x, std::int64_t width, std::int64_t channels, TapsOf<T> rows, TapsOf<T> columns, std::int64_t count,
              std::int64_t begin, std::int64_t end, T*, T* y) {
  for (std::int64_t i = begin; i < end; i++)
    for (std::int64_t j = 0; j < count; j++)
      for (std::int64_t c = 0; c < channels; c++) {
        double sum = 0;
        for (std::int64_t a = rows.first[i]; a < rows.first[i + 1]; a++)
          for (std::int64_t b = columns.first[j]; b < columns.first[j + 1]; b++)
            sum +=
                double(rows.weight[a]) * double(columns.weight[b]) * double(x[(rows.index[a] * width + columns.index[b]) * channels + c]);
        *y++ = T(sum);
      }
}

// The place in x of the number that wins window (i, j) of channel c: the first largest one, or the first NaN.
template <class T>
std::int64_t winner(const T* x, std::int64_t width, std::int64_t channels, Spans rows, Spans columns, std::int64_t i, std::int64_t j,
                    std::int64_t c) {
  std::int64_t best = (rows.begin[i] * width + columns.begin[j]) * channels + c;
  for (std::int64_t a = rows.begin[i]; a < rows.end[i]; a++)
    for (std::int64_t b = columns.begin[j]; b < columns.end[j]; b++) {
      const std::int64_t at = (a * width + b) * channels + c;
      if (x[at] > x[best] || (std::isnan(x[at]) && !std::isnan(x[best]))) best = at;
    }
  return best;
}

template <class T>
void max_pool(const T* x, std::int64_t width, std::int64_t channels, Spans rows, Spans columns, std::int64_t begin, std::int64_t end, T*,
              T* y) {
  for (std::int64_t i = begin; i < end; i++)
    for (std::int64_t j = 0; j < columns.count; j++)
      for (std::int64_t c = 0; c < channels; c++) *y++ = x[winner(x, width, channels, rows, columns, i, j, c)];
}

template <class T>
void max_pool_backward(const T* x, const T*, const T* dy, std::int64_t width, std::int64_t channels, Spans rows, Spans columns,
                       std::int64_t begin, std::int64_t end, T* dx) {
  const std::int64_t row = width * channels;
  for (std::int64_t i = begin * row; i < end * row; i++) dx[i] = T(0);
  for (std::int64_t i = 0; i < rows.count; i++)
    for (std::int64_t j = 0; j < columns.count; j++)
      for (std::int64_t c = 0; c < channels; c++) {
        const std::int64_t at = winner(x, width, channels, rows, columns, i, j, c);
        if (at >= begin * row && at < end * row) dx[at] += dy[(i * columns.count + j) * channels + c];
      }
}

// y = scale (x - mean) + bias, n rows of `width` columns
template <class T>
void normalise(const T* x, std::int64_t n, std::int64_t width, const T* mean, const T* scale, const T* bias, T* y) {
  for (std::int64_t r = 0; r < n; r++)
    for (std::int64_t i = 0; i < width; i++)
      y[r * width + i] = T(double(scale[i]) * (double(x[r * width + i]) - double(mean[i])) + double(bias[i]));
}

// sum = dy down each column, product = dy (x - mean) likewise
template <class T>
void normalise_sums(const T* x, const T* dy, std::int64_t n, std::int64_t width, const T* mean, double* sum, double* product) {
  for (std::int64_t i = 0; i < width; i++) {
    sum[i] = product[i] = 0;
    for (std::int64_t r = 0; r < n; r++) {
      sum[i] += double(dy[r * width + i]);
      product[i] += double(dy[r * width + i]) * (double(x[r * width + i]) - double(mean[i]));
    }
  }
}

// dx = scale dy + slope (x - mean) + shift
template <class T>
void normalise_backward(const T* x, const T* dy, std::int64_t n, std::int64_t width, const T* mean, const T* scale, const T* slope,
                        const T* shift, T* dx) {
  for (std::int64_t r = 0; r < n; r++)
    for (std::int64_t i = 0; i < width; i++) {
      const std::int64_t at = r * width + i;
      dx[at] = T(double(scale[i]) * double(dy[at]) + double(slope[i]) * (double(x[at]) - double(mean[i])) + double(shift[i]));
    }
}

}  // namespace elbo::reference
