#pragma once
// What an op is: one struct in one place, with its forward and backward pass and samples to check them with.
//
//   // y = a * b           da = dy * b           db = dy * a
//   struct MultiplyOp {
//     static constexpr std::string_view name = "multiply";
//     static constexpr bool broadcasts = true;                    // optional: the engine sums gradients down to the inputs' shapes
//     Tensor forward(Saved& saved, const Tensor& a, const Tensor& b) const;
//     void backward(const Saved& saved, const Cotangents& dy, Targets& out) const;
//     static std::vector<Sample<MultiplyOp>> samples();           // no samples, no compile
//     std::vector<Attribute> attributes() const;                  // optional: parameters of the op, for printing and export
//   };
//
// forward returns a Tensor, or a std::array<Tensor, N> for N outputs. It takes its inputs one by one, or as one
// std::span<const Tensor> when their number varies.

#include <array>
#include <concepts>
#include <span>

#include "autograd/node.h"

namespace elbo {

// Inputs to check an op with, in float64, away from kinks. Gradients are checked for all float64 inputs not named in `constants`.
template <class O>
struct Sample {
  O op;
  std::vector<Tensor> inputs;
  std::vector<int> constants;
};

namespace detail {
template <class>
struct ForwardTraits;
template <class O, class R, class... A>
struct ForwardTraits<R (O::*)(Saved&, A...) const> {
  using Result = R;
  static constexpr int arity = int(sizeof...(A));
  static constexpr bool variadic = (std::is_same_v<A, std::span<const Tensor>> || ...);
};
template <class O>
using Forward = ForwardTraits<decltype(&O::forward)>;
}  // namespace detail

template <class O>
concept Op = requires(const O op, const Saved& saved, const Cotangents& dy, Targets& out) {
  { O::name } -> std::convertible_to<std::string_view>;
  { op.backward(saved, dy, out) } -> std::same_as<void>;
  { O::samples() } -> std::same_as<std::vector<Sample<O>>>;
  typename detail::Forward<O>::Result;
};

template <class O>
constexpr bool op_broadcasts = [] {
  if constexpr (requires { O::broadcasts; })
    return O::broadcasts;
  else
    return false;
}();

// Each family of ops ends with `using Ops = OpList<...>` (in a namespace of its own): the gradient check runs over these lists.
template <Op... Os>
struct OpList {};

template <Op O>
class OpNode final : public Node {
 public:
  explicit OpNode(O op) : Node(O::name), op_(std::move(op)) {}
  void backward(Targets& out) override { op_.backward(saved, Cotangents(*this), out); }
  bool is_leaf() const override { return false; }
  bool broadcasts() const override { return op_broadcasts<O>; }
  std::vector<Attribute> attributes() const override {
    if constexpr (requires { op_.attributes(); })
      return op_.attributes();
    else
      return {};
  }

 private:
  O op_;
};

}  // namespace elbo
