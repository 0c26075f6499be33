#include "models/conv_stage.h"

#include "autograd/ops.h"

namespace elbo {
namespace {

// Of groups of neighbours: as many as divide the channels, eight at most.
Index groups_of(Index channels) {
  Index groups = 8;
  while (channels % groups != 0) groups--;
  return groups;
}

}  // namespace

ConvStage::ConvStage(const Scope& at, const ModelConfig& model, ConvConfig c, bool is_transposed) {
  const Nonlinearity f = nonlinearity_from_name(model.activation);
  c.kernel = model.kernel;
  if (model.normalisation == "none") {
    c.activation = f;
  } else {
    activation = f;
    if (model.normalisation == "batch") batch.emplace(at / "norm", c.out);
    if (model.normalisation == "group") group.emplace(at / "norm", c.out, groups_of(c.out));
  }
  if (is_transposed)
    transposed = ConvTranspose2d(at, c);
  else
    conv = Conv2d(at, c);
}

Var ConvStage::operator()(Var x, bool training) const {
  if (enlarge > 1) x = upsample_by(x, enlarge);
  x = conv.filters ? conv(x) : transposed(x);
  if (batch) x = apply(activation, (*batch)(x, training));
  if (group) x = apply(activation, (*group)(x));
  return shuffle > 1 ? pixel_shuffle(x, shuffle) : x;
}

Index ConvStage::parameters() const { return filters().value().numel() + config().out + (batch || group ? 2 * config().out : 0); }

}  // namespace elbo
