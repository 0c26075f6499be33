#include "tensor/conv.h"

#include <optional>

#include "tensor/conv_correlate.h"
#include "tensor/conv_gather.h"
#include "tensor/gemm.h"
#include "tensor/kernels/elementwise.h"
#include "tensor/kernels/gemm.h"

namespace elbo {
namespace {

using conv::Correlate;
using conv::Direction;
using conv::Gather;
using conv::Range;
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
    gather.run(unit, {source + units.image_range(unit).begin * image, 0, image}, destination, memory);
  });
}

// The gradient behind the activation, for some rows of a unit's images: dy where there is none, otherwise computed into `memory`.
template <class T>
class Slopes {
 public:
  // `of`: which side of the geometry dy is.
  Slopes(const ConvGeometry& g, Direction of, const ConvGradients<T>& gradients, const Units& units)
      : units_(units),
        gradients_(gradients),
        row_(of == Direction::to_output ? g.ow * g.o : g.w * g.c),
        image_((of == Direction::to_output ? g.oh : g.h) * row_),
        height_(of == Direction::to_output ? g.oh : g.h) {}

  Range clamped(Range rows) const { return {std::clamp<Index>(rows.begin, 0, height_), std::clamp<Index>(rows.end, 0, height_)}; }
  Index elements(Index rows) const { return gradients_.activation == Activation::none ? 0 : units_.images * rows * row_; }
  Rows<T> load(Index unit, Range rows, T* memory) const {
    const Range images = units_.image_range(unit);
    const T *dy = gradients_.dy + images.begin * image_, *y = gradients_.y + images.begin * image_;
    if (gradients_.activation == Activation::none) return {dy, 0, image_};
    const Binary f = gradients_.activation == Activation::relu   ? Binary::relu_backward
                     : gradients_.activation == Activation::tanh ? Binary::tanh_backward
                                                                 : Binary::sigmoid_backward;
    for (Index image = 0; image < images.size(); image++) {
      const Index from = image * image_ + rows.begin * row_, count = rows.size() * row_;
      elementwise_kernels.of<T>().binary[int(f)](y + from, 1, dy + from, 1, memory + image * count, count);
    }
    return {memory, rows.begin, rows.size() * row_};
  }

 private:
  const Units& units_;
  const ConvGradients<T>& gradients_;
  Index row_, image_, height_;
};

// Filters and biases of chunks of units, and the layer's input: all of a unit while its numbers are in the second cache.
template <class T>
void backward(const ConvGeometry& g, Direction forward, const ConvGradients<T>& gradients) {
  const bool transposed = forward == Direction::to_input;
  const Direction back = transposed ? Direction::to_output : Direction::to_input;
  const FilterOrder order = transposed ? FilterOrder::output_input : FilterOrder::input_output;
  const Index filters = g.taps() * g.group_inputs() * g.o, channels = transposed ? g.c : g.o;
  const Units units(g, sizeof(T));
  constexpr Index most_chunks = 16, most_bytes = Index{64} << 20;
  const Index chunks = std::clamp<Index>(most_bytes / (filters * Index(sizeof(T))), 1, std::min(most_chunks, units.count()));

  std::optional<Gather<T>> gather;
  std::optional<Correlate<T>> correlate;
  if (gradients.dx) gather.emplace(g, back, units, order, gradients.filters, ConvEpilogue<T>{});
  if (gradients.dfilters) correlate.emplace(g, units, chunks);
  const Slopes<T> slopes(g, forward, gradients, units);
  const Scratch bias(std::size_t(chunks * channels) * sizeof(T));

  // Rows of the slopes that a unit needs: those it gathers from, and those it owns.
  const auto needed = [&](Index unit) {
    Range rows = units.rows(forward, unit);
    const auto include = [&](Range more) {
      more = slopes.clamped(more);
      if (more.size() > 0) rows = {std::min(rows.begin, more.begin), std::max(rows.end, more.end)};
    };
    if (gather) include(gather->strip().rows(unit));
    if (correlate && transposed) include(correlate->strip().rows(unit));
    return rows;
  };
  Index most_rows = 0;
  for (Index strip = 0; strip < units.strips; strip++) most_rows = std::max(most_rows, needed(strip).size());
  const Index slope_elements = divide_up(slopes.elements(most_rows), 16) * 16;
  const Index memory_elements =
      slope_elements + std::max(gather ? gather->strip().elements() : 0, correlate ? correlate->elements() : 0) + 16;

  const Index image = transposed ? g.oh * g.ow * g.o : g.h * g.w * g.c, row = transposed ? g.w * g.c : g.ow * g.o;
  parallel(chunks, [&](Index chunk) {
    T* memory = static_cast<T*>(thread_memory(std::size_t(memory_elements + channels) * sizeof(T)));
    T *rest = memory + slope_elements, *unit_bias = memory + memory_elements, *chunk_bias = bias.as<T>() + chunk * channels;
    std::fill_n(chunk_bias, channels, T(0));
    for (Index unit = units.count() * chunk / chunks; unit < units.count() * (chunk + 1) / chunks; unit++) {
      const Rows<T> ds = slopes.load(unit, needed(unit), memory);
      const Rows<T> x{gradients.x + units.image_range(unit).begin * image, 0, image};
      if (gather) gather->run(unit, ds, gradients.dx, rest);
      if (correlate && transposed) correlate->run(unit, chunk, ds, x, rest);
      if (correlate && !transposed) correlate->run(unit, chunk, x, ds, rest);
      if (!gradients.dbias) continue;
      const Range own = units.rows(forward, unit);
      for (Index i = 0; i < units.image_range(unit).size(); i++) {
        const T* first = ds.data + i * ds.image_step + (own.begin - ds.first) * row;
        gemm_kernels.of<T>().column_sums(first, channels, own.size() * row / channels, channels, unit_bias);
        for (Index j = 0; j < channels; j++) chunk_bias[j] += unit_bias[j];
      }
    }
  });
  if (correlate) correlate->finish(order, gradients.dfilters);
  if (gradients.dbias) gemm_kernels.of<T>().column_sums(bias.as<T>(), channels, chunks, channels, gradients.dbias);
}

// The same for single pixels, all of them products.
template <class T>
void backward_pointwise(const ConvGeometry& g, bool transposed, const ConvGradients<T>& gradients) {
  const Index pixels = g.n * g.h * g.w, in = transposed ? g.o : g.c, out = transposed ? g.c : g.o;
  const Units one(g, sizeof(T));
  const Scratch memory(std::size_t(gradients.activation == Activation::none ? 0 : pixels * out) * sizeof(T));
  const T* ds = gradients.dy;
  if (gradients.activation != Activation::none) {
    ds = memory.as<T>();
    const Slopes<T> slopes(g, transposed ? Direction::to_input : Direction::to_output, gradients, one);
    const Index image = g.h * g.w * out;
    parallel(one.count(), [&](Index unit) {
      const Range images = one.image_range(unit), rows = one.rows(Direction::to_input, unit);
      slopes.load(unit, rows, memory.as<T>() + images.begin * image + rows.begin * g.w * out);
    });
  }
  if (gradients.dx) gemm<T>(false, true, pixels, in, out, ds, out, gradients.filters, out, gradients.dx, in);
  if (gradients.dfilters) gemm<T>(true, false, in, out, pixels, gradients.x, in, ds, out, gradients.dfilters, out);
  if (gradients.dbias) column_sums(ds, pixels, out, gradients.dbias);
}

template <class T>
void all_gradients(const ConvGeometry& g, Direction forward, const ConvGradients<T>& gradients) {
  if (empty(g)) {
    if (gradients.dfilters) std::fill_n(gradients.dfilters, g.taps() * g.group_inputs() * g.o, T(0));
    if (gradients.dbias) std::fill_n(gradients.dbias, forward == Direction::to_output ? g.o : g.c, T(0));
    return;
  }
  if (pointwise(g)) return backward_pointwise(g, forward == Direction::to_input, gradients);
  backward(g, forward, gradients);
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
