#include "tools/run_options.h"

namespace elbo {

Run open_chosen_run(const std::string& path, const SharedOptions& shared) {
  return open_run(path, shared.weights == "best" ? Weights::best : Weights::last);
}

Json about_run(const Run& run) { return Json::object({{"run", run.path}, {"weights", run.weights_name()}}); }

Split chosen_split(const Run& run, const SharedOptions& shared) {
  return load_run_data(run, shared.data).part(part_from_name(shared.split));
}

}  // namespace elbo
