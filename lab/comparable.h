#pragma once
// Which figures of two lines may be held against each other.

#include <string>

#include "lab/compare_plan.h"

namespace elbo::lab {

// Whether a figure of two entries is in one unit and of the same event, so that one may be taken from the other. Never the total, or
// another bound on log p(x), of a plain autoencoder, which has none; no likelihood under different vocabularies, for a model that may say
// <unk> has less to predict; no error of pixels where one is measured on binarised ones.
bool comparable(const std::string& figure, const Entry& a, const Entry& b);

}  // namespace elbo::lab
