#include "tensor/image.h"

#include <fmt/core.h>

#include "tensor/error.h"

namespace elbo {

void require_images(std::string_view op, const Tensor& x) {
  if (x.dtype() != DType::float32 && x.dtype() != DType::float64) fail_dtype(op, x.dtype());
  require_rank(op, "images (n, h, w, c)", x, 4);
  if (x.shape()[1] == 0 || x.shape()[2] == 0)
    fail(op, fmt::format("expected images of at least one pixel, got {}: axes are (n, h, w, c)", x.shape().str()));
}

}  // namespace elbo
