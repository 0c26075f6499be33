#pragma once
// Images made larger, padded, or rearranged between pixels and channels. Images are (n, h, w, c).

#include "autograd/ops/shape.h"
#include "tensor/resample.h"

namespace elbo {

enum class Upsampling { nearest, bilinear };
enum class Padding { zeros, reflect };

// Pixels to add at each edge.
struct Margins {
  Index top = 0, bottom = 0, left = 0, right = 0;
};

namespace ops {

// y_ij = x at floor(i h / h'), floor(j w / w')        x: (n, h, w, c) -> y: (n, h', w', c), size = (h', w')
// or, bilinear, the mean of the four pixels around ((i + 1/2) h / h' - 1/2, (j + 1/2) w / w' - 1/2), weighted by nearness
// dx = sum of dy where x was read, weighted likewise
struct UpsampleOp {
  static constexpr std::string_view name = "upsample";
  Extent size;
  Upsampling mode = Upsampling::nearest;
  Tensor forward(Saved& saved, const Tensor& x) const;
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const;
  std::vector<Attribute> attributes() const;
  static std::vector<Sample<UpsampleOp>> samples();
};

// y = x with margins of zeros, or of x mirrored at its edge pixels, which are not repeated
// dx = dy without its margins, or with the margins added where they were read
struct PadOp {
  static constexpr std::string_view name = "pad";
  Margins margins;
  Padding mode = Padding::zeros;
  Tensor forward(Saved& saved, const Tensor& x) const;
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const;
  std::vector<Attribute> attributes() const;
  static std::vector<Sample<PadOp>> samples();
};

namespace resample_family {
using Ops = OpList<UpsampleOp, PadOp>;
}
}  // namespace ops

// To any size, smaller too (which skips pixels, or all but the four around: for a mean of all use average_pool2d); bilinear as PyTorch's
// interpolate with align_corners=False.
inline Var upsample(const Var& x, const Extent& size, Upsampling mode = Upsampling::nearest) {
  return record(ops::UpsampleOp{size, mode}, x);
}
// By a whole factor: upsample_by(x, 4).
Var upsample_by(const Var& x, const Extent& factor, Upsampling mode = Upsampling::nearest);

// pad(x, {.top = 1, .left = 1}). Throws for margins below 0; reflecting, also for one that is not smaller than the image.
inline Var pad(const Var& x, const Margins& margins, Padding mode = Padding::zeros) { return record(ops::PadOp{margins, mode}, x); }

// Depth to space: (n, h, w, r r c) -> (n, h r, w r, c), pixel (i r + a, j r + b) channel k from pixel (i, j) channel (a r + b) c + k. This
// is TensorFlow's order of channels (a, b, k); PyTorch's pixel_shuffle has (k, a, b), that is channel k r r + a r + b.
Var pixel_shuffle(const Var& x, Index r);
// Its inverse, space to depth: (n, h r, w r, c) -> (n, h, w, r r c).
Var pixel_unshuffle(const Var& x, Index r);

}  // namespace elbo
