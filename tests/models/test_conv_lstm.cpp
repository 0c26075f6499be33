// Models of kind conv-lstm: PyTorch's values, gradients, sizes, what a configuration may ask, training with test figures.

#include <doctest/doctest.h>

#include <fstream>

#include "autograd/engine.h"
#include "models/conv.h"
#include "models/gradcheck.h"
#include "models/learner.h"
#include "models/run.h"
#include "models/trainer.h"
#include "tensor/elementwise.h"
#include "tensor/error.h"
#include "tensor/npy.h"
#include "tensor/reduce.h"
#include "tensor/safetensors.h"
#include "tests/support.h"
#include "tests/tensor/helpers.h"

using namespace elbo;
using namespace elbo::testing;

namespace {

Config configured(const std::vector<std::string>& settings) {
  Config c = preset("conv-lstm-vae").config;
  for (const std::string& s : settings) set_key(c, s);
  return c;
}

Config small(std::vector<std::string> settings = {}) {
  settings.insert(settings.begin(), {"model.filters=[3]", "model.units=5", "model.encoder_units=4", "model.latent=2"});
  return configured(settings);
}

struct Built {
  ParamStore store;
  std::unique_ptr<Model> model;
  Built(const Config& c, const Shape& example) : store(store_options(c)), model(make_model(c, example, store)) {}
};

double magnitude(const Tensor& t) { return max(abs(t)).item(); }

// PyTorch's values (tests/golden/conv_lstm.py).
struct Golden {
  TensorFile file = load_safetensors(golden("conv_lstm.safetensors"));
  std::string at;
  Tensor operator[](const std::string& name) const {
    const Tensor* found = file.find(at + "/" + name);
    if (!found) FAIL("conv_lstm.safetensors has no " << at << "/" << name);
    return *found;
  }
  void check(const Tensor& found, const std::string& name) const {
    const Tensor expected = (*this)[name];
    CAPTURE(name);
    REQUIRE(found.shape() == expected.shape());
    CHECK(magnitude(subtract(found, expected)) <= 1e-12 * magnitude(expected));
  }
};

}  // namespace

TEST_CASE("conv-lstm: values and gradients of the whole model agree with PyTorch") {
  const std::vector<std::vector<std::string>> all = {
      {"lstm"},
      {"gru", "model.filters=[2,3]", "model.kernel=2", "model.units=4", "model.encoder_units=3", "model.hidden=[5]",
       "model.decoder_hidden=[6]", "model.activation=tanh", "objective.likelihood=gaussian-learned", "objective.beta=1"}};
  for (const auto& given : all) {
    const Golden expected{.at = given[0]};
    CAPTURE(expected.at);
    std::vector<std::string> settings{"model.float=float64", "model.cell=" + given[0]};
    settings.insert(settings.end(), given.begin() + 1, given.end());
    const Config c = small(settings);
    const Tensor x = expected["x"];
    Built b(c, {x.shape()[1], x.shape()[2], x.shape()[3]});
    std::vector<std::pair<std::string, Tensor>> weights;
    for (const Parameter& p : b.store.parameters()) weights.emplace_back(p.name(), expected[p.name()]);
    b.store.load(weights, "conv_lstm.safetensors");
    const Pass pass = Objective(c)(*b.model, x, expected["noise"]);
    expected.check(pass.code.mean.value(), "mean");
    expected.check(pass.code.logvar.value(), "logvar");
    expected.check(pass.decoding.output.value(), "output");
    if (pass.decoding.logvar) expected.check(pass.decoding.logvar.value(), "output_logvar");
    CHECK(pass.objective.item() == doctest::Approx(expected["objective"].item()).epsilon(1e-13));
    const Gradients g = backward(pass.objective);
    for (const Parameter& p : b.store.parameters()) expected.check(g[Var(p)], "d/" + p.name());
  }
}

TEST_CASE("conv-lstm: layers, parameters and operations of the published system") {
  const Built b(preset("conv-lstm-vae").config, {28, 28, 1});
  const Index encoder = (9 * 32 + 32) + 4 * 32 * (26 * 32 + 32 + 1) + 2 * (32 * 32 + 32);
  const Index decoder = (32 + 1) * 49 * 64 + 4 * 256 * (64 + 256 + 1) + (9 * 256 * 32 + 32) + (25 * 32 + 1) * 784;
  CHECK(b.store.numel() == encoder + decoder);
  CHECK(b.store.numel() == 1'247'088);
  const auto summary = b.model->summary();
  std::vector<std::pair<std::string, Shape>> layers;
  Index parameters = 0;
  double flops = 0;
  for (const Model::LayerSummary& layer : summary) {
    layers.emplace_back(layer.name, layer.output);
    parameters += layer.parameters;
    flops += layer.flops;
  }
  CHECK(layers == std::vector<std::pair<std::string, Shape>>{{"encoder/conv0", {26, 26, 32}},
                                                             {"encoder/lstm", {32}},
                                                             {"encoder/mean", {32}},
                                                             {"encoder/logvar", {32}},
                                                             {"decoder/start", {3136}},
                                                             {"decoder/lstm", {7, 7, 256}},
                                                             {"decoder/conv0", {5, 5, 32}},
                                                             {"decoder/output", {784}}});
  CHECK(parameters == b.store.numel());
  const double first = 2.0 * 26 * 26 * 9 * 32;
  CHECK(flops == first + 2.0 * (26 * 128 * (832 + 32) + 2 * 32 * 32 + 32 * 3136 + 49 * 1024 * (64 + 256) + 25 * 9 * 256 * 32 + 800 * 784));
  CHECK(b.model->step_flops(256) == 256 * (3 * flops - first));
  // Group norm's scale and shift in both convolutions; a GRU has three gates and four biases; a plain autoencoder one head.
  CHECK(Built(configured({"model.normalisation=group"}), {28, 28, 1}).store.numel() == 1'247'088 + 2 * 2 * 32);
  CHECK(Built(configured({"model.cell=gru"}), {28, 28, 1}).store.numel() == 1'247'088 - 32 * (832 + 32) - 256 * (64 + 256));
  CHECK(Built(configured({"model.variational=false"}), {28, 28, 1}).store.numel() == 1'247'088 - 32 * 33);
  CHECK(Built(configured({"model.encoder_units=null"}), {28, 28, 1}).model->summary()[1].output == Shape{256});
}

TEST_CASE("conv-lstm: images of any size that the filters fit into, any number of channels, every likelihood") {
  for (const Shape& example : {Shape{3, 3, 1}, Shape{5, 12, 3}, Shape{29, 4, 2}, Shape{16, 16, 4}})
    for (const std::string_view likelihood : likelihood_names()) {
      if (likelihood == "categorical") continue;  // of words
      CAPTURE(example.str());
      CAPTURE(likelihood);
      const Built b(small({"objective.likelihood=" + std::string(likelihood)}), example);
      const Tensor x = normal(example.prepend(2));
      const Code code = b.model->encode(Var(x));
      CHECK(code.mean.shape() == Shape{2, 2});
      CHECK(code.logvar.shape() == Shape{2, 2});
      const Decoding d = b.model->decode(code.mean);
      CHECK(d.mean().shape() == example.prepend(2));
      CHECK(bool(d.logvar) == (likelihood == "gaussian-learned"));
    }
  const Built deep(small({"model.filters=[2,3,4]", "model.kernel=4", "model.hidden=[6,5]", "model.decoder_hidden=[7]"}), {10, 13, 3});
  CHECK(deep.model->decode(deep.model->encode(Var(normal({2, 10, 13, 3}))).mean).mean().shape() == Shape{2, 10, 13, 3});
  CHECK(deep.model->summary()[2].output == Shape{1, 4, 4});

  const auto message = [](const std::vector<std::string>& settings, const Shape& example) {
    return message_of<UsageError>([&] { Built(small(settings), example); });
  };
  CHECK(contains(message({}, {2, 28, 1}), "1 convolution 3x3 without padding need images of at least 3x3 pixels, got 28x2"));
  CHECK(contains(message({"model.filters=[2,2]", "model.kernel=5"}, {28, 8, 1}), "at least 9x9 pixels, got 8x28"));
  CHECK(contains(message({}, {784}), "expected images (height, width, channels), got examples of shape (784,)"));
  CHECK(contains(message({"model.filters=[]"}, {28, 28, 1}), "needs model.filters"));
  CHECK(contains(message({"model.cell=rnn"}, {28, 28, 1}), "lstm"));
  const Config normed = small({"model.normalisation=batch", "train.batch=4"});
  CHECK(contains(message_of<UsageError>([&] { check_batches(normed, {12, 12, 1}, 9); }), "the last batch holds one"));  // 3x3 to 1x1
  check_batches(normed, {12, 12, 1}, 8);
  check_batches(normed, {28, 28, 1}, 9);
}

TEST_CASE("conv-lstm: gradients of every variant") {
  for (const std::vector<std::string>& settings : std::vector<std::vector<std::string>>{
           {},
           {"model.cell=gru", "model.filters=[3,2]", "model.normalisation=group", "objective.likelihood=gaussian-learned"},
           {"model.variational=false", "objective.likelihood=bernoulli", "model.hidden=[5]"}})
    for (const GradcheckResult& r : gradcheck_parameters(small(settings), {7, 9, 2}, 3)) {
      CAPTURE(r.op);
      CAPTURE(r.error64);
      CHECK(r.passed());
    }
}

TEST_CASE("conv-lstm: an example's code and picture do not depend on the batch it is in; with a discriminator it trains as well") {
  const Config c = small({"train.batch=3", "objective.adversarial.weight=1"});
  const Built b(c, {12, 10, 1});
  const Tensor x = normal({5, 12, 10, 1});
  const Var whole = b.model->decode(b.model->encode(Var(x)).mean).output;
  const Var one = b.model->decode(b.model->encode(Var(x.slice(3, 4).clone())).mean).output;
  CHECK(magnitude(subtract(whole.value().slice(3, 4).clone(), one.value())) < 1e-6);
  Learner learner(c, {12, 10, 1}, 10, 10);
  for (Index step = 0; step < 3; step++)
    CHECK(std::isfinite(learner.step({normal({3, 12, 10, 1}, DType::float32, 9), {}, {}}, step).objective));
}

TEST_CASE("training with test figures each epoch: nothing is chosen by them") {
  const Folder folder;
  Tensor pictures = Tensor::zeros({240, 12, 12, 1}, DType::uint8);  // a bright row and a bright column each
  std::uint8_t* p = pictures.mutable_data<std::uint8_t>();
  const RandomKey key{.seed = 5};
  for (std::uint32_t i = 0; i < 240; i++)
    for (Index k = 0; k < 12; k++)
      p[i * 144 + key.word(i, 0) % 12 * 12 + k] = p[i * 144 + k * 12 + key.word(i, 1) % 12] = std::uint8_t(180 + key.word(i, 2) % 60);
  save_npy(folder / "small.npy", pictures);
  const Config c = small({"train.batch=32", "train.epochs=12", "optimizer.learning_rate=0.01", "data.spec=npy:" + (folder / "small.npy")});
  REQUIRE(c.train.test_each_epoch);

  struct Seen {
    std::vector<std::string> splits, notes;
    std::vector<double> test;
    TrainResult result;
  };
  const auto trained = [&](const Config& config, const std::string& name) {
    Seen seen;
    TrainOptions options{.out = folder / name};
    options.on_epoch = [&](const Metrics& m) {
      if (m.epoch == 1) seen.splits.push_back(m.split);
      if (m.split == "test") seen.test.push_back(m.objective);
    };
    options.on_note = [&](std::string_view note) { seen.notes.emplace_back(note); };
    seen.result = train(config, options);
    return seen;
  };
  const Seen shown = trained(c, "shown");
  CHECK(shown.splits == std::vector<std::string>{"train", "test"});
  CHECK(shown.notes.front() == "train.test_each_epoch: test figures are shown each epoch; nothing is chosen by them");
  CHECK(contains(shown.notes.back(), "nothing to choose the best weights by; the last are kept"));
  CHECK(shown.test.size() == 12);
  CHECK(shown.test.back() < 0.7 * shown.test.front());
  CHECK_FALSE(shown.result.has_best);
  CHECK_FALSE(std::filesystem::exists(folder / "shown/best.safetensors"));
  std::ifstream metrics(folder / "shown/metrics.jsonl");
  std::string line, last;
  while (std::getline(metrics, line)) last = line;
  CHECK(contains(last, "\"split\": \"test\""));

  // The weights are those of a run that never looked.
  Config blind = c;
  blind.train.test_each_epoch = false;
  const Seen other = trained(blind, "blind");
  CHECK(other.splits == std::vector<std::string>{"train"});
  const Run a = open_run(folder / "shown"), b = open_run(folder / "blind");
  CHECK(a.weights == Weights::last);
  for (std::size_t i = 0; i < a.store->tensors().size(); i++) CHECK(identical(a.store->tensors()[i].second, b.store->tensors()[i].second));

  // Beside a validation part, which goes on to choose.
  Config both = c;
  both.data.valid = 40;
  both.train.epochs = 2;
  const Seen three = trained(both, "both");
  CHECK(three.splits == std::vector<std::string>{"train", "valid", "test"});
  CHECK(three.result.has_best);
  CHECK(resume({.out = folder / "both"}, {"train.epochs=3"}).epochs == 3);
}
