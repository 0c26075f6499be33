#pragma once
// What a comparison is expected to show, stated before anything is trained: a figure, the entry that should have it lower, the one that
// should have it higher, and why. Afterwards the paired interval over seeds of lab/statistics.h says what came:
//
//   as expected   the 95% interval of (higher - lower) lies above 0
//   reversed      it lies below 0: to be shown, for there the reason does not hold, or the training was too short for it
//   undecided     it contains 0
//   one seed      there is no interval
//   only bounded  one of the two is no number but a bound: a mutual information that is saturated
//   not measured  one of the two does not have the figure
//
// Expectations are made for entries that differ in one thing whose effect is known: plain autoencoder and VAE of one network, one network
// under two weights of the KL (or code sizes, free bits, capacities, bounds, likelihoods), language model and text VAE of one decoder, and
// principal components beside networks with as many code dimensions. Entries that differ in more have none.

#include <string>
#include <vector>

#include "lab/compare_plan.h"
#include "lab/statistics.h"

namespace elbo::lab {

struct Expectation {
  std::string figure;         // a key of lab/evaluate.h
  std::string lower, higher;  // names of entries, or "principal-components-32"
  std::string reason;         // one sentence
  bool added_later = false;   // by a newer program, when some of the runs had been trained: no prediction
};

// What the data allow to be measured.
struct ExpectedData {
  bool pictures = false, texts = false;  // pictures: whose samples, paths and holes are measured
  bool labels = false;
  Index numbers = 0;  // of an example: principal components are no more
};

std::vector<Expectation> expectations(const std::vector<Entry>& entries, bool baselines, const ExpectedData& data);

enum class Outcome { as_expected, reversed, undecided, one_seed, only_bounded, not_measured };
const char* outcome_name(Outcome outcome);
// `difference`: of (higher - lower).
Outcome outcome_of(const MeanInterval& difference);

// "principal-components-32": the baseline of codes with `latent` dimensions.
std::string linear_baseline_name(Index latent);

}  // namespace elbo::lab
