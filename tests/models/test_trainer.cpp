#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <sstream>

#include "autograd/gradcheck.h"
#include "models/evaluation.h"
#include "models/run.h"
#include "models/run_folder.h"
#include "models/trainer.h"
#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/npy.h"
#include "tensor/parallel.h"
#include "tensor/safetensors.h"
#include "tests/support.h"

using namespace elbo;
using elbo::testing::Folder;
namespace fs = std::filesystem;

namespace {

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream all;
  all << file.rdbuf();
  return all.str();
}

// The metrics without times and rates.
std::string metrics(const std::string& run) {
  std::string all = contents(run + "/metrics.jsonl"), kept;
  std::istringstream lines(all);
  for (std::string line; std::getline(lines, line);) kept += line.substr(0, line.find("\"seconds\"")) + "\n";
  return kept;
}

// 300 little pictures with structure: a bright row and a bright column each.
std::string small_data(const Folder& folder) {
  Tensor x = Tensor::zeros({300, 6, 6, 1}, DType::uint8);
  std::uint8_t* p = x.mutable_data<std::uint8_t>();
  const RandomKey key{.seed = 5};
  for (std::uint32_t i = 0; i < 300; i++)
    for (Index k = 0; k < 6; k++) {
      p[i * 36 + key.word(i, 0) % 6 * 6 + k] = std::uint8_t(180 + key.word(i, 2) % 60);
      p[i * 36 + k * 6 + key.word(i, 1) % 6] = 255;
    }
  const std::string path = folder.path() + "/small.npy";
  save_npy(path, x);
  return "npy:" + path;
}

Config small_config(const Folder& folder) {
  Config c;
  c.data.spec = small_data(folder);
  c.model.hidden = {16};
  c.model.latent = 3;
  c.train.batch = 32;
  c.train.epochs = 4;
  return c;
}

TrainResult run(const Config& c, const std::string& out) { return train(c, {.out = out}); }

}  // namespace

TEST_CASE("training lowers the objective and leaves a run that opens") {
  const Folder folder;
  Config c = small_config(folder);
  c.train.epochs = 80;
  double first = 0, last = 0;
  TrainOptions options{.out = folder.path() + "/run"};
  options.on_epoch = [&](const Metrics& m) {
    if (m.split != "valid") return;
    (first == 0 ? first : last) = m.objective;
    CHECK(m.total == doctest::Approx(m.reconstruction + m.kl));
  };
  const TrainResult result = train(c, options);
  CHECK(last < 0.8 * first);
  CHECK(result.has_best);
  const Run r = open_run(folder.path() + "/run");
  CHECK(r.weights == Weights::best);
  CHECK(r.codes.covariance.at<double>({0, 0}) > 0.1);
  const Dataset data = load_run_data(r);
  const std::unique_ptr<BatchSource> valid = evaluation_batches(r.config, data.valid);
  CHECK(validate(*r.model, r.objective(), *valid, 0, r.objective().beta()).objective == result.best_objective);
  CHECK_THROWS_WITH_AS(train(c, options), doctest::Contains("--force"), Error);
}

TEST_CASE("a run that died has the model of its last checkpoint; one that was stopped can be sampled from") {
  const Folder folder;
  const Config c = small_config(folder);
  TrainOptions options{.out = folder.path() + "/died"};
  options.on_epoch = [](const Metrics& m) {
    if (m.epoch == 4) throw Error("as if the machine had stopped");
  };
  CHECK_THROWS_WITH_AS(train(c, options), doctest::Contains("as if"), Error);
  Config three = c;
  three.train.epochs = 3;
  run(three, folder.path() + "/three");
  const Run died = open_run(folder.path() + "/died", Weights::last), whole = open_run(folder.path() + "/three", Weights::last);
  for (std::size_t i = 0; i < whole.store->tensors().size(); i++)
    CHECK(identical(died.store->tensors()[i].second, whole.store->tensors()[i].second));
  CHECK_FALSE(died.codes.mean);
  CHECK(open_run(folder.path() + "/died").weights == Weights::best);

  TrainOptions stopped{.out = folder.path() + "/stopped"};
  int epochs = 0;
  stopped.on_epoch = [&](const Metrics&) { epochs++; };
  stopped.stop_signal = [&] { return epochs >= 2 ? 2 : 0; };
  CHECK(train(c, stopped).stopped);
  CHECK(open_run(folder.path() + "/stopped").codes.covariance);

  // Figures of a training that goes on are no longer the run's.
  std::ofstream(folder.path() + "/stopped/summary.json") << "{}";
  resume({.out = folder.path() + "/stopped"}, {});
  CHECK_FALSE(fs::exists(folder.path() + "/stopped/summary.json"));
}

TEST_CASE("no run is replaced while it is trained, nor one that appears meanwhile") {
  const Folder folder;
  const Config c = small_config(folder);
  const std::string out = folder.path() + "/run";
  TrainOptions options{.out = out}, forced{.out = out, .force = true};
  bool tried = false;
  options.on_epoch = [&](const Metrics&) {
    if (!tried) CHECK_THROWS_WITH_AS(train(c, forced), doctest::Contains("is being trained by process"), Error);
    tried = true;
  };
  train(c, options);
  CHECK(tried);
  CHECK(open_run(out).weights == Weights::best);
  CHECK_NOTHROW(train(c, forced));

  fs::create_directories(folder.path() + "/mine/config.json");  // a folder by that name is no file of a run
  CHECK_THROWS_WITH_AS(train(c, {.out = folder.path() + "/mine", .force = true}), doctest::Contains("which no run writes"), Error);
  std::ofstream(out + "/my.tmp-draft") << "mine";
  CHECK_THROWS_WITH_AS(train(c, forced), doctest::Contains("my.tmp-draft"), Error);

  // Made by another program while this one prepared its first state.
  TrainOptions late{.out = folder.path() + "/late"};
  Config taken = c;
  late.init_from = out;
  late.on_note = [&](std::string_view) { fs::create_directories(folder.path() + "/late/notes"); };
  CHECK_THROWS_WITH_AS(train(taken, late), doctest::Contains("made by another program meanwhile"), Error);
  CHECK(fs::exists(folder.path() + "/late/notes"));
}

TEST_CASE("a validation that is not finite stops training and is never the best") {
  const Folder folder;
  Config c = small_config(folder);
  c.model.variational = false;
  c.objective.likelihood = "squared-error";
  c.model.output = "linear";
  c.optimizer.learning_rate = 1e20;
  c.train.batch = 1000;  // one step an epoch: finite itself, not what it leaves
  CHECK_THROWS_WITH_AS(run(c, folder.path() + "/run"), doctest::Contains("epoch 1: the validation objective is not finite"), Error);
  CHECK(contents(folder.path() + "/run/metrics.jsonl").find("nan") == std::string::npos);
  CHECK_FALSE(fs::exists(folder.path() + "/run/best.safetensors"));
}

TEST_CASE("a configuration beside a model that names other data, or a newer format, is refused") {
  const Folder folder;
  Config c = small_config(folder);
  c.train.epochs = 1;
  const std::string out = folder.path() + "/run";
  run(c, out);
  const std::string text = contents(out + "/config.json");
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    std::ofstream(out + "/config.json") << changed;
  };
  with(c.data.spec, "digits?noise=0.5");
  CHECK_THROWS_WITH_AS(open_run(out), doctest::Contains("data.spec is 'digits?noise=0.5'"), Error);
  with(c.data.spec, "digts");
  CHECK_THROWS_WITH_AS(open_run(out), doctest::Contains("digits"), Error);
  const std::string format = "\"format\": " + std::to_string(file_format);
  with(format, "\"format\": 7, \"a key of the future\": 1");
  CHECK_THROWS_WITH_AS(open_run(out), doctest::Contains("needs elbo 0.7 or newer"), Error);
  with(format, format);
  CHECK_NOTHROW(open_run(out));
}

TEST_CASE("the same bits for any number of threads") {
  const Folder folder;
  const Config c = small_config(folder);
  const int before = threads();
  for (int n : {1, 2, 5}) {
    set_threads(n);
    run(c, folder.path() + "/run" + std::to_string(n));
  }
  set_threads(before);
  for (const char* name : {"model.safetensors", "best.safetensors"}) {
    CHECK(contents(folder.path() + "/run1/" + name) == contents(folder.path() + "/run2/" + name));
    CHECK(contents(folder.path() + "/run1/" + name) == contents(folder.path() + "/run5/" + name));
  }
  CHECK(metrics(folder.path() + "/run1") == metrics(folder.path() + "/run5"));
}

TEST_CASE("a resumed run has the bits of one never stopped") {
  const Folder folder;
  const Config whole = small_config(folder);
  run(whole, folder.path() + "/whole");
  const auto same = [&](const std::string& other) {
    for (const char* name : {"state.safetensors", "model.safetensors", "best.safetensors"})
      if (contents(folder.path() + "/whole/" + name) != contents(other + "/" + name)) return false;
    return metrics(folder.path() + "/whole") == metrics(other);
  };
  SUBCASE("at an epoch's end") {
    Config c = whole;
    c.train.epochs = 2;
    run(c, folder.path() + "/part");
    resume({.out = folder.path() + "/part"}, {"train.epochs=4"});
    CHECK(same(folder.path() + "/part"));
  }
  SUBCASE("in the middle of one") {
    int steps = 0;
    TrainOptions options{.out = folder.path() + "/part"};
    options.stop_signal = [&] { return ++steps > 11 ? 2 : 0; };
    CHECK(train(whole, options).stopped);
    resume({.out = folder.path() + "/part"}, {});
    CHECK(same(folder.path() + "/part"));
  }
  SUBCASE("after train.steps ended within an epoch") {
    Config c = whole;
    c.train.steps = 13;
    run(c, folder.path() + "/part");
    resume({.out = folder.path() + "/part"}, {"train.steps=0"});
    CHECK(same(folder.path() + "/part"));
  }
}

TEST_CASE("resuming refuses other settings, other data and a run that is being trained") {
  const Folder folder;
  Config c = small_config(folder);
  c.train.epochs = 1;
  run(c, folder.path() + "/run");
  CHECK_THROWS_WITH_AS(resume({.out = folder.path() + "/run"}, {"objective.beta=2"}), doctest::Contains("only train.epochs"), UsageError);
  TrainOptions options{.out = folder.path() + "/run"};
  options.on_epoch = [&](const Metrics&) {
    CHECK_THROWS_WITH_AS(resume({.out = folder.path() + "/run"}, {}), doctest::Contains("is being trained by process"), Error);
  };
  resume(options, {"train.epochs=2"});
  save_npy(folder.path() + "/small.npy", Tensor::zeros({300, 6, 6, 1}, DType::uint8));
  CHECK_THROWS_WITH_AS(resume({.out = folder.path() + "/run"}, {"train.epochs=3"}), doctest::Contains("the data have changed"), Error);
}

TEST_CASE("a loss that is not finite stops training and names a setting to try") {
  const Folder folder;
  Config c = small_config(folder);
  c.optimizer.name = "sgd";
  c.optimizer.learning_rate = 1e12;
  CHECK_THROWS_WITH_AS(run(c, folder.path() + "/run"), doctest::Contains("--set optimizer"), Error);
}

TEST_CASE("every likelihood trains") {
  const Folder folder;
  for (const char* likelihood :
       {"bernoulli", "continuous-bernoulli", "gaussian", "gaussian-learned", "gaussian-optimal", "squared-error"}) {
    Config c = small_config(folder);
    c.objective.likelihood = likelihood;
    c.train.epochs = 2;
    const std::string out = folder.path() + "/" + likelihood;
    run(c, out);
    CHECK((open_run(out).optimal_variance > 0) == (std::string(likelihood) == "gaussian-optimal"));
  }
}

TEST_CASE("a state whose parts do not fit the model is refused, and nothing is written") {
  const Folder folder;
  const std::string out = folder.path() + "/run", file = out + "/state.safetensors";
  int steps = 0;
  TrainOptions options{.out = out};
  options.stop_signal = [&] { return ++steps > 5 ? 2 : 0; };  // in the middle of an epoch, so that there are sums
  CHECK(train(small_config(folder), options).stopped);
  const TensorFile whole = load_safetensors(file);
  const auto before = contents(out + "/model.safetensors");
  for (const char* name : {"sums/code", "sums/code_square"}) {
    TensorFile damaged = whole;
    for (auto& [key, tensor] : damaged.tensors)
      if (key == name) tensor = Tensor::zeros({tensor.size(0) + 1}, tensor.dtype());
    save_safetensors(file, damaged);
    CHECK_THROWS_WITH_AS(resume({.out = out}, {}), doctest::Contains("the sums over codes have"), Error);
    CHECK(contents(out + "/model.safetensors") == before);
  }
  save_safetensors(file, whole);
  resume({.out = out}, {});
}
