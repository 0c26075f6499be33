#include "tensor/image.h"

#include <fmt/core.h>

#include "tensor/error.h"

namespace elbo {

void require_images(std::string_view op, const Tensor& x) {
  if (x.dtype() != DType::float32 && x.dtype() != DType::float64) fail_dtype(op, x.dtype());
  require_images(op, x.shape());
}

void require_images(std::string_view op, const Shape& x) {
  if (x.rank() != 4) fail(op, fmt::format("expected images (n, h, w, c) of 4 axes, got shape {}", x.str()));
  if (x[1] == 0 || x[2] == 0) fail(op, fmt::format("expected images of at least one pixel, got {}: axes are (n, h, w, c)", x.str()));
}

}  // namespace elbo
