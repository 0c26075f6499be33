#pragma once
// What a comparison's statistics say, as rows for the terminal and as sections of the report.

#include "lab/compare.h"
#include "lab/page.h"

namespace elbo::lab {

// The figures that the tables show, in their order, as far as any line has them: of pictures or of texts.
std::vector<std::string> shown_figures(const Comparison& c);

// "105.63 ± 0.24", "88.1 ± 0.3 †" of what is doubtful, or "≥ 6.81" of what is only bounded; "–" where there is nothing.
std::string figure_text(const Comparison& c, const std::string& name, const std::string& figure);
// What † says, where any line's nll is so marked; "" otherwise.
inline constexpr const char* doubtful_mark = " †";
std::string doubtful_note(const Comparison& c);
// "[0.12, 1.80]"; "–" for none.
std::string interval_text(const std::optional<Interval>& interval);
// "as expected", "reversed, few seeds", "reversed so far (one seed)".
std::string result_text(const JudgedExpectation& e);
// "20 epochs", "700 updates", "30 s of training".
std::string budget_text(const Comparison& c);
// How many expectations came how: "5 as expected, 1 reversed, 2 undecided".
std::string outcome_counts(const Comparison& c);

// One row an expectation: result, figure, which was expected lower and higher, difference, interval, bootstrap.
Table expectation_table(const Comparison& c);

// What was expected and what came; every line against the first; all figures; which weights two lines start with alike.
void add_expectations(Page& page, const Comparison& c);
void add_differences(Page& page, const Comparison& c);
void add_all_figures(Page& page, const Comparison& c);

// How much of a line's initial weights another one starts with, under one seed: tensors of one name, shape and bits.
struct SharedWeights {
  std::string name, other;
  Index tensors = 0, shared = 0;  // of `name`
  Index numbers = 0, shared_numbers = 0;
};
std::vector<SharedWeights> shared_weights(const Comparison& c);  // of each line, with the first that shares any (or the first)

}  // namespace elbo::lab
