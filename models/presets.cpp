// The published systems, by name. Architectures are the sources' own; what a source leaves open is said in `help` or here.
//
//   dense-ae, dense-vae  256 relu, latent 32, squared error. The VAE's source averages the error over pixels and the KL over dimensions,
//                        which in sums is beta 24.5 and collapses; beta 1 is our correction. The source makes 1,000 updates, each on all
//                        the data: train.batch=60000 train.steps=1000.
//   mlp-vae-2d           512 relu, latent 2, binary cross-entropy (the source's text says squared error, its code is followed)
//   mlp-vae              400-200 relu, latent 20, binary cross-entropy
//   gaussian-vae         the same with a mean and a log-variance for each pixel
//   conditional-vae, conditional-ae  mlp-vae given the labels of ten classes, after Sohn, Lee and Yan 2015 (models/condition.h)
//   conv-vae, conv-ae    32 and 64 filters 3x3 with stride 2, latent 32, mirrored by transposed convolutions, binary cross-entropy: the
//                        Keras example, with a wider code
//   conv-same-vae        32 and 64 filters 3x3, the size kept; the decoder enlarges 4 times by repeating pixels; squared error + KL,
//                        RMSprop. The source samples without noise and trains without KL: mu + sigma epsilon and the KL are meant.
//   text-vae, text-ae    embedding 256, LSTM 256, latent 32, LSTM 256, softmax; sentences of at most 100 tokens. The source's decoder sees
//                        no words (model.decoder_input=none model.encoder_units=32), scores numbers of tokens by squared error, and has a
//                        KL without bound: cross-entropy and the analytic KL are meant. The aids of text-vae were chosen on the validation
//                        part of image captions.
//   text-lm              the decoder of text-vae without a code
//   iwae-vae             200-200 tanh, latent 50, pixels drawn anew at each use; the ELBO, or with objective.bound=iwae objective.samples=K
//                        the importance-weighted bound. Trains on the whole training part for 3^i epochs in stage i = 0 .. 7 at a rate of
//                        1e-3 * 10^(-i/7) (Burda, Grosse and Salakhutdinov 2015).
//   conv-lstm-vae        32 filters 3x3, the 26 rows of the result read by an LSTM of 32 units, latent 32; an LSTM of 256 units over 7x7
//                        pixels, 32 filters 3x3, 784 sigmoid; squared error + 0.784 KL: the source's 0.001 stands against a mean over
//                        784 pixels. Trains on the whole training part; the source validates on the test part and chooses nothing by
//                        it: so does the preset. The source's KL is unbounded below (the analytic one is meant), it stops the
//                        decoder's gradient, draws one noise for a whole batch, and z before it encodes: encode, draw, decode is meant.

#include <cmath>

#include "models/config.h"
#include "tensor/error.h"
#include "tensor/nearest.h"

namespace elbo {
namespace {

Config dense(bool variational, Index latent, std::vector<Index> hidden, const char* likelihood, Index epochs) {
  Config c;
  c.model.variational = variational;
  c.model.latent = latent;
  c.model.hidden = std::move(hidden);
  c.objective.likelihood = likelihood;
  c.train.epochs = epochs;
  return c;
}

Config conditional(bool variational) {
  Config c = dense(variational, 20, {400, 200}, "bernoulli", 20);
  c.model.classes = 10;
  return c;
}

Config conv(bool variational) {
  Config c = dense(variational, 32, {}, "bernoulli", 30);
  c.model.kind = "conv";
  return c;
}

Config conv_same() {
  Config c = dense(true, 256, {}, "squared-error", 10);
  c.model.kind = "conv-same";
  c.model.upsample = "nearest";
  c.optimizer.name = "rmsprop";
  c.train.batch = 64;
  return c;
}

Config iwae() {
  Config c = dense(true, 50, {200, 200}, "bernoulli", 3280);
  c.model.activation = "tanh";
  c.model.output_bias = "data-mean";
  c.data.binarize = "dynamic";
  c.data.valid = 0;
  c.optimizer.epsilon = 1e-4;
  c.optimizer.schedule.name = "stages";
  Index epochs = 1;
  for (int i = 0; i < 8; i++, epochs *= 3) {
    c.optimizer.schedule.stage_epochs.push_back(epochs);
    c.optimizer.schedule.stage_factors.push_back(std::pow(10.0, -i / 7.0));
  }
  c.train.batch = 20;
  return c;
}

Config text(bool variational, Index latent) {
  Config c = dense(variational, latent, {}, "categorical", 10);
  c.model.kind = "text";
  c.model.dropout = 0.3;
  c.optimizer.clip_norm = 5;
  c.train.batch = 32;
  if (!variational) return c;
  c.objective.anneal_shape = "linear";
  c.objective.anneal_steps = 0.2;
  c.objective.free_bits_total = 5;
  return c;
}

Config conv_lstm() {
  Config c = dense(true, 32, {}, "squared-error", 10);
  c.model.kind = "conv-lstm";
  c.model.filters = {32};
  c.model.strides = {};
  c.model.units = 256;
  c.model.encoder_units = 32;
  c.objective.beta = 0.784;
  c.data.valid = 0;
  c.train.test_each_epoch = true;
  c.train.batch = 256;
  return c;
}

}  // namespace

const std::vector<Preset>& presets() {
  static const std::vector<Preset> all = {
      {"dense-ae", "plain autoencoder 784-256-32, squared error", dense(false, 32, {256}, "squared-error", 20)},
      {"dense-vae", "VAE 784-256-32, squared error + KL", dense(true, 32, {256}, "squared-error", 20)},
      {"mlp-vae-2d", "VAE 784-512-2 for pictures of the latent plane, Bernoulli", dense(true, 2, {512}, "bernoulli", 50)},
      {"mlp-vae", "VAE 784-400-200-20, Bernoulli + beta KL", dense(true, 20, {400, 200}, "bernoulli", 20)},
      {"gaussian-vae", "VAE 784-400-200-20, a Gaussian with its own variance for each pixel + KL",
       dense(true, 20, {400, 200}, "gaussian-learned", 20)},
      {"conditional-vae", "mlp-vae whose encoder and decoder are given the label, one of ten", conditional(true)},
      {"conditional-ae", "the same without noise and KL", conditional(false)},
      {"conv-vae", "convolutional VAE, 32 and 64 filters, latent 32, Bernoulli + KL", conv(true)},
      {"conv-ae", "convolutional autoencoder, 32 and 64 filters, latent 32, Bernoulli", conv(false)},
      {"conv-same-vae", "VAE of convolutions that keep the size, latent 256, squared error + KL, RMSprop", conv_same()},
      {"text-vae", "VAE of LSTMs over texts, latent 32, its decoder fed the words; annealing, 5 nats of free bits, dropout",
       text(true, 32)},
      {"text-ae", "the same without noise and KL", text(false, 32)},
      {"text-lm", "the decoder of text-vae alone: the language model that a text VAE is judged by", text(false, 0)},
      {"iwae-vae", "VAE 784-200-200-50 on pixels drawn anew at each use, eight stages: the protocol of importance-weighted autoencoders",
       iwae()},
      {"conv-lstm-vae", "VAE of a convolution and an LSTM on either side, latent 32, squared error + 0.784 KL", conv_lstm()},
  };
  return all;
}

const Preset& preset(std::string_view name) {
  std::vector<std::string> names;
  for (const Preset& p : presets()) {
    if (p.name == name) return p;
    names.push_back(p.name);
  }
  throw UsageError(unknown_message("preset", name, names));
}

void check_preset(std::string_view name, const Config& config) {
  if (name == "text-lm" && config.model.latent != 0)
    throw UsageError(
        "model.latent: text-lm is the decoder alone and has no code, so it must be 0; of several presets give it to the others "
        "alone (text-vae:model.latent=...)");
}

}  // namespace elbo
