#include "autograd/samples.h"

namespace elbo {

Tensor sample_tensor(const Shape& shape, double low, double high, std::uint32_t number, double gap) {
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
