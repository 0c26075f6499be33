#pragma once
// Opening the run that a tool was given.

#include "models/run.h"
#include "tensor/json.h"
#include "tools/common.h"
#include "tools/terminal.h"

namespace elbo {

// The run at `path` with the weights of --weights.
Run open_chosen_run(const std::string& path, const SharedOptions& shared);

// --label for `count` examples, int32 (count,); empty where it was not given. Throws UsageError where the run is not given labels, or not
// this one.
Tensor chosen_labels(const Run& run, const SharedOptions& shared, Index count);
Index chosen_label(const Run& run, const SharedOptions& shared);  // the same of one, 0 where it was not given

// {"run": ..., "weights": ...}: what every result names.
Json about_run(const Run& run);

// The shape of the examples of the configuration's data; where it names none, 28x28x1, or of texts 16 tokens (the first is not predicted)
// and 6,000 words.
Shape example_shape_of(const Config& config);

// A live line while many files are read. Where a signal waits, it throws Interrupted.
OnRead show_reading(Progress& progress);

// The run's data, or those of --data; what there is to know of them (files left out) goes to standard error.
Dataset chosen_data(const Run& run, const SharedOptions& shared);
// The part of --split; throws Error where it has no examples.
Split chosen_split(const Run& run, const SharedOptions& shared);

}  // namespace elbo
