#include "lab/evaluate.h"

#include <doctest/doctest.h>

#include <cmath>

#include "autograd/mode.h"
#include "models/evaluation.h"
#include "models/importance.h"
#include "models/trainer.h"
#include "tensor/elementwise.h"
#include "tensor/file.h"
#include "tensor/json.h"
#include "tensor/npy.h"
#include "tensor/parallel.h"
#include "tests/lab/linear_gaussian.h"
#include "tests/support.h"

using namespace elbo;
using elbo::testing::contains;
using elbo::testing::Folder;
using elbo::testing::LinearGaussian;
using elbo::testing::mean_nll;

namespace {

Config small(std::initializer_list<const char*> settings) {
  Config c = preset("dense-vae").config;
  for (const char* s : {"model.hidden=[16]", "model.latent=3", "train.epochs=1", "data.valid=50"}) set_key(c, s);
  for (const char* s : settings) set_key(c, s);
  return c;
}

// A file of 300 small pictures and the specification that reads it.
std::string pictures(const Folder& folder, bool bytes = false, double scale = 1) {
  Tensor x({300, 6, 6, 1});
  fill_uniform(x, {.seed = 3});
  x = scale_shift(power(x, 3), scale);
  if (bytes) {
    Tensor levels(x.shape(), DType::uint8);
    for (Index i = 0; i < x.numel(); i++) levels.mutable_data<std::uint8_t>()[i] = std::uint8_t(255 * x.data<float>()[i]);
    x = levels;
  }
  const std::string path = folder / "x.npy";
  save_npy(path, x);
  return "npy:" + path;
}

}  // namespace

TEST_CASE("a log-mean-exp of weights in any order, far beyond what exp can hold") {
  for (const auto& logs : {std::vector<double>{-1000, -1001, -999.5}, {-999.5, -1001, -1000}, {-1001, -999.5, -1000}}) {
    LogMeanExp m;
    for (const double v : logs) m.add(v);
    const double sum = 1 + std::exp(-1.0) + std::exp(0.5), squares = 1 + std::exp(-2.0) + std::exp(1.0);
    CHECK(m.log_mean() == doctest::Approx(-1000 + std::log(sum / 3)).epsilon(1e-14));
    CHECK(m.effective_samples() == doctest::Approx(sum * sum / squares).epsilon(1e-14));
    CHECK(m.count() == 3);
  }
}

TEST_CASE("linear Gaussian model: with the exact posterior every weight is p(x), and the bound is tight") {
  const LinearGaussian exact;
  const Run run = exact.run();
  const Dataset data = exact.data(120);
  PerExample rows;
  const Figures f = evaluate(run, data, {.importance_samples = 10, .batch = 50, .per_example = &rows});
  for (std::size_t i = 0; i < 120; i++)
    CHECK(rows.nll[i] == doctest::Approx(exact.nll(data.test.values.data<float>() + Index(i) * LinearGaussian::dims)).epsilon(1e-10));
  CHECK(f.nll == doctest::Approx(mean_nll(exact, data)).epsilon(1e-10));
  CHECK(f.nll_tenth == doctest::Approx(f.nll).epsilon(1e-10));
  CHECK(f.effective_samples == doctest::Approx(10).epsilon(1e-9));
  // The KL is analytic and the reconstruction one sample: their sum agrees with -log p(x) in the mean over noise.
  double total = 0;
  for (std::uint64_t seed = 1; seed <= 40; seed++) total += evaluate(run, data, {.seed = seed}).total / 40;
  CHECK(std::abs(total - f.nll) < 0.06);  // 4,800 samples of deviation about 1
  CHECK(f.normalised);
  CHECK(std::isnan(f.bits_per_dim));  // floats: a density says nothing of bits
}

TEST_CASE("figures of a VAE: parts, per-unit KL and examples add up, any threads give the same bits") {
  Folder folder;
  const std::string spec = pictures(folder);
  Config c = small({"objective.beta=2"});
  c.data.spec = spec;
  train(c, {.out = folder / "run"});
  const Run run = open_run(folder / "run");
  const Dataset data = load_run_data(run);
  PerExample rows;
  const int before = threads();
  set_threads(1);
  const Figures f = evaluate(run, data, {.importance_samples = 5, .batch = 8, .per_example = &rows});
  set_threads(3);
  const Figures same = evaluate(run, data, {.importance_samples = 5, .batch = 8});
  set_threads(before);
  CHECK(f.split == "test");
  CHECK(f.examples == 30);
  CHECK(f.weights == "best");
  CHECK(f.total == same.total);
  CHECK(f.nll == same.nll);
  CHECK(f.kl_per_unit == same.kl_per_unit);
  CHECK(f.total == f.reconstruction + f.kl);
  CHECK(f.objective == doctest::Approx(f.reconstruction + 2 * f.kl).epsilon(1e-12));
  CHECK(f.squared_error == f.reconstruction);  // the likelihood is the squared error
  CHECK(f.squared_error_at_mean == f.reconstruction_at_mean);
  CHECK(f.squared_error_at_mean < f.squared_error);
  CHECK_FALSE(f.normalised);
  CHECK(f.parameters == 36 * 16 + 16 + 2 * (16 * 3 + 3) + 3 * 16 + 16 + 16 * 36 + 36);
  double kl = 0;
  for (const double k : f.kl_per_unit) kl += k;
  CHECK(kl == doctest::Approx(f.kl).epsilon(1e-10));
  CHECK(rows.total.size() == 30);
  CHECK(rows.total[7] == rows.reconstruction[7] + rows.kl[7]);

  // By hand, for the first example.
  NoGrad guard;
  const Tensor x = data.test.values.slice(0, 1), noise = evaluation_noise(*run.model, Tensor::zeros({1}, DType::int32));
  const Code code = run.model->encode(Var(x));
  double squares = 0;
  Tensor z({1, 3});
  for (Index j = 0; j < 3; j++)
    z.set<float>({0, j},
                 code.mean.value().at<float>({0, j}) + std::exp(code.logvar.value().at<float>({0, j}) / 2) * noise.at<float>({0, j}));
  const Tensor y = run.model->decode(Var(z)).mean();
  for (Index i = 0; i < 36; i++) squares += std::pow(double(x.element(i)) - y.element(i), 2);
  CHECK(rows.squared_error[0] == doctest::Approx(squares).epsilon(1e-5));

  const Figures part = evaluate(run, data, {.part = Part::train, .examples = 20});
  CHECK(part.examples == 20);
  CHECK(part.split == "train");
}

TEST_CASE("figures of a plain autoencoder: what does not apply is null, never left out") {
  Folder folder;
  Config c = small({"model.variational=false", "objective.likelihood=bernoulli", "data.valid=0"});
  c.data.spec = pictures(folder);
  train(c, {.out = folder / "run"});
  const Figures f = write_summary(folder / "run");
  CHECK(f.total == f.reconstruction);
  CHECK(f.objective == f.reconstruction);
  CHECK(f.weights == "last");
  const std::vector<std::byte> bytes = read_file(folder / "run/summary.json", 1 << 20);
  const Json summary = Json::parse({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, "summary.json");
  for (const char* key : {"kl", "kl_per_unit", "variance", "tokens", "perplexity", "token_accuracy", "exact_match", "edit_distance",
                          "shuffled_reconstruction", "sample_lm_perplexity", "reverse_perplexity", "distinct_1", "distinct_2", "self_bleu",
                          "copied", "samples_parsed", "entropy_gap"})
    CHECK_MESSAGE((summary.contains(key) && summary[key].is_null()), key);
  for (const char* key : {"split", "examples", "weights", "likelihood", "binarized", "normalised", "parameters", "variational", "total",
                          "reconstruction", "beta", "objective", "squared_error", "reconstruction_at_mean", "squared_error_at_mean",
                          "active_units", "seconds", "examples_per_second"})
    CHECK_MESSAGE((summary.contains(key) && !summary[key].is_null()), key);
  CHECK_FALSE(summary.contains("nll"));
  CHECK(summary["total"].number() == f.total);

  const Run run = open_run(folder / "run");
  std::vector<Index> done;
  const auto progress = [&](Index now, Index all) {
    done.push_back(now);
    if (all != f.examples) FAIL("progress out of other examples than there are");
  };
  const EvaluateOptions options{.importance_samples = 10, .batch = 8, .progress = progress};
  const Json with_samples = Json::parse(to_json(evaluate(run, load_run_data(run), options)), "figures");
  CHECK(Index(done.size()) == (f.examples + 7) / 8);
  CHECK(done.back() == f.examples);
  for (const char* key :
       {"nll", "nll_standard_error", "nll_trusted", "importance_samples", "effective_samples", "nll_perplexity", "bits_per_dim"})
    CHECK_MESSAGE((with_samples.contains(key) && with_samples[key].is_null()), key);
}

TEST_CASE("more information than log N can show: told as saturated, and the aggregate KL then as no more than a bound") {
  const LinearGaussian exact;
  constexpr double wider = 1e-3;  // codes so sharp that 50 examples never meet
  const Run run = exact.run(wider);
  const Figures f = evaluate(run, exact.data(50), {.importance_samples = 1, .all = true, .judges = false});
  CHECK(f.kl > f.mutual_information_bound);
  CHECK(f.mutual_information_bound == doctest::Approx(std::log(50.0)));
  CHECK(f.mutual_information_saturated);
  CHECK(f.mutual_information == doctest::Approx(std::log(50.0)).epsilon(0.02));
  // Of x from N(0, I) itself, with independent code dimensions: q(z_j) = N(m, c + s), information log((c + s) / s) / 2.
  double information = 0, aggregate = 0;
  for (Index j = 0; j < LinearGaussian::latent; j++) {
    const double total = LinearGaussian::variance + exact.length(j), c = exact.length(j) / (total * total);
    const double s = wider * LinearGaussian::variance / total;
    double m = 0;
    for (Index i = 0; i < LinearGaussian::dims; i++) m -= exact.w[i][j] * exact.b[i] / total;
    information += 0.5 * std::log((c + s) / s);
    aggregate += 0.5 * (c + s + m * m - 1 - std::log(c + s));
  }
  CHECK(f.mutual_information < information - 2);
  CHECK(f.aggregate_kl > aggregate + 2);
  CHECK(f.aggregate_kl - aggregate ==
        doctest::Approx(information - f.mutual_information).epsilon(0.1));  // too high by what that is too low
  const Json j = Json::parse(to_json(f), "figures");
  CHECK(j["mutual_information_saturated"] == Json(true));
  CHECK(contains(to_text(f), "a lower bound, it is saturated"));
  CHECK(contains(to_text(f), "an upper bound, as the information is a lower one"));
  const Figures g = evaluate(exact.run(), exact.data(500), {.importance_samples = 1, .all = true, .judges = false});
  CHECK_FALSE(g.mutual_information_saturated);
  CHECK_FALSE(contains(to_text(g), "an upper bound, as"));
}

TEST_CASE("the amortisation gap is of the examples that were asked for, at most of those there are") {
  const LinearGaussian exact;
  const auto examples = [&](Index asked) {
    return evaluate(exact.run(), exact.data(12), {.examples = asked, .amortisation_gap = true}).amortisation->examples;
  };
  CHECK(examples(5) == 5);
  CHECK(examples(0) == 12);
  CHECK(examples(100) == 12);
}

TEST_CASE("PSNR and SSIM are of numbers 0 .. 1 alone") {
  Folder folder;
  for (const double scale : {1.0, 100.0}) {
    CAPTURE(scale);
    Config c = small({"objective.likelihood=gaussian", "model.output=linear"});
    c.data.spec = pictures(folder, false, scale);
    const std::string path = folder / ("run" + std::to_string(int(scale)));
    train(c, {.out = path});
    const Run run = open_run(path);
    const Figures f = evaluate(run, load_run_data(run), {.importance_samples = 1, .all = true, .judges = false});
    CHECK(f.squared_error_at_mean > 0);
    CHECK(std::isnan(f.psnr) == (scale > 1));
    CHECK(std::isnan(f.ssim) == (scale > 1));
    if (scale == 1) CHECK(f.psnr == doctest::Approx(10 * std::log10(36 / f.squared_error_at_mean)));
    CHECK(Json::parse(to_json(f), "figures")["psnr"].is_null() == (scale > 1));
  }
}

TEST_CASE("a density of bytes says whether they were dequantised, and the variance that sets its value") {
  Folder folder;
  for (const char* dequantize : {"none", "uniform"}) {
    Config c = small({"objective.likelihood=gaussian-optimal"});
    c.data.dequantize = dequantize;
    c.data.spec = pictures(folder, true);
    const std::string run = folder / dequantize;
    train(c, {.out = run});
    const Figures f = write_summary(run);
    CHECK(f.variance > 0);
    CHECK(f.variance == open_run(run).optimal_variance);
    const std::string text = to_text(f);
    CHECK(text.find("softly clamped to [-6, 3]") != std::string::npos);
    CHECK((text.find("not dequantised") != std::string::npos) == (std::string(dequantize) == "none"));
    CHECK(Json::parse(to_json(f), "figures")["variance"].number() == f.variance);
  }
}

TEST_CASE("bits per dimension of binary pixels; a table and a file of examples") {
  Folder folder;
  Config c = small({"objective.likelihood=bernoulli", "data.binarize=dynamic"});
  c.data.spec = pictures(folder);
  train(c, {.out = folder / "run"});
  const Run run = open_run(folder / "run");
  PerExample rows;
  const Figures f = evaluate(run, load_run_data(run), {.importance_samples = 20, .per_example = &rows});
  CHECK(f.binarized);
  CHECK(f.normalised);
  CHECK(f.bits_per_dim == doctest::Approx(f.nll / 36 / std::log(2.0)));
  CHECK(f.nll < f.total);
  CHECK(f.nll_standard_error > 0);
  CHECK(contains(to_text(f), "20 importance samples"));
  const std::string csv = to_csv(rows);
  CHECK(csv.starts_with(
      "index,total,reconstruction,kl,squared_error,reconstruction_at_mean,squared_error_at_mean,nll,effective_samples\n0,"));
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 31);
  CHECK_THROWS_AS(evaluate(run, load_run_data(run), {.examples = -1}), UsageError);
}
