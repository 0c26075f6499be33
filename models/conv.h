#pragma once
// Convolutional autoencoders and VAEs over images of any size and number of channels: `conv-vae`, `conv-ae`, `conv-same-vae` and all
// between.
//
// Kind `conv`: stages of convolutions with strides down to a small image, flattened, dense layers (model.hidden), the code; back through
// one dense layer to the small image, which stages of the mirrored filters enlarge again; a last convolution gives the channels.
// Kind `conv-same`: the encoder's convolutions keep the size; the decoder's small image is enlarged once, by the product of the strides,
// and convolutions that keep the size follow.

#include "models/conv_stage.h"
#include "models/model.h"

namespace elbo {

// Throws UsageError where batch normalisation would have to normalise a single number: the last batch of an epoch holds one example, and a
// stage has reduced it to one pixel.
void check_batches(const Config& config, const Shape& example, Index training_examples);

class ConvModel final : public Model {
 public:
  // Throws UsageError for vectors, and for an image that the strides do not divide unless model.pad is set.
  ConvModel(const Config& config, const Shape& example, const Scope& scope);
  using Model::decode;
  using Model::encode;
  Code encode(const Var& x, const PassContext& context) const override;
  Decoding decode(const Var& z, const PassContext& context) const override;
  std::vector<LayerSummary> summary() const override;

 private:
  ConvStage enlargement(const Scope& scope, Index in, Index out, Index factor) const;

  std::vector<ConvStage> encoder_, decoder_;
  Mlp hidden_, decoder_hidden_;
  Linear mean_, logvar_, start_;
  Index start_h_ = 0, start_w_ = 0;  // of the decoder's first image
  Conv2d output_, output_logvar_;
};

}  // namespace elbo
