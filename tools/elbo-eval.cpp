// elbo-eval: measures a run on a part of its data.

#include <fmt/core.h>

#include <algorithm>
#include <chrono>

#include "lab/codes.h"
#include "lab/convention.h"
#include "lab/evaluate.h"
#include "tensor/error.h"
#include "tensor/file.h"
#include "tensor/npy.h"
#include "tools/common.h"
#include "tools/output.h"
#include "tools/run_options.h"
#include "tools/run_texts.h"
#include "tools/signals.h"
#include "tools/terminal.h"

namespace elbo {
namespace {

struct Options {
  std::string run, per_example, language_model, translate;
  std::vector<std::string> inputs;
  Index importance_samples = 0;
  bool all = false, amortisation_gap = false, diagnose = false;
  std::optional<Index> examples;
};

// One row an example, the columns of the .csv after the index, float64.
Tensor as_array(const PerExample& rows) {
  const std::vector<double>* columns[] = {&rows.tokens,
                                          &rows.total,
                                          &rows.reconstruction,
                                          &rows.kl,
                                          &rows.squared_error,
                                          &rows.reconstruction_at_mean,
                                          &rows.squared_error_at_mean,
                                          &rows.nll,
                                          &rows.effective_samples};
  const Index n = Index(rows.total.size());
  Index width = !rows.label.empty();
  for (const auto* c : columns) width += !c->empty();
  Tensor array({n, width}, DType::float64);
  for (Index i = 0; i < n; i++) {
    Index j = 0;
    if (!rows.label.empty()) array.set<double>({i, j++}, double(rows.label[std::size_t(i)]));
    for (const auto* c : columns)
      if (!c->empty()) array.set<double>({i, j++}, (*c)[std::size_t(i)]);
  }
  return array;
}

void write(const OutPath& out, const PerExample& rows) {
  const Deferred guard;
  out.make_way();
  if (out.kind() == ".csv")
    write_file_atomically(out.path(), bytes_of(to_csv(rows)));
  else
    save_npy(out.path(), as_array(rows));
}

int run(const Tool& tool, const Options& o) {
  const SharedOptions& shared = tool.shared();
  if (o.run.empty() && o.translate.empty()) throw UsageError("RUN is missing");
  if (!o.run.empty() && !o.translate.empty()) throw UsageError("--translate goes without RUN");
  if (!o.translate.empty()) {
    const Translation t = translate(o.translate);
    print(shared.json ? to_json(t) : to_text(t));
    return 0;
  }
  std::optional<OutPath> out;
  if (!o.per_example.empty())
    out.emplace(o.per_example, shared.force, std::initializer_list<std::string_view>{".csv", ".npy"}, nullptr, "--per-example");
  const Run run = open_chosen_run(o.run, shared);
  std::optional<Run> lm;
  if (!o.language_model.empty()) lm.emplace(open_language_model(o.language_model, run, shared));
  PerExample rows;
  Progress progress(shared.quiet);
  const bool given = !o.inputs.empty();
  if (given && (shared.split != "test" || !shared.data.empty())) throw UsageError("--input goes without --split and --data");
  if (given && !o.language_model.empty()) throw UsageError("--language-model needs a part of the data, which --input has not");
  if (given && o.diagnose) throw UsageError("--diagnose compares parts of the data, which --input has not");
  Dataset data;
  if (given)
    data.test = given_examples(run, shared, o.inputs);
  else
    data = chosen_data(run, shared);
  const auto start = std::chrono::steady_clock::now();
  const auto show = [&](Index done, Index all) {
    if (!progress.on_terminal()) return;
    const double share = double(done) / double(all);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    progress.live(
        fmt::format("{} {} of {} examples, {} left", bar(share), grouped(done), grouped(all), duration(seconds / share - seconds)));
  };
  Figures figures = evaluate(run, data,
                             {.part = given ? Part::test : part_from_name(shared.split),
                              .importance_samples = o.importance_samples,
                              .examples = o.examples.value_or(0),
                              .all = o.all,
                              .amortisation_gap = o.amortisation_gap,
                              .diagnose = o.diagnose,
                              .language_model = lm ? &*lm : nullptr,
                              .seed = tool.seed(),
                              .per_example = out ? &rows : nullptr,
                              .progress = show,
                              .on_note = [&](std::string_view note) { progress.line(note); }});
  if (given) figures.split.clear();
  progress.clear();
  if (out) write(*out, rows);
  print(shared.json ? to_json(figures) : to_text(figures));
  return 0;
}

std::string convention_names() {
  std::string names;
  for (const LossConvention& c : loss_conventions()) names += (names.empty() ? "" : ", ") + std::string(c.name);
  return names;
}

}  // namespace
}  // namespace elbo

int main(int argc, char** argv) {
  using namespace elbo;
  Options o;
  Tool tool("elbo-eval",
            "Measures a run on a part of its data: the negative ELBO and its parts, squared error, active units, and with importance "
            "samples the negative log-likelihood. Nats per example.",
            {"elbo-eval runs/first", "elbo-eval runs/first --importance-samples 100 --json",
             "elbo-eval runs/first --split valid --per-example figures.csv", "elbo-eval runs/first --input one.png two.jpg",
             "elbo-eval --translate pytorch-mean-mse,beta=0.00025"});
  tool.usage(
          "RUN [--split S | --input FILE...] [--importance-samples K] [--all] [--amortisation-gap] [--diagnose] [--language-model RUN] "
          "[--examples N] "
          "[--per-example FILE]")
      .usage("--translate NAME,K=V,...")
      .optional_positional("RUN", "a run folder, or a .safetensors of one", o.run)
      .share({"--data", "--split", "--weights"})
      .several("--input", "FILE",
               "picture files instead of a part, converted and resized to what the run was trained on; or files of sentences", o.inputs)
      .option("--importance-samples", "K", "also the negative log-likelihood, importance-weighted with K samples", o.importance_samples, 1,
              1000000)
      .flag("--amortisation-gap",
            "of a VAE: what the ELBO of codes optimised example by example is above the encoder's (--examples, or 200)", o.amortisation_gap)
      .flag("--diagnose", "also what the run is ill of, if anything, and what to set against it", o.diagnose)
      .flag("--all", "every figure there is; importance samples are then 100 unless given", o.all)
      .option("--language-model", "RUN",
              "texts: a run of text-lm: also figures of texts drawn from RUN, the perplexity of these under it, and of the part under one "
              "that is trained on 50,000 of them (minutes)",
              o.language_model)
      .option("--examples", "N", "only the first N examples of the part", o.examples, 1, Index(1) << 31)
      .option("--per-example", "FILE", "figures of each example: .csv, or .npy (the columns of the .csv after the index)", o.per_example)
      .option("--translate", "NAME,K=V,...",
              "what another loss convention means here: " + convention_names() + "; keys beta, pixels, latent, batch, data, loss",
              o.translate)
      .share({"--force", "--seed", "--json", "--quiet"});
  return tool.run(argc, argv, [&] { return run(tool, o); });
}
