#include "tensor/conv_backward.h"

#include <optional>

#include "tensor/conv_correlate.h"
#include "tensor/conv_gather.h"
#include "tensor/elementwise.h"
#include "tensor/gemm.h"
#include "tensor/kernels/gemm.h"

namespace elbo::conv {
namespace {

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
    const T* dy = gradients_.dy + images.begin * image_;
    if (gradients_.activation == Activation::none) return {dy, 0, image_};
    const T* y = gradients_.y + images.begin * image_;
    const auto kernel = elementwise_kernels.of<T>().binary[int(backward_of(gradients_.activation))];
    for (Index image = 0; image < images.size(); image++) {
      const Index from = image * image_ + rows.begin * row_, count = rows.size() * row_;
      kernel(y + from, 1, dy + from, 1, memory + image * count, count);
    }
    return {memory, rows.begin, rows.size() * row_};
  }

 private:
  const Units& units_;
  const ConvGradients<T>& gradients_;
  Index row_, image_, height_;
};

// All of a layer's gradients: the layer's input, filters and biases. What a unit reads is read once for all of them, while it is in the
// second cache. Units are shared out among chunks that have sums of their own.
template <class T>
class Backward {
 public:
  Backward(const ConvGeometry& g, Direction forward, const ConvGradients<T>& gradients)
      : g_(g),
        forward_(forward),
        transposed_(forward == Direction::to_input),
        order_(transposed_ ? FilterOrder::output_input : FilterOrder::input_output),
        gradients_(gradients),
        units_(g, sizeof(T)),
        chunks_(std::clamp<Index>(most_bytes / (g.taps() * g.group_inputs() * g.o * Index(sizeof(T))), 1,
                                  std::min(most_chunks, units_.count()))),
        channels_(transposed_ ? g.c : g.o),
        row_(transposed_ ? g.w * g.c : g.ow * g.o),
        slopes_(g, forward, gradients, units_),
        bias_(std::size_t(chunks_ * channels_) * sizeof(T)) {
    // A transposed layer's input and filters are found from the same strip of slopes.
    if (gradients.dx)
      gather_.emplace(g, transposed_ ? Direction::to_output : Direction::to_input, units_, order_, gradients.filters, ConvEpilogue<T>{},
                      transposed_);
    if (gradients.dfilters) correlate_.emplace(g, units_, chunks_);
    Index most_rows = 0, strip = 0;
    for (Index i = 0; i < units_.strips; i++) most_rows = std::max(most_rows, needed(i).size());
    if (gather_) strip = gather_->strip().elements();
    if (correlate_) strip = std::max(strip, correlate_->strip().elements());
    slope_elements_ = divide_up(slopes_.elements(most_rows), 16) * 16;
    strip_elements_ = divide_up(strip, 16) * 16;
  }

  void run() {
    const Index elements = slope_elements_ + strip_elements_ + (correlate_ ? correlate_->elements() : 0) + channels_;
    parallel(chunks_, [&](Index chunk) {
      T* memory = static_cast<T*>(thread_memory(std::size_t(elements) * sizeof(T)));
      std::fill_n(bias(chunk), channels_, T(0));
      for (Index unit = units_.count() * chunk / chunks_; unit < units_.count() * (chunk + 1) / chunks_; unit++)
        run_unit(unit, chunk, memory);
    });
    if (correlate_) correlate_->finish(order_, gradients_.dfilters);
    if (gradients_.dbias) gemm_kernels.of<T>().column_sums(bias(0), channels_, chunks_, channels_, gradients_.dbias);
  }

 private:
  static constexpr Index most_chunks = 16, most_bytes = Index{64} << 20;

  T* bias(Index chunk) const { return bias_.as<T>() + chunk * channels_; }

  // Rows of the slopes that a unit needs: those that it owns, and those that it gathers from.
  Range needed(Index unit) const {
    Range rows = units_.rows(forward_, unit);
    const auto include = [&](Range more) {
      more = slopes_.clamped(more);
      if (more.size() > 0) rows = {std::min(rows.begin, more.begin), std::max(rows.end, more.end)};
    };
    if (gather_) include(gather_->strip().rows(unit));
    if (correlate_ && transposed_) include(correlate_->strip().rows(unit));
    return rows;
  }

  void run_unit(Index unit, Index chunk, T* memory) {
    T *strip_memory = memory + slope_elements_, *rest = strip_memory + strip_elements_;
    const Index image = transposed_ ? g_.oh * g_.ow * g_.o : g_.h * g_.w * g_.c;
    const Rows<T> ds = slopes_.load(unit, needed(unit), memory);
    const Rows<T> x{gradients_.x + units_.image_range(unit).begin * image, 0, image};
    if (transposed_ && (gather_ || correlate_)) {
      const T* strip = (gather_ ? gather_->strip() : correlate_->strip()).load(unit, ds, strip_memory);
      if (gather_) gather_->run(unit, strip, gradients_.dx);
      if (correlate_) correlate_->run(unit, chunk, strip, x, rest);
    } else {
      if (gather_) gather_->run(unit, gather_->strip().load(unit, ds, strip_memory), gradients_.dx);
      if (correlate_) correlate_->run(unit, chunk, correlate_->strip().load(unit, x, strip_memory), ds, rest);
    }
    if (gradients_.dbias) add_biases(unit, ds, bias(chunk), rest);
  }

  void add_biases(Index unit, const Rows<T>& ds, T* sums, T* of_unit) const {
    const Range own = units_.rows(forward_, unit);
    for (Index i = 0; i < units_.image_range(unit).size(); i++) {
      const T* first = ds.data + i * ds.image_step + (own.begin - ds.first) * row_;
      gemm_kernels.of<T>().column_sums(first, channels_, own.size() * row_ / channels_, channels_, of_unit);
      for (Index j = 0; j < channels_; j++) sums[j] += of_unit[j];
    }
  }

  ConvGeometry g_;
  Direction forward_;
  bool transposed_;
  FilterOrder order_;
  ConvGradients<T> gradients_;
  Units units_;
  Index chunks_, channels_, row_;  // row: numbers of a row of slopes
  Slopes<T> slopes_;
  Scratch bias_;
  std::optional<Gather<T>> gather_;
  std::optional<Correlate<T>> correlate_;
  Index slope_elements_ = 0, strip_elements_ = 0;
};

}  // namespace

template <class T>
void backward(const ConvGeometry& g, Direction forward, const ConvGradients<T>& gradients) {
  Backward<T>(g, forward, gradients).run();
}

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

template void backward(const ConvGeometry&, Direction, const ConvGradients<float>&);
template void backward(const ConvGeometry&, Direction, const ConvGradients<double>&);
template void backward_pointwise(const ConvGeometry&, bool, const ConvGradients<float>&);
template void backward_pointwise(const ConvGeometry&, bool, const ConvGradients<double>&);

}  // namespace elbo::conv
