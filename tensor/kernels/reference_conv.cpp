// The convolutions as plain loops: the twins of kernels/conv*.cpp, in the same table.

#include "tensor/kernels/conv.h"
#include "tensor/kernels/reference.h"

namespace elbo::isa_reference {
namespace {

constexpr std::int64_t panel = 8, rows = 4;  // panel: that of reference_gemm.cpp

// y(p, j) = f(bias[j] + sum over runs r and numbers i of x(p, r, i) w(r, i, j)); `weight` finds the last.
template <class T, class Weight>
void patches(const GatherPart<T>& part, bool depthwise, Weight&& weight) {
  for (std::int64_t p = 0; p < part.pixel_count; p++)
    for (std::int64_t j = 0; j < part.N; j++) {
      double sum = part.bias ? double(part.bias[j]) : 0;
      for (std::int64_t r = 0; r < part.run_count; r++)
        for (std::int64_t i = depthwise ? j : 0; i < (depthwise ? j + 1 : part.run); i++)
          sum += double(part.x[part.pixels[p].in + part.runs[r] + i]) * double(weight(r, i, j));
      part.y[part.pixels[p].out + j] = T(reference::activate(part.activation, sum));
    }
}

template <class T>
void gather(const GatherPart<T>& part) {
  const std::int64_t K = part.run_count * part.run;
  patches(part, false, [&](auto r, auto i, auto j) { return part.w[j / panel * panel * K + (r * part.run + i) * panel + j % panel]; });
}

template <class T>
void dots(const GatherPart<T>& part) {
  patches(part, false, [&](auto r, auto i, auto j) { return part.w[(j * part.run_count + r) * part.run + i]; });
}

template <class T>
void depthwise(const GatherPart<T>& part) {
  patches(part, true, [&](auto r, auto, auto j) { return part.w[r * part.N + j]; });
}

template <class T>
void pack_channels(const T* x, std::int64_t pitch, std::int64_t n, T* out) {
  for (std::int64_t i = 0; i < n; i++)
    for (std::int64_t p = 0; p < rows; p++) out[i * rows + p] = x[i * pitch + p];
}

template <class T, bool wide>
void correlate(const CorrelatePart<T>& part) {
  for (int p = 0; p < part.rows; p++)
    for (int j = 0; j < part.columns; j++) {
      double sum = double(part.c[p * part.ldc + j]);
      for (std::int64_t i = 0; i < part.pixels; i++)
        sum += double(part.a[(wide ? i * part.step : part.places[i]) + p]) * double(part.b[(wide ? part.places[i] : i * part.step) + j]);
      part.c[p * part.ldc + j] = T(sum);
    }
}

template <class T>
void correlate_depthwise(const GatherPart<T>& part, const T* ds, T* dw) {
  for (std::int64_t r = 0; r < part.run_count; r++)
    for (std::int64_t j = 0; j < part.N; j++) {
      double sum = double(dw[r * part.N + j]);
      for (std::int64_t p = 0; p < part.pixel_count; p++)
        sum += double(part.x[part.pixels[p].in + part.runs[r] + j]) * double(ds[part.pixels[p].out + j]);
      dw[r * part.N + j] = T(sum);
    }
}

template <class T>
constexpr ConvTable<T> conv_table() {
  return {int(rows),    int(panel),       int(panel),          gather<T>,          dots<T>,
          depthwise<T>, pack_channels<T>, correlate<T, false>, correlate<T, true>, correlate_depthwise<T>};
}

}  // namespace

extern const ConvKernels conv_kernels;
constinit const ConvKernels conv_kernels = {conv_table<float>(), conv_table<double>()};

}  // namespace elbo::isa_reference
