// elbo-encode: the codes of examples, for other programs; nearest neighbours by code.

#include <fmt/core.h>

#include "lab/codes.h"
#include "lab/knn.h"
#include "tensor/error.h"
#include "tensor/file.h"
#include "tensor/json.h"
#include "tensor/npy.h"
#include "tools/common.h"
#include "tools/output.h"
#include "tools/run_options.h"
#include "tools/run_texts.h"
#include "tools/signals.h"
#include "tools/terminal.h"

namespace elbo {
namespace {

void append_row(std::string& text, const Tensor& values, Index row) {
  const Index width = values.size(1);
  if (values.dtype() == DType::int32)
    for (Index j = 0; j < width; j++) text += fmt::format(",{}", values.at<std::int32_t>({row, j}));
  else
    for (Index j = 0; j < width; j++)
      text += fmt::format(",{}", values.at<float>({row, j}));  // the shortest text that gives the same float
}

void append_names(std::string& text, const char* name, const Tensor& values) {
  if (!values) return;
  for (Index j = 0; j < values.size(1); j++) text += fmt::format(",{}_{}", name, j);
}

// index,label,mean_0,...,logvar_0,...; the label is empty where there is none.
std::string as_csv(const EncodedExamples& codes, const Neighbours& neighbours) {
  std::string text = "index,label";
  append_names(text, "mean", codes.mean);
  append_names(text, "logvar", codes.logvar);
  append_names(text, "neighbour", neighbours.indices);
  append_names(text, "distance", neighbours.distances);
  text += "\n";
  for (Index i = 0; i < codes.mean.size(0); i++) {
    text += std::to_string(i) + ",";
    if (codes.labels) text += std::to_string(codes.labels.at<std::int32_t>({i}));
    for (const Tensor* values : {&codes.mean, &codes.logvar, &neighbours.indices, &neighbours.distances})
      if (*values) append_row(text, *values, i);
    text += "\n";
  }
  return text;
}

void write(const OutPath& out, const EncodedExamples& codes, const Neighbours& neighbours) {
  const Deferred guard;
  out.make_way();
  if (out.kind() == ".csv") return write_file_atomically(out.path(), bytes_of(as_csv(codes, neighbours)));
  if (out.kind() == ".npy") return save_npy(out.path(), codes.mean);
  NamedTensors arrays = {{"mean", codes.mean}};
  if (codes.logvar) arrays.emplace_back("logvar", codes.logvar);
  if (codes.labels) arrays.emplace_back("label", codes.labels);
  if (neighbours.indices) arrays.insert(arrays.end(), {{"neighbour", neighbours.indices}, {"distance", neighbours.distances}});
  save_npz(out.path(), arrays);
}

// The neighbours of each input, a picture file or a sentence, as a table.
std::string neighbour_table(const std::vector<std::string>& inputs, const Neighbours& found, const EncodedExamples& among) {
  std::vector<std::vector<std::string>> rows = {{"input", "neighbour", "index", "label", "distance"}};
  for (std::size_t i = 0; i < inputs.size(); i++)
    for (Index k = 0; k < found.indices.size(1); k++) {
      const Index index = found.indices.at<std::int32_t>({Index(i), k});
      rows.push_back({k == 0 ? inputs[i] : "", std::to_string(k + 1), std::to_string(index),
                      among.labels ? std::to_string(among.labels.at<std::int32_t>({index})) : "-",
                      number(found.distances.at<float>({Index(i), k}))});
    }
  return table(rows);
}

int run(const Tool& tool, const std::string& run_path, const std::vector<std::string>& inputs, std::optional<Index> neighbours) {
  const SharedOptions& shared = tool.shared();
  if (shared.out.empty()) throw UsageError("--out PATH is missing");
  const OutPath out(shared.out, shared.force, {".npz", ".npy", ".csv"});
  if (neighbours && out.kind() == ".npy") throw UsageError("--neighbours: .npy holds the means alone; give --out a .npz or .csv");
  const Run run = open_chosen_run(run_path, shared);
  require_code(run, "elbo-encode");
  const std::vector<std::string> names = is_text(run) ? given_sentences(run, shared, inputs) : inputs;  // of what is encoded
  EncodedExamples codes, among;
  Neighbours found;
  if (inputs.empty()) {
    codes = encode_examples(run, chosen_split(run, shared));
    if (neighbours) found = nearest_rows(codes.mean, codes.mean, *neighbours, true);
  } else {
    Split given = is_text(run) ? tokenised_split(*run.codec, names) : load_pictures(run, inputs);
    given.labels = chosen_labels(run, shared, given.size());
    codes = encode_examples(run, given);
    if (neighbours) {
      among = encode_examples(run, chosen_split(run, shared));
      found = nearest_rows(codes.mean, among.mean, *neighbours);
    }
  }
  write(out, codes, found);
  const Index n = codes.mean.size(0), latent = codes.mean.size(1);
  if (shared.json) {
    Json all = about_run(run);
    all.update({{"out", out.path()}, {"examples", n}, {"latent", latent}, {"variational", run.model->variational()}});
    if (among.mean)
      for (Index i = 0; i < n; i++) {
        const Tensor row = found.indices[i];
        const auto indices = row.values<std::int32_t>();
        all["neighbours"][names[std::size_t(i)]] = std::vector<Index>(indices.begin(), indices.end());
      }
    print(all.dump(2) + "\n");
    return 0;
  }
  if (among.mean) print(fmt::format("nearest codes in the {} part:\n\n{}\n", shared.split, neighbour_table(names, found, among)));
  print(fmt::format("{}: codes of {} example{}, {} dimensions, {} weights\n", out.path(), grouped(n), n == 1 ? "" : "s", latent,
                    run.weights_name()));
  return 0;
}

}  // namespace
}  // namespace elbo

int main(int argc, char** argv) {
  using namespace elbo;
  std::string run_path;
  std::vector<std::string> inputs;
  std::optional<Index> neighbours;
  Tool tool("elbo-encode",
            "Writes the codes of a part of the data, or of picture files: .npz holds mean, logvar (of a VAE) and label, .npy the means "
            "alone, .csv one line an example.",
            {"elbo-encode runs/first --out codes.npz", "elbo-encode runs/first --out mine.csv --neighbours 5 --input one.png two.png"});
  tool.positional("RUN", "a run folder, or a .safetensors of one", run_path)
      .share({"--out", "--data", "--split"})
      .several("--input", "FILE",
               "picture files instead of a part, converted and resized to what the run was trained on; or files of sentences", inputs)
      .option("--neighbours", "N", "also the N examples of the part with the nearest codes (their indices and distances)", neighbours, 1,
              10000)
      .share({"--label", "--weights", "--json", "--quiet"});
  return tool.run(argc, argv, [&] { return run(tool, run_path, inputs, neighbours); });
}
