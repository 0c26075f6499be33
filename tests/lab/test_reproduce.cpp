#include "lab/reproduce.h"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <set>

#include "lab/reproduce_linear.h"
#include "tensor/file.h"
#include "tensor/json.h"
#include "tests/support.h"

using namespace elbo;
using namespace elbo::lab;
using elbo::testing::contains;
using elbo::testing::error_of;
using elbo::testing::Folder;
using elbo::testing::message_of;

namespace {

Experiment small_linear(const LinearSetup& setup = {.examples = 1000, .epochs = 250, .learning_rate = 0.05, .noise_draws = 500}) {
  Experiment e = linear_experiment(setup);
  e.models[0].set.emplace_back("train.checkpoint_every=1000");
  return e;
}

// How many epochs were trained.
struct Counted {
  int epochs = 0, steps_left = 1 << 30;
  ReproduceHooks hooks() {
    ReproduceHooks h;
    h.on_epoch = [this](const Metrics&) { epochs++; };
    h.stop_signal = [this] { return steps_left-- > 0 ? 0 : 15; };
    return h;
  }
};

double figure(const Reproduction& r, const std::string& name, std::size_t seed = 0) {
  for (const JudgedFigure& f : r.figures)
    if (f.reference.figure == name) return f.values.at(seed);
  FAIL("no figure ", name);
  return 0;
}

std::string result_of(const std::string& folder) {
  const std::vector<std::byte> bytes = read_file(folder + "/reproduce.json", 1 << 20);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Columns (cos t, 0, sin t) and (0, 1, 0) in three dimensions, mixed by a matrix of full rank.
Tensor plane(double t) {
  const double a[3] = {std::cos(t), 0, std::sin(t)}, b[3] = {0, 1, 0};
  Tensor columns({3, 2}, DType::float64);
  for (Index i = 0; i < 3; i++) {
    columns.set<double>({i, 0}, 2 * a[i] + b[i]);
    columns.set<double>({i, 1}, a[i] - 3 * b[i]);
  }
  return columns;
}

}  // namespace

TEST_CASE("a mean is inside its band with both ends, outside beyond them or where it is no number") {
  const ReferenceFigure f = within("vae", "total", 100, 1);
  CHECK(judge(f, {100.5, 101.5}).inside == true);
  CHECK(judge(f, {100.5, 101.5}).mean == 101);
  CHECK(judge(f, {99}).inside == true);
  CHECK(judge(f, {98.99}).inside == false);
  CHECK(judge(f, {101.01}).inside == false);
  CHECK(judge(f, {100, no_figure}).inside == false);
  CHECK(judge(f, {}).inside == false);
  CHECK(!judge({.model = "vae", .figure = "kl", .reference = 25}, {25}).inside);
  // What has a band decides; what has none does not.
  Reproduction r;
  r.figures = {judge(f, {100}), judge({.model = "vae", .figure = "kl", .reference = 25}, {99})};
  CHECK(r.inside());
  r.figures.push_back(judge(f, {102}));
  CHECK(!r.inside());
  const Json shown = Json::parse(to_json(r), "result");
  CHECK(shown["inside"].boolean() == false);
  CHECK(shown["figures"][1]["inside"].is_null());
  CHECK(shown["figures"][2]["inside"].boolean() == false);
}

TEST_CASE("every experiment of the table can be trained, has a figure that is judged, and data that its models share") {
  std::set<std::string> commands;
  for (const Experiment& e : experiments()) {
    CAPTURE(e.command());
    CHECK(commands.insert(e.command()).second);
    CHECK(&find_experiment(e.name, e.k > 0 ? std::optional(e.k) : std::nullopt, e.shortened) == &e);
    const std::string kind = e.data.substr(0, e.data.find(':')), data = e.data.empty() ? "npy:/nowhere.npy" : kind + ":/nowhere";
    int judged = 0;
    for (const ReferenceFigure& f : e.figures) {
      CHECK(std::count_if(e.models.begin(), e.models.end(), [&](const ReproducedModel& m) { return m.name == f.model; }) == 1);
      if (!f.judged()) continue;
      judged++;
      CHECK(f.low <= f.reference);
      CHECK(f.reference <= f.high);
    }
    CHECK(judged > 0);
    const Config first = run_config(e, e.models[0], data, 1);
    for (const ReproducedModel& m : e.models) {
      const Config c = run_config(e, m, data, 3);
      CHECK(c.train.seed == 3);
      for (const char* key : {"data.valid", "data.use_test", "data.tokenizer", "data.binarize"})
        CHECK(get_key(c, key) == get_key(first, key));
    }
  }
  CHECK(run_config(find_experiment("iwae", 5, true), experiments()[4].models[0], "mnist:/nowhere", 1).objective.samples == 5);
}

TEST_CASE("what is no experiment, no K of one, or has no shorter form") {
  const auto message = [](const char* name, std::optional<Index> k, bool shortened) {
    return message_of<UsageError>([&] { find_experiment(name, k, shortened); });
  };
  CHECK(contains(message("mnist-mpl", {}, false), "nearest is 'mnist-mlp'"));
  CHECK(message("iwae", {}, true) == "iwae: expected --k 1 or --k 5");
  CHECK(message("iwae", 50, false) == "iwae: expected --k 1 or --k 5, got --k 50");
  CHECK(contains(message("mnist-mlp", 5, false), "--k 5: mnist-mlp has none"));
  CHECK(contains(message("mnist-mlp", {}, true), "no shorter form"));
}

TEST_CASE("the sine between two spaces whose angle is known") {
  CHECK(subspace_sine(plane(0.3), plane(0.3)) < 1e-12);
  CHECK(subspace_sine(plane(0), plane(1e-6)) == doctest::Approx(1e-6).epsilon(1e-6));
  CHECK(subspace_sine(plane(0.2), plane(0.7)) == doctest::Approx(std::sin(0.5)));
  CHECK(subspace_sine(plane(0), plane(std::acos(0.0))) == doctest::Approx(1));
  CHECK(contains(error_of([] { subspace_sine(Tensor::zeros({3, 2}, DType::float64), plane(0)); }), "full rank"));
}

TEST_CASE("a linear VAE trained as any other model reaches the closed form; finished runs are used again") {
  const Folder folder;
  const Experiment e = small_linear();
  Counted first;
  const Reproduction r = reproduce(e, {.out = folder / "out"}, first.hooks());
  CHECK(first.epochs == 250);
  CHECK(r.inside());
  const double best = figure(r, "maximum_likelihood");
  CHECK(figure(r, "exact_total") > best);
  CHECK(figure(r, "exact_total") < best + 0.01);
  CHECK(figure(r, "total") == doctest::Approx(figure(r, "exact_total")).epsilon(0.002));
  MESSAGE("total ", figure(r, "total"), " exact ", figure(r, "exact_total"), " for ", best, ", variance ", figure(r, "variance_ratio"),
          ", sine ", figure(r, "subspace_sine"), ", nll ", figure(r, "nll_difference"));

  Counted again;
  const std::string before = result_of(folder / "out");
  const Reproduction same = reproduce(e, {.out = folder / "out"}, again.hooks());
  CHECK(again.epochs == 0);
  CHECK(result_of(folder / "out") == before);
  CHECK(to_json(same) == to_json(r));
  // Judged by what the band says, whatever was said before.
  Experiment narrow = e;
  narrow.figures[0] = {"linear-vae", "total_excess", 0, -2, -1};
  const Reproduction outside = reproduce(narrow, {.out = folder / "out"});
  CHECK(!outside.inside());
  CHECK(outside.figures[0].inside == false);
  CHECK(contains(result_table(outside)[1].back(), "OUTSIDE"));
  // Figures that were measured are kept, also while something else is being done.
  Counted none_left;
  none_left.steps_left = 0;
  CHECK(reproduce(e, {.out = folder / "out"}, none_left.hooks()).stopped);
  CHECK(Json::parse(result_of(folder / "out"), "result")["measured"] == Json::parse(before, "result")["measured"]);
  // One seed more.
  Counted more;
  const Reproduction two = reproduce(e, {.out = folder / "out", .seeds = 2}, more.hooks());
  CHECK(more.epochs == 250);
  CHECK(figure(two, "total") == figure(r, "total"));
  CHECK(figure(two, "total", 1) != figure(r, "total"));
}

TEST_CASE("a stopped reproduction goes on where it was, to the same figures") {
  const Folder folder;
  Experiment e = small_linear({.examples = 300, .epochs = 12, .noise_draws = 1});
  e.seeds = 2;
  const Reproduction whole = reproduce(e, {.out = folder / "whole"});
  Counted once;
  once.steps_left = 3 * 16 - 1;  // in the second run: three batches an epoch, and once before each run
  const Reproduction stopped = reproduce(e, {.out = folder / "parts"}, once.hooks());
  CHECK(stopped.stopped);
  CHECK(stopped.figures.empty());
  CHECK(Json::parse(result_of(folder / "parts"), "result")["inside"].is_null());
  CHECK(std::filesystem::exists(folder / "parts/runs/linear-vae-seed2"));
  Counted rest;
  const Reproduction continued = reproduce(e, {.out = folder / "parts"}, rest.hooks());
  CHECK(once.epochs > 12);
  CHECK(rest.epochs > 0);
  CHECK(once.epochs + rest.epochs == 24);
  for (std::size_t i = 0; i < whole.figures.size(); i++) CHECK(whole.figures[i].values == continued.figures[i].values);
}

TEST_CASE("what is wrong with folders and data") {
  const Folder folder;
  const Experiment e = small_linear({.examples = 200, .epochs = 1, .noise_draws = 1});
  reproduce(e, {.out = folder / "out"});
  Experiment other = e;
  other.models[0].set.emplace_back("optimizer.beta2=0.99");
  CHECK(contains(error_of([&] { reproduce(other, {.out = folder / "out"}); }), "trained with another optimizer.beta2"));
  CHECK(contains(error_of([&] { reproduce(small_linear({.examples = 201, .epochs = 1, .noise_draws = 1}), {.out = folder / "out"}); }),
                 "other data"));
  other.name = "another";
  CHECK(contains(error_of([&] { reproduce(other, {.out = folder / "out"}); }), "holds linear-vae, not another"));
  CHECK(!reproduce(other, {.out = folder / "out", .replace = true}).figures.empty());
  write_file_atomically(folder / "out/mine.txt", bytes_of("x"));
  CHECK(contains(error_of([&] { reproduce(e, {.out = folder / "out", .replace = true}); }), "holds mine.txt"));
  CHECK(contains(error_of([&] { reproduce(e, {.out = folder.path()}); }), "holds no reproduction"));
  CHECK(contains(message_of<UsageError>([&] { reproduce(e, {.data = "digits", .out = folder / "new"}); }), "makes its own data"));
  const Experiment& mnist = find_experiment("mnist-mlp", {}, false);
  CHECK(contains(message_of<Error>([&] { reproduce(mnist, {.out = folder / "new"}); }), "--data mnist:FOLDER"));
  CHECK(contains(message_of<UsageError>([&] { reproduce(mnist, {.data = "digits", .out = folder / "new"}); }), "--data mnist:FOLDER"));
  CHECK(!std::filesystem::exists(folder / "new"));
}
