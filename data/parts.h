#pragma once
// How a data set is divided into training, validation and test part.
//
// Where the source has no test part, a tenth of its examples, at most 10,000, is set apart first; where it has no validation part, a
// tenth of the rest, at most 5,000. Which ones is drawn by a permutation that depends on the number of examples alone, never on the
// run's seed, and in proportion to the labels. Texts that are the same come into the same part. Within a part, examples keep the source's
// order.

#include "data/dataset.h"

namespace elbo {

// Divides `data`, whose parts are those of the source. Throws UsageError for options that do not fit the data.
void divide(Dataset& data, const PartsOptions& options);

// Which `count` of n examples to set apart, in ascending order. `labels`: int32 (n,) or empty. Each label's share of the chosen
// differs by less than one example from its share of all. `same`: rings of examples that must not be parted, each naming the next one of
// its ring (itself where it is alone); empty: none. A ring that is too large for what is left is passed over, so that a few examples less
// than `count` may be chosen.
std::vector<std::int32_t> draw_part(Index n, Index count, const Tensor& labels, Part part, const std::vector<std::int32_t>& same = {});

}  // namespace elbo
