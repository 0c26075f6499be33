#pragma once
// How a convolution is cut into pieces, and where each piece finds its numbers. Internal to tensor/conv*.cpp.
//
// Both directions are one thing here: every pixel of a destination gathers from a source. From input to output all pixels use the same
// taps. From output to input with stride s, pixels fall into s x s phases, each with the taps that meet it.

#include <algorithm>

#include "tensor/conv.h"
#include "tensor/kernels/conv.h"
#include "tensor/parallel.h"
#include "tensor/pool_vector.h"
#include "tensor/scratch.h"

namespace elbo::conv {

enum class Direction : std::uint8_t { to_output, to_input };

// One axis of one phase: destination indices first, first + step, ... below its size. Index number j of them gathers from source indices
// j * source_step + offset, for the offset of each tap.
struct AxisPhase {
  struct Tap {
    Index offset, tap;
  };
  Index first, step, source_step;
  PoolVector<Tap> taps;  // by rising offset

  Index begin(Index destination) const { return std::max<Index>(0, divide_up(destination - first, step)); }  // first j at or behind it
};
using Axis = PoolVector<AxisPhase>;
Axis make_axis(Direction direction, Index kernel, Index stride, Index dilation, Index padding);

struct Range {
  Index begin = 0, end = 0;
  Index size() const { return end - begin; }
};
// The source indices that the destination's need; may lie outside the source. Empty where none has a tap.
Range source_range(const Axis& axis, Range destination);

// What one thread does at a time: some images, or where they are large a strip of rows of one, so that its numbers stay in the second
// cache. A unit owns rows of the input and rows of the output.
struct Units {
  explicit Units(const ConvGeometry& g, Index element_bytes);
  Index images, strips;  // images of a unit; strips of an image (either is 1)
  Index n, h, oh;

  Index count() const { return divide_up(n, images) * strips; }
  Range image_range(Index unit) const {
    const Index first = unit / strips * images;
    return {first, std::min(n, first + images)};
  }
  Range rows(Direction of, Index unit) const {
    const Index all = of == Direction::to_output ? oh : h, strip = unit % strips;
    return {all * strip / strips, all * (strip + 1) / strips};
  }
};

// Rows of the images of a unit: row `first` of the unit's first image is at `data`.
template <class T>
struct Rows {
  const T* data;
  Index first;
  Index image_step;  // elements from one image to the next
};

// Where a number lies in what a unit reads, packs or writes is kept in 32 bits. Throws, with the geometry's sizes, unless `what` of so many
// numbers has room: an image is cut between rows alone. (A double holds any product of sizes.)
void require_places(const ConvGeometry& g, std::string_view what, double numbers);

// The part of the source that a unit gathers from, with zeros where it reaches outside: a copy, or the source itself where nothing does.
template <class T>
class Strip {
 public:
  Strip(const ConvGeometry& g, Direction direction, const Units& units, bool always_copy = false);

  Index elements() const { return direct_ ? 0 : units_.images * most_rows_ * pitch_ * c_ + slack; }  // of memory for load()
  Range rows(Index unit) const { return source_range(vertical_, units_.rows(direction_, unit)); }    // of the source, may reach outside
  Index columns() const { return columns_.begin; }                                                   // the first column's number
  Index pitch() const { return pitch_; }                                                             // columns from row to row
  Index image_step(Index unit) const { return (direct_ ? h_ : rows(unit).size()) * pitch_ * c_; }
  // The strip's first number: row rows(unit).begin, column columns(), first image.
  const T* load(Index unit, const Rows<T>& source, T* memory) const;

  const Axis& vertical() const { return vertical_; }
  const Axis& horizontal() const { return horizontal_; }
  Direction direction() const { return direction_; }
  const Units& units() const { return units_; }
  Index channels() const { return c_; }
  static constexpr Index slack = 64;  // elements that may be read behind the last

 private:
  Units units_;
  Direction direction_;
  Index h_, w_, c_;  // of the source
  Axis vertical_, horizontal_;
  Range columns_;
  Index pitch_, most_rows_ = 0;
  bool direct_;
};

// Where each pixel of a destination finds its patch in the strip, and where it lies itself: for each strip of rows, phase after phase
// (of the vertical axis first), the unit's images one after the other.
template <class T>
class PixelTable {
 public:
  PixelTable(const Strip<T>& strip, Index height, Index width, Index channels);
  const ConvPixel* of(Index strip) const { return pixels_.as<ConvPixel>() + first(strip); }

 private:
  Index first(Index strip) const { return strip_.units().rows(strip_.direction(), strip).begin * width_; }
  void fill(Index strip);

  const Strip<T>& strip_;
  Index height_, width_, channels_;
  Scratch pixels_;
};

// Where the runs of a patch begin, after its pixel's place: a tap's channels are neighbours, and with `joined` the taps of a row are.
template <class T>
PoolVector<std::int32_t> patch_runs(const Strip<T>& strip, const AxisPhase& vertical, const AxisPhase& horizontal, bool joined);

}  // namespace elbo::conv
