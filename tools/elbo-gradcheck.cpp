// elbo-gradcheck: the gradient of every op against central differences in float64, and its float32 kernels against float64.

#include <fmt/core.h>

#include "autograd/gradcheck.h"
#include "models/gradcheck.h"
#include "tensor/error.h"
#include "tensor/json.h"
#include "tensor/nearest.h"
#include "tools/common.h"
#include "tools/run_options.h"
#include "tools/terminal.h"

namespace elbo {
namespace {

std::string scientific(double v) { return fmt::format("{:.1e}", v); }

std::vector<GradcheckResult> check_ops(const std::string& only) {
  std::vector<GradcheckResult> results = gradcheck_ops(only);
  if (results.empty()) throw UsageError(unknown_message("op", only, op_names()));
  return results;
}

int run(const Tool& tool, const std::string& op, const std::string& preset_name) {
  if (!op.empty() && !preset_name.empty()) throw UsageError("--op and --preset: expected one of them");
  const bool model = !preset_name.empty();
  if (!model && !tool.shared().data.empty()) throw UsageError("--data goes with --preset: an op has samples of its own");
  std::vector<GradcheckResult> results;
  if (model) {
    Config config = preset(preset_name).config;
    if (!tool.shared().data.empty()) give_data(config, tool.shared().data);
    results = gradcheck_parameters(config, example_shape_of(config));
  } else {
    results = check_ops(op);
  }
  std::size_t failed = 0;
  for (const GradcheckResult& r : results) failed += !r.passed();
  if (tool.shared().json) {
    Json all = Json::object({{"tolerance", gradcheck_tolerance}, {"checks", Json::array()}});
    for (const GradcheckResult& r : results)
      all["checks"].push_back(Json::object({{"name", r.op},
                                            {"sample", r.sample},
                                            {"error64", r.error64},
                                            {"value32", r.value32},
                                            {"error32", r.error32},
                                            {"passed", r.passed()}}));
    all["passed"] = results.size() - failed;
    all["failed"] = failed;
    print(all.dump(2) + "\n");
  } else {
    std::vector<std::vector<std::string>> rows = {
        {model ? "parameter" : "op", "sample", "float64 gradient", "float32 value", "float32 gradient", "result"}};
    for (const GradcheckResult& r : results)
      rows.push_back({r.op, std::to_string(r.sample), scientific(r.error64), scientific(r.value32), scientific(r.error32),
                      r.passed() ? "passed" : "FAILED"});
    print(table(rows));
    print(
        fmt::format("\nLargest differences, relative to the largest magnitude: the float64 rule against central differences (below "
                    "{:.0e}\nwanted), float32 against float64.\n",
                    gradcheck_tolerance));
  }
  if (failed > 0) fail("gradcheck", fmt::format("{} of {} checks failed", failed, results.size()));
  return 0;
}

}  // namespace
}  // namespace elbo

int main(int argc, char** argv) {
  using namespace elbo;
  std::string op, preset_name;
  Tool tool("elbo-gradcheck",
            "Checks the gradient of every op, of one, or of every parameter of a preset's model on 28x28x1 pictures, or on --data's.",
            {"elbo-gradcheck", "elbo-gradcheck --op linear", "elbo-gradcheck --preset mlp-vae"});
  tool.option("--op", "NAME", "only this op", op)
      .option("--preset", "NAME", "the whole model of this preset, in float64", preset_name)
      .share({"--data", "--json"});
  return tool.run(argc, argv, [&] { return run(tool, op, preset_name); });
}
