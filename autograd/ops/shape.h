#pragma once
// Ops that move numbers without changing them, and indexing. Their gradients move back.

#include "autograd/record.h"

namespace elbo {
namespace ops {

// y = x in another shape        dx = dy in x's shape        (both share memory)
struct ReshapeOp {
  static constexpr std::string_view name = "reshape";
  Shape from, to;
  Tensor forward(Saved&, const Tensor& x) const { return x.reshape(to); }
  void backward(const Saved&, const Cotangents& dy, Targets& out) const {
    if (out.needed(0)) out.pass(0, dy[0].reshape(from));
  }
  std::vector<Attribute> attributes() const { return {attribute("shape", to)}; }
  static std::vector<Sample<ReshapeOp>> samples();
};

// axis k of y is axis axes[k] of x        dx = dy permuted back
struct PermuteOp {
  static constexpr std::string_view name = "permute";
  std::array<int, Shape::max_rank> axes{};
  int rank = 0;
  Tensor forward(Saved& saved, const Tensor& x) const;
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const;
  std::vector<Attribute> attributes() const;
  static std::vector<Sample<PermuteOp>> samples();
};

// y = the inputs one after the other along an axis        dx_i = its part of dy
struct ConcatenateOp {
  static constexpr std::string_view name = "concatenate";
  int axis = 0;
  Tensor forward(Saved& saved, std::span<const Tensor> xs) const;
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const;
  std::vector<Attribute> attributes() const { return {attribute("axis", axis)}; }
  static std::vector<Sample<ConcatenateOp>> samples();
};

// y = the inputs, of one shape, along a new axis        dx_i = its part of dy
struct StackOp {
  static constexpr std::string_view name = "stack";
  int axis = 0;
  Tensor forward(Saved& saved, std::span<const Tensor> xs) const;
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const;
  std::vector<Attribute> attributes() const { return {attribute("axis", axis)}; }
  static std::vector<Sample<StackOp>> samples();
};

// y = elements begin .. end-1 of x along an axis        dx = dy there, otherwise 0
struct SliceOp {
  static constexpr std::string_view name = "slice";
  int axis = 0;
  Index begin = 0, end = 0;
  Tensor forward(Saved& saved, const Tensor& x) const;
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const;
  std::vector<Attribute> attributes() const {
    return {attribute("axis", axis), attribute("begin", double(begin)), attribute("end", double(end))};
  }
  static std::vector<Sample<SliceOp>> samples();
};

// x split in two along an axis: y_0 its first `at` elements, y_1 the rest        dx = dy_0 and dy_1 side by side, 0 for an unused one
struct SplitOp {
  static constexpr std::string_view name = "split";
  int axis = 0;
  Index at = 0;
  std::array<Tensor, 2> forward(Saved& saved, const Tensor& x) const;
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const;
  std::vector<Attribute> attributes() const { return {attribute("axis", axis), attribute("at", double(at))}; }
  static std::vector<Sample<SplitOp>> samples();
};

// y = x repeated to a shape that it broadcasts to        dx = dy summed back (by the engine)
struct BroadcastOp {
  static constexpr std::string_view name = "broadcast";
  static constexpr bool broadcasts = true;
  Shape to;
  Tensor forward(Saved& saved, const Tensor& x) const;
  void backward(const Saved&, const Cotangents& dy, Targets& out) const {
    if (out.needed(0)) out.pass(0, dy[0]);
  }
  std::vector<Attribute> attributes() const { return {attribute("shape", to)}; }
  static std::vector<Sample<BroadcastOp>> samples();
};

// y = rows of x by number, int32 indices        dx = rows of dy added up where they came from
struct GatherOp {
  static constexpr std::string_view name = "gather";
  Tensor forward(Saved& saved, const Tensor& x, const Tensor& indices) const;
  void backward(const Saved& saved, const Cotangents& dy, Targets& out) const;
  static std::vector<Sample<GatherOp>> samples();
};

namespace shape_family {
using Ops = OpList<ReshapeOp, PermuteOp, ConcatenateOp, StackOp, SliceOp, SplitOp, BroadcastOp, GatherOp>;
}
}  // namespace ops

inline Var reshape(const Var& x, const Shape& shape) { return record(ops::ReshapeOp{x.shape(), shape}, x); }
Var permute(const Var& x, std::initializer_list<int> axes);
inline Var transpose(const Var& x) { return permute(x, {1, 0}); }
inline Var concatenate(std::span<const Var> xs, int axis) { return record(ops::ConcatenateOp{axis}, xs); }
inline Var concatenate(std::initializer_list<Var> xs, int axis) { return concatenate(std::span<const Var>(xs.begin(), xs.size()), axis); }
inline Var stack(std::span<const Var> xs, int axis = 0) { return record(ops::StackOp{axis}, xs); }
inline Var stack(std::initializer_list<Var> xs, int axis = 0) { return stack(std::span<const Var>(xs.begin(), xs.size()), axis); }
inline Var slice(const Var& x, int axis, Index begin, Index end) { return record(ops::SliceOp{axis, begin, end}, x); }
inline std::array<Var, 2> split(const Var& x, int axis, Index at) { return record(ops::SplitOp{axis, at}, x); }
inline Var broadcast_to(const Var& x, const Shape& shape) { return record(ops::BroadcastOp{shape}, x); }
inline Var gather_rows(const Var& x, const Tensor& indices) { return record(ops::GatherOp{}, x, Var(indices)); }

}  // namespace elbo
