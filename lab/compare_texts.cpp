// The report's parts for texts: figures, reconstructions, samples.

#include <fmt/core.h>

#include <algorithm>

#include "lab/codes.h"
#include "lab/compare_page.h"
#include "lab/compare_table.h"
#include "lab/generate.h"
#include "lab/plot_text.h"
#include "lab/text_samples.h"

namespace elbo::lab {
namespace {

const TextModel& text_model(const OpenRun& r) { return dynamic_cast<const TextModel&>(*r.run.model); }

std::string text_of(const Dataset& data, const Split& split, Index i) {
  return std::string((*data.texts)[split.values.data<std::int32_t>()[i]]);
}

}  // namespace

ShownTexts shown_texts(const Comparison& c, Index count) {
  const Split& test = c.data.test;
  ShownTexts shown;
  std::vector<Index> places;
  for (Index k = 0; k < count && test.size() > 0; k++) {
    const Index begin = test.size() * k / count, end = std::max(begin + 1, test.size() * (k + 1) / count);
    Index chosen = begin;
    for (Index i = begin; i < end; i++)
      if (const Index n = test.tokens->length(i); n >= 8 && n <= 16) {
        chosen = i;
        break;
      }
    shown.texts.push_back(text_of(c.data, test, chosen));
    places.push_back(chosen);
  }
  shown.labels = labels_of(test, places);
  return shown;
}

Tensor mean_codes(const OpenRun& r, const ShownTexts& shown) {
  Split split = tokenised_split(*r.run.codec, shown.texts);
  split.labels = shown.labels;
  return with_labels(*r.run.model, encode_examples(r.run, split).mean, shown.labels);
}

std::vector<std::string> greedy(const OpenRun& r, const Tensor& codes) { return generate_texts(text_model(r), *r.run.codec, codes); }

void add_text_figures(Page& page, const Comparison& c, const std::function<std::string(const std::string&, const char*)>& cell) {
  Content& s = page.section("Figures");
  s.paragraph(fmt::format(
      "Nats a sentence on the test part, means over {}. A text VAE is judged by its language model, the decoder alone: **what to look at** "
      "is whether the VAE's `nll` is no higher (the code costs nothing), its reconstruction lower, and how much reconstruction rises when "
      "each sentence is given the code of another. Where that is nothing, the decoder ignores the code: it has collapsed.",
      c.options.seeds == 1 ? "one run" : fmt::format("{} runs, ± their standard deviation", c.options.seeds)));
  Table t{.caption = fmt::format("Sums over a sentence's tokens, its end included; nll, information and shuffled code of the first {} test "
                                 "sentences, of a language model too.",
                                 grouped_number(std::min(text_examples, c.data.test.size()))),
          .columns = {{"name"},
                      {"nll", true,
                       fmt::format("-log p(x): importance-weighted with {} samples, of the first {} sentences; a language model's is exact",
                                   c.importance_samples, text_examples)},
                      {"total", true, "reconstruction + KL: the negative ELBO"},
                      {"reconstruction", true, "one code drawn from the encoder"},
                      {"KL", true},
                      {"perplexity", true, "exp(total per token)"},
                      {"token accuracy", true, "the likeliest token is the right one, given those before and the mean code"},
                      {"exact match", true, "decoded from the mean code word by word, the sentence comes back"},
                      {"active units", true, "dimensions whose encoder mean has a variance above 0.01"},
                      {"information", true, "mutual_information of sentence and code, first sentences"},
                      {"shuffled code", true, "shuffled_reconstruction: each sentence given the code of another"}}};
  std::vector<const char*> keys = {"nll",
                                   "total",
                                   "reconstruction",
                                   "kl",
                                   "perplexity",
                                   "token_accuracy",
                                   "exact_match",
                                   "active_units",
                                   "mutual_information",
                                   "shuffled_reconstruction"};
  if (c.data.entropy) {
    t.columns.push_back({"above the entropy", true, "entropy_gap: nll less the data's exact entropy, of the first sentences"});
    keys.push_back("entropy_gap");
  }
  for (const Entry& e : c.entries) {
    std::vector<std::string> row = {e.label};
    for (const char* key : keys)
      row.push_back(!e.variational() && e.config.model.latent > 0 && key == std::string_view("total") ? "–" : cell(e.name, key));
    t.rows.push_back(std::move(row));
  }
  t.note = doubtful_note(c);
  s.table(t);
  std::vector<std::string> warnings = {
      "A plain autoencoder's reconstruction is no bound on anything: its code may hold any number of nats for nothing."};
  if (c.options.seeds < 5)
    warnings.emplace_back("Fewer than five runs give the size of the spread very roughly: a difference of about one ± is none.");
  if (c.data.entropy)
    warnings.push_back(fmt::format("The data's own entropy is {:.3f} nats a sentence: no nll can be lower.", *c.data.entropy));
  s.list(warnings);
}

void add_text_reconstructions(Page& page, const Comparison& c, const std::vector<OpenRun>& runs) {
  Content& s = page.section("Reconstructions");
  s.paragraph(
      "Test sentences, and what each model writes when it is given nothing but their code's mean: word by word, always the likeliest. "
      "**What to look at:** whether the sentence comes back, or at least its subject, or only its length and manner; a model that ignores "
      "its code writes the same sentence every time.");
  const ShownTexts shown = shown_texts(c, 8);
  const std::vector<std::string>& texts = shown.texts;
  Table t{.columns = {{"sentence"}}};
  std::vector<std::vector<std::string>> columns;
  for (const OpenRun* r : coded(runs)) {
    t.columns.push_back({r->entry->label});
    columns.push_back(greedy(*r, mean_codes(*r, shown)));
  }
  for (std::size_t i = 0; i < texts.size(); i++) {
    t.rows.push_back({texts[i]});
    for (const auto& column : columns) t.rows.back().push_back(column[i]);
  }
  s.table(t);
}

void add_text_samples(Page& page, const Comparison& c, const std::vector<OpenRun>& runs) {
  Content& s = page.section("Samples");
  s.paragraph(
      "Sentences from random codes: a VAE's drawn from its prior N(0, I), a plain autoencoder's from a Gaussian fitted to its own codes, "
      "for "
      "it has no prior; each decoded greedily, so that the code alone makes the difference. A language model draws each word instead. "
      "**What to look at:** whether these are sentences at all, and whether they differ.");
  constexpr Index shown = 8, measured = 500;
  Table t, figures{.caption = fmt::format("Of {} such sentences each, greedy ones of a model with codes. `self_bleu`, `distinct_1` and the "
                                          "like elsewhere on this page are of 1,000 sentences of which every word is drawn.",
                                          measured),
                   .columns = {{"name"},
                               {"distinct-1", true, "different words over all words"},
                               {"distinct-2", true, "the same of pairs"},
                               {"self-BLEU", true, "how alike they are: 1 where all are the same"},
                               {"tokens", true, "mean length"},
                               {"copied", true, "share that stands in the training part word by word"}}};
  if (c.data.entropy) figures.columns.push_back({"parses", true, "share that the grammar of the data makes"});
  std::vector<std::vector<std::string>> columns;
  for (const OpenRun& r : runs) {
    const bool language_model = r.run.model->latent() == 0;
    const Tensor codes = draw_codes(r.run, measured, default_code_source(*r.run.model), 1, c.options.first_seed);
    const TokenLists tokens = generate_tokens(
        text_model(r), codes, {.method = language_model ? DecodeMethod::sample : DecodeMethod::greedy, .seed = c.options.first_seed});
    t.columns.push_back({r.entry->label});
    columns.emplace_back();
    for (Index i = 0; i < shown; i++) columns.back().push_back(r.run.codec->decode(tokens[std::size_t(i)]));
    const SampleFigures f = sample_figures(tokens);
    figures.rows.push_back({r.entry->label, number_text(f.distinct_1), number_text(f.distinct_2), number_text(f.self_bleu),
                            number_text(f.tokens), number_text(copied(tokens, c.data.train))});
    if (c.data.entropy) {
      std::vector<std::string> texts;
      for (const auto& text : tokens) texts.push_back(r.run.codec->decode(text));
      figures.rows.back().push_back(number_text(parsed(texts)));
    }
  }
  for (std::size_t i = 0; i < std::size_t(shown); i++) {
    t.rows.emplace_back();
    for (const auto& column : columns) t.rows.back().push_back(column[i]);
  }
  s.table(t);
  s.table(figures);
  s.note(
      "What not to conclude: a model that writes few sentences well looks better here than one that writes many. Low self-BLEU and high "
      "distinct-n are no merit by themselves: random words have them too.");
}

}  // namespace elbo::lab
