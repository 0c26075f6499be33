// Tensor::str: what a person wants to see of a tensor, as NumPy shows it.

#include <fmt/core.h>

#include <cmath>

#include "tensor/tensor.h"

namespace elbo {
namespace {

constexpr Index edge = 3;      // elements shown at each end of a long axis
constexpr Index whole = 1000;  // tensors up to this many elements are shown whole

struct Format {
  bool integers = true, scientific = false;
  int width = 0, digits = 4;

  std::string operator()(double v) const {
    if (std::isnan(v)) return fmt::format("{:>{}}", "nan", width);
    if (std::isinf(v)) return fmt::format("{:>{}}", v < 0 ? "-inf" : "inf", width);
    if (scientific) return fmt::format("{:>{}.{}e}", v, width, digits);
    return integers ? fmt::format("{:>{}.0f}", v, width) : fmt::format("{:>{}.{}f}", v, width, digits);
  }
};

// Calls f(axis index or -1 for the gap) for the positions of an axis that are shown.
template <class F>
void shown(Index n, bool elide, F&& f) {
  if (!elide || n <= 2 * edge) {
    for (Index i = 0; i < n; i++) f(i);
    return;
  }
  for (Index i = 0; i < edge; i++) f(i);
  f(Index{-1});
  for (Index i = n - edge; i < n; i++) f(i);
}

template <class F>
void visit(const Tensor& t, int axis, Index offset, bool elide, F&& f) {
  if (axis == t.rank()) return f(t.element(offset));
  shown(t.shape()[axis], elide, [&](Index i) {
    if (i >= 0) visit(t, axis + 1, offset * t.shape()[axis] + i, elide, f);
  });
}

void print(const Tensor& t, int axis, Index offset, bool elide, const Format& format, std::string& out) {
  if (axis == t.rank()) {
    out += format(t.element(offset));
    return;
  }
  const bool last = axis + 1 == t.rank();
  bool first = true;
  out += '[';
  shown(t.shape()[axis], elide, [&](Index i) {
    if (!first) out += last ? ", " : ",\n" + std::string(std::size_t(axis + 1), ' ');
    first = false;
    if (i < 0)
      out += "...";
    else
      print(t, axis + 1, offset * t.shape()[axis] + i, elide, format, out);
  });
  out += ']';
}

}  // namespace

std::string Tensor::str() const {
  if (!*this) return "(no tensor)";
  const bool elide = numel() > whole;
  Format format;
  double largest = 0, smallest = INFINITY;
  visit(*this, 0, 0, elide, [&](double v) {
    if (!std::isfinite(v)) return;
    if (v != std::floor(v)) format.integers = false;
    if (v != 0) largest = std::max(largest, std::fabs(v)), smallest = std::min(smallest, std::fabs(v));
  });
  format.scientific = largest >= 1e8 || (!format.integers && largest > 0 && (largest / smallest > 1e6 || largest < 1e-3));
  visit(*this, 0, 0, elide, [&](double v) { format.width = std::max(format.width, int(format(v).size())); });
  std::string text;
  print(*this, 0, 0, elide, format, text);
  return text + fmt::format("\n{} {}", dtype_name(type_), shape_.str());
}

}  // namespace elbo
