#pragma once
// What codes say of labels: the share of test examples whose label a probe finds from their code, beside what it finds without the model.
//
//   linear   softmax regression with L2 (lab/softmax_regression.h) of strength 1e-1, 1e-2, 1e-3 or 1e-4: from the strongest on until the
//            accuracy on the validation codes falls, of equal ones the strongest; after the linear probes of Alain and Bengio 2016,
//            "Understanding intermediate layers using linear classifier probes"
//   knn      the 10 nearest training codes vote (lab/knn.h)
//
// Codes are the encoder's means, centred on the training codes' mean and divided by one number, their root mean square over all
// dimensions, so that the strengths mean the same for codes of any scale and directions keep their proportions.
//
// Without the baselines an accuracy says little: most of a digit can be read from raw pixels by both probes. They are
//
//   raw                    the numbers that the encoder sees (binarised or dequantised where the run is so)
//   principal components   of these, as many as the code has dimensions: the best linear code
//   untrained              the run's own configuration with its initial weights: what architecture and width bring by themselves
//
// Training, validation and test part are cut to the numbers of examples in ProbeOptions, drawn in proportion to the labels by a fixed
// permutation (data/parts.h), so all figures are of subsets where parts are larger. With 20,000 training examples all figures of 784 pixels
// take some 20 seconds on two cores, of 3,072 numbers a minute, nearly all of it for the raw numbers.

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "data/dataset.h"
#include "models/run.h"

namespace elbo {

struct ProbeOptions {
  Index train = 20000, valid = 5000, test = 10000;  // at most so many examples of each part
  Index neighbours = 10;                            // at most; fewer where there are fewer training examples
  bool baselines = true;                            // otherwise only `code` is measured
};

// Shares of the test examples, 0 .. 1; NaN where a figure does not apply.
struct ProbeAccuracy {
  double linear = std::numeric_limits<double>::quiet_NaN(), knn = std::numeric_limits<double>::quiet_NaN();
  double l2 = std::numeric_limits<double>::quiet_NaN();  // the strength that was chosen
  bool converged = true;                                 // all fits of the linear probe
};

struct ProbeFigures {
  ProbeAccuracy code, raw, principal_components, untrained;
  double most_frequent = std::numeric_limits<double>::quiet_NaN();  // accuracy of always saying the training part's most frequent label
  Index train = 0, valid = 0, test = 0;                             // examples used
};

// By what follows the names of the figures: "", "_raw", "_principal_components", "_untrained".
std::vector<std::pair<std::string, const ProbeAccuracy*>> probes_by_name(const ProbeFigures& figures);

// Features (n, d) of any float type with their labels, int32 (n,).
struct LabelledFeatures {
  Tensor x, labels;
};

// Both probes on features of any kind, centred and scaled as above. Throws Error for parts without examples.
ProbeAccuracy probe_features(const LabelledFeatures& train, const LabelledFeatures& valid, const LabelledFeatures& test, Index classes,
                             Index neighbours = 10);

// All of them for a run. Where there is no validation part, a fifth of the training examples takes its place. NaN throughout where the data
// have no labels; `raw` and `principal_components` NaN for texts; `code` and `untrained` NaN for a model without a code. Throws Error where
// there are labels but the training part (fewer than two examples) or the test part is empty.
ProbeFigures probe_figures(const Run& run, const Dataset& data, const ProbeOptions& options = {});

}  // namespace elbo
