// elbo-manifold: the decoder over a regular grid of two latent dimensions.

#include <fmt/core.h>

#include <charconv>

#include "lab/codes.h"
#include "tensor/error.h"
#include "tensor/json.h"
#include "tools/common.h"
#include "tools/output.h"
#include "tools/run_options.h"
#include "tools/terminal.h"

namespace elbo {
namespace {

std::pair<Index, Index> parse_dims(const std::string& text) {
  Index first = -1, second = -1;
  const char *at = text.data(), *end = at + text.size();
  const auto one = std::from_chars(at, end, first);
  if (one.ec == std::errc() && one.ptr != end && *one.ptr == ',') {
    const auto two = std::from_chars(one.ptr + 1, end, second);
    if (two.ec == std::errc() && two.ptr == end) return {first, second};
  }
  throw UsageError(fmt::format("--dims {}: expected two dimensions, such as 0,1", text));
}

int run(const Tool& tool, const std::string& run_path, Index size, double range, const std::string& dims) {
  const SharedOptions& shared = tool.shared();
  if (shared.out.empty()) throw UsageError("--out PATH is missing");
  const auto [first, second] = parse_dims(dims);
  const OutPath out(shared.out, shared.force, {".png", ".npy"});
  const Run run = open_chosen_run(run_path, shared);
  if (run.codec)
    throw UsageError(fmt::format("{}: is a run on texts, and the plane is drawn of pictures; elbo-traverse decodes texts", run_path));
  const Tensor plane = plane_codes(run, size, range, first, second);
  const Tensor labels = Tensor::full({plane.size(0)}, double(chosen_label(run, shared)), DType::int32);
  write_pictures(out, decode_codes(*run.model, with_labels(*run.model, plane, labels)), size, size, 0);
  const char* unit = run.model->variational() ? "" : " standard deviations of the codes";
  if (shared.json) {
    Json all = about_run(run);
    all.update({{"out", out.path()}, {"size", size}, {"range", range}, {"dims", Json::array({first, second})}});
    print(all.dump(2) + "\n");
  } else {
    print(fmt::format("{}: {} x {} codes over [-{}, {}]{}; dimension {} grows to the right, {} upwards; {} weights\n", out.path(), size,
                      size, range, range, unit, first, second, run.weights_name()));
  }
  return 0;
}

}  // namespace
}  // namespace elbo

int main(int argc, char** argv) {
  using namespace elbo;
  std::string run_path, dims = "0,1";
  Index size = 15;
  double range = 4;
  Tool tool("elbo-manifold",
            "Draws the decoder over a regular grid of a 2-D latent space, or of two chosen dimensions with all others 0: the first grows "
            "from left to right, the second from bottom to top.",
            {"elbo-manifold runs/plane --out manifold.png", "elbo-manifold runs/first --dims 3,7 --range 3 --out manifold.png"});
  tool.positional("RUN", "a run folder, or a .safetensors of one", run_path)
      .share({"--out"})
      .option("--size", "N", "pictures a side (default 15)", size, 1, 200)
      .option("--range", "R", "from -R to R (default 4); for an autoencoder in standard deviations of its codes around their mean", range,
              1e-6, 1e6)
      .option("--dims", "I,J", "the two dimensions, counted from 0 (default 0,1)", dims)
      .share({"--label", "--weights", "--json"});
  return tool.run(argc, argv, [&] { return run(tool, run_path, size, range, dims); });
}
