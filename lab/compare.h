#pragma once
// Comparing models: trains every entry of a plan with the same data, batches and number of updates for each seed, measures all on the
// test part, and keeps the figures in one file.
//
//   OUT/runs/NAME-seedS/   a run folder each
//   OUT/compare.json       options, runs with their figures, mean and spread by name and figure
//   OUT/index.html         the report (lab/compare_page.h)
//
// Equal seeds make equal initial weights wherever names and shapes agree, and the same order of the same batches.

#include <functional>
#include <map>
#include <optional>

#include "lab/compare_plan.h"
#include "lab/sharpness.h"
#include "lab/statistics.h"
#include "models/trainer.h"

namespace elbo::lab {

// The figures of a run: the keys of lab/evaluate.h. Those that are null are not among the numbers.
struct RunFigures {
  std::string json;  // one object
  std::map<std::string, double> numbers;
  std::vector<double> kl_per_unit;
};
RunFigures read_figures(std::string_view json, std::string_view source);

struct ComparedRun {
  std::string name;                       // of its entry, or "principal-components-32"
  std::optional<std::uint64_t> seed;      // none: nothing in it is random
  std::vector<std::string> set;           // all settings beyond the preset's
  std::string folder;                     // "runs/dense-ae-seed1"; empty for principal components
  RunFigures figures;                     // its numbers have those of sharpness_figures() as well
  std::optional<RunSharpness> sharpness;  // of pictures
  std::map<std::string, double> texts;    // of texts: nll, ... of the first text_examples; NaN where one does not apply
};

// "laplacian_ratio_samples": the samples' Laplacian variance, the data's being 1; "laplacian_distance_samples" and
// "spectrum_distance_samples" as in lab/sharpness.h; the same of "reconstructions" and of "training", the floor.
std::map<std::string, double> sharpness_figures(const RunSharpness& sharpness);

// Of texts beside those of summary.json: nll, mutual information and shuffled reconstruction, on the first test sentences.
inline constexpr Index text_examples = 1000, text_importance_samples = 20;

struct Comparison {
  CompareOptions options;
  std::vector<Entry> entries;
  std::vector<ComparedRun> runs;
  Dataset data;          // of the first entry
  bool stopped = false;  // by a signal: what is finished is kept, and the same options continue it

  std::vector<const ComparedRun*> runs_of(std::string_view name) const;
  Spread spread(std::string_view name, const std::string& figure) const;  // over the runs that have the figure; n = 0: none
};

struct CompareHooks {
  std::function<void(const Entry&, std::uint64_t seed, Index number, Index count)> on_run;  // before run `number` (from 1) of `count`
  std::function<void(const Metrics&)> on_epoch;
  std::function<void(const Metrics&, double progress, double seconds_left)> on_progress;
  std::function<void(std::string_view)> on_note;
  OnRead on_read;  // while data are loaded; what it throws ends the comparison, which the same options continue
  std::function<int()> stop_signal;
};

// Trains and measures; writes runs and compare.json, not the page. A folder that holds a comparison with the same options is continued:
// finished runs are kept, an unfinished one is resumed. Throws Error where it holds one with others, or anything else.
Comparison compare(const CompareOptions& options, const CompareHooks& hooks = {});

// "elbo-compare --presets ...": the command that makes the comparison again, quoted for a shell.
std::string command_line(const CompareOptions& options);

}  // namespace elbo::lab
