#include "models/model.h"

#include <fmt/core.h>

#include "autograd/ops.h"
#include "data/vocabulary.h"
#include "models/conv.h"
#include "models/conv_lstm.h"
#include "models/dense.h"
#include "models/text.h"
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

Decoding Model::decode(const Var&, const PassContext&) const {
  fail("model", fmt::format("model.kind={}: texts are decoded token by token", config_.model.kind));
}

Var Model::text_loss(const Code&, const Var&, const Tensor&, const PassContext&) const {
  fail("model", fmt::format("model.kind={}: expected a model of texts", config_.model.kind));
}

double Model::step_flops(Index batch) const {
  double forward = 0, first = 0;
  for (const LayerSummary& layer : summary()) {
    if (forward == 0) first = layer.flops;
    forward += layer.flops * (layer.name.starts_with("decoder") ? double(config_.objective.samples) : 1);
  }
  return double(batch) * (3 * forward - (learns_inputs() ? 0 : first));
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

Tensor random_input(const Config& config, const Shape& example, Index batch) {
  const RandomKey key{.seed = 1, .purpose = Purpose::sample};
  if (config.model.kind != "text") {
    Tensor x(example.prepend(batch), store_options(config).type);
    fill_uniform(x, key);
    return x;
  }
  Tensor x({batch, example[0] + 1}, DType::int32);
  auto* token = x.mutable_data<std::int32_t>();
  for (Index i = 0; i < batch; i++)
    for (Index t = 0; t <= example[0]; t++) {
      const double u = key.uniform(std::uint32_t(i), std::uint32_t(t));
      token[i * (example[0] + 1) + t] =
          t == 0 ? std::int32_t(start_token) : special_tokens + std::int32_t(u * double(example[1] - special_tokens));
    }
  return x;
}

std::unique_ptr<Model> make_model(const Config& config, const Shape& example, ParamStore& store) {
  check_config(config);
  if (example.numel() == 0) throw UsageError(fmt::format("model: examples of shape {} hold nothing", example.str()));
  std::unique_ptr<Model> model;
  if (config.model.kind == "dense")
    model = std::make_unique<DenseModel>(config, example, Scope(store));
  else if (config.model.kind == "text")
    model = std::make_unique<TextModel>(config, example, Scope(store));
  else if (config.model.kind == "conv-lstm")
    model = std::make_unique<ConvLstmModel>(config, example, Scope(store));
  else
    model = std::make_unique<ConvModel>(config, example, Scope(store));
  model->set_distributions(make_latent(config, Scope(store) / "latent"));
  store.seal();
  return model;
}

}  // namespace elbo
