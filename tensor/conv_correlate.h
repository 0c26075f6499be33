#pragma once
// The gradient of a convolution's filters, prepared for all its units. Internal to tensor/conv*.cpp.

#include <optional>

#include "tensor/conv_plan.h"

namespace elbo::conv {

// Units are shared out among chunks; each chunk adds to filters of its own, and finish() adds these up in order.
template <class T>
class Correlate {
 public:
  Correlate(const ConvGeometry& g, const Units& units, Index chunks);

  const Strip<T>& strip() const { return strip_; }
  Index elements() const;  // of memory for run()
  // Adds what a unit brings: its strip of the input, loaded, and the rows of the output that it owns. One of them is a gradient.
  void run(Index unit, Index chunk, const T* strip, const Rows<T>& output, T* memory);
  void finish(FilterOrder order, T* filters);

 private:
  // channels: tiles of input channels against panels of output channels, both packed. windows: the same where there are so few input
  // channels that all numbers of a row of the patch are taken for channels. wide: few output channels against such rows, as they lie.
  enum class Way : std::uint8_t { channels, windows, wide, depthwise };
  static Way choose(const ConvGeometry& g);
  Index place_row() const;          // numbers of a row that places count in: of the strip, or of what is packed of it
  std::size_t place_bytes() const;  // of memory for the places; throws where they do not fit

  void run_wide(Index unit, const T* x, const Rows<T>& output, T* sums) const;
  void run_tiles(Index unit, const T* x, const Rows<T>& output, T* sums, T* memory) const;
  void run_depthwise(Index unit, const T* x, const Rows<T>& output, T* sums) const;
  T* sums(Index chunk) const { return partial_.as<T>() + chunk * size_; }

  ConvGeometry g_;
  Units units_;
  Way way_;
  Strip<T> strip_;
  Index channels_, tiles_;  // rows of the product for one tap and group, and how many tiles they make
  Index taps_;              // taps that are not part of those rows
  Index size_;              // numbers of all filters
  Index chunks_;
  Scratch places_;  // where the input's pixels lie that meet a unit's output pixels, from the first on, in elements; not of depthwise
  Scratch partial_;
  std::optional<PixelTable<T>> pixels_;  // depthwise
};

}  // namespace elbo::conv
