// elbo-edit: codes moved along the direction from one group of examples to another, decoded.

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>

#include "data/picture_folder.h"
#include "lab/groups.h"
#include "lab/paths.h"
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
  std::string run, from, to;
  double strength = 1;
  std::optional<Index> count;
  std::vector<std::string> inputs, texts;
  DecodeArguments decode;
};

// The run's data, once they are needed: an edit between files needs none.
class LazyData {
 public:
  LazyData(const Run& run, const SharedOptions& shared) : run_(run), shared_(shared) {}
  const Dataset& operator()() {
    if (!data_) data_ = chosen_data(run_, shared_);
    return *data_;
  }

 private:
  const Run& run_;
  const SharedOptions& shared_;
  std::optional<Dataset> data_;
};

struct Group {
  Tensor code;     // the mean of its examples'
  Index examples;  // of the training part, or in the files
};

// A path: one with a '/', or what exists and is the name of no label.
bool names_files(const Run& run, const std::string& name, LazyData& data) {
  std::error_code error;
  if (is_text(run) ? !std::filesystem::is_regular_file(name, error) : !std::filesystem::is_directory(name, error)) return false;
  return name.find('/') != name.npos || !label_of_name(data(), name);
}

// A file of sentences, a folder of pictures, or examples of the training part by label or factor.
Group group_named(const Run& run, const SharedOptions& shared, const std::string& name, LazyData& data) {
  Split split;
  if (names_files(run, name, data))
    split = given_examples(run, shared, is_text(run) ? std::vector<std::string>{name} : find_pictures(name).files);
  else
    split = group_of(data(), data().train, name);
  return {mean_code(encode_examples(run, split).mean), split.size()};
}

int run(const Tool& tool, const Options& o) {
  const SharedOptions& shared = tool.shared();
  if (o.from.empty() || o.to.empty()) throw UsageError("expected --from X and --to Y");
  const bool given = !o.inputs.empty() || !o.texts.empty();
  if (o.count && given) throw UsageError("--count, --input and --text: expected one of them");
  const Run run = open_chosen_run(o.run, shared);
  require_code(run, "elbo-edit");
  const bool text = is_text(run);
  if (!text && !o.texts.empty()) throw UsageError(fmt::format("--text: {} is a run on pictures or vectors", o.run));
  const std::optional<OutPath> out = texts_or_pictures(run, shared);
  LazyData data(run, shared);
  const Group from = group_named(run, shared, o.from, data), to = group_named(run, shared, o.to, data);
  if (identical(from.code, to.code))
    fail("edit",
         fmt::format("--from {} and --to {} are the same {} examples: there is no direction between them", o.from, o.to, from.examples));

  const Split none, &part = given ? none : data().part(part_from_name(shared.split));
  const Index count = std::min(o.count.value_or(10), part.size());
  std::vector<std::string> texts;
  Tensor inputs, labels;
  Split examples;
  if (text) {
    texts = given ? given_sentences(run, shared, o.inputs, o.texts) : first_texts(run, data(), part, count);
    examples = tokenised_split(*run.codec, texts);
  } else {
    examples = given ? given_examples(run, shared, o.inputs) : part.first(count);
    inputs = model_inputs(run, examples, examples.size());
  }
  examples.labels = !given && part.labels ? part.labels.slice(0, count) : chosen_labels(run, shared, examples.size());
  Tensor codes = encode_examples(run, examples).mean.to(DType::float64);
  double* z = codes.mutable_data<double>();
  const Index latent = codes.size(1);
  for (Index i = 0; i < codes.numel(); i++)
    z[i] += o.strength * (to.code.data<double>()[i % latent] - from.code.data<double>()[i % latent]);
  // A conditional model is told the label that it is to become.
  const std::optional<std::int32_t> label =
      run.model->condition() && !names_files(run, o.to, data) ? label_of_name(data(), o.to) : std::nullopt;
  codes = with_labels(*run.model, codes, label ? Tensor::full({codes.size(0)}, *label, DType::int32) : examples.labels);

  Json all = about_run(run);
  all.update({{"out", out ? Json(out->path()) : Json()},
              {"from", o.from},
              {"to", o.to},
              {"from_examples", from.examples},
              {"to_examples", to.examples},
              {"strength", o.strength},
              {"count", codes.size(0)}});
  if (text) {
    const std::vector<std::string> edited = generate_texts(text_model(run), *run.codec, codes, o.decode.options(run, tool.seed()));
    std::vector<std::string> lines;
    all["texts"] = Json::array();
    for (std::size_t i = 0; i < texts.size(); i++) {
      lines.push_back(texts[i]);
      lines.push_back(edited[i]);
      all["texts"].push_back(Json::object({{"input", texts[i]}, {"edited", edited[i]}}));
    }
    if (out) write_lines(*out, lines, 1);
    print(shared.json ? all.dump(2) + "\n" : joined_lines(lines));
    return 0;
  }
  const Tensor edited = decode_codes(*run.model, codes);
  const Index columns = std::min<Index>(codes.size(0), 10), rows = (codes.size(0) + columns - 1) / columns;
  write_pictures(*out, out->kind() == ".npy" ? edited : paired_rows(inputs, edited, columns), 2 * rows, columns);
  print(shared.json
            ? all.dump(2) + "\n"
            : fmt::format("{}: {} input{}, under each the same moved by {:g} times the way from {} ({}) to {} ({} examples), {} weights\n",
                          out->path(), codes.size(0), codes.size(0) == 1 ? "" : "s", o.strength, o.from, grouped(from.examples), o.to,
                          grouped(to.examples), run.weights_name()));
  return 0;
}

}  // namespace
}  // namespace elbo

int main(int argc, char** argv) {
  using namespace elbo;
  Options o;
  Tool tool(
      "elbo-edit",
      "Adds to codes the direction from the mean code of one group of examples to that of another, and decodes: what was, and what it "
      "becomes.",
      {"elbo-edit runs/first --from 1 --to 7 --count 10 --out edited.png",
       "elbo-edit runs/words --from singular.txt --to plural.txt --text \"a dog runs in the snow .\""});
  tool.usage("RUN --from X --to Y [--strength S] (--count N | --input FILE... | --text \"...\") --out PATH")
      .positional("RUN", "a run folder, or a .safetensors of one", o.run)
      .option("--from", "X", "a group: a label, FACTOR=VALUE, a folder of pictures or a file of sentences", o.from)
      .option("--to", "Y", "likewise", o.to)
      .option("--strength", "S", "how far along the direction (default 1)", o.strength, -1000, 1000)
      .option("--count", "N", "the first examples of the part (default 10)", o.count, 1, 10000)
      .several("--input", "FILE", "picture files, or files of sentences, instead", o.inputs)
      .repeatable("--text", "\"...\"", "a sentence", o.texts)
      .share({"--out", "--label", "--data", "--split", "--weights"});
  o.decode.add_to(tool);
  tool.share({"--seed", "--json", "--quiet"});
  return tool.run(argc, argv, [&] { return run(tool, o); });
}
