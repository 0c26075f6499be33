#pragma once
// Tensors to check ops with: float64, irregular, the same everywhere, away from the kinks at 0 where asked.

#include "tensor/random.h"

namespace elbo {

// Numbers in [low, high), none closer to 0 than `gap`.
Tensor sample_tensor(const Shape& shape, double low = -1, double high = 1, std::uint32_t number = 0, double gap = 0);

}  // namespace elbo
