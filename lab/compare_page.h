#pragma once
// The report of a comparison: one page that shows what the figures mean and says what they do not.

#include "lab/codes.h"
#include "lab/compare.h"
#include "lab/page.h"
#include "models/run.h"

namespace elbo::lab {

// The page; opens the runs of the first seed for its pictures.
Page comparison_page(const Comparison& comparison);

// Its parts. Each adds one section.
//
// The question and the short answer; figures by entry, learning curves, what was compared:
void add_question(Page& page, const Comparison& c);
void add_setup(Page& page, const Comparison& c);
void add_figures(Page& page, const Comparison& c);
void add_curves(Page& page, const Comparison& c);
void add_rate_distortion(Page& page, const Comparison& c);
void add_nll_curves(Page& page, const Comparison& c);  // nothing where no nll was estimated
void add_sweep(Page& page, const Comparison& c);       // nothing without --sweep
void add_glossary(Page& page, const Comparison& c);    // what each figure means
void add_commands(Page& page, const Comparison& c);

// The entries that --sweep made of one entry, in the order of the values; entries that it left alone are in none.
struct SweptLine {
  std::string label;  // what they have in common: "mlp-vae"
  std::size_t style;  // of plots: the number of its first entry
  std::vector<const Entry*> entries;
  std::vector<std::string> values;
  std::vector<double> numbers;  // the same; empty where one is no number
};
std::vector<SweptLine> swept_lines(const Comparison& c);

// The likelihoods that were compared, in the order of the entries; and what a reconstruction term of one is counted in.
std::vector<std::string> likelihoods(const Comparison& c);
std::string unit_of(const std::string& likelihood);

// How sharp pictures are beside the data's own; nothing where the examples are none.
void add_sharpness(Page& page, const Comparison& c);

// The runs of the first seed, opened for pictures and codes.
struct OpenRun {
  const Entry* entry;
  const ComparedRun* compared;
  Run run;
  EncodedExamples codes;  // of the first shown_codes test examples; empty without a code
};
inline constexpr Index shown_codes = 800;  // points of a plot: enough to see regions, few enough for the page to stay small
std::vector<OpenRun> open_runs(const Comparison& c);
std::vector<const OpenRun*> coded(const std::vector<OpenRun>& runs);  // those that have a code
// The same, but of many a few, evenly: sections with much to compute or to see. And what to say of it: " Shown are 8 of 12 models.", or "".
std::vector<const OpenRun*> few_coded(const std::vector<OpenRun>& runs);
std::string left_out(const std::vector<OpenRun>& runs);

void add_reconstructions(Page& page, const Comparison& c, const std::vector<OpenRun>& runs);
void add_samples(Page& page, const Comparison& c, const std::vector<OpenRun>& runs);
void add_holes(Page& page, const Comparison& c, const std::vector<OpenRun>& runs);
void add_unit_weights(Page& page, const Comparison& c, const std::vector<OpenRun>& runs);
void add_latent_space(Page& page, const Comparison& c, const std::vector<OpenRun>& runs);
void add_traversals(Page& page, const Comparison& c, const std::vector<OpenRun>& runs);
void add_interpolation(Page& page, const Comparison& c, const std::vector<OpenRun>& runs);

// The same of texts, where they differ. `cell`: a figure of an entry, as the tables show it.
void add_text_figures(Page& page, const Comparison& c, const std::function<std::string(const std::string& name, const char* figure)>& cell);
void add_text_reconstructions(Page& page, const Comparison& c, const std::vector<OpenRun>& runs);
void add_text_samples(Page& page, const Comparison& c, const std::vector<OpenRun>& runs);

// What sections share. `count` test examples: the first of each label in turn, then the second of each, ...; and as the run sees them,
// (n, example...), float32.
std::vector<Index> shown_examples(const Split& test, Index count);
Tensor inputs_of(const Run& run, const Split& test, const std::vector<Index>& places);
Tensor labels_of(const Split& test, const std::vector<Index>& places);  // int32 (n,), where there are any
std::string label_name(const Dataset& data, std::int32_t label);
// `count` test sentences of middling length, their codes' means as the decoder reads them, and the likeliest sentences of codes, word by
// word.
struct ShownTexts {
  std::vector<std::string> texts;
  Tensor labels;  // int32 (n,), where there are any
};
ShownTexts shown_texts(const Comparison& c, Index count);
Tensor mean_codes(const OpenRun& r, const ShownTexts& shown);
std::vector<std::string> greedy(const OpenRun& r, const Tensor& codes);

// Whether examples are pictures that a page can show: (h, w, 1), (h, w, 3) or (h, w, 4).
bool are_pictures(const Shape& example);

}  // namespace elbo::lab
