#pragma once
// Tensors to check ops with: float64, irregular, the same everywhere, away from the kinks at 0 where asked.

#include "tensor/random.h"

namespace elbo {

// Numbers in [low, high), none closer to 0 than `gap`.
inline Tensor sample_tensor(const Shape& shape, double low = -1, double high = 1, std::uint32_t number = 0, double gap = 0) {
  Tensor t(shape, DType::float64);
  double* p = t.mutable_data<double>();
  const RandomKey key{.seed = 7, .purpose = Purpose::test, .step = number};
  std::uint32_t draw = 0;
  for (Index i = 0; i < t.numel(); i++) do
      p[i] = low + (high - low) * key.uniform(0, draw++);
    while (p[i] > -gap && p[i] < gap);
  return t;
}

}  // namespace elbo
