#include "models/gradcheck.h"

#include <algorithm>
#include <cmath>

#include "autograd/samples.h"
#include "data/vocabulary.h"
#include "models/objective.h"
#include "tensor/elementwise.h"
#include "tensor/reduce.h"

namespace elbo {
namespace {

// Checked as in training. The scale of what it is given makes no difference to it, so that the filters before it must be large beside the
// differences' steps, and variances clearly not 0.
bool batch_norm(const Config& config) { return config.model.kind != "dense" && config.model.normalisation == "batch"; }

// Weights small, biases +1 or -1, drawn: units are clearly on or clearly off.
void move_away_from_kinks(ParamStore& store, double filters) {
  const RandomKey key{.seed = 7, .purpose = Purpose::test};
  for (const Parameter& p : store.parameters()) {
    Tensor value = p.value();
    double* v = value.mutable_data<double>();
    const bool bias = p.name().ends_with("/bias");
    const double scale = p.name().ends_with("/filters") ? filters : 0.5;
    for (Index i = 0; i < value.numel(); i++) v[i] = bias ? (key.uniform(0, std::uint32_t(i)) < 0.5 ? 1.0 : -1.0) : scale * v[i];
  }
}

// Recurrent layers have no kinks. With their first weights what the encoder does to the loss is too small for differences of it: here
// sums over inputs are of the order of one.
void spread(ParamStore& store) {
  std::uint64_t number = 0;
  for (const Parameter& p : store.parameters()) {
    const RandomKey key{.seed = 7, .purpose = Purpose::test, .step = number++};
    Tensor value = p.value();
    double* v = value.mutable_data<double>();
    const double scale = value.rank() < 2 ? 0.5 : 2 / std::sqrt(double(value.size(-1)));
    for (Index i = 0; i < value.numel(); i++) v[i] = scale * (2 * key.uniform(0, std::uint32_t(i)) - 1);
  }
}

// Texts of different lengths: the first as it is, each further one two tokens shorter.
Tensor shortened(Tensor tokens) {
  const Index most = tokens.size(1);
  auto* token = tokens.mutable_data<std::int32_t>();
  for (Index i = 0; i < tokens.size(0); i++)
    for (Index t = std::max<Index>(2, most - 2 * i); t < most; t++) token[i * most + t] = pad_token;
  return tokens;
}

struct Built {
  ParamStore store;
  std::unique_ptr<Model> model;
  Objective objective;
  Tensor x, noise, labels;

  Built(const Config& config, const Shape& example)
      : store(store_options(config)), model(make_model(config, example, store)), objective(config) {
    const Index examples = batch_norm(config) ? 12 : 2;
    x = config.model.kind == "text" ? shortened(random_input(config, example, examples))
                                    : sample_tensor(example.prepend(examples), 0.1, 0.9, 1).to(model->dtype());
    labels = model->condition().in_turn(examples);
    noise = sample_tensor({examples, model->latent()}, -1, 1, 2).to(model->dtype());
  }
  Var loss() const {
    return objective(*model, x, model->variational() ? noise : Tensor(), 0, {.training = true, .labels = labels}).objective;
  }
  std::vector<Var> vars() const {
    const std::vector<Parameter> parameters = store.parameters();
    return {parameters.begin(), parameters.end()};
  }
};

double magnitude(const Tensor& t) { return max(abs(t)).item(); }

}  // namespace

std::vector<GradcheckResult> gradcheck_parameters(Config config, const Shape& example, int probes) {
  config.model.float_type = "float64";
  Built exact(config, example);
  if (config.model.kind == "text")
    spread(exact.store);
  else
    move_away_from_kinks(exact.store, batch_norm(config) ? 4 : 0.4);
  config.model.float_type = "float32";
  Built single(config, example);
  std::vector<std::pair<std::string, Tensor>> values;
  for (const auto& [name, tensor] : exact.store.tensors()) values.emplace_back(name, tensor.to(DType::float32));
  single.store.load(values, "gradcheck");

  const double value64 = exact.loss().item(), value32 = single.loss().item();
  const std::vector<Var> vars = exact.vars();
  const std::vector<Tensor> gradients64 = gradients(exact.loss(), vars), gradients32 = gradients(single.loss(), single.vars());
  std::vector<GradcheckResult> results;
  const std::vector<Parameter> parameters = exact.store.parameters();
  for (std::size_t i = 0; i < parameters.size(); i++) {
    GradcheckResult r{.op = parameters[i].name()};
    r.error64 = gradcheck_model([&] { return exact.loss(); }, std::span(&vars[i], 1), probes);
    r.value32 = std::abs(value32 - value64) / std::abs(value64);
    r.error32 = magnitude(subtract(gradients32[i].to(DType::float64), gradients64[i])) / std::max(magnitude(gradients64[i]), 1e-300);
    results.push_back(std::move(r));
  }
  return results;
}

}  // namespace elbo
