#pragma once
// Convolution in one direction, prepared for all its units: packed filters, and where each pixel finds its patch. Internal to
// tensor/conv*.cpp.

#include "tensor/conv_plan.h"

namespace elbo::conv {

template <class T>
class Gather {
 public:
  Gather(const ConvGeometry& g, Direction direction, const Units& units, FilterOrder order, const T* filters, const ConvEpilogue<T>& e,
         bool always_copy = false);

  const Strip<T>& strip() const { return strip_; }
  // The rows of the destination that the unit owns, from its strip of the source, loaded.
  void run(Index unit, const T* strip, T* destination) const;

 private:
  // Pixels of the destination that share taps.
  struct Phase {
    const AxisPhase *vertical, *horizontal;
    PoolVector<std::int32_t> runs;
    Index run;          // numbers in a run
    Index filters = 0;  // where its packed filters begin, in `packed_`
    Index steps() const { return Index(runs.size()) * run; }
  };
  enum class Way : std::uint8_t { gather, dots, depthwise };

  Index groups() const { return way_ == Way::depthwise ? 1 : g_.groups; }  // that the kernel is called for
  Index packed_size(const Phase& phase) const;                             // of one of them
  void pack(const Phase& phase, Index group, FilterOrder order, const T* filters);

  ConvGeometry g_;
  Units units_;
  Strip<T> strip_;
  ConvEpilogue<T> epilogue_;
  Index source_c_, destination_h_, destination_w_, destination_c_;
  Way way_;
  PixelTable<T> pixels_;
  PoolVector<Phase> phases_;
  Scratch packed_;
};

}  // namespace elbo::conv
