#pragma once
// Dense autoencoders and VAEs over images or vectors of any size: `dense-ae`, `dense-vae`, `mlp-vae-2d`, `mlp-vae` and all between.

#include "models/model.h"

namespace elbo {

class DenseModel final : public Model {
 public:
  DenseModel(const Config& config, const Shape& example, const Scope& scope);
  using Model::decode;
  using Model::encode;
  Code encode(const Var& x, const PassContext& context) const override;
  Decoding decode(const Var& z, const PassContext& context) const override;
  std::vector<LayerSummary> summary() const override;

 private:
  Mlp encoder_, decoder_;
  Linear mean_, logvar_, output_, output_logvar_;
};

}  // namespace elbo
