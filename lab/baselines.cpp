#include "lab/baselines.h"

#include <chrono>

#include "data/batches.h"
#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/likelihood.h"
#include "tensor/matmul.h"
#include "tensor/reduce.h"

namespace elbo {
namespace {

Tensor as_rows(const Tensor& x) { return x.reshape({x.size(0), x.numel() / std::max<Index>(1, x.size(0))}); }

}  // namespace

LinearBaseline fit_linear_baseline(const Split& train, Index latent) {
  if (train.size() == 0) fail("principal components", "the training part has no examples");
  Batches all = Batches::evaluation(train, {.size = train.size()});
  const Tensor x = all.load(1, 0).x;
  return {principal_components(as_rows(x), latent), x[0].shape()};
}

Tensor encode(const LinearBaseline& b, const Tensor& x) {
  return matmul(subtract(as_rows(x), b.components.mean), b.components.components, false, true);
}

Tensor decode(const LinearBaseline& b, const Tensor& codes) {
  const Tensor x = add(matmul(codes, b.components.components), b.components.mean);
  return x.reshape(b.example_shape.prepend(codes.size(0)));
}

Figures measure(const LinearBaseline& b, const Split& split) {
  const auto start = std::chrono::steady_clock::now();
  if (split.size() == 0) fail("principal components", "the part to measure has no examples");
  const Index latent = b.components.components.size(0);
  Figures f{.split = std::string(part_name(split.part)), .examples = split.size(), .weights = "last", .likelihood = "squared-error"};
  f.parameters = (latent + 1) * b.example_shape.numel();
  Batches batches = Batches::evaluation(split, {.size = 500});
  double error = 0;
  std::vector<double> sum(std::size_t(latent), 0), square(std::size_t(latent), 0);
  for (Index i = 0; i < batches.count(); i++) {
    const Tensor& x = batches.load(1, i).x;
    const Tensor codes = encode(b, x);
    error += total(squared_error(decode(b, codes), x));
    for (Index k = 0; k < codes.numel(); k++) {
      const double z = codes.data<float>()[k];
      sum[std::size_t(k % latent)] += z;
      square[std::size_t(k % latent)] += z * z;
    }
  }
  const double n = double(split.size());
  f.total = f.reconstruction = f.objective = f.squared_error = f.reconstruction_at_mean = f.squared_error_at_mean = error / n;
  f.beta = no_figure;
  for (std::size_t j = 0; j < sum.size(); j++) f.active_units += square[j] / n - sum[j] / n * (sum[j] / n) > 0.01;
  f.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  f.examples_per_second = n / std::max(f.seconds, 1e-9);
  return f;
}

}  // namespace elbo
