#include "tensor/conv_correlate.h"

#include "tensor/kernels/elementwise.h"
#include "tensor/kernels/gemm.h"

namespace elbo::conv {
namespace {

Index unit_pixels(const ConvGeometry& g, const Units& units) { return units.images * divide_up(g.oh, units.strips) * g.ow; }

}  // namespace

template <class T>
typename Correlate<T>::Way Correlate<T>::choose(const ConvGeometry& g) {
  if (g.depthwise()) return Way::depthwise;
  if (g.groups > 1) return Way::channels;
  if (g.o <= dots_most && g.c >= 4) return Way::wide;
  return g.c < conv_kernels.of<T>().rows && g.dw == 1 ? Way::windows : Way::channels;
}

template <class T>
Correlate<T>::Correlate(const ConvGeometry& g, const Units& units, Index chunks)
    : g_(g),
      units_(units),
      way_(choose(g)),
      strip_(g, Direction::to_output, units, true),
      channels_(way_ == Way::windows || (way_ == Way::wide && g.dw == 1) ? g.kw * g.c : g.group_inputs()),
      tiles_(divide_up(channels_, Index(conv_kernels.of<T>().rows))),
      taps_(channels_ == g.group_inputs() ? g.taps() : g.kh),
      size_(g.taps() * g.group_inputs() * g.o),
      chunks_(chunks),
      places_(place_bytes()),
      partial_(std::size_t(chunks * size_) * sizeof(T)) {
  parallel(chunks, [&](Index i) { std::fill_n(sums(i), size_, T(0)); });
  if (way_ == Way::depthwise) {
    pixels_.emplace(strip_, g.oh, g.ow, g.o);
    return;
  }
  // The same for all units: one of fewer images or rows ends sooner.
  const bool windows = way_ == Way::windows;
  const Index row = place_row(), pixel = row / (windows ? g.ow : strip_.pitch());
  std::int32_t* place = places_.as<std::int32_t>();
  for (Index image = 0; image < units.images; image++)
    for (Index i = 0; i < divide_up(g.oh, units.strips); i++)
      for (Index j = 0; j < g.ow; j++)
        *place++ = std::int32_t((image * strip_.rows(0).size() + i * g.sh) * row + j * (windows ? 1 : g.sw) * pixel);
}

template <class T>
Index Correlate<T>::place_row() const {
  return (way_ == Way::windows ? g_.ow : strip_.pitch()) * (way_ == Way::wide ? g_.c : conv_kernels.of<T>().rows);
}

template <class T>
std::size_t Correlate<T>::place_bytes() const {
  if (way_ == Way::depthwise) return 0;
  const Index rows = (units_.images - 1) * strip_.rows(0).size() + divide_up(g_.oh, units_.strips) * g_.sh;
  require_places(g_, "a packed strip", double(rows) * double(place_row()));
  return std::size_t(unit_pixels(g_, units_)) * sizeof(std::int32_t);
}

template <class T>
Index Correlate<T>::elements() const {
  if (way_ == Way::wide || way_ == Way::depthwise) return 0;
  const Index strip = strip_.elements(), pixels = unit_pixels(g_, units_), columns = conv_kernels.of<T>().columns;
  const Index places = way_ == Way::windows ? strip / (strip_.pitch() * g_.c) * g_.ow : strip / g_.c + 1;
  return tiles_ * conv_kernels.of<T>().rows * places + pixels * divide_up(g_.group_outputs(), columns) * columns + 64;
}

template <class T>
void Correlate<T>::run(Index unit, Index chunk, const T* strip, const Rows<T>& output, T* memory) {
  const Index row = units_.rows(Direction::to_output, unit).begin;
  Rows<T> own = output;
  own.data += (row - output.first) * g_.ow * g_.o, own.first = row;
  if (way_ == Way::depthwise)
    run_depthwise(unit, strip, own, sums(chunk));
  else if (way_ == Way::wide)
    run_wide(unit, strip, own, sums(chunk));
  else
    run_tiles(unit, strip, own, sums(chunk), memory);
}

template <class T>
void Correlate<T>::run_wide(Index unit, const T* x, const Rows<T>& output, T* sums) const {
  const Index row = strip_.pitch() * g_.c;
  CorrelatePart<T> part{.places = places_.as<std::int32_t>(),
                        .pixels = units_.image_range(unit).size() * units_.rows(Direction::to_output, unit).size() * g_.ow,
                        .step = g_.o,  // the unit's rows of output lie without gaps: they are whole images, or rows of one
                        .a = output.data,
                        .b = nullptr,
                        .c = sums,
                        .ldc = channels_,
                        .rows = int(g_.o),
                        .columns = int(channels_)};
  const Index across = taps_ / g_.kh;  // taps of a row that are not part of the columns
  for (Index tap = 0; tap < taps_; tap++, part.c += g_.o * channels_) {
    part.b = x + tap / across * g_.dh * row + tap % across * g_.dw * g_.c;
    conv_kernels.of<T>().correlate_wide(part);
  }
}

template <class T>
void Correlate<T>::run_tiles(Index unit, const T* x, const Rows<T>& output, T* sums, T* memory) const {
  const ConvTable<T>& kernels = conv_kernels.of<T>();
  const bool windows = way_ == Way::windows;
  const Index images = units_.image_range(unit).size(), rows = units_.rows(Direction::to_output, unit).size();
  const Index strip_rows = strip_.rows(unit).size(), pitch = windows ? g_.ow : strip_.pitch();  // places of a row
  const Index places = images * strip_rows * pitch, tile_step = places * kernels.rows, pixels = images * rows * g_.ow;
  T* panels = memory + divide_up(tiles_ * tile_step, 16) * 16;

  CorrelatePart<T> part{.places = places_.as<std::int32_t>(),
                        .pixels = pixels,
                        .step = 0,
                        .a = nullptr,
                        .b = nullptr,
                        .c = nullptr,
                        .ldc = g_.o,
                        .rows = 0,
                        .columns = 0};
  for (Index group = 0; group < g_.groups; group++) {
    const Index outputs = g_.group_outputs();
    gemm_kernels.of<T>().pack(false, output.data + group * outputs, g_.o, pixels, outputs, panels);
    for (Index tile = 0; tile < tiles_; tile++) {
      const Index first = channels_ * tile / tiles_;
      T* packed = memory + tile * tile_step;
      if (!windows)
        kernels.pack_channels(x + group * g_.group_inputs() + first, g_.c, places, packed);
      else
        for (Index line = 0; line < images * strip_rows; line++)
          kernels.pack_channels(x + line * strip_.pitch() * g_.c + first, g_.sw * g_.c, g_.ow, packed + line * pitch * kernels.rows);
      part.rows = int(channels_ * (tile + 1) / tiles_ - first);
      for (Index j = 0; j < outputs; j += kernels.columns) {
        part.columns = int(std::min<Index>(kernels.columns, outputs - j));
        part.step = part.columns <= kernels.least_columns ? kernels.least_columns : kernels.columns;
        part.b = panels + j * pixels;
        const Index across = taps_ / g_.kh;
        for (Index tap = 0; tap < taps_; tap++) {
          part.a = packed + (tap / across * g_.dh * pitch + tap % across * g_.dw) * kernels.rows;
          part.c = sums + (tap * channels_ + first) * g_.o + group * outputs + j;
          kernels.correlate(part);
        }
      }
    }
  }
}

template <class T>
void Correlate<T>::run_depthwise(Index unit, const T* x, const Rows<T>& output, T* sums) const {
  const auto runs = patch_runs(strip_, strip_.vertical()[0], strip_.horizontal()[0], false);
  const GatherPart<T> part{.x = x,
                           .pixels = pixels_->of(unit % units_.strips),
                           .pixel_count = units_.image_range(unit).size() * units_.rows(Direction::to_output, unit).size() * g_.ow,
                           .runs = runs.data(),
                           .run_count = Index(runs.size()),
                           .run = g_.c,
                           .w = nullptr,
                           .N = g_.c,
                           .y = nullptr,
                           .bias = nullptr,
                           .activation = Activation::none};
  conv_kernels.of<T>().correlate_depthwise(part, output.data, sums);
}

template <class T>
void Correlate<T>::finish(FilterOrder order, T* filters) {
  constexpr Index grain = 4096;
  const bool in_place = order == FilterOrder::input_output && way_ != Way::wide;
  T* total = in_place ? filters : sums(0);
  parallel_ranges(size_, grain, [&](Index begin, Index end) {
    if (in_place) std::copy(sums(0) + begin, sums(0) + end, total + begin);
    for (Index chunk = 1; chunk < chunks_; chunk++)
      elementwise_kernels.of<T>().binary[int(Binary::add)](total + begin, 1, sums(chunk) + begin, 1, total + begin, end - begin);
  });
  if (in_place) return;
  const Index inputs = g_.group_inputs(), joined = g_.taps() / taps_;  // taps that share a row of sums
  parallel(g_.taps(), [&](Index tap) {
    T* to = filters + tap * inputs * g_.o;
    for (Index c = 0; c < inputs; c++)
      for (Index o = 0; o < g_.o; o++) {
        const Index at =
            way_ == Way::wide ? (tap / joined * g_.o + o) * channels_ + tap % joined * inputs + c : (tap * inputs + c) * g_.o + o;
        to[order == FilterOrder::input_output ? c * g_.o + o : o * inputs + c] = total[at];
      }
  });
}

template class Correlate<float>;
template class Correlate<double>;

}  // namespace elbo::conv
