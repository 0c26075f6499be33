#pragma once
// Published and reference figures as experiments: configurations that are trained as usual, figures that are measured on them, and for each
// figure the value that others found, with a band around it. The mean over the seeds lies inside its band, or the figure is not
// reproduced.
//
//   OUT/runs/NAME-seedS/   a run folder each
//   OUT/reproduce.json     what was asked for, and every figure measured so far
//
// Which experiments there are stands in lab/reproduce_table.cpp; an experiment is data, not code: only what no figure of lab/evaluate.h
// says (a closed form beside it) is a function of its own.

#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/evaluate.h"
#include "models/trainer.h"

namespace elbo::lab {

using Numbers = std::map<std::string, double>;  // figures by name

// What is trained, once for each seed.
struct ReproducedModel {
  std::string name;   // "vae": of its runs' folders
  std::string label;  // "VAE": for people
  std::string preset;
  std::vector<std::string> set;  // KEY=VALUE
};

// A figure that others found. `figure` is a key of lab/evaluate.h ("total", "nll", "active_units"), one of the last training line of
// metrics.jsonl ("train.objective": means over the last epoch as trained), or one of the experiment's own.
struct ReferenceFigure {
  std::string model;  // whose
  std::string figure;
  double reference = no_figure;              // NaN: none, shown for what it says beside the others
  double low = no_figure, high = no_figure;  // the mean over the seeds lies between them, ends included; NaN: shown, not judged
  bool judged() const { return low <= high; }
};
// A figure with a band of `width` on either side of its reference.
ReferenceFigure within(std::string model, std::string figure, double reference, double width);

struct Experiment {
  std::string name;          // "iwae"
  Index k = 0;               // --k: samples of the bound; 0: has none
  bool shortened = false;    // --short
  std::string what, source;  // one line each: what is trained; whose figures the references are
  std::string takes;         // on two cores
  std::string data;          // what --data must name, "mnist:FOLDER"; empty: it makes its own
  std::vector<ReproducedModel> models;
  std::vector<ReferenceFigure> figures;
  Index seeds = 3;  // 1, 2, ...: the mean over them is judged
  Index importance_samples = 0;
  Part part = Part::test;                                                    // which is measured
  Index train_examples = 0, test_examples = 0;                               // of the data that the references are of
  std::function<std::string(const std::string& folder)> make_data = {};      // writes them; returns the specification
  std::function<Numbers(const Run& run, const Dataset& data)> further = {};  // figures of its own

  std::string command() const;  // "iwae --k 5 --short": as it is called
};

const std::vector<Experiment>& experiments();
// Throws UsageError: an unknown name (the nearest is named), a K that there is not or none where there must be one, no shorter form.
const Experiment& find_experiment(std::string_view name, std::optional<Index> k, bool shortened);

struct ReproduceOptions {
  std::string data;      // specification
  std::string out;       // the folder
  Index seeds = 0;       // 0: the experiment's
  bool replace = false;  // a reproduction in `out` is removed (--force)
};

struct ReproduceHooks {
  std::function<void(const ReproducedModel&, std::uint64_t seed, Index number, Index count)> on_run;  // run `number` (from 1) of `count`
  std::function<void(const Metrics&)> on_epoch;
  std::function<void(const Metrics&, double progress, double seconds_left)> on_progress;
  std::function<void(Index done, Index all)> on_measure;  // examples
  std::function<void(std::string_view)> on_note;
  OnRead on_read;  // while data are loaded; what it throws ends the reproduction, which the same options continue
  std::function<int()> stop_signal;
};

struct JudgedFigure {
  ReferenceFigure reference;
  std::vector<double> values;  // of seed 1, 2, ...
  double mean = no_figure;
  std::optional<bool> inside;  // nothing: not judged
};
// A mean that is not finite is outside.
JudgedFigure judge(const ReferenceFigure& reference, std::vector<double> values);

struct Reproduction {
  Experiment experiment;
  std::string data;  // specification
  Index seeds = 0;
  std::vector<JudgedFigure> figures;
  bool stopped = false;  // by a signal: there are no figures; the same options continue it
  bool inside() const;   // every figure that is judged
};

// The configuration of one run. Throws UsageError for data of another kind than the experiment's.
Config run_config(const Experiment& experiment, const ReproducedModel& model, const std::string& data, std::uint64_t seed);

// Trains what is not trained yet, goes on with what was stopped, measures, and judges. Throws Error where `out` holds something else than
// this reproduction, runs with other settings, or runs on other data; and where data are needed and none are named.
Reproduction reproduce(const Experiment& experiment, const ReproduceOptions& options, const ReproduceHooks& hooks = {});

// lab/reproduce_report.cpp. Rows, a heading first.
std::vector<std::vector<std::string>> result_table(const Reproduction& result);
std::vector<std::vector<std::string>> experiment_table(const std::vector<Experiment>& all);
std::string to_json(const Reproduction& result);  // one object, a line end at the end
std::string to_json(const std::vector<Experiment>& all);

}  // namespace elbo::lab
