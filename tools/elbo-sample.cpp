// elbo-sample: draws codes and decodes them.

#include <fmt/core.h>

#include "lab/codes.h"
#include "lab/mixture.h"
#include "tensor/error.h"
#include "tensor/json.h"
#include "tools/common.h"
#include "tools/output.h"
#include "tools/run_options.h"
#include "tools/terminal.h"

namespace elbo {
namespace {

struct Options {
  std::string run, grid, codes;
  std::optional<Index> count;
  double temperature = 1;
};

// The mixture is fitted to codes of training examples: the other sources need no data.
Tensor draw(const Run& run, Index count, CodeSource source, const Options& o, const Tool& tool) {
  if (source != CodeSource::mixture) return draw_codes(run, count, source, o.temperature, tool.seed());
  const Dataset data = chosen_data(run, tool.shared());
  return fit_mixture(mixture_codes(run, data.train)).draw(count, o.temperature, tool.seed());
}

int run(const Tool& tool, const Options& o) {
  const SharedOptions& shared = tool.shared();
  if (shared.out.empty()) throw UsageError("--out PATH is missing");
  const Index count = o.count ? *o.count : o.grid.empty() ? 64 : parse_grid(o.grid).rows * parse_grid(o.grid).columns;
  const GridSize size = o.grid.empty() ? square_grid(count) : parse_grid(o.grid);
  if (size.rows * size.columns < count) throw UsageError(fmt::format("--grid {}: too small for --count {}", o.grid, count));
  const OutPath out(shared.out, shared.force, {".png", ".npy", ""}, is_numbered_picture);
  const Run run = open_chosen_run(o.run, shared);
  const CodeSource source = o.codes.empty() ? default_code_source(*run.model) : code_source_from_name(o.codes);
  write_pictures(out, decode_codes(*run.model, draw(run, count, source, o, tool)), size.rows, size.columns);
  if (shared.json) {
    Json all = about_run(run);
    all.update({{"out", out.path()},
                {"count", count},
                {"codes", code_source_name(source)},
                {"temperature", o.temperature},
                {"seed", tool.seed()}});
    print(all.dump(2) + "\n");
  } else {
    print(fmt::format("{}: {} sample{}, codes from {}, {} weights\n", out.path(), count, count == 1 ? "" : "s", code_source_name(source),
                      run.weights_name()));
  }
  return 0;
}

}  // namespace
}  // namespace elbo

int main(int argc, char** argv) {
  using namespace elbo;
  Options o;
  Tool tool("elbo-sample", "Draws codes and decodes them: a PNG grid, a folder of single PNGs, or .npy (the decoder's mean, float32).",
            {"elbo-sample runs/first --count 64 --out samples.png", "elbo-sample runs/first --count 10000 --out samples.npy"});
  tool.usage("RUN --count N --out PATH [--grid RxC] [--codes prior|gaussian|mixture] [--temperature T]")
      .positional("RUN", "a run folder, or a .safetensors of one", o.run)
      .option("--count", "N", "how many (default: as many as --grid has places, or 64)", o.count, 1, 1000000)
      .share({"--out"})
      .option("--grid", "RxC", "rows and columns of the grid (default: about square)", o.grid)
      .choice("--codes", {"prior", "gaussian", "mixture"},
              "where codes come from: N(0, I), a Gaussian fitted to the training codes, or ten Gaussians fitted to them (default: prior "
              "for a VAE, gaussian for an autoencoder, which has no prior)",
              o.codes)
      .option("--temperature", "T", "scales the deviation of the codes (default 1)", o.temperature, 0, 100)
      .share({"--seed", "--weights", "--data", "--json", "--quiet"});
  return tool.run(argc, argv, [&] { return run(tool, o); });
}
