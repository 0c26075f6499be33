#include "nn/init.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/nearest.h"

namespace elbo {
namespace {

constexpr std::array<std::string_view, 7> all_names = {"glorot-uniform", "fan-in-uniform", "glorot-normal", "he-uniform",
                                                       "he-normal",      "orthogonal",     "zeros"};

// FNV-1a: the name's part of the key, the same on every machine.
std::uint64_t hash(std::string_view text) {
  std::uint64_t h = 0xcbf29ce484222325;
  for (unsigned char c : text) h = (h ^ c) * 0x100000001b3;
  return h;
}

// Orthonormal rows (or columns, if there are more rows) from Gaussian ones: modified Gram and Schmidt, twice, in float64.
void orthogonalise(Tensor& t, double scale) {
  const Index rows = t.shape()[0], cols = t.shape()[1], count = std::min(rows, cols), length = std::max(rows, cols);
  const bool by_row = rows <= cols;
  double* a = t.mutable_data<double>();
  const auto at = [&](Index vector, Index k) -> double& { return by_row ? a[vector * cols + k] : a[k * cols + vector]; };
  for (Index v = 0; v < count; v++) {
    for (int pass = 0; pass < 2; pass++)
      for (Index u = 0; u < v; u++) {
        double dot = 0;
        for (Index k = 0; k < length; k++) dot += at(u, k) * at(v, k);
        for (Index k = 0; k < length; k++) at(v, k) -= dot * at(u, k);
      }
    double norm = 0;
    for (Index k = 0; k < length; k++) norm += at(v, k) * at(v, k);
    for (Index k = 0; k < length; k++) at(v, k) /= std::sqrt(norm);
  }
  for (Index i = 0; i < t.numel(); i++) a[i] *= scale;
}

}  // namespace

std::string_view init_name(Init init) { return all_names[std::size_t(init)]; }
std::span<const std::string_view> init_names() { return all_names; }
Init init_from_name(std::string_view name) {
  const auto it = std::find(all_names.begin(), all_names.end(), name);
  if (it == all_names.end())
    throw UsageError(unknown_message("initialisation", name, std::vector<std::string>(all_names.begin(), all_names.end())));
  return Init(it - all_names.begin());
}

Initializer Initializer::weight(Init init, Index fan_in, Index fan_out) {
  const double in = double(std::max<Index>(fan_in, 1)), both = in + double(fan_out);
  switch (init) {
    case Init::glorot_uniform:
      return {Kind::uniform, std::sqrt(6 / both)};
    case Init::fan_in_uniform:
      return {Kind::uniform, 1 / std::sqrt(in)};
    case Init::glorot_normal:
      return {Kind::normal, std::sqrt(2 / both)};
    case Init::he_uniform:
      return {Kind::uniform, std::sqrt(6 / in)};
    case Init::he_normal:
      return {Kind::normal, std::sqrt(2 / in)};
    case Init::orthogonal:
      return {Kind::orthogonal, 1};
    case Init::zeros:
      break;
  }
  return constant(0);
}

Initializer Initializer::bias(Init init, Index fan_in) {
  return init == Init::fan_in_uniform ? Initializer{Kind::uniform, 1 / std::sqrt(double(std::max<Index>(fan_in, 1)))} : constant(0);
}

void initialise(Tensor& t, const Initializer& initializer, std::uint64_t seed, std::string_view name) {
  const RandomKey key{.seed = seed, .purpose = Purpose::initial, .step = hash(name)};
  if (initializer.kind == Initializer::Kind::constant) return t.fill(initializer.scale);
  Tensor draws({1, t.numel()}, DType::float64);  // one example, so that a draw depends on its place in the tensor alone
  if (initializer.kind == Initializer::Kind::uniform) {
    fill_uniform(draws, key);
    draws = scale_shift(draws, 2 * initializer.scale, -initializer.scale);
  } else {
    fill_normal(draws, key);
    if (initializer.kind == Initializer::Kind::normal) {
      draws = scale_shift(draws, initializer.scale);
    } else {
      // Filters (kh, kw, in, out) as one matrix with a column for each output.
      const Index rows = t.rank() == 2 ? t.size(0) : t.numel() / std::max<Index>(1, t.size(-1));
      Tensor matrix = draws.reshape({rows, t.numel() / std::max<Index>(1, rows)});
      orthogonalise(matrix, initializer.scale);
    }
  }
  t.copy_from(draws.reshape(t.shape()).to(t.dtype()));
}

}  // namespace elbo
