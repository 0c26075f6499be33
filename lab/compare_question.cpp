// The report's first section: what the comparison asks, and the short answer, figure by figure.

#include <fmt/core.h>

#include <algorithm>

#include "lab/comparable.h"
#include "lab/compare_page.h"
#include "lab/compare_table.h"
#include "lab/plot_text.h"

namespace elbo::lab {
namespace {

struct Asked {
  const char* what;
  const char* figure;
  bool lower;  // is better
};
constexpr Asked of_numbers[] = {
    {"gives its input back most nearly", "squared_error_at_mean", true},
    {"models the data best, as far as it is a model of them", "nll", true},
    {"has the samples nearest to data, as a classifier sees them", "sample_distance", true},
    {"decodes N(0, I) to what a classifier knows", "hole_entropy_prior", true},
    {"stays nearest to data halfway between two codes", "path_midpoint", true},
    {"has the codes that tell most labels", "probe_accuracy", false},
    {"has a unit for each factor, and one alone", "mutual_information_gap", false},
};
constexpr Asked of_texts[] = {
    {"gives whole sentences back", "exact_match", false},
    {"models the sentences best, as far as it is a model of them", "nll", true},
    {"has samples that the grammar makes", "samples_parsed", false},
    {"has the most varied samples", "self_bleu", true},
    {"has the codes that tell most labels", "probe_accuracy", false},
};

std::vector<std::string> questions(const Comparison& c) {
  const auto any = [&](auto&& holds) { return std::any_of(c.entries.begin(), c.entries.end(), holds); };
  const bool vae = any([](const Entry& e) { return e.variational(); });
  const bool coded = any([](const Entry& e) { return e.config.model.latent > 0; });
  const bool language_model = c.data.texts && any([](const Entry& e) { return e.config.model.latent == 0; });
  const bool plain = any([](const Entry& e) { return !e.variational() && e.config.model.latent > 0; });
  const bool free = any([](const Entry& e) { return e.variational() && e.config.objective.beta == 0; });
  std::vector<std::string> all;
  if (plain && vae)
    all.emplace_back("What does a VAE pay, beside a plain autoencoder, for codes that follow a prior, and what does it get for it?");
  if (plain && vae && free)
    all.emplace_back("How much of that is the noise of its codes, and how much their price? At beta 0 they have noise and no price.");
  if (language_model && coded) all.emplace_back("Does a code help? A language model has none, and its likelihood is exact.");
  if (!c.options.sweep.empty())
    all.push_back(fmt::format("What does `{}` give, and what does it take?", c.options.sweep.substr(0, c.options.sweep.find('='))));
  if (std::any_of(c.runs.begin(), c.runs.end(), [](const ComparedRun& r) { return !r.seed; }))
    all.emplace_back("How far would a linear code of the same size have come?");
  if (all.empty()) all.emplace_back("In what do these differ, under the same budget, by more than chance?");
  return all;
}

// The lines that have the figure, best first; without those that cannot be held against the best.
std::vector<std::string> ranked(const Comparison& c, const Asked& asked) {
  const std::string figure = asked.figure;
  std::vector<std::string> lines;
  for (const std::string& name : c.names())
    if (c.spread(name, figure).n > 0) lines.push_back(name);
  std::stable_sort(lines.begin(), lines.end(), [&](const std::string& a, const std::string& b) {
    const double x = c.spread(a, figure).mean, y = c.spread(b, figure).mean;
    return asked.lower ? x < y : x > y;
  });
  std::erase_if(lines, [&](const std::string& name) {
    const Entry *best = c.entry(lines[0]), *other = c.entry(name);
    return best && other && best != other && !comparable(figure, *best, *other);
  });
  return lines;
}

std::string verdict(const Difference& d) {
  const std::optional<Interval>& i = d.seeds.interval;
  const std::string mark = d.doubtful ? doubtful_mark : "";
  if (!i) return "one seed" + mark;
  const std::string text = i->contains(0) ? "undecided" : "decided";
  return text + (d.seeds.few_seeds() ? ", few seeds" : "") + mark;
}

}  // namespace

void add_question(Page& page, const Comparison& c) {
  Content& s = page.section("The question");
  s.list(questions(c));
  Table t{.caption = "In short: which line does best by each figure, which comes next, and whether the difference is more than chance.",
          .columns = {{"which line"},
                      {"figure"},
                      {"the best"},
                      {"the next"},
                      {"95% over seeds", true, "of the difference, best less next; under the same seeds, Student's t"},
                      {"result"}}};
  bool doubtful = false;
  for (const Asked& asked : c.data.texts ? std::span<const Asked>(of_texts) : std::span<const Asked>(of_numbers)) {
    const std::vector<std::string> lines = ranked(c, asked);
    if (lines.size() < 2) continue;
    const auto cell = [&](const std::string& name) {
      const Entry* e = c.entry(name);
      return fmt::format("{}: {}", e ? e->label : name, figure_text(c, name, asked.figure));
    };
    const Difference d = difference_of(c, asked.figure, lines[0], lines[1]);
    doubtful = doubtful || d.doubtful;
    t.rows.push_back(
        {asked.what, fmt::format("`{}`", asked.figure), cell(lines[0]), cell(lines[1]), interval_text(d.seeds.interval), verdict(d)});
  }
  if (doubtful) t.note = doubtful_note(c);
  if (!t.rows.empty()) s.table(t);
  s.paragraph(
      "What each figure means: [below](#what-each-figure-means). What was expected, and what came of it: [below](#expected-and-found).");
}

}  // namespace elbo::lab
