// What a comparison's page shows of its runs, beside figures had another way.

#include "lab/compare_page.h"
#include "lab/compare_table.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "lab/paths.h"
#include "lab/plot_text.h"
#include "lab/smoothness.h"
#include "tensor/elementwise.h"
#include "tensor/file.h"
#include "tensor/npy.h"
#include "tests/lab/known_run.h"
#include "tests/support.h"

using namespace elbo;
using namespace elbo::lab;
using elbo::testing::contains;
using elbo::testing::count_of;
using elbo::testing::Folder;

namespace {

// One section of a page, from its heading to the next section.
std::string section_of(const std::string& html, const std::string& heading) {
  const std::size_t at = html.find("-h\">" + heading + "</h2>");
  if (at == std::string::npos) return "";
  return html.substr(at, html.find("<section", at) - at);
}

// Every number that a run has is in the glossary.
void every_figure_is_explained(const Comparison& c, const std::string& html) {
  std::string glossary = section_of(html, "What each figure means");
  for (std::size_t at; (at = glossary.find("<wbr/>")) != std::string::npos;) glossary.erase(at, 6);
  for (const ComparedRun& run : c.runs)
    for (const auto& number : run.figures.numbers) CHECK_MESSAGE(contains(glossary, "<code>" + number.first + "</code>"), number.first);
}

CompareOptions tiny_pictures(const Folder& folder) {
  Tensor x(Shape{5, 5, 1}.prepend(200));
  fill_uniform(x, {.seed = 3});
  save_npy(folder / "x.npy", power(x, 3));
  return {.presets = "mlp-vae:model.variational=false,mlp-vae",
          .data = "npy:" + (folder / "x.npy"),
          .seeds = 1,
          .out = folder / "report",
          .set = {"model.hidden=[8]", "model.latent=3", "train.steps=6", "train.batch=32"}};
}

}  // namespace

TEST_CASE("the lines of a sweep: by what they have in common, in the order of the numbers") {
  Comparison c{.options = {.presets = "dense-ae,dense-vae", .data = "digits", .out = "x", .sweep = "objective.beta=2,10,0.5"}};
  c.entries = plan(c.options);
  const std::vector<SweptLine> lines = swept_lines(c);
  REQUIRE(lines.size() == 2);  // the plain autoencoder stays as it is; each VAE has its twin
  CHECK(lines[0].label == "dense-vae");
  CHECK(lines[0].values == std::vector<std::string>{"0.5", "2", "10"});
  CHECK(lines[0].numbers == std::vector<double>{0.5, 2, 10});
  CHECK(lines[0].style == 1);
  for (std::size_t i = 0; i < 3; i++) CHECK(lines[0].entries[i]->config.objective.beta == lines[0].numbers[i]);
  CHECK(lines[1].label == "dense-vae, gaussian-optimal");
  c.options.sweep = "objective.likelihood=bernoulli,gaussian";
  c.entries = plan(c.options);
  const std::vector<SweptLine> named = swept_lines(c);
  REQUIRE(named.size() == 2);
  CHECK(named[1].label == "dense-vae");
  CHECK(named[1].values == std::vector<std::string>{"bernoulli", "gaussian"});
  CHECK(named[1].numbers.empty());
  c.options.sweep = "";
  c.entries = plan(c.options);
  CHECK(swept_lines(c).empty());
}

TEST_CASE("the page of a sweep: its trade-off, every run on the plane, one marked value each") {
  Folder folder;
  CompareOptions o = tiny_pictures(folder);
  o.seeds = 2;
  o.sweep = "objective.beta=0.25,1,4";
  const Comparison c = compare(o);
  const std::string html = comparison_page(c).html();
  const std::string plane = section_of(html, "Rate and distortion"), sweep = section_of(html, "The trade-off");
  CHECK(count_of(plane, "<title>mlp-vae (mlp-vae, beta=") == 3 * 2);
  for (const char* value : {">0.25</text>", ">1</text>", ">4</text>"}) CHECK(contains(plane, value));
  // The question; the best of each figure beside the next, and whether two seeds decide between them.
  const std::string question = section_of(html, "The question");
  CHECK(contains(question, "beside a plain autoencoder"));
  CHECK(contains(question, "beta</code> give, and what does it take?"));
  std::vector<std::pair<double, std::string>> order;
  for (const Entry& e : c.entries) order.emplace_back(c.spread(e.name, "squared_error_at_mean").mean, e.name);
  std::sort(order.begin(), order.end());
  std::size_t cell = question.find("gives its input back");
  for (int k : {0, 1}) {
    const std::string& name = order[std::size_t(k)].second;
    cell = question.find(c.entry(name)->label + ": " + figure_text(c, name, "squared_error_at_mean"), cell);
    REQUIRE(cell != std::string::npos);
  }
  const Difference between = difference_of(c, "squared_error_at_mean", order[0].second, order[1].second);
  CHECK(between.seeds.spread.mean == doctest::Approx(order[0].first - order[1].first));
  CHECK(question.find(between.seeds.interval->contains(0) ? "undecided, few seeds" : "decided, few seeds", cell) <
        question.find("</tr>", cell));
  CHECK_FALSE(contains(question, "probe_"));                      // no labels
  CHECK(c.spread(c.entries[0].name, "hole_ratio_prior").n == 2);  // what is dear has its spread too
  // A plain autoencoder has no rate: a line for each of its runs, and no mark.
  CHECK(count_of(plane, "class=\"rule\"") == 2);
  for (const char* seed : {"1", "2"}) CHECK(count_of(plane, std::string("<title>mlp-vae, variational=false, seed ") + seed + ": ") == 1);
  const double distortion = c.runs_of("mlp-vae-model.variational=false")[0]->figures.numbers.at("reconstruction");
  CHECK(contains(plane, "Dashed line mlp-vae, variational=false, seed 1: " + number_text(distortion)));
  const ComparedRun& run = *c.runs_of("mlp-vae-objective.beta=4")[1];
  CHECK(contains(plane, "mlp-vae (mlp-vae, beta=4, seed 2): " + number_text(run.figures.numbers.at("kl")) + ", " +
                            number_text(run.figures.numbers.at("reconstruction"))));
  CHECK(count_of(sweep, "<svg") == 5);  // total, reconstruction, KL, active units, nll
  const Spread total = c.spread("mlp-vae-objective.beta=0.25", "total");
  CHECK(contains(sweep, "mlp-vae: 0.25, " + number_text(total.mean) + " (band " + number_text(total.mean - total.sd) + " to " +
                            number_text(total.mean + total.sd)));
  CHECK(contains(section_of(html, "What each unit carries"), "Active: mlp-vae, beta=0.25 "));
  every_figure_is_explained(c, html);
}

TEST_CASE("lines of two budgets: told apart in the set-up, and no direction stated is said so") {
  Folder folder;
  CompareOptions o = tiny_pictures(folder);
  o.presets = "mlp-vae,mlp-vae:train.steps=3,model.activation=tanh";
  o.quick = true;
  const std::string html = comparison_page(compare(o)).html(), setup = section_of(html, "What was compared");
  CHECK_FALSE(contains(html, "the same budget for each"));
  CHECK(contains(setup, "train.steps</th>"));
  CHECK(contains(setup, "Not one budget"));
  CHECK_FALSE(contains(setup, "for 6 updates"));
  CHECK(contains(section_of(html, "Expected, and found"), "No direction was stated"));
}

TEST_CASE("a swept run far to the right of all others is a dashed line with its rate") {
  Comparison c{.options = {.presets = "mlp-vae", .data = "digits", .out = "x", .sweep = "objective.beta=0,1,4"}};
  c.entries = plan(c.options);
  const double rates[] = {200, 20, 10}, distortions[] = {60, 80, 95};
  for (std::size_t i = 0; i < 3; i++) {
    ComparedRun run{.name = c.entries[i].name, .seed = 1, .figures = {.json = "{}"}};
    run.figures.numbers = {{"kl", rates[i]}, {"reconstruction", distortions[i]}, {"total", rates[i] + distortions[i]}};
    c.runs.push_back(run);
  }
  Page page("title", "lead");
  add_rate_distortion(page, c);
  const std::string html = page.html();
  CHECK(contains(html, ">mlp-vae, beta=0, rate 200</text>"));
  CHECK(contains(html, "Dashed line mlp-vae, beta=0, seed 1, beyond the right edge at rate 200: 60."));
  CHECK(count_of(html, "class=\"rule\"") == 1);
  CHECK(contains(html, "<title>mlp-vae (mlp-vae, beta=4, seed 1): 10, 95</title>"));
}

TEST_CASE("the page of pictures: holes as smoothness.h measures them, traversals in the order of the KL, t-SNE with its settings") {
  Folder folder;
  const CompareOptions o = tiny_pictures(folder);
  const Comparison c = compare(o);
  const std::vector<OpenRun> runs = open_runs(c);
  REQUIRE(runs.size() == 2);
  const std::string html = comparison_page(c).html();
  const std::string holes_section = section_of(html, "Holes"), units = section_of(html, "One unit at a time");
  for (const OpenRun& r : runs) {
    const Holes h = holes(r.run, c.data, nullptr, 200, 1);
    for (const double ratio : {*h.ratio(h.prior), *h.ratio(h.gaussian), *h.ratio(h.mixture)})
      CHECK(contains(holes_section, "(" + fixed_text(ratio, 2) + ")"));
    CHECK(contains(holes_section, number_text(h.reconstruction.distance, 3)));
  }
  CHECK(count_of(holes_section, "data:image/png") == 2 * (4 + 1) * 9);
  CHECK(count_of(holes_section, ">nearest in training<") == 2);
  std::vector<double> kl = runs[1].compared->figures.kl_per_unit;
  std::sort(kl.begin(), kl.end(), std::greater<>());
  std::size_t at = units.find("<h3>mlp-vae</h3>");
  for (const double v : kl) {
    const std::size_t next = units.find(", KL " + fixed_text(v, 2), at);
    CHECK(next != std::string::npos);
    at = next;
  }
  const std::string latent = section_of(html, "Latent space");
  CHECK(count_of(latent, "<svg") == 4);
  CHECK(count_of(latent, "perplexity 6.33, 500 iterations") == 2);  // 20 test examples: (20 - 1) / 3
  for (const char* heading : {"Interpolation", "What each figure means", "Make it again"}) CHECK(section_of(html, heading) != "");
  CHECK(section_of(html, "The trade-off") == "");
}

TEST_CASE("weights of units: the KL by its formula, the variance of a plain autoencoder's; traversals stand one below the other") {
  EncodedExamples codes{Tensor::from<float>({1, 0, 3, 0.5F, -1, 0}, {2, 3}), Tensor::from<float>({0, -1, 0.5F, 0, 0, 0}, {2, 3}), {}};
  const std::vector<UnitWeight> kl = weigh_units(codes);
  const auto term = [](double m, double l) { return 0.5 * (m * m + std::exp(l) - l - 1); };
  REQUIRE(kl.size() == 3);
  CHECK(kl[0].unit == 2);
  CHECK(kl[0].weight == doctest::Approx((term(3, 0.5) + term(0, 0)) / 2));
  CHECK(kl[1].unit == 1);
  CHECK(kl[1].weight == doctest::Approx((term(0, -1) + term(-1, 0)) / 2));
  codes.logvar = Tensor();
  const std::vector<UnitWeight> variance = weigh_units(codes);
  CHECK(variance[0].weight == doctest::Approx(2.25));
  CHECK(variance[2].unit == 0);
  CHECK(variance[2].weight == doctest::Approx(0.0625));

  Run run = elbo::testing::identity_run();  // a plain autoencoder of four numbers
  run.codes.mean = Tensor::from<double>({1, 2, 3, 4});
  run.codes.covariance = Tensor::zeros({4, 4}, DType::float64);
  run.codes.covariance.set<double>({2, 2}, 9);
  run.codes.covariance.set<double>({0, 0}, 0.25);
  const Tensor z = traversals(run, {2, 0}, 3, 2);
  const double expected[6][4] = {{1, 2, -3, 4}, {1, 2, 3, 4}, {1, 2, 9, 4}, {0, 2, 3, 4}, {1, 2, 3, 4}, {2, 2, 3, 4}};
  for (Index i = 0; i < 6; i++)
    for (Index j = 0; j < 4; j++) CHECK(z.at<double>({i, j}) == doctest::Approx(expected[i][j]));
}

TEST_CASE("the page of texts: sentences along paths and units, edits to training sentences, a language model at rate 0") {
  Folder folder;
  std::string lines;
  for (const char* who : {"a dog", "a cat", "the man", "the child", "a bird"})
    for (const char* does : {"runs", "sleeps", "eats", "waits", "sings"})
      for (const char* where : {"here", "in the house", "by the river", "at night"})
        lines += std::string(who) + " " + does + " " + where + " .\n";
  write_file_atomically(folder / "lines.txt", bytes_of(lines));
  const CompareOptions o = {.presets = "text-ae:model.latent=3,text-vae:model.latent=3,text-lm",
                            .data = "text:" + (folder / "lines.txt"),
                            .seeds = 1,
                            .out = folder / "report",
                            .set = {"model.embed=4", "model.units=6", "train.steps=6", "train.batch=16"}};
  const Comparison c = compare(o);
  const std::string html = comparison_page(c).html();
  CHECK(count_of(section_of(html, "Rate and distortion"), "<title>text-lm (seed 1): 0, ") == 1);
  CHECK(contains(section_of(html, "The question"), "Does a code help?"));
  CHECK(contains(section_of(html, "The question"), "one seed"));
  every_figure_is_explained(c, html);
  const std::string curves = section_of(html, "nll by samples");
  CHECK(count_of(curves, "<svg") == 1);
  CHECK(contains(curves, "text-lm, exact: " + number_text(c.spread("text-lm", "nll").mean)));
  const double nll = c.spread("text-vae-model.latent=3", "nll").mean;
  CHECK(count_of(curves, "standard error over examples") == 5);  // 1, 2, 5, 10, 20
  CHECK(contains(curves, "(standard error over examples " + number_text(c.spread("text-vae-model.latent=3", "nll_standard_error").mean, 3) +
                             "): 20, " + number_text(nll)));
  CHECK(contains(section_of(html, "Holes"), "word edits to the nearest training sentence"));
  CHECK(count_of(section_of(html, "One unit at a time"), ", KL ") == 3);
  CHECK(count_of(section_of(html, "Interpolation"), "<table>") == 2);
  CHECK(count_of(section_of(html, "Latent space"), "<svg") == 4);
  CHECK_FALSE(contains(section_of(html, "What each unit carries"), "text-lm"));
  CHECK(contains(section_of(html, "What each figure means"), "shuffled"));
  CHECK(section_of(html, "Sharpness") == "");
}

TEST_CASE("of many models a few are opened for what takes long, the first and the last among them") {
  std::vector<OpenRun> runs;
  for (int i = 0; i < 11; i++) {
    runs.push_back({nullptr, nullptr, elbo::testing::identity_run(), {}});
    if (i == 7) CHECK(left_out(runs) == "");
  }
  const std::vector<const OpenRun*> few = few_coded(runs);
  REQUIRE(few.size() == 8);
  CHECK(few.front() == &runs.front());
  CHECK(few.back() == &runs.back());
  for (std::size_t k = 1; k < few.size(); k++) CHECK(few[k - 1] < few[k]);
  CHECK(left_out(runs) == " Shown are 8 of 11 models.");
}

TEST_CASE("the glossary has what some run has, and nothing else") {
  Comparison c;
  c.runs.push_back({.name = "a"});
  c.runs[0].figures.numbers = {{"psnr", 20}, {"hole_ratio_prior", 1.5}};
  Page page("x");
  add_glossary(page, c);
  const std::string html = page.html();
  CHECK(contains(html, "Peak signal to noise ratio"));
  CHECK(contains(html, "distance of decoded N(0, I) codes to data"));
  CHECK_FALSE(contains(html, "negative ELBO"));
  CHECK_FALSE(contains(html, "ratio of holes"));  // no entry has a code
}
