// The matrix product as three plain loops: the twin of kernels/gemm.cpp, in the same tables and on the same panels, and of
// kernels/gemm_few.cpp and kernels/gemm_narrow.cpp.

#include "tensor/kernels/gemm.h"
#include "tensor/kernels/gemm_few.h"
#include "tensor/kernels/gemm_narrow.h"
#include "tensor/kernels/reference.h"

namespace elbo::isa_reference {
namespace {

constexpr std::int64_t columns = 8;

template <class T>
void pack(bool transpose, const T* b, std::int64_t ldb, std::int64_t K, std::int64_t n, T* panels) {
  for (std::int64_t first = 0; first < n; first += columns)
    for (std::int64_t k = 0; k < K; k++)
      for (std::int64_t j = first; j < first + columns; j++) *panels++ = j >= n ? T(0) : transpose ? b[j * ldb + k] : b[k * ldb + j];
}

template <class T>
void pack_a(bool transpose, const RowTiles&, std::int64_t tile0, std::int64_t tile1, const T* a, std::int64_t lda, std::int64_t K, T* out) {
  for (std::int64_t m = tile0; m < tile1; m++)  // a tile is one row
    for (std::int64_t k = 0; k < K; k++) out[m * K + k] = transpose ? a[k * lda + m] : a[m * lda + k];
}

template <class T>
void multiply(const GemmPart<T>& p) {
  for (std::int64_t m = p.tile0; m < p.tile1; m++)
    for (std::int64_t n = 0; n < p.N; n++) {
      const T* panel = p.panels + n / columns * columns * p.K + n % columns;
      double sum = p.accumulate ? double(p.c[m * p.ldc + n]) : 0;
      for (std::int64_t k = 0; k < p.K; k++) sum += double(p.a[m * p.tile_step + k]) * double(panel[k * columns]);
      if (p.bias) sum += double(p.bias[n]);
      p.c[m * p.ldc + n] = T(reference::activate(p.activation, sum));
    }
}

template <class T>
void column_sums(const T* x, std::int64_t ldx, std::int64_t rows, std::int64_t n, T* out) {
  for (std::int64_t j = 0; j < n; j++) {
    double sum = 0;
    for (std::int64_t i = 0; i < rows; i++) sum += double(x[i * ldx + j]);
    out[j] = T(sum);
  }
}

template <class T>
void narrow(const NarrowPart<T>& p, std::int64_t b_step, std::int64_t b_column) {
  for (std::int64_t i = 0; i < p.rows; i++)
    for (std::int64_t j = 0; j < p.columns; j++) {
      T& c = p.c[i * p.ldc + j];
      double sum = p.accumulate ? double(c) : 0;
      for (std::int64_t k = 0; k < p.K; k++) sum += double(p.a[i * p.a_row + k * p.a_step]) * double(p.b[k * b_step + j * b_column]);
      c = T(sum);
    }
}

template <class T>
void dots(const NarrowPart<T>& p) {
  narrow(p, 1, p.ldb);
}

template <class T>
void strips(const NarrowPart<T>& p) {
  narrow(p, p.ldb, 1);
}

std::int64_t few_length(std::int64_t rows) { return rows; }

template <class T>
void few_pack(const T* a, std::int64_t lda, std::int64_t rows, std::int64_t K, T* out) {
  for (std::int64_t k = 0; k < K; k++)
    for (std::int64_t i = 0; i < rows; i++) out[k * rows + i] = a[i * lda + k];
}

template <class T>
void few(const FewPart<T>& p, std::int64_t b_step, std::int64_t b_column) {
  for (std::int64_t i = 0; i < p.rows; i++)
    for (std::int64_t j = 0; j < p.columns; j++) {
      T& c = p.c[i * p.ldc + j];
      double sum = p.accumulate ? double(c) : 0;
      for (std::int64_t k = 0; k < p.K; k++) sum += double(p.a[k * p.rows + i]) * double(p.b[k * b_step + j * b_column]);
      if (p.bias) sum += double(p.bias[j]);
      c = T(reference::activate(p.activation, sum));
    }
}

template <class T>
void few_plain(const FewPart<T>& p) {
  few(p, p.ldb, 1);
}

template <class T>
void few_transposed(const FewPart<T>& p) {
  few(p, 1, p.ldb);
}

}  // namespace

constinit const FewKernels few_kernels = {
    {1, few_length, few_pack<float>, few_plain<float>, few_transposed<float>},
    {1, few_length, few_pack<double>, few_plain<double>, few_transposed<double>},
};

constinit const NarrowKernels narrow_kernels = {
    {dots<float>, strips<float>},
    {dots<double>, strips<double>},
};

constinit const GemmKernels gemm_kernels = {
    {1, int(columns), 1 << 30, pack<float>, pack_a<float>, multiply<float>, column_sums<float>},
    {1, int(columns), 1 << 30, pack<double>, pack_a<double>, multiply<double>, column_sums<double>},
};

}  // namespace elbo::isa_reference
