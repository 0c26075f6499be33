#pragma once
// The adversarial term: a discriminator learns to tell data from what the decoder makes, and the decoder is also trained to fool it
// (Goodfellow et al. 2014). As in Larsen et al. 2016, what it makes are reconstructions and samples from the prior, and the term's gradient
// reaches the decoder alone: the codes are constants to it.

#include "models/conv_stage.h"
#include "models/model.h"
#include "nn/optim/optimizer.h"

namespace elbo {

// One logit an example, above 0 where it takes it for data: the model's own encoder with one output instead of a code.
class Discriminator {
 public:
  Discriminator(const ModelConfig& config, const Shape& example, const Scope& scope);
  Var operator()(Var x, bool training) const;  // x: (n, example...) -> (n, 1)

 private:
  std::vector<ConvStage> stages_;
  Mlp hidden_;
  Linear output_;
};

// The discriminator with its parameters and its optimizer: one like the model's, with a rate of its own.
class Adversary {
 public:
  Adversary(const Config& config, const Shape& example, Index steps_an_epoch, Index last_step);

  ParamStore& store() { return store_; }
  Optimizer& optimizer() { return *optimizer_; }

  // The decoder's part in the objective, a mean over the batch in nats: -log of the probability that the discriminator gives the made
  // pictures of being data (the non-saturating loss), half of it for reconstructions of the codes z, half for as many codes from the
  // prior (given the same labels, of a conditional model). Keeps the pictures for learn(). `step` keys the prior's draws. Batch
  // normalisation sees each kind of pictures by itself, and keeps its running statistics, which are those of reconstructions alone.
  Var fool(const Model& model, const Tensor& z, const Tensor& labels, std::uint64_t seed, Index step);
  // Trains the discriminator on the batch and on the pictures that fool() made. Loss: a mean over the batch in nats of -log p(data) for x
  // and of -log p(made) for the two kinds of pictures, each half; accuracy: the share judged rightly, data and made counted alike.
  struct Verdict {
    double loss = 0, accuracy = 0;
  };
  // Throws where its loss or gradient norm is not finite, before anything has moved.
  Verdict learn(const Tensor& x);
  struct NotFinite {
    double loss;
  };

 private:
  ParamStore store_;
  Discriminator discriminator_;
  std::unique_ptr<Optimizer> optimizer_;
  Tensor reconstructions_, samples_;  // (n, example...)
};

}  // namespace elbo
