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
#include "tools/run_texts.h"
#include "tools/terminal.h"

namespace elbo {
namespace {

struct Options {
  std::string run;
  std::optional<Index> count;
  std::vector<std::string> inputs, texts;
  DecodeArguments decode;
};

// Two lines a sentence: as it was, and as it comes back from the mean of its code.
int run_text(const Tool& tool, const Options& o, const Run& run) {
  const SharedOptions& shared = tool.shared();
  require_code(run, "elbo-reconstruct");
  std::optional<OutPath> out;
  if (!shared.out.empty()) out.emplace(shared.out, shared.force, std::initializer_list<std::string_view>{".txt"});
  std::vector<std::string> texts = given_sentences(run, shared, o.inputs, o.texts);
  Tensor labels = chosen_labels(run, shared, Index(texts.size()));
  if (texts.empty()) {
    const Dataset data = chosen_data(run, shared);
    const Split& split = data.part(part_from_name(shared.split));
    texts = first_texts(run, data, split, o.count.value_or(std::min<Index>(20, split.size())));
    if (split.labels) labels = split.labels.slice(0, Index(texts.size()));
  }
  const std::vector<std::string> back =
      generate_texts(text_model(run), *run.codec, codes_of(run, texts, labels), o.decode.options(run, tool.seed()));
  std::vector<std::string> lines;
  Json pairs = Json::array();
  for (std::size_t i = 0; i < texts.size(); i++) {
    lines.push_back(texts[i]);
    lines.push_back(back[i]);
    pairs.push_back(Json::object({{"input", texts[i]}, {"reconstruction", back[i]}}));
  }
  if (out) write_lines(*out, lines, 1);
  if (shared.json) {
    Json all = about_run(run);
    all.update({{"out", out ? Json(out->path()) : Json()}, {"count", Index(texts.size())}, {"texts", pairs}});
    print(all.dump(2) + "\n");
  } else {
    print(joined_lines(lines));
  }
  return 0;
}

int run(const Tool& tool, const Options& o) {
  const SharedOptions& shared = tool.shared();
  const std::optional<Index> count = o.count;
  const std::vector<std::string>& inputs = o.inputs;
  const bool given = !inputs.empty() || !o.texts.empty();
  if (count && given) throw UsageError("--count, --input and --text: expected one of them");
  if (given && (shared.split != "test" || !shared.data.empty())) throw UsageError("--input and --text go without --split and --data");
  const Run run = open_chosen_run(o.run, shared);
  if (is_text(run)) return run_text(tool, o, run);
  if (!o.texts.empty()) throw UsageError(fmt::format("--text: {} is a run on pictures or vectors", o.run));
  if (shared.out.empty()) throw UsageError("--out PATH is missing");
  const OutPath out(shared.out, shared.force, {".png", ".npy"});
  const Split split = inputs.empty() ? chosen_split(run, shared) : given_examples(run, shared, inputs);
  const Index n = inputs.empty() ? count.value_or(std::min<Index>(20, split.size())) : split.size();
  const Tensor x = model_inputs(run, split, n), y = reconstruct(*run.model, x, split.labels);
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
  Options o;
  Tool tool(
      "elbo-reconstruct",
      "Draws inputs and, under each, its reconstruction, ten in a row; or writes the reconstructions alone (.npy, float32). Of texts two "
      "lines each, the sentence and what comes back, to standard output and, with --out, to a .txt.",
      {"elbo-reconstruct runs/first --count 20 --out reconstructions.png",
       "elbo-reconstruct runs/first --count 1000 --out reconstructions.npy",
       "elbo-reconstruct runs/first --out mine.png --input one.png two.png",
       "elbo-reconstruct runs/words --text \"two dogs play in the snow .\""});
  tool.usage("RUN (--count N | --input FILE... | --text \"...\") --out PATH")
      .positional("RUN", "a run folder, or a .safetensors of one", o.run)
      .option("--count", "N", "the first examples of the part (default 20)", o.count, 1, 10000)
      .several("--input", "FILE", "picture files instead, converted and resized to what the run was trained on; or files of sentences",
               o.inputs)
      .repeatable("--text", "\"...\"", "a sentence", o.texts)
      .share({"--out", "--label", "--data", "--split", "--weights"});
  o.decode.add_to(tool);
  tool.share({"--seed", "--json", "--quiet"});
  return tool.run(argc, argv, [&] { return run(tool, o); });
}
