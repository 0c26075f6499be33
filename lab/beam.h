#pragma once
// Beam search over texts: the second half of lab/generate.h.

#include "lab/generate.h"

namespace elbo {

// Makes start, padding and, unless it is wanted, the unknown word impossible in a row of logits.
void forbid_special(float* logits, bool unknown_allowed);

// Fills `texts`, one for each row of z: the best of options.beam, by log-probability over length as generate.h says.
void beam_search(const TextModel& model, const Tensor& z, const DecodeOptions& options, std::vector<std::int32_t>* texts);

}  // namespace elbo
