// elbo-sample: draws codes and decodes them.

#include <fmt/core.h>

#include <cmath>

#include "lab/codes.h"
#include "lab/evaluate.h"
#include "lab/mixture.h"
#include "lab/text_samples.h"
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
  std::string run, grid, codes, language_model;
  DecodeArguments decode;
  Index per_file = 1;
  std::optional<Index> count;
  double temperature = 1;
};

// The mixture is fitted to codes of training examples: the other sources need no data.
Tensor draw(const Run& run, Index count, CodeSource source, const Options& o, const Tool& tool) {
  const Tensor labels = chosen_labels(run, tool.shared(), count);
  if (source != CodeSource::mixture) return draw_codes(run, count, source, o.temperature, tool.seed(), labels);
  const Dataset data = chosen_data(run, tool.shared());
  return with_labels(*run.model, fit_mixture(mixture_codes(run, data.train)).draw(count, o.temperature, tool.seed()), labels);
}

// What texts are like, alone and under a language model and the grammar of their data.
struct TextsDrawn {
  SampleFigures figures;
  double perplexity = no_figure, parsed = no_figure;
};

TextsDrawn measured(const Run& run, const TokenLists& tokens, const std::vector<std::string>& texts, const Run* lm) {
  return {.figures = sample_figures(tokens),
          .perplexity = lm ? perplexity_under(*lm, texts) : no_figure,
          .parsed = run.trained_on.spec.kind == "sentences" ? parsed(texts) : no_figure};
}

Json as_json(const TextsDrawn& t) {
  const SampleFigures& f = t.figures;
  return Json::object({{"distinct_1", f.distinct_1},
                       {"distinct_2", f.distinct_2},
                       {"self_bleu", f.self_bleu},
                       {"tokens", f.tokens},
                       {"samples_parsed", t.parsed},
                       {"sample_lm_perplexity", t.perplexity}});
}

std::vector<std::string> row_of(const std::string& what, const TextsDrawn& t) {
  const auto shown = [](double v) { return std::isnan(v) ? std::string("-") : fmt::format("{:.3f}", v); };
  const SampleFigures& f = t.figures;
  return {what,
          shown(f.distinct_1),
          shown(f.distinct_2),
          shown(f.self_bleu),
          fmt::format("{:.1f}", f.tokens),
          shown(t.parsed),
          shown(t.perplexity)};
}

std::vector<std::string> decoded(const Run& run, const TokenLists& tokens) {
  std::vector<std::string> texts;
  for (const auto& text : tokens) texts.push_back(run.codec->decode(text));
  return texts;
}

// As many texts of the language model, drawn from it without a temperature.
TokenLists language_model_samples(const Run& lm, Index count, std::uint64_t seed) {
  return generate_tokens(text_model(lm), Tensor({count, 0}),
                         {.method = DecodeMethod::sample, .max_tokens = lm.codec->max_tokens, .seed = seed});
}

// Texts to standard output, to files where --out names some, and what they are like.
int run_text(const Tool& tool, const Options& o, const Run& run) {
  const SharedOptions& shared = tool.shared();
  if (!o.grid.empty()) throw UsageError("--grid is for pictures");
  const Index count = o.count.value_or(10);
  std::optional<OutPath> out;
  if (!shared.out.empty()) out.emplace(shared.out, shared.force, std::initializer_list<std::string_view>{".txt", ""}, is_generated_text);
  if (o.per_file != 1 && (!out || out->kind() == ".txt")) throw UsageError("--per-file needs --out with a folder");
  if (run.model->latent() == 0 && (!o.codes.empty() || o.temperature != 1))
    throw UsageError(
        fmt::format("{}: a language model has no codes for --codes and --temperature; --token-temperature is that of words", o.run));
  const CodeSource source = o.codes.empty() ? default_code_source(*run.model) : code_source_from_name(o.codes);
  std::optional<Run> lm;
  if (!o.language_model.empty()) lm.emplace(open_language_model(o.language_model, run, shared));
  const TokenLists tokens = generate_tokens(text_model(run), draw(run, count, source, o, tool), o.decode.options(run, tool.seed()));
  const std::vector<std::string> texts = decoded(run, tokens);
  if (out) write_lines(*out, texts, o.per_file);
  const TextsDrawn drawn = measured(run, tokens, texts, lm ? &*lm : nullptr);
  std::optional<TextsDrawn> beside;
  if (lm) {
    const TokenLists theirs = language_model_samples(*lm, count, tool.seed());
    beside = measured(*lm, theirs, decoded(*lm, theirs), &*lm);
  }
  if (shared.json) {
    Json all = about_run(run);
    all.update({{"out", out ? Json(out->path()) : Json()},
                {"count", count},
                {"codes", run.model->latent() > 0 ? Json(code_source_name(source)) : Json()},
                {"temperature", o.temperature},
                {"seed", tool.seed()},
                {"texts", texts},
                {"figures", as_json(drawn)},
                {"language_model", beside ? as_json(*beside) : Json()}});
    print(all.dump(2) + "\n");
    return 0;
  }
  print(joined_lines(texts));
  std::vector<std::vector<std::string>> rows = {{"", "distinct-1", "distinct-2", "self-BLEU", "tokens", "parsed", "perplexity"},
                                                row_of("these texts", drawn)};
  if (beside) rows.push_back(row_of("the language model's", *beside));
  const std::string shown = table(rows);
  Progress notes(shared.quiet);
  std::string_view rest = shown;
  while (!rest.empty()) {
    notes.line(rest.substr(0, rest.find('\n')));
    rest.remove_prefix(std::min(rest.size(), rest.find('\n') + 1));
  }
  if (out) notes.line(fmt::format("{}: written", out->path()));
  return 0;
}

int run(const Tool& tool, const Options& o) {
  const SharedOptions& shared = tool.shared();
  const Index count = o.count ? *o.count : o.grid.empty() ? 64 : parse_grid(o.grid).rows * parse_grid(o.grid).columns;
  const GridSize size = o.grid.empty() ? square_grid(count) : parse_grid(o.grid);
  if (size.rows * size.columns < count) throw UsageError(fmt::format("--grid {}: too small for --count {}", o.grid, count));
  const Run run = open_chosen_run(o.run, shared);
  if (is_text(run)) return run_text(tool, o, run);
  if (!o.language_model.empty() || o.per_file != 1 || !o.decode.method.empty())
    throw UsageError("--decode, --per-file and --language-model are for texts");
  if (shared.out.empty()) throw UsageError("--out PATH is missing");
  const OutPath out(shared.out, shared.force, {".png", ".npy", ""}, is_numbered_picture);
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
  Tool tool(
      "elbo-sample",
      "Draws codes and decodes them: a PNG grid, a folder of single PNGs, or .npy (the decoder's mean, float32). Texts go to standard "
      "output and, with --out, to a .txt or a folder of generated_text_0.txt, ...; beside them, on standard error, how alike they are.",
      {"elbo-sample runs/first --count 64 --out samples.png", "elbo-sample runs/first --count 10000 --out samples.npy",
       "elbo-sample runs/words --count 10 --out generated", "elbo-sample runs/words --count 1000 --decode sample --top-p 0.9 --json"});
  tool.usage("RUN --count N --out PATH [--grid RxC] [--codes prior|gaussian|mixture] [--temperature T]")
      .usage("RUN [--count N] [--out PATH] [--decode greedy|sample|beam ...] [--per-file N] [--language-model RUN]    (texts)")
      .positional("RUN", "a run folder, or a .safetensors of one", o.run)
      .option("--count", "N", "how many (default: as many as --grid has places, or 64; of texts 10)", o.count, 1, 1000000)
      .share({"--out"})
      .option("--grid", "RxC", "rows and columns of the grid (default: about square)", o.grid)
      .choice("--codes", {"prior", "gaussian", "mixture"},
              "where codes come from: N(0, I), a Gaussian fitted to the training codes, or ten Gaussians fitted to them (default: prior "
              "for a VAE, gaussian for an autoencoder, which has no prior)",
              o.codes)
      .option("--temperature", "T", "scales the deviation of the codes (default 1)", o.temperature, 0, 100);
  o.decode.add_to(tool);
  tool.option("--per-file", "N", "texts in each file of a folder (default 1)", o.per_file, 1, 1 << 30)
      .option("--language-model", "RUN",
              "texts: a run of text-lm, whose own samples' figures are shown beside, and these texts' perplexity under it",
              o.language_model)
      .share({"--label", "--seed", "--weights", "--data", "--json", "--quiet"});
  return tool.run(argc, argv, [&] { return run(tool, o); });
}
