#include "autograd/ops/resample.h"

#include <fmt/core.h>

#include "autograd/samples.h"
#include "tensor/error.h"

namespace elbo {
namespace ops {
namespace {

Shape pair(const Extent& e) { return {e.h, e.w}; }

std::array<Taps, 2> tables(const UpsampleOp& op, const Shape& x) {
  const auto make = op.mode == Upsampling::nearest ? nearest_taps : bilinear_taps;
  return {make(x[1], op.size.h), make(x[2], op.size.w)};
}
std::array<Taps, 2> tables(const PadOp& op, const Shape& x) {
  const Margins& m = op.margins;
  const bool reflect = op.mode == Padding::reflect;
  return {padded_taps(x[1], m.top, m.bottom, reflect), padded_taps(x[2], m.left, m.right, reflect)};
}

// What both ops do: the sums of their tables, backwards those of the transposed ones.
template <class O>
Tensor apply(const O& op, Saved& saved, const Tensor& x) {
  const auto [rows, columns] = tables(op, x.shape());
  saved.keep(x);
  return resample(x, rows, columns);
}
template <class O>
void apply_backward(const O& op, const Saved& saved, const Tensor& dy, Tensor& dx) {
  const auto [rows, columns] = tables(op, saved[0].shape());
  resample(dy, rows.transposed(), columns.transposed(), dx);
}

}  // namespace

Tensor UpsampleOp::forward(Saved& saved, const Tensor& x) const {
  require_images(name, x);
  if (size.h < 1 || size.w < 1) fail(name, fmt::format("expected a size of at least one pixel, got {}", pair(size).str()));
  return apply(*this, saved, x);
}
void UpsampleOp::backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
  if (out.needed(0)) apply_backward(*this, saved, dy[0], out.at(0));
}
std::vector<Attribute> UpsampleOp::attributes() const {
  return {attribute("size", pair(size)), {"mode", mode == Upsampling::nearest ? "nearest" : "bilinear"}};
}
std::vector<Sample<UpsampleOp>> UpsampleOp::samples() {
  std::vector<Sample<UpsampleOp>> all;
  for (const Upsampling mode : {Upsampling::nearest, Upsampling::bilinear}) {
    all.push_back({{{8, 6}, mode}, {sample_tensor({2, 2, 3, 3}, -1, 1, 91)}});
    all.push_back({{{5, 9}, mode}, {sample_tensor({1, 3, 4, 9}, -1, 1, 92)}});
    all.push_back({{{2, 3}, mode}, {sample_tensor({2, 5, 4, 1}, -1, 1, 93)}});
  }
  return all;
}

Tensor PadOp::forward(Saved& saved, const Tensor& x) const {
  require_images(name, x);
  const Margins& m = margins;
  const Index h = x.shape()[1], w = x.shape()[2];
  if (std::min({m.top, m.bottom, m.left, m.right}) < 0)
    fail(name, fmt::format("expected margins of at least 0, got top {}, bottom {}, left {}, right {}", m.top, m.bottom, m.left, m.right));
  if (mode == Padding::reflect && (std::max(m.top, m.bottom) >= h || std::max(m.left, m.right) >= w))
    fail(name, fmt::format("a mirrored margin must be smaller than the image, {} x {}; got top {}, bottom {}, left {}, right {}", h, w,
                           m.top, m.bottom, m.left, m.right));
  return apply(*this, saved, x);
}
void PadOp::backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
  if (out.needed(0)) apply_backward(*this, saved, dy[0], out.at(0));
}
std::vector<Attribute> PadOp::attributes() const {
  return {{"margins", fmt::format("{} {} {} {}", margins.top, margins.bottom, margins.left, margins.right)},
          {"mode", mode == Padding::zeros ? "zeros" : "reflect"}};
}
std::vector<Sample<PadOp>> PadOp::samples() {
  std::vector<Sample<PadOp>> all;
  for (const Padding mode : {Padding::zeros, Padding::reflect}) {
    all.push_back({{{.top = 1, .bottom = 2, .left = 3, .right = 0}, mode}, {sample_tensor({2, 3, 4, 2}, -1, 1, 94)}});
    all.push_back({{{.top = 0, .bottom = 4, .left = 2, .right = 2}, mode}, {sample_tensor({1, 5, 3, 9}, -1, 1, 95)}});
  }
  return all;
}

}  // namespace ops

Var upsample_by(const Var& x, const Extent& factor, Upsampling mode) {
  require_images("upsample", x.value());
  if (factor.h < 1 || factor.w < 1)
    fail("upsample", fmt::format("expected factors of at least 1, got {}", Shape{factor.h, factor.w}.str()));
  return upsample(x, {factor.h * x.size(1), factor.w * x.size(2)}, mode);
}

// Row a of a pixel's block is r c numbers that stay together: axes (n h, w, a, b c) become (n h, a, w, b c).
Var pixel_shuffle(const Var& x, Index r) {
  require_images("pixel_shuffle", x.value());
  const Index n = x.size(0), h = x.size(1), w = x.size(2), channels = x.size(3);
  if (r < 1 || channels % (r * r) != 0)
    fail("pixel_shuffle", fmt::format("expected channels in multiples of {} x {}, got {}: does the layer before give r r c channels?", r, r,
                                      x.shape().str()));
  const Var rows = permute(reshape(x, {n * h, w, r, channels / r}), {0, 2, 1, 3});
  return reshape(rows, {n, h * r, w * r, channels / (r * r)});
}

Var pixel_unshuffle(const Var& x, Index r) {
  require_images("pixel_unshuffle", x.value());
  const Index n = x.size(0), h = x.size(1), w = x.size(2), c = x.size(3);
  if (r < 1 || h % r != 0 || w % r != 0)
    fail("pixel_unshuffle", fmt::format("expected heights and widths in multiples of {}, got {}", r, x.shape().str()));
  const Var rows = permute(reshape(x, {n * h / r, r, w / r, r * c}), {0, 2, 1, 3});
  return reshape(rows, {n, h / r, w / r, r * r * c});
}

}  // namespace elbo
