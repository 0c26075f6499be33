#pragma once
// What a learned autoencoder must beat: the best linear one. A linear encoder and decoder trained on the squared error span the same
// space as the principal components (Baldi and Hornik 1989), so their error is the floor of everything linear with that code size.

#include "lab/evaluate.h"
#include "tensor/linalg.h"

namespace elbo {

struct LinearBaseline {
  PrincipalComponents components;  // of the training part, float32
  Shape example_shape;
};

// Bytes count as byte / 255. Throws Error for a part without examples.
LinearBaseline fit_linear_baseline(const Split& train, Index latent);

// x: (n, example...), float32; codes: (n, latent).
Tensor encode(const LinearBaseline& baseline, const Tensor& x);
Tensor decode(const LinearBaseline& baseline, const Tensor& codes);

// The squared error on a part, as the figures of a plain autoencoder with likelihood squared-error.
Figures measure(const LinearBaseline& baseline, const Split& split);

}  // namespace elbo
