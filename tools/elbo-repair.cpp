// elbo-repair: completes pictures of which a part is hidden.

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "lab/codes.h"
#include "lab/repair.h"
#include "tensor/error.h"
#include "tensor/json.h"
#include "tensor/shape_ops.h"
#include "tools/common.h"
#include "tools/output.h"
#include "tools/run_options.h"
#include "tools/run_texts.h"
#include "tools/terminal.h"

namespace elbo {
namespace {

struct Options {
  std::string run, mask;
  std::optional<Index> count;
  std::vector<std::string> inputs;
  Index samples = 1, steps = 300;
};

Tensor mask_of(const Options& o, const Run& run, Index count, std::uint64_t seed) {
  const bool path = o.mask.find_first_of("./") != o.mask.npos;
  if (!path) return named_mask(o.mask, run.example_shape, count, seed);
  std::error_code error;
  if (!std::filesystem::is_regular_file(o.mask, error)) fail("repair", fmt::format("--mask {}: no such file", o.mask));
  // As it is, whatever the run makes of its pictures: binarised at random, a grey would hide other pixels each time.
  const Tensor picture = load_pictures(run, {o.mask}).values[0];
  const bool bytes = picture.dtype() == DType::uint8;
  return picture_mask(bytes ? multiply(picture.to(DType::float32), Tensor::scalar(1.0 / 255)) : picture, count);
}

int run(const Tool& tool, const Options& o) {
  const SharedOptions& shared = tool.shared();
  const bool given = !o.inputs.empty();
  if (o.mask.empty()) throw UsageError("--mask is missing");
  if (given && o.count) throw UsageError("--count and --input: expected one of them");
  if (given && shared.split != "test") throw UsageError("--input goes without --split");
  if (shared.out.empty()) throw UsageError("--out PATH is missing");
  const OutPath out(shared.out, shared.force, {".png", ".npy"});
  const Run run = open_chosen_run(o.run, shared);
  if (run.example_shape.rank() != 3) throw UsageError(fmt::format("{}: expected a run on pictures", o.run));
  const Dataset data = chosen_data(run, shared);
  const Split split = given ? given_examples(run, shared, o.inputs) : data.part(part_from_name(shared.split));
  const Index n = given ? split.size() : o.count.value_or(std::min<Index>(10, split.size()));
  if (n > split.size()) fail("data", fmt::format("--count {}: the {} part has {} examples", n, shared.split, split.size()));
  if (data.train.size() == 0) fail("data", "the training part, whose mean fills hidden pixels, is empty");
  const Tensor mask = mask_of(o, run, n, tool.seed());
  const Tensor x = model_inputs(run, split, n);
  const Repair r =
      repair(run, x, mask, mean_example(run, data.train),
             {.steps = o.steps, .samples = o.samples, .seed = tool.seed(), .labels = split.labels ? split.labels.slice(0, n) : Tensor()});

  if (out.kind() == ".npy") {
    write_pictures(out, r.inferred, 1, 1);
  } else {
    const Tensor grey = Tensor::full(x.shape(), 0.5, x.dtype());
    std::vector<Tensor> rows = {x, where(mask.to(x.dtype()), x, grey), r.mean_fill, r.one_pass, r.inferred};
    rows.insert(rows.end(), r.sampled.begin(), r.sampled.end());
    write_pictures(out, concatenate(rows, 0), Index(rows.size()), n);
  }
  if (shared.json) {
    Json all = about_run(run);
    all.update({{"out", out.path()},
                {"mask", o.mask},
                {"count", n},
                {"hidden", r.hidden},
                {"mean_fill", r.mean_fill_error},
                {"one_pass", r.one_pass_error},
                {"inferred", r.inferred_error},
                {"whole", r.whole_error}});
    print(all.dump(2) + "\n");
    return 0;
  }
  print(fmt::format("squared error of the {:.1f} hidden numbers of a picture, mean over {}, {} weights:\n\n{}", r.hidden, n,
                    run.weights_name(),
                    table({{"hidden pixels filled by", "squared error"},
                           {"the training data's mean", number(r.mean_fill_error)},
                           {"one pass through the encoder", number(r.one_pass_error)},
                           {"a code inferred from what is seen", number(r.inferred_error)},
                           {"the reconstruction of the whole picture", number(r.whole_error)}})));
  if (out.kind() == ".png")
    print(fmt::format("\n{}: pictures, what is seen of them, and filled by mean, pass and inferred code{}\n", out.path(),
                      r.sampled.empty() ? "" : "; then by codes drawn from what was inferred"));
  else
    print(fmt::format("\n{}: pictures filled by inferred codes\n", out.path()));
  return 0;
}

}  // namespace
}  // namespace elbo

int main(int argc, char** argv) {
  using namespace elbo;
  Options o;
  Tool tool(
      "elbo-repair",
      "Completes pictures of which a part is hidden: the code is inferred from the visible pixels alone, by optimising it, and the decoder "
      "fills in the rest. Beside it the training data's mean, and one pass of the picture so filled through the encoder.",
      {"elbo-repair runs/first --mask left --count 10 --out repaired.png",
       "elbo-repair runs/first --mask mask.png --count 5 --out repaired.png",
       "elbo-repair runs/first --mask scratch.png --out repaired.png --input mine.png"});
  tool.usage("RUN --mask left|right|top|bottom|centre|noise|FILE (--count N | --input FILE...) --out PATH")
      .positional("RUN", "a run folder, or a .safetensors of one", o.run)
      .option("--mask", "M", "what is hidden: a half, the middle, half of all pixels (noise), or the dark pixels of a picture file", o.mask)
      .option("--count", "N", "the first examples of the part (default 10)", o.count, 1, 1000)
      .several("--input", "FILE", "picture files instead, converted and resized to what the run was trained on", o.inputs)
      .option("--samples", "N", "of a VAE also so many completions from codes drawn from what was inferred (default 1)", o.samples, 0, 100)
      .option("--steps", "N", "updates of the codes (default 300)", o.steps, 1, 100000)
      .share({"--out", "--label", "--data", "--split", "--weights", "--seed", "--json", "--quiet"});
  return tool.run(argc, argv, [&] { return run(tool, o); });
}
