#include "models/text.h"

#include <fmt/core.h>

#include <algorithm>

#include "autograd/mode.h"
#include "autograd/ops.h"
#include "data/vocabulary.h"
#include "models/objective.h"
#include "tensor/error.h"
#include "tensor/shape_ops.h"

namespace elbo {
namespace {

// Dropout layers by number, so that they draw apart. Layers between recurrent layers count on from these.
enum DropoutNumber : int { encoder_words, decoder_words, decoder_states, between_encoder = 16, between_decoder = 80 };

Var dropout(const ModelConfig& c, int number, const Var& x, const PassContext& context) {
  const RandomKey key{.seed = context.seed, .purpose = Purpose::dropout, .step = std::uint64_t(context.step)};
  return SequenceDropout{c.dropout, number, c.locked_dropout}(x, key, 0, context.training);
}

// (n, most) -> (most, n): steps first.
Tensor steps_first(const Tensor& tokens) { return permute(tokens, {1, 0}); }

Tensor lengths_of(const Tensor& x) {
  const Index n = x.size(0), most = x.size(1);
  Tensor lengths({n}, DType::int32);
  const auto* token = x.data<std::int32_t>();
  auto* length = lengths.mutable_data<std::int32_t>();
  for (Index i = 0; i < n; i++)
    length[i] = std::int32_t(std::find(token + i * most, token + (i + 1) * most, pad_token) - (token + i * most));
  return lengths;
}

// With probability `rate` a word becomes unknown; start, end and padding stay.
Tensor with_words_dropped(const Tensor& tokens, double rate, const PassContext& context) {
  Tensor u(tokens.shape()), out = tokens.clone();
  fill_uniform(u, {.seed = context.seed, .purpose = Purpose::word_dropout, .step = std::uint64_t(context.step)});
  auto* token = out.mutable_data<std::int32_t>();
  for (Index i = 0; i < out.numel(); i++)
    if (token[i] > unknown_token && u.data<float>()[i] < rate) token[i] = unknown_token;
  return out;
}

void require_tokens(const Tensor& x) {
  if (x.dtype() != DType::int32 || x.rank() != 2 || x.size(1) < 2)
    fail("text", fmt::format("expected tokens, int32 (texts, 2 or more), got {} {}", dtype_name(x.dtype()), x.shape().str()));
}

}  // namespace

// Which of the positions after the start count, in the order of steps.
struct TextModel::Positions {
  Index steps, size;                        // positions a text, texts
  std::vector<std::int32_t> rows, targets;  // of (steps, texts): where a token is predicted, and which
  bool all() const { return Index(rows.size()) == steps * size; }

  explicit Positions(const Tensor& x) : steps(x.size(1) - 1), size(x.size(0)) {
    const auto* token = x.data<std::int32_t>();
    for (Index t = 0; t < steps; t++)
      for (Index i = 0; i < size; i++)
        if (const std::int32_t target = token[i * (steps + 1) + t + 1]; target != pad_token)
          rows.push_back(std::int32_t(t * size + i)), targets.push_back(target);
  }
  Tensor row_tensor() const { return Tensor::from(rows, {Index(rows.size())}); }
  Tensor target_tensor() const { return Tensor::from(targets, {Index(targets.size())}); }
};

TextModel::TextModel(const Config& config, const Shape& example, const Scope& scope)
    : Model(config, example), feeds_words_(config.model.decoder_input == "tokens") {
  const ModelConfig& c = config.model;
  if (example.rank() != 2 || example[1] <= special_tokens)
    throw UsageError(fmt::format("model.kind=text: expected texts (tokens, words), got examples of shape {}", example.str()));
  const RecurrentKind kind = recurrent_kind_from_name(c.cell);
  const bool code = c.latent > 0;
  if (code || feeds_words_) embedding_ = Embedding(scope / "embedding", words(), c.embed);
  if (code) {
    encoder_ = RecurrentStack(scope / "encoder", kind, c.embed, c.encoder_units.value_or(c.units), c.layers, c.bidirectional);
    const Index read = encoder_.width + condition().width();
    mean_ = Linear(scope / "encoder" / "mean", read, c.latent);
    if (c.variational) logvar_ = Linear(scope / "encoder" / "logvar", read, c.latent);
  }
  const Scope decoder = scope / "decoder";
  Index inputs = feeds_words_ ? c.embed : 0;
  if (code && feeds_words_ && c.code_input != "every-step")
    first_state_ = Linear(decoder / "first_state", decoder_inputs(), c.layers * c.units, Nonlinearity::tanh);
  if (code && feeds_words_ && c.code_input != "first-state") inputs += decoder_inputs();
  if (!feeds_words_) {
    code_ = Linear(decoder / "code", decoder_inputs(), c.embed, Nonlinearity::tanh);
    inputs = c.embed;
  }
  decoder_ = RecurrentStack(decoder, kind, inputs, c.units, c.layers);
  const Scope output = decoder / "output";
  output_weights_ =
      c.tied ? embedding_.weight : output.parameter("weight", {words(), c.units}, Initializer::weight(output.init(), c.units, words()));
  output_bias_ = output.parameter("bias", {words()}, Initializer::bias(output.init(), c.units));
  output_scope_ = intern_scope(output.path());
}

Code TextModel::encode(const Var& x, const PassContext& context) const {
  require_tokens(x.value());
  const Tensor tokens = steps_first(x.value());
  const ModelConfig& c = config_.model;
  Code code;
  if (embedding_.weight) code.embedded = embedding_(tokens);
  if (c.latent == 0) {
    code.mean = Var(Tensor({x.size(0), 0}, dtype()));
    return code;
  }
  const auto between = [&](const Var& y, Index layer) { return dropout(c, between_encoder + int(layer), y, context); };
  const auto read = encoder_(dropout(c, encoder_words, code.embedded, context), {}, lengths_of(x.value()), between);
  const RecurrentState& last = read.last.back();
  const Var state = c.bidirectional ? concatenate({read.last[read.last.size() - 2].h, last.h}, 1) : last.h;
  const Var h = condition().beside(state, context.labels);
  code.mean = mean_(h);
  if (c.variational) code.logvar = soft_clamp(logvar_(h), -10, 10);
  return code;
}

TextModel::Reading TextModel::begin(const Tensor& z) const {
  NoGrad guard;
  return begin(Var(z));
}

TextModel::Reading TextModel::begin(const Var& z) const {
  const ModelConfig& c = config_.model;
  Reading reading{.size = z.size(0)};
  if (!feeds_words_)
    reading.code = code_(z);
  else if (c.latent > 0 && c.code_input != "first-state")
    reading.code = z;
  if (!first_state_.weight) return reading;
  const Var h = first_state_(z);
  const Var c0(Tensor::zeros({z.size(0), c.units}, dtype()));
  for (Index layer = 0; layer < c.layers; layer++)
    reading.states.push_back({c.layers == 1 ? h : slice(h, 1, layer * c.units, (layer + 1) * c.units), c.cell == "lstm" ? c0 : Var()});
  return reading;
}

// (steps, n, width): the words, the code beside each or in its stead.
Var TextModel::inputs(const Var& words, const Reading& reading, Index steps) const {
  if (!reading.code) return words;
  const Var every = broadcast_to(reading.code, {steps, reading.size, reading.code.size(1)});
  return words ? concatenate({words, every}, 2) : every;
}

// The highest layer's states after each token but the last, (most - 1, n, units).
Var TextModel::states_of(const Code& code, const Var& z, const Tensor& x, const PassContext& context) const {
  const ModelConfig& c = config_.model;
  const Index steps = x.size(1) - 1;
  const double dropped = context.training ? config_.data.word_dropout : 0;
  Var words;
  if (feeds_words_) {
    if (dropped > 0)
      words = embedding_(steps_first(with_words_dropped(x, dropped, context)).slice(0, steps));
    else
      words = code.embedded ? slice(code.embedded, 0, 0, steps) : embedding_(steps_first(x).slice(0, steps));
    words = dropout(c, decoder_words, words, context);
  }
  const auto between = [&](const Var& y, Index layer) { return dropout(c, between_decoder + int(layer), y, context); };
  const Reading reading = begin(z);
  return decoder_(inputs(words, reading, steps), reading.states, {}, between).y;
}

Var TextModel::text_loss(const Code& code, const Var& z, const Tensor& x, const PassContext& context) const {
  require_tokens(x);
  const Positions at(x);
  const Index units = config_.model.units;
  Var h = reshape(dropout(config_.model, decoder_states, states_of(code, z, x, context), context), {at.steps * at.size, units});
  if (!at.all()) h = gather_rows(h, at.row_tensor());  // padding costs nothing from here on
  ScopeLabel label(output_scope_);
  const Var loss = linear_cross_entropy(h, output_weights_, output_bias_, at.target_tensor());
  if (at.all()) return sum(reshape(loss, {at.steps, at.size}), {0});
  // Each text's positions, side by side; those that do not count are the zero behind the last.
  Tensor place = Tensor::full({at.size, at.steps}, double(at.rows.size()), DType::int32);
  auto* p = place.mutable_data<std::int32_t>();
  for (std::size_t k = 0; k < at.rows.size(); k++) p[at.rows[k] % at.size * at.steps + at.rows[k] / at.size] = std::int32_t(k);
  const Var with_zero = concatenate({loss, Var(Tensor::zeros({1}, dtype()))}, 0);
  return sum(gather_rows(reshape(with_zero, {Index(at.rows.size()) + 1, 1}), place), {1, 2});
}

Tensor TextModel::next(Reading& reading, const Tensor& tokens) const {
  NoGrad guard;
  const Var words = feeds_words_ ? embedding_(tokens.reshape({1, reading.size})) : Var();
  const auto read = decoder_(inputs(words, reading, 1), reading.states);
  reading.states = read.last;
  return linear(reshape(read.y, {reading.size, config_.model.units}), output_weights_, output_bias_).value();
}

void TextModel::reorder(Reading& reading, const Tensor& rows) const {
  NoGrad guard;
  const auto take = [&](Var& v) {
    if (v) v = gather_rows(v, rows);
  };
  for (RecurrentState& s : reading.states) take(s.h), take(s.c);
  take(reading.code);
  reading.size = rows.numel();
}

Tensor TextModel::likeliest(const Tensor& z, const Tensor& x) const {
  NoGrad guard;
  require_tokens(x);
  const Positions at(x);
  const Var h = reshape(states_of({}, Var(z), x, {}), {at.steps * at.size, config_.model.units});
  Tensor out = Tensor::zeros({at.size, at.steps}, DType::int32);
  auto* to = out.mutable_data<std::int32_t>();
  constexpr Index block = 256;  // rows of logits at a time
  for (Index begin = 0; begin < Index(at.rows.size()); begin += block) {
    const std::vector<std::int32_t> rows(at.rows.begin() + begin, at.rows.begin() + std::min<Index>(begin + block, Index(at.rows.size())));
    const Var part = gather_rows(h, Tensor::from(rows, {Index(rows.size())}));
    const Tensor best = argmax(linear(part, output_weights_, output_bias_).value(), {1});
    for (std::size_t k = 0; k < rows.size(); k++)
      to[rows[k] % at.size * at.steps + rows[k] / at.size] = std::int32_t(best.element(Index(k)));
  }
  return out;
}

std::vector<Model::LayerSummary> TextModel::summary() const {
  const ModelConfig& c = config_.model;
  const Index steps = example_[0];
  std::vector<LayerSummary> rows;
  if (embedding_.weight) rows.push_back({*embedding_.scope, "embedding", {steps + 1, c.embed}, embedding_.weight.value().numel(), 0});
  const auto dense = [&](const Linear& layer) {
    if (layer.weight) rows.push_back(summary_of(layer));
  };
  const auto recurrent = [&](const RecurrentStack& stack, Index read) {
    for (const RecurrentLayer& layer : stack.layers) {
      const Index weights = layer.input_weights.value().numel() + layer.recurrent_weights.value().numel();
      rows.push_back({*layer.scope,
                      c.cell,
                      {read, layer.recurrent_weights.value().size(1)},
                      weights + layer.bias.value().numel(),
                      2 * double(read) * double(weights)});
    }
  };
  recurrent(encoder_, steps + 1);
  dense(mean_);
  dense(logvar_);
  dense(first_state_);
  dense(code_);
  recurrent(decoder_, steps);
  const Index weights = output_weights_.value().numel();
  rows.push_back(
      {*output_scope_, "linear, softmax", {steps, words()}, (c.tied ? 0 : weights) + words(), 2 * double(steps) * double(weights)});
  return rows;
}

}  // namespace elbo
