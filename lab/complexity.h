#pragma once
// How long an example is in a code that knows nothing of the data: what the likelihood of a model is held against where simple examples
// would else always seem likely (Serra et al. 2020, "Input complexity and out-of-distribution detection with likelihood-based generative
// models").
//
// Pixels of 0 and 1, and grey values under the Bernoulli loss: context tree weighting (Willems, Shtarkov and Tjalkens 1995, "The
// context-tree weighting method: basic properties") over the ten neighbours of JBIG's template, the nearest first,
//
//   P(s) = P_e(a, b) / 2 + P(s followed by 0) P(s followed by 1) / 2,    P(s) = P_e(a, b) where all ten are known
//   P_e(a, b) = Gamma(a + 1/2) Gamma(b + 1/2) / (pi Gamma(a + b + 1))    (Krichevsky and Trofimov 1981)
//
// with a ones and b zeros behind the neighbours s, and the length -ln P(none known), of each channel, added up. It learns one picture while
// it codes it, for every depth of neighbourhood at once: of a picture of 28 x 28 digits some 130 nats, where raw pixels take 543. A grey
// value v counts as v ones and 1 - v zeros, its neighbours as what they are nearer to: as under the Bernoulli loss no code length, but on
// its scale, and the code length where all values are 0 or 1.
//
// Bytes: their PNG, less what every PNG has, as a code of bytes.

#include "models/run.h"

namespace elbo {

// Nats. (h, w, c), or (d,), whose neighbours are the ten numbers before it; values from 0 to 1, any float type.
double context_tree_length(const Tensor& example);

// Nats. Bytes (h, w, c) of 1 to 4 channels, or (d,).
double png_length(const Tensor& bytes);

// Of each example of a part, nats, as the run sees it: pixels under a Bernoulli likelihood, dequantised bytes under a density. Throws
// UsageError for runs with which neither can be compared: on texts, on floats, with a squared error, on bytes that are not dequantised.
std::vector<double> code_lengths(const Run& run, const Split& split);

}  // namespace elbo
