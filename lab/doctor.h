#pragma once
// The doctor: looks at a run and a bounded number of examples, and names what it is ill of (models/illness.h has the rules).
//
//   const Run run = open_run("vae");
//   for (const Finding& f : diagnose(run, load_run_data(run))) puts(to_line(f).c_str());
//
// It looks at the first examples of the validation part (of the test part where there is none: what it suggests is a choice, which the test
// part should not make) and at as many training ones, with
// the fixed noise of evaluation:
//
//   codes     variances of their means and of the posterior, mutual information, distance of all together from the prior
//   decoder   residual, saturation, log-variances; of a VAE of pictures also how far decoded N(0, I) codes lie from training pictures,
//             over the same of reconstructions
//   losses    held out against training: of pictures the squared error at the code's mean, and for scale that of the mean training
//             picture; of texts the total, and for scale that of each token by its frequency alone
//   hidden    every relu of encoder and decoder: the units that are 0 for all examples, of convolutions the filters that are 0 everywhere

#include "models/illness.h"

namespace elbo {

struct DoctorOptions {
  Index examples = 1000;    // of either part, at most
  Index samples = 300;      // decoded codes, and reconstructions beside them; 0: none
  Index neighbours = 5000;  // training pictures that these are held against
  std::uint64_t seed = 1;   // of the latent noise
};

// Throws UsageError for numbers below 1, Error where there are no examples but training ones.
Symptoms examine(const Run& run, const Dataset& data, const DoctorOptions& options = {});
// Empty for a healthy run.
std::vector<Finding> diagnose(const Run& run, const Dataset& data, const DoctorOptions& options = {});
// For people: a paragraph each, or that nothing was found.
std::string to_text(const std::vector<Finding>& findings);

}  // namespace elbo
