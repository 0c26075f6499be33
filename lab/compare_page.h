#pragma once
// The report of a comparison: one page that shows what the figures mean and says what they do not.

#include "lab/compare.h"
#include "lab/page.h"
#include "models/run.h"

namespace elbo::lab {

// The page; opens the runs of the first seed for its pictures.
Page comparison_page(const Comparison& comparison);

// Its parts. Each adds one section.
//
// Figures by entry, learning curves, what was compared:
void add_setup(Page& page, const Comparison& c);
void add_figures(Page& page, const Comparison& c);
void add_curves(Page& page, const Comparison& c);
void add_commands(Page& page, const Comparison& c);

// The likelihoods that were compared, in the order of the entries; and what a reconstruction term of one is counted in.
std::vector<std::string> likelihoods(const Comparison& c);
std::string unit_of(const std::string& likelihood);

// How sharp pictures are beside the data's own; nothing where the examples are none.
void add_sharpness(Page& page, const Comparison& c);

// Pictures and codes, of the runs of the first seed:
struct OpenRun {
  const Entry* entry;
  Run run;
};
void add_reconstructions(Page& page, const Comparison& c, const std::vector<OpenRun>& runs);
void add_samples(Page& page, const Comparison& c, const std::vector<OpenRun>& runs);
void add_latent_space(Page& page, const Comparison& c, const std::vector<OpenRun>& runs);
void add_interpolation(Page& page, const Comparison& c, const std::vector<OpenRun>& runs);

// The same of texts. `cell`: a figure of an entry, as the tables show it.
void add_text_figures(Page& page, const Comparison& c, const std::function<std::string(const std::string& name, const char* figure)>& cell);
void add_text_reconstructions(Page& page, const Comparison& c, const std::vector<OpenRun>& runs);
void add_text_samples(Page& page, const Comparison& c, const std::vector<OpenRun>& runs);
void add_text_interpolation(Page& page, const Comparison& c, const std::vector<OpenRun>& runs);

// Whether examples are pictures that a page can show: (h, w, 1), (h, w, 3) or (h, w, 4).
bool are_pictures(const Shape& example);

}  // namespace elbo::lab
