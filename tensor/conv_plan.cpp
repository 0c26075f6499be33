#include "tensor/conv_plan.h"

#include <fmt/core.h>

#include <cstring>
#include <limits>

#include "tensor/error.h"

namespace elbo::conv {
namespace {

// A unit's numbers of one side should leave room for the other side's and the filters in a second cache of 512 kB.
constexpr Index most_bytes = 256 << 10;
// Pixels of a unit: enough that what a tile costs beside its multiply-adds does not count.
constexpr Index enough_pixels = 192;
// So many units keep the threads of a usual machine busy; more of them cost nothing.
constexpr Index enough_units = 16;
constexpr Index least_work = 500'000;  // multiply-adds that are worth a unit

}  // namespace

Axis make_axis(Direction direction, Index kernel, Index stride, Index dilation, Index padding) {
  Axis axis;
  if (direction == Direction::to_output) {
    AxisPhase all{.first = 0, .step = 1, .source_step = stride, .taps = {}};
    for (Index k = 0; k < kernel; k++) all.taps.push_back({k * dilation - padding, k});
    axis.push_back(std::move(all));
    return axis;
  }
  // Input i meets output (i + padding - k dilation) / stride wherever that is whole. With i = first + j stride it is j plus a constant.
  for (Index first = 0; first < stride; first++) {
    AxisPhase phase{.first = first, .step = stride, .source_step = 1, .taps = {}};
    for (Index k = kernel - 1; k >= 0; k--) {
      const Index distance = first + padding - k * dilation;
      if (distance % stride == 0) phase.taps.push_back({distance / stride, k});
    }
    axis.push_back(std::move(phase));
  }
  return axis;
}

Range source_range(const Axis& axis, Range destination) {
  Range range{0, 0};
  bool any = false;
  for (const AxisPhase& phase : axis) {
    const Index j0 = phase.begin(destination.begin), j1 = phase.begin(destination.end);
    if (j0 >= j1 || phase.taps.empty()) continue;
    const Index low = j0 * phase.source_step + phase.taps.front().offset,
                high = (j1 - 1) * phase.source_step + phase.taps.back().offset + 1;
    range = any ? Range{std::min(range.begin, low), std::max(range.end, high)} : Range{low, high};
    any = true;
  }
  return range;
}

Units::Units(const ConvGeometry& g, Index element_bytes) : images(1), strips(1), n(g.n), h(g.h), oh(g.oh) {
  const Index input = g.h * g.w * g.c, output = g.oh * g.ow * g.o, bytes = std::max(input, output) * element_bytes;
  const Index most_strips = std::max<Index>(1, std::min(g.h, g.oh));
  if (bytes > most_bytes) strips = std::min(most_strips, divide_up(bytes, most_bytes));
  const Index work = g.oh * g.ow * g.o * g.taps() * g.group_inputs();  // of one image
  if (g.n * strips < enough_units)
    strips = std::clamp(std::min(divide_up(enough_units, std::max<Index>(1, g.n)), work / least_work), strips, most_strips);
  if (strips > 1) return;
  const Index pixels = std::max<Index>(1, std::min(g.oh * g.ow, g.h * g.w / (g.sh * g.sw)));
  const Index room = std::max<Index>(1, most_bytes / std::max<Index>(1, bytes));
  images = std::clamp<Index>(enough_pixels / pixels, 1, std::min(room, std::max<Index>(1, g.n / enough_units)));
}

void require_places(const ConvGeometry& g, std::string_view what, double numbers) {
  constexpr auto most = std::numeric_limits<std::int32_t>::max();
  if (numbers > double(most))
    fail("convolution", fmt::format("expected {} of at most {} numbers, got {:.0f}: input {}x{}x{}, output {}x{}x{}, filters {}x{}; an "
                                    "image is cut between rows alone",
                                    what, most, numbers, g.h, g.w, g.c, g.oh, g.ow, g.o, g.kh, g.kw));
}

template <class T>
Strip<T>::Strip(const ConvGeometry& g, Direction direction, const Units& units, bool always_copy) : units_(units), direction_(direction) {
  const bool forward = direction == Direction::to_output;
  h_ = forward ? g.h : g.oh, w_ = forward ? g.w : g.ow, c_ = forward ? g.c : g.o;
  vertical_ = make_axis(direction, g.kh, g.sh, g.dh, g.top);
  horizontal_ = make_axis(direction, g.kw, g.sw, g.dw, g.left);
  columns_ = source_range(horizontal_, {0, forward ? g.ow : g.w});
  bool inside = columns_.begin >= 0 && columns_.end <= w_;
  for (Index strip = 0; strip < units_.strips; strip++) {
    const Range r = rows(strip);
    inside = inside && r.begin >= 0 && r.end <= h_;
    most_rows_ = std::max(most_rows_, r.size());
  }
  direct_ = inside && !always_copy;
  pitch_ = direct_ ? w_ : columns_.size();
  // A unit that has several images has all rows of each.
  const double images = double(units_.images), row = double(pitch_) * double(c_);
  require_places(g, "a strip to read", ((images - 1) * double(direct_ ? h_ : most_rows_) + double(most_rows_)) * row);
  const double result = forward ? double(g.ow) * double(g.o) : double(g.w) * double(g.c);
  require_places(g, "a strip to write", images * double(divide_up(forward ? g.oh : g.h, units_.strips)) * result);
}

template <class T>
const T* Strip<T>::load(Index unit, const Rows<T>& source, T* memory) const {
  const Range r = rows(unit), images = units_.image_range(unit);
  if (direct_) return source.data + ((r.begin - source.first) * w_ + columns_.begin) * c_;
  const Index left = std::clamp<Index>(-columns_.begin, 0, pitch_), from = columns_.begin + left;
  const Index width = std::clamp<Index>(w_ - from, 0, pitch_ - left), right = pitch_ - left - width;
  T* to = memory;
  for (Index image = 0; image < images.size(); image++)
    for (Index row = r.begin; row < r.end; row++, to += pitch_ * c_) {
      if (row < 0 || row >= h_) {
        std::fill_n(to, pitch_ * c_, T(0));
        continue;
      }
      const T* line = source.data + image * source.image_step + ((row - source.first) * w_ + from) * c_;
      std::fill_n(to, left * c_, T(0));
      if (width > 0) std::memcpy(to + left * c_, line, std::size_t(width * c_) * sizeof(T));
      std::fill_n(to + (left + width) * c_, right * c_, T(0));
    }
  std::fill_n(to, slack, T(0));
  return memory;
}

template <class T>
PixelTable<T>::PixelTable(const Strip<T>& strip, Index height, Index width, Index channels)
    : strip_(strip),
      height_(height),
      width_(width),
      channels_(channels),
      pixels_(std::size_t(strip.units().images * height * width) * sizeof(ConvPixel)) {
  parallel(strip.units().strips, [&](Index i) { fill(i); });
}

template <class T>
void PixelTable<T>::fill(Index strip) {
  const Range rows = strip_.units().rows(strip_.direction(), strip), source = strip_.rows(strip);
  const Index image_step = strip_.image_step(strip), row_step = strip_.pitch() * strip_.channels();
  ConvPixel* out = pixels_.as<ConvPixel>() + first(strip);
  for (const AxisPhase& vertical : strip_.vertical())
    for (const AxisPhase& horizontal : strip_.horizontal()) {
      const bool reads = !vertical.taps.empty() && !horizontal.taps.empty();
      const Index y0 = reads ? vertical.taps[0].offset - source.begin : 0, x0 = reads ? horizontal.taps[0].offset - strip_.columns() : 0;
      for (Index image = 0; image < strip_.units().images; image++)
        for (Index j = vertical.begin(rows.begin); j < vertical.begin(rows.end); j++) {
          const Index in = image * image_step + (y0 + j * vertical.source_step) * row_step;
          const Index to = (image * height_ + vertical.first + j * vertical.step - rows.begin) * width_ * channels_;
          for (Index i = 0; i < horizontal.begin(width_); i++) {
            const Index at = in + (x0 + i * horizontal.source_step) * strip_.channels();
            *out++ = {std::int32_t(reads ? at : 0), std::int32_t(to + (horizontal.first + i * horizontal.step) * channels_)};
          }
        }
    }
}

template <class T>
PoolVector<std::int32_t> patch_runs(const Strip<T>& strip, const AxisPhase& vertical, const AxisPhase& horizontal, bool joined) {
  PoolVector<std::int32_t> runs;
  const auto &down = vertical.taps, &across = horizontal.taps;
  for (const auto& y : down)
    for (std::size_t i = 0; i < across.size(); i += joined ? across.size() : 1)
      runs.push_back(std::int32_t(((y.offset - down[0].offset) * strip.pitch() + across[i].offset - across[0].offset) * strip.channels()));
  return runs;
}

template class Strip<float>;
template class Strip<double>;
template class PixelTable<float>;
template class PixelTable<double>;
template PoolVector<std::int32_t> patch_runs(const Strip<float>&, const AxisPhase&, const AxisPhase&, bool);
template PoolVector<std::int32_t> patch_runs(const Strip<double>&, const AxisPhase&, const AxisPhase&, bool);

}  // namespace elbo::conv
