#include "models/model.h"

#include <fmt/core.h>

#include "models/conv.h"
#include "models/dense.h"
#include "tensor/elementwise.h"
#include "tensor/error.h"

namespace elbo {

Tensor Decoding::mean() const { return logits ? sigmoid(output.value()) : output.value(); }

double Model::step_flops(Index batch) const {
  double forward = 0, first = 0;
  for (const LayerSummary& layer : summary()) {
    if (forward == 0) first = layer.flops;
    forward += layer.flops;
  }
  return double(batch) * (3 * forward - first);
}

bool logits_of(const Config& config) { return config.objective.likelihood == "bernoulli"; }

ParamStoreOptions store_options(const Config& config) {
  return {.seed = config.train.seed,
          .init = init_from_name(config.model.init),
          .type = config.model.float_type == "float64" ? DType::float64 : DType::float32};
}

std::unique_ptr<Model> make_model(const Config& config, const Shape& example, ParamStore& store) {
  check_config(config);
  if (example.numel() == 0) throw UsageError(fmt::format("model: examples of shape {} hold nothing", example.str()));
  std::unique_ptr<Model> model;
  if (config.model.kind == "dense")
    model = std::make_unique<DenseModel>(config, example, Scope(store));
  else
    model = std::make_unique<ConvModel>(config, example, Scope(store));
  store.seal();
  return model;
}

}  // namespace elbo
