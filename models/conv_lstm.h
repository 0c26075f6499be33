#pragma once
// Images read and written by recurrent layers: `conv-lstm-vae` and all between.
//
// Encoder: convolutions of stride 1 without padding (model.filters); their result is read as a sequence, a row of all its pixels and
// channels a step, by a recurrent layer of model.encoder_units; its last state, dense layers (model.hidden), the code.
// Decoder: dense layers, one to a small image of 2 model.filters[0] channels, which is read as a sequence of its pixels, row after row, by
// a recurrent layer of model.units; its states at all steps are the channels of the small image anew, on which convolutions of the
// mirrored filters follow, again without padding; one dense layer gives all numbers of the image.
//
// The small image is a quarter as high and as wide as the image, rounded up, and no smaller than the convolutions need: 7x7 for 28x28.

#include "models/conv_stage.h"
#include "models/model.h"
#include "nn/recurrent.h"

namespace elbo {

class ConvLstmModel final : public Model {
 public:
  // Throws UsageError for vectors, and for an image smaller than the convolutions need.
  ConvLstmModel(const Config& config, const Shape& example, const Scope& scope);
  using Model::decode;
  using Model::encode;
  Code encode(const Var& x, const PassContext& context) const override;
  Decoding decode(const Var& z, const PassContext& context) const override;
  std::vector<LayerSummary> summary() const override;
  static Index least_pixels(const ModelConfig& model, const Shape& example);  // of the smallest image that a convolution makes

 private:
  std::vector<ConvStage> encoder_, decoder_;
  RecurrentLayer reader_, writer_;
  Mlp hidden_, decoder_hidden_;
  Linear mean_, logvar_, start_, output_, output_logvar_;
  Shape small_;  // the decoder's small image, before its recurrent layer
};

}  // namespace elbo
