#include "tensor/conv_gather.h"

#include <cstring>

#include "tensor/kernels/gemm.h"

namespace elbo::conv {
namespace {

// Shorter runs than this leave a dot product's vectors too empty.
constexpr Index least_dots_run = 12;

Index rounded(Index n, Index to) { return divide_up(n, to) * to; }

}  // namespace

template <class T>
Gather<T>::Gather(const ConvGeometry& g, Direction direction, const Units& units, FilterOrder order, const T* filters,
                  const ConvEpilogue<T>& e, bool always_copy)
    : g_(g),
      units_(units),
      strip_(g, direction, units, always_copy),
      epilogue_(e),
      source_c_(direction == Direction::to_output ? g.c : g.o),
      destination_h_(direction == Direction::to_output ? g.oh : g.h),
      destination_w_(direction == Direction::to_output ? g.ow : g.w),
      destination_c_(direction == Direction::to_output ? g.o : g.c),
      way_(g.depthwise() ? Way::depthwise : Way::gather),
      pixels_(strip_, destination_h_, destination_w_, destination_c_),
      packed_(std::size_t(g.taps() * g.groups * (source_c_ / g.groups) * rounded(destination_c_ / g.groups, conv_kernels.of<T>().columns) +
                          16 * g.groups * g.sh * g.sw) *
              sizeof(T)) {
  for (const AxisPhase& vertical : strip_.vertical())
    for (const AxisPhase& horizontal : strip_.horizontal()) {
      const auto& across = horizontal.taps;
      const bool joined = g.groups == 1 && across.size() > 1 && across[1].offset - across[0].offset == 1;
      phases_.push_back({.vertical = &vertical,
                         .horizontal = &horizontal,
                         .runs = patch_runs(strip_, vertical, horizontal, joined),
                         .run = source_c_ / groups() * (joined ? Index(across.size()) : 1)});
    }
  if (way_ == Way::gather && destination_c_ / g.groups <= dots_most &&
      std::all_of(phases_.begin(), phases_.end(), [](const Phase& p) { return p.run >= least_dots_run; }))
    way_ = Way::dots;
  Index at = 0;
  for (Phase& phase : phases_) {
    phase.filters = at;
    at += groups() * packed_size(phase);
  }
  parallel(Index(phases_.size()) * groups(), [&](Index i) { pack(phases_[std::size_t(i / groups())], i % groups(), order, filters); });
}

template <class T>
Index Gather<T>::packed_size(const Phase& phase) const {
  const Index columns = destination_c_ / groups();
  return way_ == Way::depthwise
             ? phase.steps()
             : rounded(phase.steps() * (way_ == Way::dots ? columns : rounded(columns, conv_kernels.of<T>().columns)), 16);
}

// Brings the filters of one phase into the order in which its runs meet them, then into the kernel's.
template <class T>
void Gather<T>::pack(const Phase& phase, Index group, FilterOrder order, const T* filters) {
  const Index inputs = g_.group_inputs(), outputs = g_.group_outputs();
  const bool to_output = strip_.direction() == Direction::to_output;
  // filters[tap * taps_step + c * input_step + o * output_step]
  const Index tap_step = inputs * g_.o, input_step = order == FilterOrder::input_output ? g_.o : 1;
  const Index output_step = order == FilterOrder::input_output ? 1 : inputs;
  T* out = packed_.as<T>() + phase.filters + group * packed_size(phase);
  if (way_ == Way::depthwise) {
    for (const auto& y : phase.vertical->taps)
      for (const auto& x : phase.horizontal->taps) {
        std::memcpy(out, filters + (y.tap * g_.kw + x.tap) * g_.c, std::size_t(g_.c) * sizeof(T));
        out += g_.c;
      }
    return;
  }
  const Index rows = to_output ? inputs : outputs, columns = to_output ? outputs : inputs;
  const Index row_step = to_output ? input_step : output_step, column_step = to_output ? output_step : input_step;
  // dots reads a filter after the other, gather step after step.
  const bool by_column = way_ == Way::dots;
  T* to = by_column ? out : static_cast<T*>(thread_memory(std::size_t(phase.steps() * columns) * sizeof(T)));
  Index k = 0;
  for (const auto& y : phase.vertical->taps)
    for (const auto& x : phase.horizontal->taps) {
      const T* from = filters + (y.tap * g_.kw + x.tap) * tap_step + group * outputs * output_step;
      for (Index r = 0; r < rows; r++, k++)
        for (Index j = 0; j < columns; j++) to[by_column ? j * phase.steps() + k : k * columns + j] = from[r * row_step + j * column_step];
    }
  if (!by_column) gemm_kernels.of<T>().pack(false, to, columns, phase.steps(), columns, out);
}

template <class T>
void Gather<T>::run(Index unit, const T* x, T* destination) const {
  const auto& kernels = conv_kernels.of<T>();
  const Range images = units_.image_range(unit), rows = units_.rows(strip_.direction(), unit);
  T* y = destination + (images.begin * destination_h_ + rows.begin) * destination_w_ * destination_c_;
  const ConvPixel* pixels = pixels_.of(unit % units_.strips);
  const Index columns = destination_c_ / groups();
  for (const Phase& phase : phases_) {
    const Index of_image = (phase.vertical->begin(rows.end) - phase.vertical->begin(rows.begin)) * phase.horizontal->begin(destination_w_);
    for (Index group = 0; group < groups(); group++) {
      const GatherPart<T> part{.x = x + group * (source_c_ / groups()),
                               .pixels = pixels,
                               .pixel_count = images.size() * of_image,
                               .runs = phase.runs.data(),
                               .run_count = Index(phase.runs.size()),
                               .run = phase.run,
                               .w = packed_.as<T>() + phase.filters + group * packed_size(phase),
                               .N = columns,
                               .y = y + group * columns,
                               .bias = epilogue_.bias ? epilogue_.bias + group * columns : nullptr,
                               .activation = epilogue_.activation};
      (way_ == Way::gather ? kernels.gather : way_ == Way::dots ? kernels.dots : kernels.depthwise)(part);
    }
    pixels += units_.images * of_image;
  }
}

template class Gather<float>;
template class Gather<double>;

}  // namespace elbo::conv
