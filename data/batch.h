#pragma once
// What a training step or an evaluation sees, and where it comes from: one interface for numbers and for texts.

#include "tensor/tensor.h"

namespace elbo {

struct Batch {
  Tensor x;         // (n, h, w, c) or (n, d); of texts int32 (n, tokens), each from start to end, then pad_token
  Tensor labels;    // int32 (n,), or empty
  Tensor examples;  // int32 (n,): where the examples stand in their part
  Index size() const { return x.shape()[0]; }
};

// Batch `number` of epoch `epoch` is a function of (examples, options, seed, epoch, number) alone: a resumed run asks for the batch it
// stopped before. The last batch of an epoch holds what is left and may be smaller.
class BatchSource {
 public:
  virtual ~BatchSource() = default;
  virtual Index examples() const = 0;
  virtual Index count() const = 0;  // batches an epoch
  // Batch `number` (0 .. count() - 1) of epoch `epoch` (from 1). Its memory is used again by the next call.
  virtual const Batch& load(Index epoch, Index number) = 0;
};

}  // namespace elbo
