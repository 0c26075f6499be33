#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "lab/compare_folder.h"
#include "lab/compare_table.h"
#include "tensor/json.h"
#include "tests/lab/small_comparison.h"

using namespace elbo;
using namespace elbo::lab;
using elbo::testing::bare_comparison;
using elbo::testing::contains;
using elbo::testing::Folder;

namespace {

const std::string plain = "mlp-vae-model.variational=false", vae = "mlp-vae", heavy = "mlp-vae-objective.beta=4";

// Gives each run of a line the next of these numbers.
void give(Comparison& c, const std::string& name, const std::string& figure, std::vector<double> values) {
  std::size_t i = 0;
  for (ComparedRun& run : c.runs)
    if (run.name == name) run.figures.numbers[figure] = values.at(i++);
}

const Difference* find(const Comparison& c, const std::string& figure, const std::string& a) {
  const auto it =
      std::find_if(c.differences.begin(), c.differences.end(), [&](const Difference& d) { return d.figure == figure && d.a == a; });
  return it == c.differences.end() ? nullptr : &*it;
}

const JudgedExpectation& came(const Comparison& c, const std::string& figure, const std::string& lower, const std::string& higher) {
  for (const JudgedExpectation& e : c.came)
    if (e.stated.figure == figure && e.stated.lower == lower && e.stated.higher == higher) return e;
  throw std::logic_error("no such expectation: " + figure);
}

// Five seeds: the plain autoencoder's error clearly lower, active units reversed, the KL undecided.
Comparison known() {
  Comparison c = bare_comparison(5);
  give(c, plain, "squared_error_at_mean", {5, 6, 5, 6, 5});
  give(c, vae, "squared_error_at_mean", {9, 10, 9.1, 10.1, 9});
  give(c, heavy, "squared_error_at_mean", {14, 15, 14, 15, 14});
  give(c, plain, "active_units", {10, 11, 10, 11, 10});
  give(c, vae, "active_units", {15, 15, 16, 16, 15});
  give(c, vae, "kl", {25, 24, 25, 24, 25});
  give(c, heavy, "kl", {26, 23, 26, 23, 26});
  give(c, plain, "total", {70, 70, 70, 70, 70});
  give(c, vae, "total", {105, 106, 105, 106, 105});
  give(c, heavy, "total", {110, 111, 110, 111, 110});
  c.stated = expectations(c.entries, false, {.numbers = 784});
  return c;
}

}  // namespace

TEST_CASE("differences are taken seed by seed, and expectations judged by their intervals") {
  Comparison c = known();
  compute_statistics(c);
  const Difference* d = find(c, "squared_error_at_mean", vae);
  REQUIRE(d);
  CHECK(d->b == plain);
  CHECK(d->seeds.spread.mean == doctest::Approx(4.04));
  const double half = 2.7764451051977934 * std::sqrt(0.012 / 4) / std::sqrt(5.0);  // 4, 4, 4.1, 4.1, 4
  CHECK(d->seeds.interval->low == doctest::Approx(4.04 - half).epsilon(1e-9));
  CHECK_FALSE(find(c, "total", vae));  // the first line is a plain autoencoder
  CHECK_FALSE(find(c, "kl", vae));

  CHECK(came(c, "squared_error_at_mean", plain, vae).outcome == Outcome::as_expected);
  const JudgedExpectation& units = came(c, "active_units", vae, plain);
  CHECK(units.outcome == Outcome::reversed);
  CHECK(units.against());
  CHECK(result_text(units) == "reversed");
  CHECK(came(c, "kl", heavy, vae).outcome == Outcome::undecided);
  CHECK(came(c, "active_units", heavy, vae).outcome == Outcome::not_measured);
  CHECK(outcome_counts(c) == "3 as expected, 1 reversed, 1 undecided, 3 not measured");

  Comparison one = known();
  one.runs.resize(3);
  compute_statistics(one);
  CHECK(came(one, "squared_error_at_mean", plain, vae).outcome == Outcome::one_seed);
  CHECK_FALSE(came(one, "squared_error_at_mean", plain, vae).difference.seeds.interval);
  CHECK(result_text(came(one, "squared_error_at_mean", plain, vae)) == "one seed");
  CHECK(result_text(came(one, "active_units", vae, plain)) == "reversed so far (one seed)");
  Comparison three = known();
  three.runs.resize(9);
  compute_statistics(three);
  CHECK(result_text(came(three, "squared_error_at_mean", plain, vae)) == "as expected, few seeds");
}

TEST_CASE("a saturated mutual information is a bound: shown as one, and taken from nothing") {
  Comparison c = bare_comparison(2);
  give(c, vae, "mutual_information", {6, 6.5});
  give(c, heavy, "mutual_information", {4, 4.5});
  c.stated = expectations(c.entries, false, {.numbers = 784});
  compute_statistics(c);
  CHECK(came(c, "mutual_information", heavy, vae).outcome == Outcome::as_expected);
  const NamedFigures saturated =
      named_figures(R"({"mutual_information":6.85,"mutual_information_saturated":true,"aggregate_kl":18,"kl":25})", "x");
  CHECK(saturated.numbers.size() == 1);
  CHECK(saturated.bounds.at("aggregate_kl") == 18);
  for (ComparedRun& run : c.runs)
    if (run.name == vae && run.seed == 1) run.figures.bounds = saturated.bounds, run.figures.numbers = saturated.numbers;
  compute_statistics(c);
  CHECK(came(c, "mutual_information", heavy, vae).outcome == Outcome::only_bounded);
  CHECK(c.spread(vae, "mutual_information").n == 0);  // not the mean of the runs that have it
  CHECK(figure_text(c, vae, "mutual_information") == "≥ 6.85");
  CHECK(figure_text(c, vae, "aggregate_kl") == "≤ 18");
}

TEST_CASE("an nll with too few samples is marked wherever it is shown or judged, with a note; one that is trusted is not") {
  Comparison c = bare_comparison(5);
  c.importance_samples = 10;
  const std::string doubtful = R"({"nll":90,"nll_perplexity":9,"kl":20,"importance_samples":10,"nll_tenth":92,"effective_samples":2.5)";
  // As it is told, or, in the file of an older program, as it follows from the other figures.
  CHECK(named_figures(doubtful + "}", "x").doubtful == std::set<std::string>{"nll", "nll_perplexity"});
  CHECK(named_figures(doubtful + R"(,"nll_trusted":true})", "x").doubtful.empty());
  CHECK(named_figures(R"({"nll":90,"importance_samples":null,"nll_trusted":true})", "x").doubtful.empty());
  CHECK(read_figures(doubtful + R"(,"nll_trusted":false})", "x").doubtful.contains("nll"));
  give(c, vae, "nll", {90, 90, 91, 91, 90});
  give(c, heavy, "nll", {95, 95, 96, 96, 97});
  c.stated.push_back({"nll", vae, heavy, "a reason"});
  compute_statistics(c);
  CHECK(figure_text(c, vae, "nll") == "90.40\u00a0±\u00a00.55");
  CHECK(doubtful_note(c) == "");
  CHECK(expectation_table(c).note == "");
  CHECK_FALSE(came(c, "nll", vae, heavy).difference.doubtful);
  c.runs[1].figures.doubtful = {"nll"};  // one run of mlp-vae
  compute_statistics(c);
  CHECK(figure_text(c, vae, "nll") == "90.40\u00a0±\u00a00.55 †");
  CHECK(figure_text(c, heavy, "nll") == "95.80\u00a0±\u00a00.84");
  CHECK(contains(doubtful_note(c), "`nll` of mlp-vae is not to be trusted with 10 importance samples"));
  CHECK(came(c, "nll", vae, heavy).difference.doubtful);
  const Table t = expectation_table(c);
  CHECK(t.rows[0][3] == "as expected †");
  CHECK(t.note == doubtful_note(c));
  c.options.presets = "mlp-vae,mlp-vae:objective.beta=4";
  Page page("x");
  add_all_figures(page, c);
  CHECK(contains(page.html(), "90.40\u00a0±\u00a00.55 †"));
  CHECK(contains(page.html(), "not to be trusted with 10"));
}

TEST_CASE("what was measured beside a summary: the summary's figures stay, but for an entropy gap of total") {
  RunFigures f = read_figures(R"({"total":25,"entropy_gap":3,"kl":2})", "x");
  add_measured(f, R"({"total":24,"nll":23.5,"entropy_gap":1.5,"importance_samples":5,"nll_trusted":false})", "x");
  CHECK(f.numbers.at("total") == 25);
  CHECK(f.numbers.at("nll") == 23.5);
  CHECK(f.numbers.at("entropy_gap") == 1.5);
  CHECK(f.doubtful == std::set<std::string>{"nll", "entropy_gap"});
  add_measured(f, R"({"entropy_gap":null})", "x");
  CHECK(f.numbers.at("entropy_gap") == 1.5);
}

TEST_CASE("the page says why a line has no figures of paths") {
  Comparison c = bare_comparison(1);
  for (const std::string& name : {plain, vae, heavy}) give(c, name, "memorising_ratio", {1.5});
  give(c, plain, "path_midpoint", {4});
  give(c, vae, "path_midpoint", {3});
  const auto html = [&] {
    Page page("x");
    add_all_figures(page, c);
    return page.html();
  };
  CHECK(contains(html(), "</code>, ...) of mlp-vae, beta=4: it does not use its code"));
  give(c, heavy, "path_midpoint", {3});
  CHECK_FALSE(contains(html(), "it does not use its code"));
}

TEST_CASE("the bootstrap resamples examples of all lines alike, averaged over the seeds; principal components go with every seed") {
  Comparison c = known();
  c.runs.push_back({.name = "principal-components-20", .figures = {.json = "{}", .numbers = {{"squared_error_at_mean", 8}, {"total", 8}}}});
  std::vector<double> base(50), other(50);
  for (std::size_t i = 0; i < 50; i++) base[i] = double(i % 7), other[i] = base[i] + 3;
  for (ComparedRun& run : c.runs) {
    const double shift = run.seed ? double(*run.seed) - 3 : 0;  // over five seeds nothing
    std::vector<double> column = run.name == plain ? base : other;
    for (double& v : column) v += shift;
    run.measured.examples["squared_error_at_mean"] = column;
  }
  c.stated.push_back({"squared_error_at_mean", plain, "principal-components-20", "a reason"});
  compute_statistics(c);
  const Difference* d = find(c, "squared_error_at_mean", vae);
  REQUIRE(d->bootstrap);  // what both have in common cancels: 3 for every example
  CHECK(d->bootstrap->low == doctest::Approx(3).epsilon(1e-12));
  CHECK(d->bootstrap->high == doctest::Approx(3).epsilon(1e-12));
  const Interval mean = c.bootstrap.at(plain).at("squared_error_at_mean"), alone = bootstrap_means({base})[0];
  CHECK(mean.low == doctest::Approx(alone.low).epsilon(1e-12));
  CHECK(mean.high == doctest::Approx(alone.high).epsilon(1e-12));
  const Difference* linear = find(c, "squared_error_at_mean", "principal-components-20");
  REQUIRE(linear);
  CHECK(linear->seeds.spread.n == 5);
  CHECK(linear->seeds.spread.mean == doctest::Approx(8 - 5.4));
  CHECK(c.came.back().outcome == Outcome::as_expected);
  CHECK_FALSE(find(c, "total", "principal-components-20"));
}

TEST_CASE("compare.json and the report name each expectation, and flag a reversal") {
  Folder folder;
  Comparison c = known();
  c.options.out = folder.path();
  write_compare_json(c);
  Json all = Json::parse(read_text_file(folder / "compare.json"), "compare.json");
  CHECK(all["expectations"].size() == c.stated.size());
  CHECK(all["expectations"][0]["result"].is_null());  // stated, not yet judged
  CHECK(all["budget"]["epochs"].is_number());
  compute_statistics(c);
  write_compare_json(c);
  all = Json::parse(read_text_file(folder / "compare.json"), "compare.json");
  int reversed = 0;
  for (const Json& e : all["expectations"].elements()) {
    for (const char* key : {"figure", "lower", "higher", "reason", "result", "mean", "sd", "n", "interval", "few_seeds", "bootstrap"})
      CHECK_MESSAGE(e.contains(key), key);
    if (!(e["result"] == Json("reversed"))) continue;
    reversed++;
    CHECK(e["interval"][1].number() < 0);
  }
  CHECK(reversed == 1);
  CHECK(all["summary"][plain]["squared_error_at_mean"]["mean"].number() == doctest::Approx(5.4));
  CHECK(all["differences"][0].contains("interval"));
  Page page("x");
  add_expectations(page, c);
  add_differences(page, c);
  const std::string html = page.html();
  CHECK(contains(html, "<strong>reversed</strong>"));
  CHECK(contains(html, "3 as expected, 1 reversed"));
  CHECK(contains(html, "ignores training noise"));
  CHECK_FALSE(contains(html, "Few seeds"));
}
