#pragma once
// The folder of a comparison: what makes it one that may be continued or replaced, and compare.json.

#include <initializer_list>
#include <string>
#include <string_view>

#include "lab/compare.h"

namespace elbo::lab {

// Throws Error where options.out exists and is no comparison with the same options and data.
void check_comparison_folder(const CompareOptions& options, const Dataset& data);
// The expectations of the comparison that is there, in their order; none where there is none.
std::vector<Expectation> stated_before(const std::string& out);
// How many runs its compare.json has.
std::size_t runs_kept(const std::string& out);
// For --force: removes a folder of runs/ and `files` that the tool of `op` wrote. `what` it is called: "comparison". Throws Error where it
// holds anything else, or a run that is being trained.
void remove_runs(const char* op, const std::string& out, std::string_view what, std::initializer_list<std::string_view> files);
// Held while a comparison is made, so that there are not two and elbo-watch knows: OUT/.lock, which is removed at the end. Throws Error
// where another program holds it.
class ComparisonLock {
 public:
  explicit ComparisonLock(const std::string& out);
  ~ComparisonLock();
  ComparisonLock(const ComparisonLock&) = delete;
  ComparisonLock& operator=(const ComparisonLock&) = delete;

 private:
  std::string file_;
  int lock_;
};

void write_compare_json(const Comparison& comparison);

std::string read_text_file(const std::string& path);

}  // namespace elbo::lab
