// elbo-traverse: what each dimension of the code does.

#include <fmt/core.h>

#include <algorithm>

#include "lab/paths.h"
#include "tensor/error.h"
#include "tensor/json.h"
#include "tools/common.h"
#include "tools/output.h"
#include "tools/run_options.h"
#include "tools/run_texts.h"
#include "tools/terminal.h"

namespace elbo {
namespace {

struct Options {
  std::string run;
  double range = 3;
  Index steps = 9;
  std::optional<Index> top;
  DecodeArguments decode;
};

int run(const Tool& tool, const Options& o) {
  const SharedOptions& shared = tool.shared();
  const Run run = open_chosen_run(o.run, shared);
  require_code(run, "elbo-traverse");
  const bool text = is_text(run);
  const std::optional<OutPath> out = texts_or_pictures(run, shared);
  const Index top = o.top.value_or(std::min<Index>(text ? 5 : 20, run.model->latent()));
  if (top > run.model->latent()) throw UsageError(fmt::format("--top {}: the code has {} dimensions", top, run.model->latent()));
  std::vector<Index> units;
  std::vector<double> weights;
  for (const UnitWeight& w : weigh_units(encode_examples(run, chosen_split(run, shared))))
    if (Index(units.size()) < top) units.push_back(w.unit), weights.push_back(w.weight);

  const Tensor codes = traversals(run, units, o.steps, o.range, chosen_label(run, shared));
  std::vector<std::string> lines;
  Json by_unit = Json::array();
  if (text) {
    const std::vector<std::string> texts = generate_texts(text_model(run), *run.codec, codes, o.decode.options(run, tool.seed()));
    for (std::size_t i = 0; i < units.size(); i++) {
      const auto begin = texts.begin() + std::ptrdiff_t(i) * o.steps;
      const std::vector<std::string> mine(begin, begin + o.steps);
      lines.push_back(fmt::format("{}dimension {}, {:g} to {:g}:", i > 0 ? "\n" : "", units[i], -o.range, o.range));
      lines.insert(lines.end(), mine.begin(), mine.end());
      by_unit.push_back(Json::object({{"dimension", units[i]}, {"texts", mine}}));
    }
    if (out) write_lines(*out, lines, 1);
  } else {
    write_pictures(*out, decode_codes(*run.model, codes), top, o.steps);
  }
  if (shared.json) {
    Json all = about_run(run);
    all.update({{"out", out ? Json(out->path()) : Json()},
                {"dimensions", units},
                {run.model->variational() ? "kl" : "variance", weights},
                {"range", o.range},
                {"steps", o.steps}});
    if (text) all["traversals"] = by_unit;
    print(all.dump(2) + "\n");
  } else if (text) {
    print(joined_lines(lines));
  } else {
    std::string names;
    for (const Index unit : units) names += (names.empty() ? "" : ", ") + std::to_string(unit);
    print(fmt::format("{}: dimensions {} from the top, each from {:g} to {:g}{}, {} weights\n", out->path(), names, -o.range, o.range,
                      run.model->variational() ? "" : " standard deviations of the codes", run.weights_name()));
  }
  return 0;
}

}  // namespace
}  // namespace elbo

int main(int argc, char** argv) {
  using namespace elbo;
  Options o;
  Tool tool(
      "elbo-traverse",
      "Varies one dimension of the code at a time and decodes: a row for each, those with the largest KL first (of a plain autoencoder "
      "those with the largest variance).",
      {"elbo-traverse runs/first --out dimensions.png", "elbo-traverse runs/words --top 3"});
  tool.usage("RUN --out PATH [--range 3] [--steps 9] [--top N]")
      .positional("RUN", "a run folder, or a .safetensors of one", o.run)
      .option("--range", "R", "from -R to R; of a plain autoencoder in standard deviations of its codes (default 3)", o.range, 1e-6, 1000)
      .option("--steps", "N", "decoded for each dimension (default 9)", o.steps, 2, 1000)
      .option("--top", "N", "dimensions (default 20, of texts 5)", o.top, 1, 1 << 20)
      .share({"--out", "--label", "--data", "--split", "--weights"});
  o.decode.add_to(tool);
  tool.share({"--seed", "--json", "--quiet"});
  return tool.run(argc, argv, [&] { return run(tool, o); });
}
