#pragma once
// Figures example by example: columns of doubles in the order of a part, which batches fill at the places of their examples, with their
// mean and its standard error.

#include <vector>

#include "data/batches.h"

namespace elbo {

// Puts the numbers of a batch, (n,) of any float type, into a column of `size` examples.
void place(std::vector<double>& column, const Tensor& values, const Batch& batch, Index size);
void place(std::vector<double>& column, const std::vector<double>& values, const Batch& batch, Index size);

// NaN for none.
double column_mean(const std::vector<double>& column);
// Of the mean of independent numbers, sqrt(sum (v - mean)^2 / (n - 1) / n). NaN for fewer than two.
double column_standard_error(const std::vector<double>& column);

}  // namespace elbo
