#include "models/dense.h"

#include "autograd/ops.h"
#include "models/objective.h"

namespace elbo {
namespace {

std::vector<Index> mirrored(const ModelConfig& c) {
  if (c.decoder_hidden) return *c.decoder_hidden;
  return {c.hidden.rbegin(), c.hidden.rend()};
}

}  // namespace

DenseModel::DenseModel(const Config& config, const Shape& example, const Scope& scope) : Model(config, example) {
  const ModelConfig& c = config.model;
  const Nonlinearity f = nonlinearity_from_name(c.activation);
  encoder_ = Mlp(scope / "encoder", example.numel() + condition().width(), c.hidden, f);
  mean_ = Linear(scope / "encoder" / "mean", encoder_.out, c.latent);
  if (c.variational) logvar_ = Linear(scope / "encoder" / "logvar", encoder_.out, c.latent);
  decoder_ = Mlp(scope / "decoder", decoder_inputs(), mirrored(c), f);
  const bool sigmoid = decoding_kind(config) == Decoding::Kind::mean && c.output == "sigmoid";
  const Nonlinearity last = sigmoid ? Nonlinearity::sigmoid : Nonlinearity::none;
  output_ = Linear(scope / "decoder" / "output", decoder_.out, example.numel(), last);
  if (config.objective.likelihood == "gaussian-learned")
    output_logvar_ = Linear(scope / "decoder" / "output_logvar", decoder_.out, example.numel());
}

Code DenseModel::encode(const Var& x, const PassContext& context) const {
  const Index n = x.shape()[0];
  const Var h = encoder_(condition().beside(x.rank() == 2 ? x : reshape(x, {n, example_.numel()}), context.labels));
  Code code{mean_(h), {}};
  if (config_.model.variational) code.logvar = soft_clamp(logvar_(h), -10, 10);
  return code;
}

Decoding DenseModel::decode(const Var& z, const PassContext&) const {
  const auto shaped = [&](const Var& y) { return example_.rank() == 1 ? y : reshape(y, example_.prepend(z.shape()[0])); };
  const Var y = decoder_(z);
  Decoding d{shaped(output_(y)), decoding_kind(config_)};
  if (output_logvar_.weight) d.logvar = soft_clamp(shaped(output_logvar_(y)), lowest_pixel_logvar, highest_pixel_logvar);
  return d;
}

std::vector<Model::LayerSummary> DenseModel::summary() const {
  std::vector<LayerSummary> rows;
  const auto add = [&](const Linear& layer) { rows.push_back(summary_of(layer)); };
  for (const Linear& layer : encoder_.layers) add(layer);
  add(mean_);
  if (config_.model.variational) add(logvar_);
  for (const Linear& layer : decoder_.layers) add(layer);
  add(output_);
  if (output_logvar_.weight) add(output_logvar_);
  return rows;
}

}  // namespace elbo
