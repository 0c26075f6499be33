#pragma once
// Layers over sequences. Steps come first: (steps, batch, features).

#include <functional>
#include <string_view>
#include <vector>

#include "autograd/ops/recurrent.h"
#include "nn/param_store.h"

namespace elbo {

// A vector for each of `words` tokens.      tokens: int32 of any shape -> (shape..., width)
// Parameters: weight (words, width), N(0, 0.1^2) at first; N(0, 1), as PyTorch's, under fan-in-uniform. The gradient of a word that a batch
// does not hold is 0; the optimizers treat it as any other, so that its moments go on to decay, and Adam moves it until they have.
struct Embedding {
  Embedding() = default;
  Embedding(const Scope& scope, Index words, Index width);
  Var operator()(const Tensor& tokens) const;

  Parameter weight;
  const std::string* scope = nullptr;
};

enum class RecurrentKind { lstm, gru };
RecurrentKind recurrent_kind_from_name(std::string_view name);  // "lstm", "gru"; throws UsageError naming the nearest

// (batch, units) each; c of an LSTM alone. Empty before the first step: zeros.
struct RecurrentState {
  Var h, c;
};

// One layer in one direction: the ops lstm and gru.
// Parameters: input_weights and recurrent_weights (gates units, inputs) and (gates units, units), bias (4 units,); gates lie one after the
// other, i f g o of an LSTM, r z n of a GRU, as PyTorch has them. Each gate is initialised as a layer by itself (fan-out: units) and all
// biases are zero, the forget gate's too; under fan-in-uniform everything is uniform in +-1/sqrt(units), as PyTorch's.
struct RecurrentLayer {
  struct Result {
    Var y;  // (steps, batch, units)
    RecurrentState last;
  };
  RecurrentLayer() = default;
  RecurrentLayer(const Scope& scope, RecurrentKind kind, Index inputs, Index units);
  Result operator()(const Var& x, const RecurrentState& first = {}, const RecurrentOptions& options = {}) const;

  RecurrentKind kind = RecurrentKind::lstm;
  Parameter input_weights, recurrent_weights, bias;
  const std::string* scope = nullptr;
};

// Layers one over the other; with `both_ways` each reads in both directions and hands on both results side by side.
// "0", "1", ... in the scope; with `both_ways` "0/forwards", "0/backwards", ...
struct RecurrentStack {
  struct Result {
    Var y;                             // (steps, batch, width) of the highest layer
    std::vector<RecurrentState> last;  // of each layer; with `both_ways` of each layer's two directions, one after the other
  };
  RecurrentStack() = default;
  RecurrentStack(const Scope& scope, RecurrentKind kind, Index inputs, Index units, Index layers, bool both_ways = false);
  // `first`: as `last`, or empty for zeros. `lengths`: int32 (batch,), or empty. `between`: applied between layers (dropout), or none.
  Result operator()(const Var& x, const std::vector<RecurrentState>& first = {}, const Tensor& lengths = {},
                    const std::function<Var(const Var&, Index layer)>& between = {}) const;

  std::vector<RecurrentLayer> layers;  // from the lowest on, the two directions of a layer one after the other
  bool both_ways = false;
  Index width = 0;  // of the result: units, or twice as many
};

}  // namespace elbo
