#pragma once
// Comparing models: trains every entry of a plan with the same data, batches and budget for each seed, measures all on the test part, and
// keeps the figures in one file.
//
//   OUT/runs/NAME-seedS/   a run folder each
//   OUT/compare.json       options, expectations, runs with their figures; mean and spread by name and figure, differences
//   OUT/index.html         the report (lab/compare_page.h)
//
// Equal seeds make equal initial weights wherever names and shapes agree, and the same order of the same batches.

#include <functional>
#include <map>
#include <optional>

#include "lab/compare_measure.h"
#include "lab/compare_plan.h"
#include "lab/expectations.h"
#include "lab/sharpness.h"
#include "lab/statistics.h"
#include "models/trainer.h"

namespace elbo::lab {

// The figures of a run: the keys of lab/evaluate.h. Those that are null are not among the numbers.
struct RunFigures {
  std::string json;  // one object
  std::map<std::string, double> numbers;
  std::map<std::string, double> bounds;  // of a mutual information that is saturated, and of the aggregate KL that follows from it
  std::set<std::string> doubtful;        // of the numbers: an nll with too few importance samples, and what follows from it
  std::vector<double> kl_per_unit;
};
RunFigures read_figures(std::string_view json, std::string_view source);
// Adds what was measured beside summary.json. Where both have a figure, the summary's is of the whole part and stays; but for the entropy
// gap, there of `total`, here of `nll`, which is nearer.
void add_measured(RunFigures& to, std::string_view json, std::string_view source);

struct ComparedRun {
  std::string name;                       // of its entry, or "principal-components-32"
  std::optional<std::uint64_t> seed;      // none: nothing in it is random
  std::vector<std::string> set;           // all settings beyond the preset's
  std::string folder;                     // "runs/dense-ae-seed1"; empty for principal components
  RunFigures figures;                     // its numbers have those of `measured` and of sharpness_figures() as well
  std::optional<RunSharpness> sharpness;  // of pictures
  MeasuredRun measured;                   // on the first test examples; and what each test example has
  double seconds = 0;                     // of training, with a budget in seconds; 0: not known
  Index updates = 0;
};

// "laplacian_ratio_samples": the samples' Laplacian variance, the data's being 1; "laplacian_distance_samples" and
// "spectrum_distance_samples" as in lab/sharpness.h; the same of "reconstructions" and of "training", the floor.
std::map<std::string, double> sharpness_figures(const RunSharpness& sharpness);

// A figure of one entry less that of another.
struct Difference {
  std::string figure, a, b;
  MeanInterval seeds;                 // of a - b, seed by seed; principal components are the same under every seed
  std::optional<Interval> bootstrap;  // of their mean over the test examples
  bool doubtful = false;              // either is
};

struct JudgedExpectation {
  Expectation stated;
  Difference difference;  // higher - lower
  Outcome outcome = Outcome::not_measured;
  // Whether the mean difference points the other way, decided or not.
  bool against() const { return difference.seeds.spread.n > 0 && difference.seeds.spread.mean < 0; }
};

struct Comparison {
  CompareOptions options;
  std::vector<Entry> entries;
  std::vector<ComparedRun> runs;
  Dataset data;                                                      // of the first entry
  std::vector<Expectation> stated;                                   // before the first run was trained
  std::vector<JudgedExpectation> came;                               // the same, once all runs are measured
  std::vector<Difference> differences;                               // of each line and the first, in every figure that they share
  std::map<std::string, std::map<std::string, Interval>> bootstrap;  // by name and figure: of the mean over test examples
  Index importance_samples = 0;                                      // of every nll
  bool stopped = false;  // by a signal: what is finished is kept, and the same options continue it

  std::vector<const ComparedRun*> runs_of(std::string_view name) const;
  Spread spread(std::string_view name, const std::string& figure) const;  // over the runs that have the figure; n = 0: none
  // A figure that is known to be at least, or at most, so much in some of the entry's runs: the mean of what is known.
  std::optional<double> bound(std::string_view name, const std::string& figure) const;
  bool doubtful(std::string_view name, const std::string& figure) const;  // in any of the entry's runs
  const Entry* entry(std::string_view name) const;                        // null: principal components
  std::vector<std::string> names() const;                                 // of entries, then of principal components
};

// Differences and outcomes (lab/differences.cpp). difference_of() leaves the bootstrap to compute_statistics().
Difference difference_of(const Comparison& c, const std::string& figure, const std::string& a, const std::string& b);
void compute_statistics(Comparison& comparison);

struct CompareHooks {
  std::function<void(const Entry&, std::uint64_t seed, Index number, Index count)> on_run;  // before run `number` (from 1) of `count`
  std::function<void(const Metrics&)> on_epoch;
  std::function<void(const Metrics&, double progress, double seconds_left)> on_progress;
  std::function<void(std::string_view)> on_note;
  OnRead on_read;  // while data are loaded; what it throws ends the comparison, which the same options continue
  std::function<int()> stop_signal;
  std::string program;  // elbo-compare itself, for options.jobs above 1
};

// Trains and measures; writes runs and compare.json, not the page. A folder that holds a comparison with the same options is continued:
// finished runs are kept, an unfinished one is resumed. Throws Error where it holds one with others, or anything else. With options.only
// it trains that run and returns no runs.
Comparison compare(const CompareOptions& options, const CompareHooks& hooks = {});

// "elbo-compare --presets ...": the command that makes the comparison again, quoted for a shell.
std::string command_line(const CompareOptions& options);
// Its words: what decides the result, without --jobs, --only and --force.
std::vector<std::string> command_words(const CompareOptions& options);

}  // namespace elbo::lab
