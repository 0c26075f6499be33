#pragma once
// What a comparison trains: which configurations follow from the options of elbo-compare.

#include <string>
#include <string_view>
#include <vector>

#include "models/config.h"

namespace elbo::lab {

struct CompareOptions {
  std::string presets;  // "A,B.json:K=V,...": presets or files of configurations, with settings of their own
  std::string data;     // specification
  Index seeds = 3;      // runs of each entry, with seeds first_seed, first_seed + 1, ...
  std::uint64_t first_seed = 1;
  std::string out;               // the folder
  std::vector<std::string> set;  // KEY=VALUE for all
  std::string sweep;             // "K=V1,V2,...": every entry once with each value; empty: none
  bool baselines = false;        // principal components, and every VAE at beta 0
  double seconds = 0;            // the budget, where it is not epochs or updates: each run is trained so long
  Index jobs = 1;                // runs at once, each in a process of its own: no run depends on it
  std::string only;              // "dense-vae-seed2": this run alone is trained, nothing else is written
  bool quick = false;            // leave out what is dear to measure (lab/compare_measure.h)
  Index importance_samples = 0;  // of every nll; 0: as many as the dearest network allows
  bool replace = false;          // a comparison in `out` is removed (--force)
};

// One line of the comparison: trained once for each seed.
struct Entry {
  std::string name;              // "dense-vae", "dense-vae-objective.beta=0": of its folders and in compare.json
  std::string label;             // "dense-vae", "dense-vae, beta=0", "dense-vae, gaussian-optimal": for people
  std::string preset;            // or the configuration's file
  std::vector<std::string> set;  // its own settings, without those for all
  Config config;                 // with everything applied but the seed
  bool twin = false;             // the gaussian-optimal twin that a squared-error VAE brings

  bool variational() const { return config.model.variational; }
};

// What every entry takes from the first one, unless its own settings say otherwise: the same examples in the same batches, equally often.
inline constexpr std::string_view budget_keys[] = {"data.valid",   "data.use_test", "data.binarize", "data.exclude_labels",
                                                   "train.epochs", "train.steps",   "train.batch"};

// A list divided at its commas, but for those within brackets, braces or quotes: "a,b=[1,2]" gives "a" and "b=[1,2]".
std::vector<std::string> split_list(std::string_view text);

// The entries in the order of the report. All train on the first one's data and parts, batches and number of updates, unless their own
// settings say otherwise; with a budget in seconds none sets epochs or updates, or schedules that are a share of them. A sweep leaves plain
// autoencoders as they are where its key is a weight of the KL. Throws UsageError for unknown presets, keys and values, and for an entry
// given twice.
std::vector<Entry> plan(const CompareOptions& options);

// "dense-vae-objective.beta=0-seed2": the folder of a run below runs/. No character that a folder's name cannot hold.
std::string run_name(const Entry& entry, std::uint64_t seed);

}  // namespace elbo::lab
