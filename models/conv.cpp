#include "models/conv.h"

#include <fmt/core.h>

#include "autograd/ops.h"
#include "models/conv_lstm.h"
#include "models/objective.h"
#include "tensor/error.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

Index product(const std::vector<Index>& factors) {
  Index p = 1;
  for (Index f : factors) p *= f;
  return p;
}

// Throws unless the convolutions can serve images of this shape.
void check_images(const ModelConfig& c, const Shape& example) {
  if (example.rank() != 3)
    throw UsageError(
        fmt::format("model.kind={}: expected images (height, width, channels), got examples of shape {}", c.kind, example.str()));
  const Index factor = product(c.strides), side = std::max(example[0], example[1]);
  if (c.pad && factor > 2 * side)
    throw UsageError(
        fmt::format("model.strides reduce images by {}, more than the {} x {} pixels there are", factor, example[0], example[1]));
  if (c.pad || (example[0] % factor == 0 && example[1] % factor == 0)) return;
  const auto near = [&](Index size) {
    const Index below = size / factor * factor;
    return below > 0 && below < size ? fmt::format("{} or {}", below, below + factor)
                                     : fmt::format("{}", size == below ? size : below + factor);
  };
  throw UsageError(
      fmt::format("model.strides reduce images by {}, which does not divide {}x{} pixels: widths of {} and heights of {} would do, or "
                  "--set model.pad=true",
                  factor, example[1], example[0], near(example[1]), near(example[0])));
}

// The first h x w pixels.
Var cut(const Var& x, Index h, Index w) {
  Var y = x;
  if (y.shape()[1] != h) y = split(y, 1, h)[0];
  if (y.shape()[2] != w) y = split(y, 2, w)[0];
  return y;
}

}  // namespace

void check_batches(const Config& config, const Shape& example, Index examples) {
  const ModelConfig& m = config.model;
  if (m.kind == "dense" || m.normalisation != "batch" || example.rank() != 3) return;
  const Index factor = m.kind == "conv" ? product(m.strides) : 1, batch = config.train.batch;
  const Index pixels =
      m.kind == "conv-lstm" ? ConvLstmModel::least_pixels(m, example) : divide_up(example[0], factor) * divide_up(example[1], factor);
  const Index last = examples % batch == 0 ? batch : examples % batch;
  if (last > 1 || pixels > 1) return;
  throw UsageError(fmt::format(
      "model.normalisation=batch: of {} training examples in batches of {} the last batch holds one, and a stage reduces {} x {} "
      "pixels to one, which has no variance; choose another train.batch, or model.normalisation=group",
      examples, batch, example[0], example[1]));
}

ConvStage ConvModel::enlargement(const Scope& scope, Index in, Index out, Index factor) const {
  const ModelConfig& c = config_.model;
  if (c.upsample == "transpose") return ConvStage(scope, c, {.in = in, .out = out, .stride = factor}, true);
  ConvStage s(scope, c, {.in = in, .out = c.upsample == "nearest" ? out : out * factor * factor});
  (c.upsample == "nearest" ? s.enlarge : s.shuffle) = factor;
  return s;
}

ConvModel::ConvModel(const Config& config, const Shape& example, const Scope& scope) : Model(config, example) {
  const ModelConfig& c = config.model;
  check_images(c, example);
  const bool same = c.kind == "conv-same";
  const Nonlinearity f = nonlinearity_from_name(c.activation);
  const Index factor = product(c.strides), channels = example[2];
  start_h_ = (example[0] + factor - 1) / factor, start_w_ = (example[1] + factor - 1) / factor;

  Index in = channels;
  const Scope down = scope / "encoder";
  for (std::size_t i = 0; i < c.filters.size(); i++) {
    const ConvConfig conv{.in = in, .out = c.filters[i], .stride = same ? 1 : c.strides[i]};
    encoder_.emplace_back(down / ("conv" + std::to_string(i)), c, conv);
    in = c.filters[i];
  }
  const Index flat = in * (same ? start_h_ * start_w_ * factor * factor : start_h_ * start_w_);
  hidden_ = Mlp(down / "hidden", flat + condition().width(), c.hidden, f);
  mean_ = Linear(down / "mean", hidden_.out, c.latent);
  if (c.variational) logvar_ = Linear(down / "logvar", hidden_.out, c.latent);

  const Scope up = scope / "decoder";
  decoder_hidden_ = Mlp(up / "hidden", decoder_inputs(), c.decoder_hidden.value_or(std::vector<Index>{}), f);
  start_ = Linear(up / "start", decoder_hidden_.out, start_h_ * start_w_ * in, f);
  for (std::size_t i = c.filters.size(); i-- > 0;) {
    const Scope at = up / ("conv" + std::to_string(c.filters.size() - 1 - i));
    ConvStage s = same ? ConvStage(at, c, {.in = in, .out = c.filters[i]}) : enlargement(at, in, c.filters[i], c.strides[i]);
    if (same && i + 1 == c.filters.size()) s.enlarge = factor;
    decoder_.push_back(std::move(s));
    in = c.filters[i];
  }
  ConvConfig last{.in = in, .out = channels, .kernel = c.kernel};
  if (config.objective.likelihood == "gaussian-learned") output_logvar_ = Conv2d(up / "output_logvar", last);
  if (decoding_kind(config) == Decoding::Kind::mean && c.output == "sigmoid") last.activation = Nonlinearity::sigmoid;
  output_ = Conv2d(up / "output", last);
}

Code ConvModel::encode(const Var& x, const PassContext& context) const {
  const Index factor = product(config_.model.strides), h = start_h_ * factor, w = start_w_ * factor;
  Var y = x;
  if (h != example_[0] || w != example_[1]) y = pad(y, {.bottom = h - example_[0], .right = w - example_[1]});
  for (const ConvStage& s : encoder_) y = s(y, context.training);
  y = reshape(y, {x.shape()[0], y.shape()[1] * y.shape()[2] * y.shape()[3]});
  y = hidden_(condition().beside(y, context.labels));
  Code code{mean_(y), {}};
  if (config_.model.variational) code.logvar = soft_clamp(logvar_(y), -10, 10);
  return code;
}

Decoding ConvModel::decode(const Var& z, const PassContext& context) const {
  Var y = start_(decoder_hidden_(z));
  y = reshape(y, {z.shape()[0], start_h_, start_w_, config_.model.filters.back()});
  for (const ConvStage& s : decoder_) y = s(y, context.training);
  Decoding d{cut(output_(y), example_[0], example_[1]), decoding_kind(config_)};
  if (output_logvar_.filters)
    d.logvar = soft_clamp(cut(output_logvar_(y), example_[0], example_[1]), lowest_pixel_logvar, highest_pixel_logvar);
  return d;
}

std::vector<Model::LayerSummary> ConvModel::summary() const {
  const Index factor = product(config_.model.strides);
  std::vector<LayerSummary> rows;
  Index h = start_h_ * factor, w = start_w_ * factor;
  const auto add = [&](const std::string& scope, const std::string& kind, std::string_view activation, Index out, Index parameters,
                       double flops) {
    rows.push_back({scope, fmt::format("{}, {}", kind, activation), {h, w, out}, parameters, flops});
  };
  const auto stage = [&](const ConvStage& s) {
    h *= s.enlarge, w *= s.enlarge;
    const bool transposed = bool(s.transposed.filters);
    const ConvConfig& c = s.config();
    const Index before = h * w;
    if (transposed)
      h *= c.stride.h, w *= c.stride.w;
    else
      h = (h + c.stride.h - 1) / c.stride.h, w = (w + c.stride.w - 1) / c.stride.w;
    const std::string kind =
        fmt::format("{} {}x{}/{}{}", transposed ? "transposed convolution" : "convolution", c.kernel.h, c.kernel.w, c.stride.h,
                    s.batch   ? ", batch norm"
                    : s.group ? ", group norm"
                              : "");
    add(s.scope(), kind, config_.model.activation, c.out, s.parameters(),
        2 * double(transposed ? before : h * w) * double(s.filters().value().numel()));
    h *= s.shuffle, w *= s.shuffle;
    rows.back().output = {h, w, c.out / (s.shuffle * s.shuffle)};
  };
  const auto dense = [&](const Linear& layer) { rows.push_back(summary_of(layer)); };
  for (const ConvStage& s : encoder_) stage(s);
  for (const Linear& l : hidden_.layers) dense(l);
  dense(mean_);
  if (config_.model.variational) dense(logvar_);
  for (const Linear& l : decoder_hidden_.layers) dense(l);
  dense(start_);
  h = start_h_, w = start_w_;
  for (const ConvStage& s : decoder_) stage(s);
  for (const Conv2d* c : {&output_, &output_logvar_}) {
    if (!c->filters) continue;
    const Index numbers = c->filters.value().numel();
    add(*c->scope, fmt::format("convolution {}x{}/1", c->config.kernel.h, c->config.kernel.w), nonlinearity_name(c->config.activation),
        c->config.out, numbers + c->config.out, 2 * double(h * w) * double(numbers));
  }
  return rows;
}

}  // namespace elbo
