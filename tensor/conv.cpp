#include "tensor/conv.h"

#include "tensor/conv_backward.h"
#include "tensor/conv_gather.h"
#include "tensor/gemm.h"

namespace elbo {
namespace {

using conv::Direction;
using conv::Gather;
using conv::Rows;
using conv::Units;

// A convolution of single pixels: a product of matrices.
bool pointwise(const ConvGeometry& g) {
  return g.taps() == 1 && g.sh == 1 && g.sw == 1 && g.top == 0 && g.left == 0 && g.h == g.oh && g.w == g.ow && g.groups == 1;
}

bool empty(const ConvGeometry& g) { return g.n == 0; }

template <class T>
void pass(const ConvGeometry& g, Direction direction, FilterOrder order, const T* source, const T* filters, T* destination,
          const ConvEpilogue<T>& e) {
  if (empty(g)) return;
  const bool to_output = direction == Direction::to_output;
  const Index from = to_output ? g.c : g.o, to = to_output ? g.o : g.c;
  if (pointwise(g)) {
    const bool transpose = to_output != (order == FilterOrder::input_output);
    return gemm<T>(false, transpose, g.n * g.h * g.w, to, from, source, from, filters, transpose ? from : to, destination, to,
                   {.bias = e.bias, .activation = e.activation});
  }
  const Units units(g, sizeof(T));
  const Gather<T> gather(g, direction, units, order, filters, e);
  const Index image = to_output ? g.h * g.w * g.c : g.oh * g.ow * g.o;
  parallel(units.count(), [&](Index unit) {
    T* memory = static_cast<T*>(thread_memory(std::size_t(gather.strip().elements()) * sizeof(T)));
    const Rows<T> rows{source + units.image_range(unit).begin * image, 0, image};
    gather.run(unit, gather.strip().load(unit, rows, memory), destination);
  });
}

template <class T>
void all_gradients(const ConvGeometry& g, Direction forward, const ConvGradients<T>& gradients) {
  if (empty(g)) {
    if (gradients.dfilters) std::fill_n(gradients.dfilters, g.taps() * g.group_inputs() * g.o, T(0));
    if (gradients.dbias) std::fill_n(gradients.dbias, forward == Direction::to_output ? g.o : g.c, T(0));
    return;
  }
  if (pointwise(g)) return conv::backward_pointwise(g, forward == Direction::to_input, gradients);
  conv::backward(g, forward, gradients);
}

}  // namespace

template <class T>
void conv_output(const ConvGeometry& g, FilterOrder order, const T* input, const T* filters, T* output, const ConvEpilogue<T>& e) {
  pass(g, Direction::to_output, order, input, filters, output, e);
}

template <class T>
void conv_input(const ConvGeometry& g, FilterOrder order, const T* output, const T* filters, T* input, const ConvEpilogue<T>& e) {
  pass(g, Direction::to_input, order, output, filters, input, e);
}

template <class T>
void conv_backward(const ConvGeometry& g, const ConvGradients<T>& gradients) {
  all_gradients(g, Direction::to_output, gradients);
}

template <class T>
void conv_transpose_backward(const ConvGeometry& g, const ConvGradients<T>& gradients) {
  all_gradients(g, Direction::to_input, gradients);
}

#define ELBO_INSTANTIATE(T)                                                                                    \
  template void conv_output(const ConvGeometry&, FilterOrder, const T*, const T*, T*, const ConvEpilogue<T>&); \
  template void conv_input(const ConvGeometry&, FilterOrder, const T*, const T*, T*, const ConvEpilogue<T>&);  \
  template void conv_backward(const ConvGeometry&, const ConvGradients<T>&);                                   \
  template void conv_transpose_backward(const ConvGeometry&, const ConvGradients<T>&);
ELBO_INSTANTIATE(float)
ELBO_INSTANTIATE(double)
#undef ELBO_INSTANTIATE

}  // namespace elbo
