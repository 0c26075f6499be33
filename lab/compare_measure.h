#pragma once
// What a comparison measures of a run beside its summary.json: every figure of `elbo-eval --all` that a comparison can afford, and the
// figures of each test example, which the bootstrap of lab/statistics.h resamples.
//
//   always            importance samples, information, structural similarity, disentanglement, active units by threshold: on the first
//                     1,000 test examples, with 10 to 100 importance samples, as many as the dearest network allows; texts: 20
//   not with --quick  what is dear: probes and nearest neighbours (of 3,000 training codes; their baselines with the first run alone, and
//                     of examples of at most 1,000 numbers), figures of 2,000 samples and 200 codes, of paths; of texts those that are
//                     drawn
//
// Both are kept in the run's folder, comparison.json and comparison.npz, and taken from there as long as its summary.json is the same.

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "lab/baselines.h"
#include "lab/evaluate.h"

namespace elbo::lab {

inline constexpr Index measured_examples = 1000, most_importance_samples = 100, measured_pictures = 2000;
// Of texts: on as many sentences, with fewer samples.
inline constexpr Index text_examples = 1000, text_importance_samples = 20;

// Figures by name: those that are numbers. A mutual information that is saturated, and the aggregate KL that follows from it, are no
// numbers to compare but bounds: at least the one, at most the other.
struct NamedFigures {
  std::map<std::string, double> numbers, bounds;
  std::set<std::string> doubtful;  // nll and what follows from it, where it is not to be trusted (lab/nll_figures.h)
};
NamedFigures named_figures(std::string_view json, std::string_view source);

using ExampleFigures = std::map<std::string, std::vector<double>>;  // by name, in the order of the test part

struct MeasuredRun {
  std::string json;  // one object: examples, importance_samples, dear (whether these were measured), figures as elbo-eval's
  ExampleFigures examples;
};

struct MeasureOptions {
  bool dear = true;
  bool baselines = true;  // of the probes
  Index importance_samples = most_importance_samples;
  std::function<void(std::string_view)> on_note;  // what takes its time
};
MeasuredRun measure_run(const std::string& run_folder, const Dataset& data, const MeasureOptions& options = {});

// 100, 50, 20 or 10: the most that decode a run's 1,000 examples in some 1e12 operations. `step_flops`: of the dearest network, a training
// step of one example, of which decoding is about a sixth.
Index affordable_samples(double step_flops);

// The squared errors of principal components, example by example.
ExampleFigures example_figures(const LinearBaseline& baseline, const Split& split);

}  // namespace elbo::lab
