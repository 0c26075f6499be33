#include "models/model.h"

#include <fmt/core.h>

#include "autograd/ops.h"
#include "models/conv.h"
#include "models/conv_lstm.h"
#include "models/dense.h"
#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/likelihood.h"

namespace elbo {

Tensor Decoding::mean() const {
  switch (kind) {
    case Kind::bernoulli_logits:
      return sigmoid(output.value());
    case Kind::continuous_bernoulli_logits:
      return continuous_bernoulli_mean(output.value());
    default:
      return output.value();
  }
}

Var Decoding::picture() const { return kind == Kind::mean ? output : sigmoid(output); }

Model::LayerSummary Model::summary_of(const Linear& layer) {
  const Shape& w = layer.weight.value().shape();
  return {*layer.scope, fmt::format("linear, {}", nonlinearity_name(layer.activation)), {w[0]}, w.numel() + w[0], 2 * double(w.numel())};
}

double Model::step_flops(Index batch) const {
  double forward = 0, first = 0;
  for (const LayerSummary& layer : summary()) {
    if (forward == 0) first = layer.flops;
    forward += layer.flops;
  }
  return double(batch) * (3 * forward - first);
}

Decoding::Kind decoding_kind(const Config& config) {
  const std::string& likelihood = config.objective.likelihood;
  return likelihood == "bernoulli"              ? Decoding::Kind::bernoulli_logits
         : likelihood == "continuous-bernoulli" ? Decoding::Kind::continuous_bernoulli_logits
                                                : Decoding::Kind::mean;
}

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
  else if (config.model.kind == "conv-lstm")
    model = std::make_unique<ConvLstmModel>(config, example, Scope(store));
  else
    model = std::make_unique<ConvModel>(config, example, Scope(store));
  store.seal();
  return model;
}

}  // namespace elbo
