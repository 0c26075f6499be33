#pragma once
// What every autoencoder can do: encode examples, decode codes. Kinds of model (dense; convolutions and text come with files of their
// own) differ in nothing else, so training, evaluation and tools are written once.

#include <memory>

#include "models/condition.h"
#include "models/config.h"
#include "models/latent.h"
#include "nn/layers.h"

namespace elbo {

// What a decoder says of each example, of the example's shape (n, ...).
struct Decoding {
  enum class Kind { mean, bernoulli_logits, continuous_bernoulli_logits };
  Var output;
  Kind kind = Kind::mean;  // what the output is
  Var logvar = {};         // gaussian-learned: the logarithm of each number's variance, clamped to the pixels' range
  Tensor mean() const;     // the picture: the distribution's mean
  Var picture() const;     // with its gradient; of logits their sigmoid, for the continuous Bernoulli distribution too
};

// What a pass is for: layers that behave otherwise in training (batch normalisation, dropout) are told so with every call.
struct PassContext {
  bool training = false;
  std::uint64_t seed = 1;  // of what is drawn in training, with the number of the update
  Index step = 0;
  Tensor labels = {};  // int32 (n,): of a conditional model (models/condition.h)
};

class Model {
 public:
  Model(const Config& config, const Shape& example) : config_(config), example_(example) {}
  virtual ~Model() = default;

  virtual Code encode(const Var& x, const PassContext& context) const = 0;  // x: (n, example...)
  // Of numbers: what the decoder says of each, z: (n, decoder_inputs()), as given() makes it. Of texts: text_loss() in its stead
  // (models/text.h).
  virtual Decoding decode(const Var& z, const PassContext& context) const;
  virtual Var text_loss(const Code& code, const Var& z, const Tensor& x, const PassContext& context) const;
  // In evaluation:
  Code encode(const Var& x) const { return encode(x, PassContext{}); }
  Code encode(const Var& x, const Tensor& labels) const { return encode(x, PassContext{.labels = labels}); }
  Decoding decode(const Var& z) const { return decode(z, PassContext{}); }
  // z of q(z | x) for standard normal noise, both (n, latent); the mean of a plain autoencoder, and where there is no noise.
  Var draw(const Code& code, const Tensor& noise) const { return code.logvar && noise ? latent_->draw(code, noise) : code.mean; }
  const Latent& distributions() const { return *latent_; }
  void set_distributions(std::unique_ptr<Latent> latent) { latent_ = std::move(latent); }
  // What a decoder reads: codes (n, latent), and of a conditional model each example's label beside them.
  Var given(const Var& codes, const Tensor& labels) const { return condition().beside(codes, labels); }
  Index decoder_inputs() const { return latent() + condition().width(); }
  Condition condition() const { return Condition(config_.model.classes); }
  // Layers with output shapes, parameters and multiply-adds (2 operations each) an example, for --summary.
  struct LayerSummary {
    std::string name, kind;
    Shape output;
    Index parameters;
    double flops;
  };
  virtual std::vector<LayerSummary> summary() const = 0;
  virtual bool learns_inputs() const { return false; }  // whether what goes into the first product is learned

  const Config& config() const { return config_; }
  const Shape& example_shape() const { return example_; }
  Index latent() const { return config_.model.latent; }
  bool variational() const { return config_.model.variational; }
  DType dtype() const { return config_.model.float_type == "float64" ? DType::float64 : DType::float32; }
  // Floating-point operations of one training step on `batch` examples: 2mnk of each product forward, twice that backward, but no
  // gradient of the first layer's input unless that is learned; nothing elementwise. The decoder's as often as there are samples.
  double step_flops(Index batch) const;

 protected:
  static LayerSummary summary_of(const Linear& layer);

  Config config_;
  Shape example_;

 private:
  std::unique_ptr<Latent> latent_;
};

// What a decoder of this configuration gives.
Decoding::Kind decoding_kind(const Config& config);
// Builds the model in `store` (which it seals). Throws UsageError for a configuration that fits no model.
std::unique_ptr<Model> make_model(const Config& config, const Shape& example, ParamStore& store);
ParamStoreOptions store_options(const Config& config);
// A batch to try a model with, where there are no data: numbers drawn from [0, 1), or words drawn from the vocabulary, texts without
// padding.
Tensor random_input(const Config& config, const Shape& example, Index batch);

}  // namespace elbo
