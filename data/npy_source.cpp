// npy:FILE: one array of NumPy's, pictures (n, h, w, c) or vectors (n, d), without labels.

#include <fmt/core.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "data/kinds.h"
#include "tensor/error.h"
#include "tensor/npy.h"

namespace elbo {
namespace {

Dataset npy_dataset(const DataSpec& spec, const OnRead&) {
  Tensor array = load_npy(spec.path);
  const Shape& shape = array.shape();
  if (shape.rank() != 2 && shape.rank() != 4)
    fail("npy",
         fmt::format("{}: expected pictures (n, h, w, c) or vectors (n, d), got shape {}; reshape the array, a single channel is c = 1",
                     spec.path, shape.str()));
  if (array.numel() == 0) fail("npy", fmt::format("{}: holds no elements: its shape is {}", spec.path, shape.str()));
  if (shape[0] > std::numeric_limits<std::int32_t>::max())
    fail("npy", fmt::format("{}: expected fewer than 2^31 examples, got {}", spec.path, shape[0]));
  if (array.dtype() != DType::uint8) {
    if (array.dtype() == DType::int32)
      fail("npy", fmt::format("{}: expected bytes or floats, got whole numbers; save the array as uint8 (0 to 255) or float32", spec.path));
    array = array.to(DType::float32);
    const auto values = array.values<float>();
    for (std::size_t i = 0; i < values.size(); i++)
      if (!std::isfinite(values[i]))
        fail("npy", fmt::format("{}: expected finite float32 values, got {} in example {}", spec.path, values[i],
                                Index(i) / (array.numel() / shape[0])));
  }
  Dataset data;
  data.example_shape = shape.without(0);
  data.train.values = array;
  data.train.origin = std::filesystem::path(spec.path).filename().string();
  return data;
}

}  // namespace

DataKind npy_kind() {
  return {.name = "npy",
          .usage = "npy:FILE",
          .help = "an array of NumPy's (n, h, w, c) or (n, d), bytes or floats, without labels",
          .options = {},
          .load = npy_dataset};
}

}  // namespace elbo
