// elbo-score: the oddest examples first.

#include <fmt/core.h>

#include <algorithm>
#include <numeric>

#include "lab/groups.h"
#include "lab/score.h"
#include "tensor/error.h"
#include "tensor/file.h"
#include "tensor/json.h"
#include "tools/common.h"
#include "tools/output.h"
#include "tools/run_options.h"
#include "tools/run_texts.h"
#include "tools/signals.h"
#include "tools/terminal.h"

namespace elbo {
namespace {

struct Options {
  std::string run, anomaly, score;
  std::vector<std::string> inputs;
};

std::string quoted_for_csv(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

int run(const Tool& tool, const Options& o) {
  const SharedOptions& shared = tool.shared();
  if (!o.inputs.empty() && (shared.split != "test" || !shared.data.empty())) throw UsageError("--input goes without --split and --data");
  if (!o.inputs.empty() && !o.anomaly.empty()) throw UsageError("--anomaly needs the labels of a part; --input has none");
  std::optional<OutPath> out;
  if (!shared.out.empty()) out.emplace(shared.out, shared.force, std::initializer_list<std::string_view>{".csv"});
  const Run run = open_chosen_run(o.run, shared);
  const Score score = o.score.empty() ? default_score(*run.model) : score_from_name(o.score);
  const bool given = !o.inputs.empty();
  Dataset data;
  std::vector<std::string> texts;
  if (!given) {
    data = chosen_data(run, shared);
  } else if (is_text(run)) {
    texts = given_sentences(run, shared, o.inputs);
    data.test = tokenised_split(*run.codec, texts);
  } else {
    data.test = load_pictures(run, o.inputs);
  }
  const Part part = given ? Part::test : part_from_name(shared.split);
  const Split& split = data.part(part);
  if (is_text(run) && !given) texts = first_texts(run, data, split, split.size());
  const std::vector<double> all = scores(run, data, part, score, tool.seed());
  std::vector<std::size_t> order(all.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return all[a] > all[b]; });

  std::optional<RocArea> roc;
  if (!o.anomaly.empty()) {
    std::vector<bool> odd(all.size());
    for (const std::int32_t place : places_of_group(data, split, o.anomaly)) odd[std::size_t(place)] = true;
    roc = roc_area(all, odd);
    if (!roc)
      fail("score", fmt::format("--anomaly {}: every example of the part is one, which leaves nothing to tell them from", o.anomaly));
  }
  if (out) {
    std::string csv = split.labels ? "index,label,score" : "index,score";
    csv += texts.empty() ? "\n" : ",text\n";
    for (const std::size_t i : order) {
      csv +=
          split.labels ? fmt::format("{},{},{:.9g}", i, split.labels.data<std::int32_t>()[i], all[i]) : fmt::format("{},{:.9g}", i, all[i]);
      csv += texts.empty() ? "\n" : "," + quoted_for_csv(texts[i]) + "\n";
    }
    const Deferred guard;
    out->make_way();
    write_file_atomically(out->path(), bytes_of(csv));
  }
  const std::string unit = texts.empty() ? "nats an example" : "nats a token";
  double sum = 0;
  for (const double v : all) sum += v;
  if (shared.json) {
    Json j = about_run(run);
    j.update(
        {{"out", out ? Json(out->path()) : Json()}, {"examples", Index(all.size())}, {"unit", unit}, {"mean", sum / double(all.size())}});
    j["area"] = roc ? Json(roc->area) : Json();
    j["area_standard_error"] = roc ? Json(roc->standard_error) : Json();
    print(j.dump(2) + "\n");
    return 0;
  }
  std::vector<std::vector<std::string>> rows = {{"example", "score"}};
  if (!texts.empty()) rows[0].push_back("text");
  for (std::size_t k = 0; k < std::min<std::size_t>(20, order.size()); k++) {
    rows.push_back({std::to_string(order[k]), number(all[order[k]])});
    if (!texts.empty()) rows.back().push_back(texts[order[k]]);
  }
  print(fmt::format("the oddest of {} examples, {} (mean {}):\n\n{}", grouped(Index(all.size())), unit, number(sum / double(all.size())),
                    table(rows)));
  if (roc)
    print(fmt::format("\nROC area {:.3f} +- {:.3f}: {} examples of {} among {} others\n", roc->area, roc->standard_error, grouped(roc->odd),
                      o.anomaly, grouped(roc->ordinary)));
  if (out) print(fmt::format("\n{}: all of them\n", out->path()));
  return 0;
}

}  // namespace
}  // namespace elbo

int main(int argc, char** argv) {
  using namespace elbo;
  Options o;
  Tool tool("elbo-score",
            "Scores examples by how odd they are under the model, the oddest first; with --anomaly how well that finds a label.",
            {"elbo-score runs/first --anomaly 4 --out scores.csv", "elbo-score runs/words --input mine.txt"});
  tool.usage("RUN [--out PATH] [--anomaly LABEL] [--score reconstruction|elbo|nll] [--split S | --input FILE...]")
      .positional("RUN", "a run folder, or a .safetensors of one", o.run)
      .option("--anomaly", "LABEL", "a label, or FACTOR=VALUE, that is to be found: also the area under the ROC", o.anomaly)
      .choice("--score", {"reconstruction", "elbo", "nll"},
              "what is odd: a large reconstruction term, negative ELBO (default of a VAE), or nll with 100 samples", o.score)
      .several("--input", "FILE", "picture files, or files of sentences, instead of a part", o.inputs)
      .share({"--out", "--data", "--split", "--weights", "--seed", "--json", "--quiet"});
  return tool.run(argc, argv, [&] { return run(tool, o); });
}
