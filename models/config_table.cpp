#include "models/config_table.h"

#include <cmath>

#include "data/batches.h"
#include "models/config_rows.h"
#include "models/objective.h"
#include "nn/layers.h"

namespace elbo {
namespace {

constexpr double infinite = 1e30;

void model_rows(Table& t) {
  t.choice(
      "model.kind", {"dense", "conv", "conv-same", "conv-lstm", "text"}, "kind of network",
      [](Config & c) -> auto& { return c.model.kind; });
  t.boolean(
      "model.variational", "true: a VAE; false: a plain autoencoder", [](Config & c) -> auto& { return c.model.variational; });
  t.integer(
      "model.latent", 0, 1 << 20, "dimensions of the code; 0: none, which makes a language model of kind text",
      [](Config & c) -> auto& { return c.model.latent; });
  t.integer(
      "model.classes", 0, 1 << 16, "labels as conditions: how many classes encoder and decoder are given; 0: they are given none",
      [](Config & c) -> auto& { return c.model.classes; });
  t.integers(
      "model.hidden", 1, 1 << 20, "widths of the encoder's hidden layers", [](Config & c) -> auto& { return c.model.hidden; });
  t.optional<std::vector<Index>>(
      "model.decoder_hidden", "list of whole numbers, or null",
      "widths of the decoder's hidden layers; null: for dense model.hidden mirrored, for convolutions none",
      [](Config & c) -> auto& { return c.model.decoder_hidden; }, [](const Json& v) { return integers_of(v, 1, 1 << 20); });
  t.integers(
      "model.filters", 1, 1 << 16, "convolutions: filters of each stage of the encoder, mirrored in the decoder",
      [](Config & c) -> auto& { return c.model.filters; });
  t.integer(
      "model.kernel", 1, 64, "convolutions: height and width of the filters", [](Config & c) -> auto& { return c.model.kernel; });
  t.integers(
      "model.strides", 1, 64, "conv: how much each stage reduces the image; conv-same: their product enlarges it once, in the decoder",
      [](Config & c) -> auto& { return c.model.strides; });
  t.choice(
      "model.upsample", {"transpose", "nearest", "shuffle"},
      "conv: the decoder enlarges by transposed convolution, by repeating pixels, or from channels (pixel shuffle); conv-same: nearest",
      [](Config & c) -> auto& { return c.model.upsample; });
  t.choice(
      "model.normalisation", {"none", "batch", "group"},
      "convolutions: before the activation of each but the last; group: 8 groups at most",
      [](Config & c) -> auto& { return c.model.normalisation; });
  t.boolean(
      "model.pad", "convolutions: images whose size the strides do not divide are padded with zeros and cut again",
      [](Config & c) -> auto& { return c.model.pad; });
  t.choice(
      "model.activation", {"none", "relu", "tanh", "sigmoid", "leaky-relu", "elu", "gelu", "silu", "softplus"}, "after each hidden layer",
      [](Config & c) -> auto& { return c.model.activation; });
  recurrent_rows(t);
  t.choice(
      "model.init", strings(init_names()), "initial weights", [](Config & c) -> auto& { return c.model.init; });
  t.choice(
      "model.output", {"sigmoid", "linear"}, "of the decoder's mean", [](Config & c) -> auto& { return c.model.output; });
  t.choice(
      "model.output_bias", {"init", "data-mean"},
      "the decoder's last bias at the start: model.init's, or what makes its mean that of the training data",
      [](Config & c) -> auto& { return c.model.output_bias; });
  t.choice(
      "model.float", {"float32", "float64"}, "type of all numbers", [](Config & c) -> auto& { return c.model.float_type; });
}

void objective_rows(Table& t) {
  t.choice(
      "objective.likelihood", strings(likelihood_names()), "what the decoder's output means",
      [](Config & c) -> auto& { return c.objective.likelihood; });
  t.number(
      "objective.variance", 1e-8, 1e8, "of every pixel, for gaussian", [](Config & c) -> auto& { return c.objective.variance; });
  t.choice(
      "objective.bound", {"elbo", "iwae"}, "the evidence lower bound, or the importance-weighted one (Burda et al. 2015)",
      [](Config & c) -> auto& { return c.objective.bound; });
  t.integer(
      "objective.samples", 1, 1 << 16, "codes drawn of each example in training", [](Config & c) -> auto& { return c.objective.samples; });
  t.number(
      "objective.beta", 0, 1e6, "weight of the KL term", [](Config & c) -> auto& { return c.objective.beta; });
  schedule_rows(t);
  t.number(
      "objective.adversarial.weight", 0, 1e6, "nats an example: how much the decoder is trained to fool a discriminator; 0: there is none",
      [](Config & c) -> auto& { return c.objective.adversarial_weight; });
  t.number(
      "objective.adversarial.learning_rate", 0, infinite, "the discriminator's, on an optimizer like the model's",
      [](Config & c) -> auto& { return c.objective.adversarial_learning_rate; });
}

void data_rows(Table& t) {
  t.add<std::string>(
      "data.spec", "KIND[:PATH][?key=value&...]", "the data; --data sets it", [](Config & c) -> auto& { return c.data.spec; },
      [](Config& c, const Json& v) {
        if (!v.is_string()) expected("a text");
        c.data.spec = v.string();  // looked at where the data are loaded: a model file keeps it without the path
      });
  t.optional<double>(
      "data.valid", "number, or null",
      "validation part: 0 none, below 1 a share, otherwise a number of examples; null: a tenth, at most 5,000",
      [](Config & c) -> auto& { return c.data.valid; },
      [](const Json& v) {
        const double d = number_of(v, 0, double(most_steps));
        if (d >= 1 && d != std::floor(d)) expected("a share below 1 or a whole number");
        return d;
      });
  t.boolean(
      "data.use_test", "train on the test part as well; every report then says so", [](Config & c) -> auto& { return c.data.use_test; });
  t.choice(
      "data.binarize", {"none", "threshold", "dynamic"}, "pixels to 0 and 1: at 1/2, or drawn anew at each use",
      [](Config & c) -> auto& { return c.data.binarize; });
  t.optional<std::string>(
      "data.dequantize", "none or uniform, or null",
      "x = (byte + u) / 256; null: uniform for Gaussian likelihoods on bytes, otherwise none",
      [](Config & c) -> auto& { return c.data.dequantize; },
      [](const Json& v) {
        return Table::chosen({"none", "uniform"}, v);
      });
  t.integers(
      "data.exclude_labels", 0, 1 << 20, "labels left out of training and validation",
      [](Config & c) -> auto& { return c.data.exclude_labels; });
  text_rows(t);
  t.boolean(
      "data.flip", "training pictures are mirrored, left and right, once in two times", [](Config & c) -> auto& { return c.data.flip; });
  t.integer(
      "data.shift", 0, 1 << 14, "training pictures are moved by up to so many pixels along each axis, edges repeated",
      [](Config & c) -> auto& { return c.data.shift; });
  t.number(
      "data.crop", 0, 0.9, "of training pictures up to this share of both sides is cut away, the rest enlarged to the whole",
      [](Config & c) -> auto& { return c.data.crop; });
}

void optimizer_rows(Table& t) {
  const auto share = std::nextafter(1.0, 0.0);
  t.choice(
      "optimizer.name", {"sgd", "rmsprop", "adam", "adamw"}, "optimizer", [](Config & c) -> auto& { return c.optimizer.name; });
  t.number(
      "optimizer.learning_rate", 0, infinite, "learning rate", [](Config & c) -> auto& { return c.optimizer.learning_rate; });
  t.number(
      "optimizer.momentum", 0, share, "sgd, rmsprop", [](Config & c) -> auto& { return c.optimizer.momentum; });
  t.number(
      "optimizer.dampening", 0, share, "sgd", [](Config & c) -> auto& { return c.optimizer.dampening; });
  t.boolean(
      "optimizer.nesterov", "sgd", [](Config & c) -> auto& { return c.optimizer.nesterov; });
  t.number(
      "optimizer.beta1", 0, share, "adam, adamw", [](Config & c) -> auto& { return c.optimizer.beta1; });
  t.number(
      "optimizer.beta2", 0, share, "adam, adamw", [](Config & c) -> auto& { return c.optimizer.beta2; });
  t.number(
      "optimizer.rho", 0, share, "rmsprop", [](Config & c) -> auto& { return c.optimizer.rho; });
  t.boolean(
      "optimizer.centered", "rmsprop", [](Config & c) -> auto& { return c.optimizer.centered; });
  t.boolean(
      "optimizer.amsgrad", "adam, adamw", [](Config & c) -> auto& { return c.optimizer.amsgrad; });
  t.optional<double>(
      "optimizer.epsilon", "number, or null", "added to the square root; null: 1e-7 for rmsprop, otherwise 1e-8",
      [](Config & c) -> auto& { return c.optimizer.epsilon; }, [](const Json& v) { return number_of(v, 0, infinite); });
  t.number(
      "optimizer.weight_decay", 0, infinite, "L2 in sgd, rmsprop and adam, decoupled in adamw",
      [](Config & c) -> auto& { return c.optimizer.weight_decay; });
  t.number(
      "optimizer.clip_norm", 0, infinite, "largest norm of the whole gradient; 0: off",
      [](Config & c) -> auto& { return c.optimizer.clip_norm; });
  t.number(
      "optimizer.clip_value", 0, infinite, "largest magnitude of each gradient; 0: off",
      [](Config & c) -> auto& { return c.optimizer.clip_value; });
  t.choice(
      "optimizer.schedule.name", {"constant", "step", "exponential", "cosine", "stages"}, "of the learning rate",
      [](Config & c) -> auto& { return c.optimizer.schedule.name; });
  t.integer(
      "optimizer.schedule.warmup", 0, most_steps, "updates over which the rate rises from 0",
      [](Config & c) -> auto& { return c.optimizer.schedule.warmup; });
  t.integer(
      "optimizer.schedule.every", 1, most_steps, "step: epochs between two multiplications by factor",
      [](Config & c) -> auto& { return c.optimizer.schedule.every; });
  t.number(
      "optimizer.schedule.factor", 0, 1e6, "step; exponential: each epoch's factor",
      [](Config & c) -> auto& { return c.optimizer.schedule.factor; });
  t.number(
      "optimizer.schedule.final", 0, 1, "cosine: share of the rate left at the end",
      [](Config & c) -> auto& { return c.optimizer.schedule.final; });
  t.integers(
      "optimizer.schedule.stage_epochs", 1, most_steps, "stages: epochs of each",
      [](Config & c) -> auto& { return c.optimizer.schedule.stage_epochs; });
  t.add<std::vector<double>>(
      "optimizer.schedule.stage_factors", "list of numbers", "stages: the factor of each on the rate",
      [](Config & c) -> auto& { return c.optimizer.schedule.stage_factors; },
      [](Config& c, const Json& v) {
        if (!v.is_array()) expected("a list of numbers from 0 to 1e6");
        std::vector<double> all;
        for (const Json& e : v.elements()) all.push_back(number_of(e, 0, 1e6));
        c.optimizer.schedule.stage_factors = all;
      });
}

void train_rows(Table& t) {
  t.integer(
      "train.epochs", 0, most_steps, "passes over the training part", [](Config & c) -> auto& { return c.train.epochs; });
  t.integer(
      "train.steps", 0, most_steps, "updates in all; 0: by epochs", [](Config & c) -> auto& { return c.train.steps; });
  t.integer(
      "train.batch", 1, 1 << 24, "examples an update", [](Config & c) -> auto& { return c.train.batch; });
  t.add<std::uint64_t>(
      "train.seed", "whole number, 0 to 2^53", "of everything random", [](Config & c) -> auto& { return c.train.seed; },
      [](Config& c, const Json& v) { c.train.seed = std::uint64_t(integer_of(v, 0, Index{1} << 53)); });
  t.integer(
      "train.checkpoint_every", 1, most_steps, "epochs", [](Config & c) -> auto& { return c.train.checkpoint_every; });
  t.integer(
      "train.checkpoint_steps", 0, most_steps, "updates; 0: at the ends of epochs alone",
      [](Config & c) -> auto& { return c.train.checkpoint_steps; });
  t.integer(
      "train.patience", 0, most_steps, "epochs without a better validation objective before training stops; 0: never",
      [](Config & c) -> auto& { return c.train.patience; });
  t.boolean(
      "train.test_each_epoch", "the test part is measured at the end of each epoch as well; nothing is chosen by it",
      [](Config & c) -> auto& { return c.train.test_each_epoch; });
}

}  // namespace

const std::vector<ConfigRow>& config_table() {
  static const std::vector<ConfigRow> rows = [] {
    Table t;
    model_rows(t);
    objective_rows(t);
    data_rows(t);
    optimizer_rows(t);
    train_rows(t);
    return t.rows;
  }();
  return rows;
}

}  // namespace elbo
