#pragma once
// The folder of a comparison: what makes it one that may be continued or replaced, and compare.json.

#include <string>

#include "lab/compare.h"

namespace elbo::lab {

// Throws Error where options.out exists and is no comparison with the same options and data.
void check_comparison_folder(const CompareOptions& options, const Dataset& data);
// For --force: throws where the folder holds what no comparison writes, or a run that is being trained.
void remove_comparison(const std::string& out);
void write_compare_json(const Comparison& comparison);

std::string read_text_file(const std::string& path);

}  // namespace elbo::lab
