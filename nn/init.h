#pragma once
// Initial weights. fan_in and fan_out are the numbers of inputs and outputs that a weight tensor connects: for a dense layer (out, in)
// simply in and out, for filters (kh, kw, in, out) these times kh kw.

#include <span>
#include <string_view>

#include "tensor/random.h"

namespace elbo {

enum class Init {
  glorot_uniform,  // U(-a, a), a = sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010); biases zero, as in all but fan_in_uniform
  fan_in_uniform,  // weights and biases U(-a, a), a = 1 / sqrt(fan_in): PyTorch's Linear
  glorot_normal,   // N(0, 2 / (fan_in + fan_out))
  he_uniform,      // U(-a, a), a = sqrt(6 / fan_in) (He et al. 2015)
  he_normal,       // N(0, 2 / fan_in)
  orthogonal,      // rows or columns orthonormal, whichever are fewer (Saxe et al. 2014)
  zeros,
};
std::string_view init_name(Init init);       // "glorot-uniform", ...
Init init_from_name(std::string_view name);  // throws UsageError naming the nearest
std::span<const std::string_view> init_names();

// What fills a tensor at first.
struct Initializer {
  enum class Kind { constant, uniform, normal, orthogonal } kind = Kind::constant;
  double scale = 0;  // the constant; half the width of the uniform range; the standard deviation; the factor

  static Initializer constant(double value) { return {Kind::constant, value}; }
  static Initializer weight(Init init, Index fan_in, Index fan_out);
  static Initializer bias(Init init, Index fan_in);
};

// Fills `t` (a matrix (out, in), or filters (kh, kw, in, out), for orthogonal) with draws keyed by the seed and the parameter's name.
void initialise(Tensor& t, const Initializer& initializer, std::uint64_t seed, std::string_view name);

}  // namespace elbo
