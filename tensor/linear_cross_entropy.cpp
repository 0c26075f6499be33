#include "tensor/linear_cross_entropy.h"

#include <fmt/core.h>

#include <algorithm>

#include "tensor/error.h"
#include "tensor/gemm.h"
#include "tensor/kernels/softmax.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

constexpr std::string_view op = "linear_cross_entropy";
constexpr Index block_numbers = 1 << 21;  // logits of a block

// Calls f(first row, rows) for the blocks, one after the other: each block's product is shared out among the threads.
template <class F>
void for_blocks(Index n, Index classes, F&& f) {
  const Index rows = std::clamp<Index>(block_numbers / std::max<Index>(classes, 1), 1, 256);
  for (Index begin = 0; begin < n; begin += rows) f(begin, std::min(rows, n - begin));
}

}  // namespace

LinearCrossEntropy linear_cross_entropy(const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& targets, bool keep) {
  require_rank(op, "inputs", x, 2);
  require_rank(op, "weights", w, 2);
  require_same_dtype(op, x, w);
  require_same_dtype(op, x, b);
  const Index n = x.size(0), features = x.size(1), classes = w.size(0);
  require_shape(op, "weights", w, {classes, features});
  require_shape(op, "a bias", b, {classes});
  require_shape(op, "one target a row", targets, {n});
  const std::int32_t* target = targets.data<std::int32_t>();
  for (Index i = 0; i < n; i++)
    if (target[i] < 0 || target[i] >= classes) fail(op, fmt::format("target {} of row {} is outside 0 to {}", target[i], i, classes - 1));

  LinearCrossEntropy r{.loss = Tensor({n}, x.dtype())};
  if (keep) r.exponentials = Tensor({n, classes}, x.dtype()), r.sums = Tensor({n}, x.dtype());
  for_float(op, x.dtype(), [&]<class T>(T) {
    const PackedMatrix<T> packed(true, features, classes, w.data<T>(), features);
    T *loss = r.loss.mutable_data<T>(), *sums = keep ? r.sums.mutable_data<T>() : nullptr;
    Tensor block;
    for_blocks(n, classes, [&](Index begin, Index rows) {
      if (!keep && !block) block = Tensor({rows, classes}, x.dtype());
      T* logits = keep ? r.exponentials.mutable_data<T>() + begin * classes : block.mutable_data<T>();
      gemm(false, rows, x.data<T>() + begin * features, features, packed, logits, classes, Epilogue<T>{.bias = b.data<T>()});
      parallel(rows, [&](Index i) {
        T* row = logits + i * classes;
        const T at_target = row[target[begin + i]];
        T sum;
        loss[begin + i] = T(softmax_kernels.of<T>().exponentials(row, classes, &sum) - double(at_target));
        if (sums) sums[begin + i] = sum;
      });
    });
  });
  return r;
}

void linear_cross_entropy_backward(const Tensor& x, const Tensor& w, const Tensor& targets, LinearCrossEntropy& kept, const Tensor& dy,
                                   Tensor* dx, Tensor* dw, Tensor* db) {
  const Index n = x.size(0), features = x.size(1), classes = w.size(0);
  const std::int32_t* target = targets.data<std::int32_t>();
  for_float(op, x.dtype(), [&]<class T>(T) {
    T* gradient = kept.exponentials.mutable_data<T>();
    const T *sums = kept.sums.data<T>(), *cotangent = dy.data<T>();
    parallel(n, [&](Index i) {  // of the logits: (softmax - 1 at the target) dy
      T* row = gradient + i * classes;
      softmax_kernels.of<T>().scale(row, T(cotangent[i] / sums[i]), classes);
      row[target[i]] -= cotangent[i];
    });
    if (dx) gemm<T>(false, false, n, features, classes, gradient, classes, w.data<T>(), features, dx->mutable_data<T>(), features);
    if (dw) gemm<T>(true, false, classes, features, n, gradient, classes, x.data<T>(), features, dw->mutable_data<T>(), features);
    if (db) column_sums(gradient, n, classes, db->mutable_data<T>());
  });
}

}  // namespace elbo
