#include "tensor/matmul.h"

#include <fmt/core.h>

#include "tensor/error.h"
#include "tensor/gemm.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

Shape leading(const Shape& s) { return Shape(std::span<const Index>(s.begin(), std::size_t(s.rank() - 2))); }

// Products below this many multiply-adds are handed to threads whole; larger ones are cut up each by itself.
constexpr Index small_product = 1'000'000;

template <class T>
void run(const Tensor& a, const Tensor& b, Tensor& out, bool transpose_a, bool transpose_b) {
  const Index M = out.size(-2), N = out.size(-1), K = a.size(transpose_a ? -2 : -1);
  const Index lda = a.size(-1), ldb = b.size(-1);
  const T* pa = a.data<T>();
  const T* pb = b.data<T>();
  T* pc = out.mutable_data<T>();
  const Shape lead = leading(out.shape()), lead_a = leading(a.shape()), lead_b = leading(b.shape());
  if (lead_b.numel() == 1 && !transpose_a)  // one matrix for all: the leading axes are further rows
    return gemm<T>(false, transpose_b, lead.numel() * M, N, K, pa, lda, pb, ldb, pc, N);
  // Where product i of the result finds its operand: the index along axes that the operand repeats counts for nothing.
  const auto offset = [&](Index i, const Shape& operand) {
    Index at = 0, stride = 1;
    for (int axis = lead.rank() - 1, k = operand.rank() - 1; k >= 0; axis--, k--) {
      if (operand[k] != 1) at += i % lead[axis] * stride;
      stride *= operand[k];
      i /= lead[axis];
    }
    return at;
  };
  const auto product = [&](Index i) {
    gemm<T>(transpose_a, transpose_b, M, N, K, pa + offset(i, lead_a) * M * K, lda, pb + offset(i, lead_b) * K * N, ldb, pc + i * M * N, N);
  };
  if (M * N * K < small_product) {
    parallel(lead.numel(), product);
  } else {
    for (Index i = 0; i < lead.numel(); i++) product(i);
  }
}

}  // namespace

Shape matmul_shape(const Shape& a, const Shape& b, bool transpose_a, bool transpose_b) {
  const auto shapes = [&] {
    return fmt::format("{}{} and {}{}", a.str(), transpose_a ? " transposed" : "", b.str(), transpose_b ? " transposed" : "");
  };
  if (a.rank() < 2 || b.rank() < 2)
    fail("matmul", fmt::format("expected matrices (rank 2 or more), got {}; reshape a vector to (1, n) or (n, 1)", shapes()));
  const Index k_a = a.size(transpose_a ? -2 : -1), k_b = b.size(transpose_b ? -1 : -2);
  if (k_a != k_b) {
    const bool other = b.size(transpose_b ? -2 : -1) == k_a;
    fail("matmul", fmt::format("expected equal inner sizes, got {} and {} ({}){}", k_a, k_b, shapes(),
                               other ? "; the second operand may need the other transpose flag" : ""));
  }
  const Shape lead_a = leading(a), lead_b = leading(b);
  for (int i = 1; i <= std::min(lead_a.rank(), lead_b.rank()); i++) {
    const Index x = lead_a.size(-i), y = lead_b.size(-i);
    if (x != y && x != 1 && y != 1)
      fail("matmul",
           fmt::format("expected leading axes that are equal or 1, got {}; the products of two batches pair up one to one", shapes()));
  }
  return broadcast("matmul", lead_a, lead_b).append(a.size(transpose_a ? -1 : -2)).append(b.size(transpose_b ? -2 : -1));
}

void matmul(const Tensor& a, const Tensor& b, Tensor& out, bool transpose_a, bool transpose_b) {
  const Shape shape = matmul_shape(a.shape(), b.shape(), transpose_a, transpose_b);
  require_same_dtype("matmul", a, b);
  require_same_dtype("matmul", a, out);
  require_shape("matmul", "out", out, shape);
  if (out.numel() == 0) return;
  for_float("matmul", a.dtype(), [&]<class T>(T) { run<T>(a, b, out, transpose_a, transpose_b); });
}

Tensor matmul(const Tensor& a, const Tensor& b, bool transpose_a, bool transpose_b) {
  require_same_dtype("matmul", a, b);
  Tensor out(matmul_shape(a.shape(), b.shape(), transpose_a, transpose_b), a.dtype());
  matmul(a, b, out, transpose_a, transpose_b);
  return out;
}

}  // namespace elbo
