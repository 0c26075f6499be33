#include "autograd/ops/shape.h"

#include <fmt/core.h>

#include "autograd/samples.h"
#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/shape_ops.h"

namespace elbo {
namespace ops {

std::vector<Sample<ReshapeOp>> ReshapeOp::samples() {
  return {{{{2, 3}, {3, 2}}, {sample_tensor({2, 3})}}, {{{4}, {2, 1, 2}}, {sample_tensor({4})}}};
}

Tensor PermuteOp::forward(Saved&, const Tensor& x) const { return permute(x, std::span<const int>(axes.data(), std::size_t(rank))); }

void PermuteOp::backward(const Saved&, const Cotangents& dy, Targets& out) const {
  if (!out.needed(0)) return;
  std::array<int, Shape::max_rank> inverse{};
  for (int i = 0; i < rank; i++) inverse[std::size_t(normal_axis(name, axes[std::size_t(i)], rank))] = i;
  out.pass(0, permute(dy[0], std::span<const int>(inverse.data(), std::size_t(rank))));
}

std::vector<Attribute> PermuteOp::attributes() const {
  std::string text;
  for (int i = 0; i < rank; i++) text += fmt::format("{}{}", i ? " " : "", axes[std::size_t(i)]);
  return {{"axes", text}};
}

std::vector<Sample<PermuteOp>> PermuteOp::samples() {
  return {
      {{{1, 0}, 2}, {sample_tensor({2, 3})}}, {{{2, 0, 1}, 3}, {sample_tensor({2, 3, 4})}}, {{{0, -1, 1}, 3}, {sample_tensor({2, 3, 4})}}};
}

Tensor ConcatenateOp::forward(Saved& saved, std::span<const Tensor> xs) const {
  if (xs.empty()) fail(name, "expected at least one tensor");
  Tensor sizes({Index(xs.size())}, DType::int32);
  const int a = normal_axis(name, axis, xs[0].rank());
  for (std::size_t i = 0; i < xs.size(); i++) sizes.mutable_data<std::int32_t>()[i] = std::int32_t(xs[i].size(a));
  Tensor y = concatenate(xs, axis);
  saved.keep(sizes);
  return y;
}

void ConcatenateOp::backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
  Index begin = 0;
  for (int i = 0; i < out.size(); i++) {
    const Index n = saved[0].data<std::int32_t>()[i];
    if (out.needed(i)) slice_axis(dy[0], axis, begin, begin + n, out.at(i));
    begin += n;
  }
}

std::vector<Sample<ConcatenateOp>> ConcatenateOp::samples() {
  return {{{0}, {sample_tensor({2, 3}, -1, 1, 1), sample_tensor({1, 3}, -1, 1, 2)}},
          {{-1}, {sample_tensor({2, 3}, -1, 1, 1), sample_tensor({2, 0}, -1, 1, 2), sample_tensor({2, 2}, -1, 1, 3)}}};
}

Tensor StackOp::forward(Saved&, std::span<const Tensor> xs) const { return stack(xs, axis); }

void StackOp::backward(const Saved&, const Cotangents& dy, Targets& out) const {
  const int a = normal_axis(name, axis, dy[0].rank());
  for (int i = 0; i < out.size(); i++)
    if (out.needed(i)) out.pass(i, slice_axis(dy[0], a, i, i + 1).reshape(dy[0].shape().without(a)));
}

std::vector<Sample<StackOp>> StackOp::samples() {
  return {{{0}, {sample_tensor({2, 3}, -1, 1, 1), sample_tensor({2, 3}, -1, 1, 2)}},
          {{-1}, {sample_tensor({2}, -1, 1, 1), sample_tensor({2}, -1, 1, 2), sample_tensor({2}, -1, 1, 3)}}};
}

Tensor SliceOp::forward(Saved& saved, const Tensor& x) const {
  saved.keep(x);
  return slice_axis(x, axis, begin, end);
}

void SliceOp::backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
  if (out.needed(0)) pad_axis(dy[0], axis, begin, saved[0].size(axis) - end, out.at(0));
}

std::vector<Sample<SliceOp>> SliceOp::samples() {
  return {{{0, 1, 3}, {sample_tensor({4, 2})}}, {{-1, 0, 2}, {sample_tensor({2, 3})}}, {{1, 2, 2}, {sample_tensor({2, 3})}}};
}

std::array<Tensor, 2> SplitOp::forward(Saved& saved, const Tensor& x) const {
  saved.keep(x);
  return {slice_axis(x, axis, 0, at), slice_axis(x, axis, at, x.size(axis))};
}

void SplitOp::backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
  if (!out.needed(0)) return;
  const Index n = saved[0].size(axis);
  if (dy[0] && dy[1])
    out.pass(0, concatenate({dy[0], dy[1]}, axis));
  else if (dy[0])
    pad_axis(dy[0], axis, 0, n - at, out.at(0));
  else
    pad_axis(dy[1], axis, at, 0, out.at(0));
}

std::vector<Sample<SplitOp>> SplitOp::samples() { return {{{0, 1}, {sample_tensor({3, 2})}}, {{-1, 2}, {sample_tensor({2, 5})}}}; }

Tensor BroadcastOp::forward(Saved&, const Tensor& x) const { return broadcast_to(x, to); }

std::vector<Sample<BroadcastOp>> BroadcastOp::samples() {
  return {{{{4, 3}}, {sample_tensor({3})}}, {{{2, 3, 2}}, {sample_tensor({3, 1})}}, {{{2, 2}}, {sample_tensor({2, 2})}}};
}

Tensor GatherOp::forward(Saved& saved, const Tensor& x, const Tensor& indices) const {
  saved.keep(x);
  saved.keep(indices);
  return gather_rows(x, indices);
}

void GatherOp::backward(const Saved& saved, const Cotangents& dy, Targets& out) const {
  if (out.needed(0)) scatter_add_rows(dy[0], saved[1], out.at(0));
}

std::vector<Sample<GatherOp>> GatherOp::samples() {
  return {{{}, {sample_tensor({4, 3}), Tensor::from<std::int32_t>({2, 0, 2, 3, 2})}},
          {{}, {sample_tensor({3, 2}), Tensor::from<std::int32_t>({0, 1, 1, 0}, {2, 2})}}};
}

}  // namespace ops

Var permute(const Var& x, std::initializer_list<int> axes) {
  if (int(axes.size()) != x.rank())
    fail("permute", fmt::format("expected {} axes for shape {}, got {}", x.rank(), x.shape().str(), axes.size()));
  ops::PermuteOp op;
  for (int a : axes) op.axes[std::size_t(op.rank++)] = a;
  return record(op, x);
}

}  // namespace elbo
