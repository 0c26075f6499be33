#pragma once
// Runs whose weights are written down, and data for them: what they decode is known without training.

#include <cmath>
#include <stdexcept>

#include "models/run.h"
#include "tensor/random.h"

namespace elbo::testing {

// A plain autoencoder of pictures (2, 2, 1) with linear output and squared error; weights zero but for those that are set.
inline Run known_run(Index latent, std::vector<Index> hidden, const std::vector<std::pair<std::string, std::vector<float>>>& weights) {
  Run r;
  r.path = "a run";
  r.config.model.latent = latent;
  r.config.model.hidden = std::move(hidden);
  r.config.model.variational = false;
  r.config.model.output = "linear";
  r.config.objective.likelihood = "squared-error";
  r.example_shape = {2, 2, 1};
  r.store = std::make_unique<ParamStore>(store_options(r.config));
  r.model = make_model(r.config, r.example_shape, *r.store);
  auto tensors = r.store->tensors();
  std::size_t set = 0;
  for (auto& [name, tensor] : tensors) {
    tensor = Tensor::zeros(tensor.shape());
    for (const auto& [wanted, numbers] : weights)
      if (wanted == name) tensor = Tensor::from<float>(numbers, tensor.shape()), set++;
  }
  if (set != weights.size()) throw std::logic_error("known_run: a weight that the model has not");
  r.store->load(tensors, "known_run");
  return r;
}

// Code = picture = code.
inline Run identity_run() {
  const std::vector<float> one = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};
  return known_run(4, {}, {{"encoder/mean/weight", one}, {"decoder/output/weight", one}});
}

// Pictures (n, 2, 2, 1) with the label of their brighter column.
inline Split known_split(Part part, Index n) {
  Split s{.part = part};
  s.values = Tensor({n, 2, 2, 1});
  fill_uniform(s.values, {.purpose = Purpose::test, .step = std::uint64_t(part)});
  s.labels = Tensor({n}, DType::int32);
  const float* x = s.values.data<float>();
  for (Index i = 0; i < n; i++) s.labels.set<std::int32_t>({i}, x[4 * i] + x[4 * i + 2] > x[4 * i + 1] + x[4 * i + 3]);
  return s;
}

inline Dataset known_data(Index train, Index test) {
  Dataset data;
  data.train = known_split(Part::train, train);
  data.test = known_split(Part::test, test);
  data.example_shape = {2, 2, 1};
  data.classes = 2;
  return data;
}

// The Euclidean distance of pictures i of a and j of b.
inline double plain_distance(const Tensor& a, Index i, const Tensor& b, Index j) {
  double sum = 0;
  for (Index k = 0; k < 4; k++) sum += (a.element(4 * i + k) - b.element(4 * j + k)) * (a.element(4 * i + k) - b.element(4 * j + k));
  return std::sqrt(sum);
}

}  // namespace elbo::testing
