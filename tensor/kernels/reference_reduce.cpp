// The tables of ELBO_ISA=reference for reductions and softmax, filled with the plain loops of reference_reduce.h.

#include "tensor/kernels/reference_reduce.h"

#include <utility>

#include "tensor/kernels/softmax.h"

namespace elbo::isa_reference {
namespace {

template <class T>
void first_equal(const T* x, std::int64_t n, std::int64_t width, std::int64_t stride, const T* value, std::int32_t* index) {
  for (std::int64_t i = 0; i < width; i++)
    for (std::int64_t r = 0; r < n; r++)
      if (x[r * stride + i] == value[i] || (std::isnan(value[i]) && std::isnan(x[r * stride + i]))) {
        index[i] = std::int32_t(r);
        break;
      }
}

template <class T, int... F>
constexpr ReduceTable<T> reduce_table(std::integer_sequence<int, F...>) {
  ReduceTable<T> t{};
  ((t.rows[F] =
        [](const T* x, std::int64_t rows, std::int64_t n, std::int64_t stride, const T* shift, double* y) {
          for (std::int64_t r = 0; r < rows; r++) y[r] = reference::fold(Fold(F), x + r * stride, n, 1, shift ? double(shift[r]) : 0);
        }),
   ...);
  ((t.columns[F] =
        [](const T* x, std::int64_t n, std::int64_t width, std::int64_t stride, const T* shift, double* y) {
          for (std::int64_t i = 0; i < width; i++) y[i] = reference::fold(Fold(F), x + i, n, stride, shift ? double(shift[i]) : 0);
        }),
   ...);
  t.first_equal = first_equal<T>;
  return t;
}

template <class T, void (*f)(const T*, T*, std::int64_t)>
void each_row(const T* x, T* y, std::int64_t rows, std::int64_t n) {
  for (std::int64_t r = 0; r < rows; r++) f(x + r * n, y + r * n, n);
}
template <class T, void (*f)(const T*, const T*, T*, std::int64_t)>
void each_row(const T* y, const T* dy, T* dx, std::int64_t rows, std::int64_t n) {
  for (std::int64_t r = 0; r < rows; r++) f(y + r * n, dy + r * n, dx + r * n, n);
}

template <class T>
constexpr SoftmaxTable<T> make_softmax() {
  return {each_row<T, reference::softmax<T>>,
          each_row<T, reference::log_softmax<T>>,
          each_row<T, reference::softmax_backward<T>>,
          each_row<T, reference::log_softmax_backward<T>>,
          reference::exponentials<T>,
          reference::scale<T>};
}

}  // namespace

constinit const ReduceKernels reduce_kernels = {reduce_table<float>(std::make_integer_sequence<int, int(Fold::count)>{}),
                                                reduce_table<double>(std::make_integer_sequence<int, int(Fold::count)>{})};
constinit const SoftmaxKernels softmax_kernels = {make_softmax<float>(), make_softmax<double>()};

}  // namespace elbo::isa_reference
