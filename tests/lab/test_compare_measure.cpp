#include "lab/compare_measure.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "lab/compare_table.h"
#include "models/trainer.h"
#include "tensor/file.h"
#include "tensor/json.h"
#include "tests/lab/small_comparison.h"

using namespace elbo;
using namespace elbo::lab;
using elbo::testing::contains;
using elbo::testing::error_of;
using elbo::testing::Folder;
using elbo::testing::small_comparison;

namespace {

std::string text_at(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

double mean_of_column(const std::vector<double>& column) {
  double sum = 0;
  for (const double v : column) sum += v;
  return sum / double(column.size());
}

}  // namespace

TEST_CASE("a run is measured once: figures of each example, dear ones where asked, kept until its summary changes") {
  Folder folder;
  const Entry vae = plan(small_comparison(folder))[1];
  const std::string run = folder / "run";
  const Dataset data = train(vae.config, {.out = run}).data;
  const Figures summary = write_summary(run, &data);
  const MeasuredRun cheap = measure_run(run, data, {.dear = false, .baselines = false});
  CHECK(cheap.examples.size() == 7);
  CHECK(cheap.examples.at("total").size() == std::size_t(data.test.size()));
  CHECK(mean_of_column(cheap.examples.at("total")) == doctest::Approx(summary.total).epsilon(1e-12));
  CHECK(mean_of_column(cheap.examples.at("squared_error_at_mean")) == doctest::Approx(summary.squared_error_at_mean).epsilon(1e-12));
  const Json measured = Json::parse(cheap.json, "measured");
  CHECK(measured["importance_samples"] == most_importance_samples);
  CHECK(measured["figures"]["nll"].number() == doctest::Approx(mean_of_column(cheap.examples.at("nll"))).epsilon(1e-12));
  CHECK(measured["figures"]["nll"].number() < measured["figures"]["total"].number());
  CHECK(measured["figures"]["mutual_information"].is_number());
  CHECK(measured["figures"]["hole_ratio_prior"].is_null());

  const std::string kept = text_at(run + "/comparison.json");
  CHECK(measure_run(run, data, {.dear = false, .baselines = false}).examples == cheap.examples);
  CHECK(text_at(run + "/comparison.json") == kept);  // with its times: it was not measured again
  const Json dear = Json::parse(measure_run(run, data, {.dear = true, .baselines = false}).json, "measured");
  CHECK(dear["figures"]["hole_ratio_prior"].is_number());
  CHECK(dear["figures"]["probe_accuracy"].is_null());  // no labels
  CHECK(text_at(run + "/comparison.json") != kept);

  std::string text = text_at(run + "/comparison.json");  // as a program left it that knew another figure
  const std::size_t at = text.find("\"hole_entropy_prior\"");
  REQUIRE(at != std::string::npos);
  std::ofstream(run + "/comparison.json") << text.replace(at, 20, "\"another_figure____\"");
  CHECK(Json::parse(measure_run(run, data, {.dear = true, .baselines = false}).json, "measured")["figures"].contains("hole_entropy_prior"));

  write_summary(run, &data);  // another time of measuring: as after another training
  const std::string before = text_at(run + "/comparison.json");
  measure_run(run, data, {.dear = false, .baselines = false});
  CHECK(text_at(run + "/comparison.json") != before);
  CHECK(contains(error_of([] { named_figures("[1]", "a file"); }), "a file"));
}

TEST_CASE("as many importance samples as the dearest network allows") {
  CHECK(affordable_samples(0) == 100);
  CHECK(affordable_samples(6e7) == 100);  // 1e12 operations
  CHECK(affordable_samples(6.1e7) == 50);
  CHECK(affordable_samples(2e8) == 20);
  CHECK(affordable_samples(1e10) == 10);
}

TEST_CASE("principal components: the squared error of each example, whose mean is the baseline's") {
  Tensor x({40, 5});
  fill_uniform(x, {.seed = 8});
  const Split split{.values = x};
  const LinearBaseline baseline = fit_linear_baseline(split, 2);
  const ExampleFigures f = example_figures(baseline, split);
  CHECK(f.at("squared_error").size() == 40);
  CHECK(mean_of_column(f.at("squared_error")) == doctest::Approx(measure(baseline, split).squared_error).epsilon(1e-6));
}

TEST_CASE("shared weights: a plain autoencoder's are all its VAE's; of another width none but those that agree") {
  Folder folder;
  CompareOptions o = small_comparison(folder);
  o.presets = "dense-ae,dense-vae:objective.likelihood=gaussian-optimal,dense-vae:model.hidden=[13]";
  Comparison c{.options = o};
  c.entries = plan(o);
  c.data.example_shape = {6, 6, 1};
  const std::vector<SharedWeights> shared = shared_weights(c);
  REQUIRE(shared.size() == 3);  // the third brings its twin
  CHECK(shared[0].other == "dense-ae");
  CHECK(shared[0].tensors == 10);
  CHECK(shared[0].shared == 8);  // all but weight and bias of the log-variances
  CHECK(shared[0].numbers - shared[0].shared_numbers == 12 * 3 + 3);
  CHECK(shared[1].shared < 8);                   // biases of sizes that agree are zeros in both
  CHECK(shared[2].shared == shared[2].tensors);  // the twin, with its own kind
}
