#pragma once
// The pictures that a finished run folder holds.

#include <string>

#include "models/run.h"

namespace elbo {

// Where examples are pictures: reconstructions.png (rows of test examples, each over the row of their reconstructions), samples.png
// (codes from the default source) and, for a 2-D latent space, manifold.png.
void write_run_pictures(const Run& run, const Dataset& data);

// Rows of `columns` inputs, each over the row of their reconstructions: (rows * 2 * columns, h, w, c), for a grid of that many columns.
// The last row is filled up with white.
Tensor paired_rows(const Tensor& inputs, const Tensor& outputs, Index columns);

}  // namespace elbo
