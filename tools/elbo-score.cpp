// elbo-score: the oddest examples first.

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "data/picture.h"
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
  std::string run, anomaly, score, background;
  std::vector<std::string> inputs;
};

std::string quoted_for_csv(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

struct Scored {
  std::vector<double> scores;
  std::vector<std::size_t> order;  // the oddest first
  std::vector<bool> odd;           // with --anomaly
  std::vector<std::string> texts;
  bool trained_on = false;  // what is to be found
};

// index,label,score,anomaly,text; columns that do not apply are left out.
std::string as_csv(const Split& split, const Scored& s) {
  std::string csv =
      fmt::format("index{},score{}{}\n", split.labels ? ",label" : "", s.odd.empty() ? "" : ",anomaly", s.texts.empty() ? "" : ",text");
  for (const std::size_t i : s.order) {
    csv += std::to_string(i);
    if (split.labels) csv += fmt::format(",{}", split.labels.data<std::int32_t>()[i]);
    csv += fmt::format(",{:.9g}", s.scores[i]);
    if (!s.odd.empty()) csv += s.odd[i] ? ",1" : ",0";
    if (!s.texts.empty()) csv += "," + quoted_for_csv(s.texts[i]);
    csv += "\n";
  }
  return csv;
}

// Whether the label of --anomaly was trained on. Other data than the run's, and factors, are not looked into.
bool was_trained_on(const Run& run, const Dataset& data, const Split& split, const Scored& s, const std::string& anomaly) {
  if (anomaly.find('=') != anomaly.npos || !split.labels || data.spec.kind != run.trained_on.spec.kind) return false;
  const auto& excluded = run.config.data.exclude_labels;
  for (std::size_t i = 0; i < s.odd.size(); i++)
    if (s.odd[i] && std::find(excluded.begin(), excluded.end(), split.labels.data<std::int32_t>()[i]) == excluded.end()) return true;
  return false;
}

// What the area means where it is worse than chance by more than two standard errors.
std::string failure_text(Score score, bool trained_on) {
  if (trained_on) return "the anomalies score as more likely than the rest: the model was trained on them, and they may be the easier ones";
  if (score == Score::likelihood_ratio)
    return "the anomalies score as more likely than the rest, also beside the background: what tells them from it is not what it models";
  return "the anomalies score as more likely than the rest: what is simpler than the data often does (Nalisnick et al. 2019); try --score "
         "likelihood-ratio";
}

// Of what the model takes for a likelihood; lab/score.h says which score is what.
std::string unit_of_score(const Run& run, bool texts) {
  if (texts) return "nats a token";
  if (run.objective().likelihood() == Likelihood::squared_error)
    return run.model->variational() ? "squared error and nats an example" : "squared error an example";
  return "nats an example";
}

// Whether the reconstruction is a -log p(x | z), by the first examples.
bool is_normalised(const Run& run, const Split& split) {
  const Tensor x = model_inputs(run, split, std::min<Index>(1000, split.size())).to(DType::float32);
  const auto values = x.values<float>();
  const bool binary = std::all_of(values.begin(), values.end(), [](float v) { return v == 0 || v == 1; });
  return normalised(run.objective().likelihood(), binary);
}

Scored score_examples(const Options& o, const Run& run, const Dataset& data, const ScoreOptions& options, std::vector<std::string> texts) {
  Scored s{.scores = scores(run, data, options), .texts = std::move(texts)};
  s.order.resize(s.scores.size());
  std::iota(s.order.begin(), s.order.end(), std::size_t{0});
  std::stable_sort(s.order.begin(), s.order.end(), [&](std::size_t a, std::size_t b) { return s.scores[a] > s.scores[b]; });
  if (o.anomaly.empty()) return s;
  const Split& split = data.part(options.part);
  s.odd.resize(s.scores.size());
  for (const std::int32_t place : places_of_group(data, split, o.anomaly)) s.odd[std::size_t(place)] = true;
  s.trained_on = was_trained_on(run, data, split, s, o.anomaly);
  return s;
}

int run(const Tool& tool, const Options& o) {
  const SharedOptions& shared = tool.shared();
  if (!o.inputs.empty() && (shared.split != "test" || !shared.data.empty())) throw UsageError("--input goes without --split and --data");
  if (!o.inputs.empty() && !o.anomaly.empty()) throw UsageError("--anomaly needs the labels of a part; --input has none");
  std::optional<OutPath> out;
  if (!shared.out.empty()) out.emplace(shared.out, shared.force, std::initializer_list<std::string_view>{".csv", ".png"});
  const bool picture = out && out->kind() == ".png";
  if (picture && o.anomaly.empty())
    throw UsageError("--out with .png is the picture of the ROC, which needs --anomaly; .csv has the scores");
  const Run run = open_chosen_run(o.run, shared);
  std::optional<Run> background;
  if (!o.background.empty()) background.emplace(open_chosen_run(o.background, shared));
  const ScoreOptions options{.part = o.inputs.empty() ? part_from_name(shared.split) : Part::test,
                             .score = !o.score.empty() ? score_from_name(o.score)
                                      : background     ? Score::likelihood_ratio
                                                       : default_score(*run.model),
                             .background = background ? &*background : nullptr,
                             .seed = tool.seed()};
  Dataset data;
  std::vector<std::string> texts;
  if (o.inputs.empty()) {
    data = chosen_data(run, shared);
    const Split& split = data.part(options.part);
    if (is_text(run)) texts = first_texts(run, data, split, split.size());
  } else if (is_text(run)) {
    texts = given_sentences(run, shared, o.inputs);
    data.test = tokenised_split(*run.codec, texts);
  } else {
    data.test = load_pictures(run, o.inputs);
  }
  const Scored s = score_examples(o, run, data, options, std::move(texts));
  std::optional<RocArea> roc;
  if (!s.odd.empty()) {
    roc = roc_area(s.scores, s.odd);
    if (!roc)
      fail("score", fmt::format("--anomaly {}: every example of the part is one, which leaves nothing to tell them from", o.anomaly));
  }
  if (out) {
    const Deferred guard;
    out->make_way();
    const std::string title =
        fmt::format("{}: {} found by {}", std::filesystem::path(o.run).filename().string(), o.anomaly, score_name(options.score));
    if (picture)
      save_png(out->path(), roc_picture(roc_curve(s.scores, s.odd), *roc, title));
    else
      write_file_atomically(out->path(), bytes_of(as_csv(data.part(options.part), s)));
  }
  const bool failed = roc && roc->area + 2 * roc->standard_error < 0.5;
  const std::string unit = unit_of_score(run, !s.texts.empty());
  const bool normalised = !s.texts.empty() || is_normalised(run, data.part(options.part));
  const std::string against = options.score == Score::likelihood_ratio ? background_text(run, options.background) : "";
  const double mean = std::accumulate(s.scores.begin(), s.scores.end(), 0.0) / double(s.scores.size());
  if (shared.json) {
    Json j = about_run(run);
    j.update({{"out", out ? Json(out->path()) : Json()},
              {"examples", Index(s.scores.size())},
              {"score", score_name(options.score)},
              {"background", against.empty() ? Json() : Json(against)},
              {"unit", unit},
              {"normalised", normalised},
              {"mean", mean},
              {"anomaly", roc ? Json(o.anomaly) : Json()},
              {"anomalies", roc ? Json(roc->odd) : Json()},
              {"area", roc ? Json(roc->area) : Json()},
              {"area_standard_error", roc ? Json(roc->standard_error) : Json()},
              {"worse_than_chance", roc ? Json(failed) : Json()},
              {"trained_on", roc ? Json(s.trained_on) : Json()}});
    print(j.dump(2) + "\n");
    return 0;
  }
  std::vector<std::vector<std::string>> rows = {{"example", "score"}};
  if (!s.texts.empty()) rows[0].push_back("text");
  for (std::size_t k = 0; k < std::min<std::size_t>(20, s.order.size()); k++) {
    rows.push_back({std::to_string(s.order[k]), number(s.scores[s.order[k]])});
    if (!s.texts.empty()) rows.back().push_back(s.texts[s.order[k]]);
  }
  print(fmt::format("the oddest of {} examples by {}{}, {} (mean {}), {} weights:\n\n{}", grouped(Index(s.scores.size())),
                    score_name(options.score), against.empty() ? "" : " to " + against, normalised ? unit : unit + ", not normalised",
                    number(mean), run.weights_name(), table(rows)));
  if (roc)
    print(fmt::format("\nROC area {:.3f} +- {:.3f}: {} examples of {} among {} others\n", roc->area, roc->standard_error, grouped(roc->odd),
                      o.anomaly, grouped(roc->ordinary)));
  if (roc && s.trained_on) print(fmt::format("the model was trained on {}; data.exclude_labels would have left it out\n", o.anomaly));
  if (failed) print(failure_text(options.score, s.trained_on) + "\n");
  if (out) print(fmt::format("\n{}: {}\n", out->path(), picture ? "the ROC" : "all of them"));
  return 0;
}

}  // namespace
}  // namespace elbo

int main(int argc, char** argv) {
  using namespace elbo;
  Options o;
  Tool tool("elbo-score",
            "Scores examples by how odd they are under the model, the oddest first; with --anomaly how well that finds a label.",
            {"elbo-score runs/without-4 --anomaly 4 --out roc.png", "elbo-score runs/without-1 --anomaly 1 --score likelihood-ratio",
             "elbo-score runs/words --input mine.txt --out scores.csv"});
  tool.usage("RUN [--out PATH] [--anomaly LABEL] [--score reconstruction|elbo|nll|likelihood-ratio] [--background RUN]")
      .usage("RUN [--split S | --input FILE...] ...")
      .positional("RUN", "a run folder, or a .safetensors of one", o.run)
      .option("--anomaly", "LABEL",
              "a label, or FACTOR=VALUE, that is to be found: also the area under the ROC (--out with .png: its picture)", o.anomaly)
      .choice("--score", {"reconstruction", "elbo", "nll", "likelihood-ratio"},
              "what is odd: a large reconstruction term, negative ELBO (default of a VAE), nll with 100 samples, or nll less that of "
              "--background; without one less the length in a code that knows no data",
              o.score)
      .option("--background", "RUN", "likelihood-ratio: a run on more general data, such as the same with noise", o.background)
      .several("--input", "FILE", "picture files, or files of sentences, instead of a part", o.inputs)
      .share({"--out", "--data", "--split", "--weights", "--seed", "--json", "--quiet"});
  return tool.run(argc, argv, [&] { return run(tool, o); });
}
