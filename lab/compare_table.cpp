// The report's statistics: expectations, differences, all figures, shared weights.

#include "lab/compare_table.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "lab/plot_text.h"

namespace elbo::lab {
namespace {

std::string label_of(const Comparison& c, const std::string& name) {
  const Entry* e = c.entry(name);
  return e ? e->label : name;
}

std::string difference_text(const Difference& d) {
  return d.seeds.spread.n == 0 ? "–" : mean_spread(d.seeds.spread.mean, d.seeds.spread.sd);
}

constexpr const char* interval_hover = "of the paired differences, one a seed: Student's t; few seeds: fewer than five";
constexpr const char* bootstrap_hover = "percentiles of 1,000 resamples of the test examples; it ignores training noise";

// One column a figure and one row a line would be too wide for a page: a row a figure.
Table all_figures_table(const Comparison& c) {
  Table t{.columns = {{"figure"}}, .note = doubtful_note(c)};
  std::set<std::string> figures;
  for (const std::string& name : c.names()) {
    t.columns.push_back({label_of(c, name), true});
    for (const ComparedRun* run : c.runs_of(name)) {
      for (const auto& [figure, value] : run->figures.numbers) figures.insert(figure);
      for (const auto& [figure, value] : run->figures.bounds) figures.insert(figure);
    }
  }
  for (const std::string& figure : figures) {
    t.rows.push_back({"`" + figure + "`"});
    for (const std::string& name : c.names()) {
      const Entry* e = c.entry(name);
      const bool no_bound = figure == "total" && (!e || (!e->variational() && e->config.model.latent > 0));
      t.rows.back().push_back(no_bound ? "–" : figure_text(c, name, figure));
    }
  }
  return t;
}

// Lines whose pictures were measured, but no paths between their codes.
std::string without_paths(const Comparison& c) {
  std::string all;
  for (const std::string& name : c.names())
    if (c.spread(name, "memorising_ratio").n > 0 && c.spread(name, "path_midpoint").n == 0)
      all += (all.empty() ? "" : "; ") + label_of(c, name);
  return all;
}

}  // namespace

std::vector<std::string> shown_figures(const Comparison& c) {
  const std::vector<std::string> numbers = {"squared_error_at_mean",
                                            "psnr",
                                            "ssim",
                                            "squared_error",
                                            "kl",
                                            "total",
                                            "nll",
                                            "active_units",
                                            "mutual_information",
                                            "probe_accuracy",
                                            "knn_accuracy",
                                            "sample_distance",
                                            "precision",
                                            "recall",
                                            "reconstruction_distance",
                                            "memorising_ratio",
                                            "path_ratio",
                                            "path_midpoint",
                                            "hole_ratio_prior",
                                            "hole_entropy_prior"};
  const std::vector<std::string> texts = {
      "nll",         "total",         "reconstruction",     "reconstruction_at_mean",  "kl",          "perplexity", "token_accuracy",
      "exact_match", "active_units",  "mutual_information", "shuffled_reconstruction", "entropy_gap", "distinct_1", "self_bleu",
      "copied",      "samples_parsed"};
  std::vector<std::string> shown;
  for (const std::string& figure : c.data.texts ? texts : numbers)
    for (const std::string& name : c.names())
      if (c.spread(name, figure).n > 0 || c.bound(name, figure)) {
        shown.push_back(figure);
        break;
      }
  return shown;
}

std::string figure_text(const Comparison& c, const std::string& name, const std::string& figure) {
  if (const auto bound = c.bound(name, figure)) return (figure == "aggregate_kl" ? "≤ " : "≥ ") + number_text(*bound);
  const Spread s = c.spread(name, figure);
  if (s.n == 0) return "–";
  return (s.sd == 0 ? number_text(s.mean) : mean_spread(s.mean, s.sd)) + (c.doubtful(name, figure) ? doubtful_mark : "");
}

std::string doubtful_note(const Comparison& c) {
  std::string marked;
  for (const std::string& name : c.names())
    if (c.doubtful(name, "nll")) marked += (marked.empty() ? "" : "; ") + label_of(c, name);
  if (marked.empty()) return "";
  return fmt::format(
      "† `nll` of {} is not to be trusted with {} importance sample{}, nor is what follows from it: it is too high, and by how much may "
      "differ from line to line. `elbo-eval RUN --importance-samples {}` comes nearer.",
      marked, grouped_number(c.importance_samples), c.importance_samples == 1 ? "" : "s", std::max<Index>(100, 10 * c.importance_samples));
}

std::string interval_text(const std::optional<Interval>& i) {
  return i ? fmt::format("[{}, {}]", number_text(i->low, 3), number_text(i->high, 3)) : "–";
}

std::string result_text(const JudgedExpectation& e) {
  std::string text = outcome_name(e.outcome);
  if (e.outcome == Outcome::one_seed) text = e.against() ? "reversed so far (one seed)" : text;
  if (e.outcome == Outcome::undecided && e.against()) text += ", leaning against";
  if (e.difference.seeds.interval && e.difference.seeds.few_seeds()) text += ", few seeds";
  if (e.stated.added_later) text += ", added later";
  return text;
}

std::string budget_text(const Comparison& c) {
  const TrainConfig& t = c.entries[0].config.train;
  if (c.options.seconds > 0) return fmt::format("{:g} s of training", c.options.seconds);
  return t.steps > 0 ? fmt::format("{} updates", grouped_number(t.steps)) : fmt::format("{} epochs", t.epochs);
}

std::string outcome_counts(const Comparison& c) {
  std::string text;
  for (const Outcome o :
       {Outcome::as_expected, Outcome::reversed, Outcome::undecided, Outcome::one_seed, Outcome::only_bounded, Outcome::not_measured})
    if (const auto n = std::count_if(c.came.begin(), c.came.end(), [&](const JudgedExpectation& e) { return e.outcome == o; }); n > 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", n, outcome_name(o));
  return text;
}

Table expectation_table(const Comparison& c) {
  Table t{.columns = {{"figure"},
                      {"expected lower"},
                      {"expected higher"},
                      {"result"},
                      {"higher − lower", true, "mean over the seeds, ± their standard deviation"},
                      {"95% over seeds", true, interval_hover},
                      {"bootstrap over examples", true, bootstrap_hover}}};
  if (std::any_of(c.came.begin(), c.came.end(), [](const JudgedExpectation& e) { return e.difference.doubtful; }))
    t.note = doubtful_note(c);
  for (const JudgedExpectation& e : c.came) {
    const bool flagged = e.outcome == Outcome::reversed || (e.outcome == Outcome::one_seed && e.against());
    t.rows.push_back({"`" + e.stated.figure + "`", label_of(c, e.stated.lower), label_of(c, e.stated.higher),
                      (flagged ? "**" + result_text(e) + "**" : result_text(e)) + (e.difference.doubtful ? doubtful_mark : ""),
                      difference_text(e.difference), interval_text(e.difference.seeds.interval), interval_text(e.difference.bootstrap)});
  }
  return t;
}

void add_expectations(Page& page, const Comparison& c) {
  Content& s = page.section("Expected, and found");
  if (c.came.empty()) {
    s.paragraph(
        "No direction was stated beforehand: no two of these lines differ in one thing alone whose effect is known. What differs stands "
        "below, and among so many figures some differ by accident.");
    return;
  }
  s.paragraph(fmt::format(
      "Which line should have a figure lower, and why, was stated before anything was trained. An expectation came true where the 95% "
      "interval of the difference lies above 0, and is **reversed** where it lies below: then its reason does not hold here, or this "
      "budget ({}) was too short for it. Here: {}.",
      budget_text(c), outcome_counts(c)));
  s.table(expectation_table(c));
  std::vector<std::string> notes = {
      "The interval over seeds is Student's, of the differences between two lines under the same seed: what both share under a seed "
      "cancels. It covers the chance of training.",
      "The bootstrap over test examples (1,000 resamples, 2.5 to 97.5 percentiles, the same examples for every line, their figures "
      "averaged over the seeds) is a column of its own, for it ignores training noise: it says how well this test part measures these "
      "very networks."};
  if (std::any_of(c.came.begin(), c.came.end(), [](const JudgedExpectation& e) { return e.stated.added_later; }))
    notes.emplace_back(
        "Added later: stated by a newer program when runs had been trained already, perhaps because of what they showed. No prediction.");
  if (c.options.seeds == 1)
    notes.emplace_back("One seed: there is no interval, and no expectation is decided. `--seeds 5` decides.");
  else if (c.options.seeds < few_seeds_below)
    notes.emplace_back("Few seeds: with fewer than five the standard deviation, and so the interval, is itself rough.");
  s.list(notes);
  Content why;
  std::vector<std::string> reasons;
  for (const Expectation& e : c.stated)
    if (const std::string line = fmt::format("`{}`: {}.", e.figure, e.reason);
        std::find(reasons.begin(), reasons.end(), line) == reasons.end())
      reasons.push_back(line);
  why.list(reasons);
  s.details("Why this is expected", why);
}

void add_differences(Page& page, const Comparison& c) {
  if (c.differences.empty()) return;
  Content& s = page.section("Differences");
  const std::string first = label_of(c, c.names()[0]);
  s.paragraph(fmt::format(
      "Each line less the first, {}, in every figure that both have and that is in one unit: no total of a plain autoencoder, which is no "
      "bound, none of another likelihood, and no mutual information that is only bounded. **What to look at:** whether the interval over "
      "seeds leaves out 0.",
      first));
  Content inside;
  const std::vector<std::string> shown = shown_figures(c);
  for (const std::string& name : c.names()) {
    Table t{.caption = fmt::format("{} less {}", label_of(c, name), first),
            .columns = {{"figure"},
                        {"difference", true, "mean over the seeds, ± their standard deviation"},
                        {"95% over seeds", true, interval_hover},
                        {"bootstrap over examples", true, bootstrap_hover},
                        {"seeds", true}}};
    for (const std::string& figure : shown)
      for (const Difference& d : c.differences)
        if (d.a == name && d.figure == figure)
          t.rows.push_back({"`" + figure + "`", difference_text(d) + (d.doubtful ? doubtful_mark : ""), interval_text(d.seeds.interval),
                            interval_text(d.bootstrap), fmt::format("{}{}", d.seeds.spread.n, d.seeds.few_seeds() ? ", few seeds" : "")});
    if (std::any_of(c.differences.begin(), c.differences.end(), [&](const Difference& d) { return d.a == name && d.doubtful; }))
      t.note = doubtful_note(c);
    if (!t.rows.empty()) inside.table(t);
  }
  s.details(fmt::format("Every line less {}", first), inside);
}

void add_all_figures(Page& page, const Comparison& c) {
  Content& s = page.section("All figures");
  const ComparedRun* measured = nullptr;
  for (const ComparedRun& run : c.runs)
    if (!measured && !run.measured.json.empty()) measured = &run;
  s.paragraph(fmt::format(
      "What `elbo-eval` says of each line, means ± standard deviation over the seeds. The figures of `summary.json` are of the whole test "
      "part; those that `--all` adds are of its first {} examples with {} importance samples{}; distances "
      "are of 2,000 samples, where `elbo-eval` takes 10,000. ≥ and ≤: a mutual information within 0.1 nats of its "
      "ceiling is no more than a bound, and is left out of comparisons.",
      grouped_number(std::min(c.data.texts ? text_examples : measured_examples, c.data.test.size())), c.importance_samples,
      c.options.quick ? " (`--quick`: without probes, samples, paths, holes and drawn texts)" : ""));
  if (c.options.seconds > 0) {
    Table updates{.caption = fmt::format("Updates within {}: what the budget bought each line.", budget_text(c)),
                  .columns = {{"name"}, {"updates", true}}};
    for (const Entry& e : c.entries) {
      std::vector<double> made;
      for (const ComparedRun* run : c.runs_of(e.name)) made.push_back(double(run->updates));
      const Spread u = spread_of(made);
      updates.rows.push_back({e.label, mean_spread(u.mean, u.sd)});
    }
    s.table(updates);
  }
  Content inside;
  inside.table(all_figures_table(c));
  s.details("The table", inside);
  if (const std::string without = without_paths(c); !without.empty())
    s.note(
        fmt::format("No figures of paths (`path_ratio`, ...) of {}: it does not use its code, so that all paths are one point.", without));
  Table t{.caption = "What two lines start with alike, under one seed.",
          .columns = {{"name"}, {"shares with"}, {"tensors", true, "of one name, shape and bits"}, {"numbers", true}}};
  for (const SharedWeights& w : shared_weights(c))
    t.rows.push_back({label_of(c, w.name), label_of(c, w.other), fmt::format("{} of {}", w.shared, w.tensors),
                      fmt::format("{:.1f}%", 100 * double(w.shared_numbers) / double(std::max<Index>(1, w.numbers)))});
  if (t.rows.empty()) return;
  Content weights;
  weights.table(t);
  s.details("Initial weights", weights);
}

}  // namespace elbo::lab
