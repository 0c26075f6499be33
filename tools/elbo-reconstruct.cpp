// elbo-reconstruct: inputs and, under each, what the model makes of them.

#include <fmt/core.h>

#include <algorithm>

#include "lab/codes.h"
#include "tensor/error.h"
#include "tensor/json.h"
#include "tools/common.h"
#include "tools/output.h"
#include "tools/run_options.h"
#include "tools/run_pictures.h"
#include "tools/terminal.h"

namespace elbo {
namespace {

int run(const Tool& tool, const std::string& run_path, std::optional<Index> count, const std::vector<std::string>& inputs) {
  const SharedOptions& shared = tool.shared();
  if (shared.out.empty()) throw UsageError("--out PATH is missing");
  if (count && !inputs.empty()) throw UsageError("--count and --input: expected one of them");
  if (!inputs.empty() && (shared.split != "test" || !shared.data.empty())) throw UsageError("--input goes without --split and --data");
  const OutPath out(shared.out, shared.force, {".png", ".npy"});
  const Run run = open_chosen_run(run_path, shared);
  const Split split = inputs.empty() ? chosen_split(run, shared) : load_pictures(run, inputs);
  const Index n = inputs.empty() ? count.value_or(std::min<Index>(20, split.size())) : split.size();
  const Tensor x = model_inputs(run, split, n), y = reconstruct(*run.model, x);
  const Index columns = std::min<Index>(n, 10), rows = (n + columns - 1) / columns;
  const bool array = out.kind() == ".npy";
  write_pictures(out, array ? y : paired_rows(x, y, columns), 2 * rows, columns);
  if (shared.json) {
    Json all = about_run(run);
    all.update({{"out", out.path()}, {"count", n}, {"split", inputs.empty() ? Json(shared.split) : Json()}});
    print(all.dump(2) + "\n");
  } else {
    print(fmt::format("{}: {}, {} weights\n", out.path(),
                      array ? fmt::format("reconstructions of {} inputs from their codes' means", n)
                            : fmt::format("{} input{} its reconstruction from the code's mean", n, n == 1 ? " over" : "s, each over"),
                      run.weights_name()));
  }
  return 0;
}

}  // namespace
}  // namespace elbo

int main(int argc, char** argv) {
  using namespace elbo;
  std::string run_path;
  std::optional<Index> count;
  std::vector<std::string> inputs;
  Tool tool("elbo-reconstruct",
            "Draws inputs and, under each, its reconstruction, ten in a row; or writes the reconstructions alone (.npy, float32).",
            {"elbo-reconstruct runs/first --count 20 --out reconstructions.png",
             "elbo-reconstruct runs/first --count 1000 --out reconstructions.npy",
             "elbo-reconstruct runs/first --out mine.png --input one.png two.png"});
  tool.usage("RUN (--count N | --input FILE...) --out PATH")
      .positional("RUN", "a run folder, or a .safetensors of one", run_path)
      .option("--count", "N", "the first examples of the part (default 20)", count, 1, 10000)
      .several("--input", "FILE", "picture files instead, converted and resized to what the run was trained on", inputs)
      .share({"--out", "--data", "--split", "--weights", "--json", "--quiet"});
  return tool.run(argc, argv, [&] { return run(tool, run_path, count, inputs); });
}
