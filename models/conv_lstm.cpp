#include "models/conv_lstm.h"

#include <fmt/core.h>

#include "autograd/ops.h"
#include "models/objective.h"
#include "tensor/error.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

// Pixels that all convolutions together take away along each side.
Index taken(const ModelConfig& c) { return Index(c.filters.size()) * (c.kernel - 1); }

void check_fits(const ModelConfig& c, const Shape& example) {
  if (example.rank() != 3)
    throw UsageError(
        fmt::format("model.kind={}: expected images (height, width, channels), got examples of shape {}", c.kind, example.str()));
  if (c.filters.empty()) throw UsageError(fmt::format("model.kind={} needs model.filters, at least one", c.kind));
  const Index least = taken(c) + 1;
  if (example[0] < least || example[1] < least)
    throw UsageError(fmt::format(
        "model.kind={}: {} convolution{} {}x{} without padding need images of at least {}x{} pixels, got {}x{}; fewer model.filters, or a "
        "smaller model.kernel",
        c.kind, c.filters.size(), c.filters.size() == 1 ? "" : "s", c.kernel, c.kernel, least, least, example[1], example[0]));
}

Shape small_image(const ModelConfig& c, const Shape& example) {
  const auto side = [&](Index n) { return std::max(divide_up(n, 4), taken(c) + 1); };
  return {side(example[0]), side(example[1]), 2 * c.filters[0]};
}

// Numbers of each example of a batch.
Index numbers_of(const Var& x) {
  Index n = 1;
  for (int axis = 1; axis < x.rank(); axis++) n *= x.shape()[axis];
  return n;
}

// (batch, steps, features...) to (steps, batch, features), and a sequence back to images. Recurrent layers want a step's numbers together:
// the copies take a hundredth of a step, less than convolutions over images whose batch is not their first axis would.
Var as_sequence(const Var& x, Index steps) { return permute(reshape(x, {x.shape()[0], steps, numbers_of(x) / steps}), {1, 0, 2}); }
Var as_images(const Var& x, Index h, Index w) { return reshape(permute(x, {1, 0, 2}), {x.shape()[1], h, w, x.shape()[2]}); }

}  // namespace

Index ConvLstmModel::least_pixels(const ModelConfig& c, const Shape& example) {
  const Shape small = small_image(c, example);
  const Index lost = taken(c);
  return std::min((example[0] - lost) * (example[1] - lost), (small[0] - lost) * (small[1] - lost));
}

ConvLstmModel::ConvLstmModel(const Config& config, const Shape& example, const Scope& scope) : Model(config, example) {
  const ModelConfig& c = config.model;
  check_fits(c, example);
  small_ = small_image(c, example);
  const Nonlinearity f = nonlinearity_from_name(c.activation);
  const RecurrentKind cell = recurrent_kind_from_name(c.cell);
  const auto stage = [&](const Scope& at, Index in, Index out) { return ConvStage(at, c, {.in = in, .out = out, .padding = {}}); };
  const std::size_t stages = c.filters.size();
  const Index lost = taken(c);

  Index in = example[2];
  const Scope down = scope / "encoder";
  for (std::size_t i = 0; i < stages; i++) {
    encoder_.push_back(stage(down / ("conv" + std::to_string(i)), in, c.filters[i]));
    in = c.filters[i];
  }
  const Index read = c.encoder_units.value_or(c.units);
  reader_ = RecurrentLayer(down / c.cell, cell, (example[1] - lost) * in, read);
  hidden_ = Mlp(down / "hidden", read + condition().width(), c.hidden, f);
  mean_ = Linear(down / "mean", hidden_.out, c.latent);
  if (c.variational) logvar_ = Linear(down / "logvar", hidden_.out, c.latent);

  const Scope up = scope / "decoder";
  decoder_hidden_ = Mlp(up / "hidden", decoder_inputs(), c.decoder_hidden.value_or(std::vector<Index>{}), f);
  start_ = Linear(up / "start", decoder_hidden_.out, small_.numel(), f);
  writer_ = RecurrentLayer(up / c.cell, cell, small_[2], c.units);
  in = c.units;
  for (std::size_t i = stages; i-- > 0;) {
    decoder_.push_back(stage(up / ("conv" + std::to_string(stages - 1 - i)), in, c.filters[i]));
    in = c.filters[i];
  }
  const Index numbers = (small_[0] - lost) * (small_[1] - lost) * in;
  const bool sigmoid = decoding_kind(config) == Decoding::Kind::mean && c.output == "sigmoid";
  output_ = Linear(up / "output", numbers, example.numel(), sigmoid ? Nonlinearity::sigmoid : Nonlinearity::none);
  if (config.objective.likelihood == "gaussian-learned") output_logvar_ = Linear(up / "output_logvar", numbers, example.numel());
}

Code ConvLstmModel::encode(const Var& x, const PassContext& context) const {
  Var y = x;
  for (const ConvStage& s : encoder_) y = s(y, context.training);
  y = hidden_(condition().beside(reader_(as_sequence(y, y.shape()[1])).last.h, context.labels));
  Code code{mean_(y), {}};
  if (config_.model.variational) code.logvar = soft_clamp(logvar_(y), -10, 10);
  return code;
}

Decoding ConvLstmModel::decode(const Var& z, const PassContext& context) const {
  const auto shaped = [&](const Var& y) { return reshape(y, example_.prepend(z.shape()[0])); };
  Var y = as_sequence(start_(decoder_hidden_(z)), small_[0] * small_[1]);
  y = as_images(writer_(y).y, small_[0], small_[1]);
  for (const ConvStage& s : decoder_) y = s(y, context.training);
  y = reshape(y, {z.shape()[0], numbers_of(y)});
  Decoding d{shaped(output_(y)), decoding_kind(config_)};
  if (output_logvar_.weight) d.logvar = soft_clamp(shaped(output_logvar_(y)), lowest_pixel_logvar, highest_pixel_logvar);
  return d;
}

std::vector<Model::LayerSummary> ConvLstmModel::summary() const {
  std::vector<LayerSummary> all;
  Index h = example_[0], w = example_[1];
  const auto dense = [&](const Linear& layer) { all.push_back(summary_of(layer)); };
  const auto stage = [&](const ConvStage& s) {
    const ConvConfig& c = s.config();
    h -= c.kernel.h - 1, w -= c.kernel.w - 1;
    all.push_back({s.scope(),
                   fmt::format("convolution {}x{}/1 without padding{}, {}", c.kernel.h, c.kernel.w,
                               s.batch   ? ", batch norm"
                               : s.group ? ", group norm"
                                         : "",
                               config_.model.activation),
                   {h, w, c.out},
                   s.parameters(),
                   2 * double(h * w) * double(s.filters().value().numel())});
  };
  const auto recurrent = [&](const RecurrentLayer& layer, Index steps, const Shape& output) {
    const Index numbers = layer.input_weights.value().numel() + layer.recurrent_weights.value().numel();
    all.push_back({*layer.scope, fmt::format("{}, {} steps", config_.model.cell, steps), output, numbers + layer.bias.value().numel(),
                   2 * double(steps) * double(numbers)});
  };
  for (const ConvStage& s : encoder_) stage(s);
  recurrent(reader_, h, {config_.model.encoder_units.value_or(config_.model.units)});
  for (const Linear& l : hidden_.layers) dense(l);
  dense(mean_);
  if (config_.model.variational) dense(logvar_);
  for (const Linear& l : decoder_hidden_.layers) dense(l);
  dense(start_);
  h = small_[0], w = small_[1];
  recurrent(writer_, h * w, {h, w, config_.model.units});
  for (const ConvStage& s : decoder_) stage(s);
  dense(output_);
  if (output_logvar_.weight) dense(output_logvar_);
  return all;
}

}  // namespace elbo
