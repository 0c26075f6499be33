#include "models/initial_weights.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "models/model.h"
#include "models/run.h"
#include "tensor/error.h"

namespace elbo {

std::string take_weights(ParamStore& store, DType type, const std::string& path) {
  const Run other = open_run(path);
  const auto theirs = other.store->tensors();
  auto mine = store.tensors();
  std::size_t taken = 0;
  for (auto& [name, tensor] : mine)
    for (const auto& [their_name, their_tensor] : theirs)
      if (name == their_name && tensor.shape() == their_tensor.shape()) {
        tensor = their_tensor.to(type);
        taken++;
      }
  if (taken == 0) fail("train", fmt::format("--init-from {}: none of its weights has name and shape of one of this model's", path));
  store.load(mine, path);
  return fmt::format("{} of {} weights taken from {} ({} weights)", taken, mine.size(), path, other.weights_name());
}

void start_at_data_mean(ParamStore& store, const Config& config, const Split& train) {
  constexpr std::string_view name = "decoder/output/bias";
  auto weights = store.tensors();
  const auto bias = std::find_if(weights.begin(), weights.end(), [&](const auto& w) { return w.first == name; });
  if (bias == weights.end()) fail("train", fmt::format("model.output_bias=data-mean: the model has no {}", name));
  Config as_they_are = config;
  if (config.data.binarize == "dynamic") as_they_are.data.binarize = "none";
  const std::unique_ptr<BatchSource> batches = evaluation_batches(as_they_are, train);
  std::vector<double> sums(std::size_t(bias->second.numel()));
  double count = 0;
  for (Index b = 0; b < batches->count(); b++) {
    const Tensor x = batches->load(1, b).x.to(DType::float64);
    for (Index i = 0; i < x.numel(); i++) sums[std::size_t(i) % sums.size()] += x.data<double>()[i];
    count += double(x.numel()) / double(sums.size());
  }
  const bool sigmoid = config.model.output == "sigmoid" || decoding_kind(config) != Decoding::Kind::mean;
  for (double& v : sums) {
    v /= count;
    if (sigmoid) v = std::clamp(v, 0.001, 0.999), v = std::log(v / (1 - v));
  }
  bias->second = Tensor::from(sums, bias->second.shape()).to(bias->second.dtype());
  store.load(weights, "model.output_bias");
}

}  // namespace elbo
