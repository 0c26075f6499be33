// Models of texts: PyTorch's values, gradients of every variant, padding, training, what their schedules do.

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <sstream>

#include "autograd/engine.h"
#include "autograd/ops.h"
#include "data/text_batches.h"
#include "models/gradcheck.h"
#include "models/objective.h"
#include "models/run.h"
#include "models/text.h"
#include "models/trainer.h"
#include "tensor/elementwise.h"
#include "tensor/file.h"
#include "tensor/reduce.h"
#include "tensor/safetensors.h"
#include "tests/support.h"

using namespace elbo;
using namespace elbo::testing;

namespace {

Config small(const std::string& preset_name, const std::vector<std::string>& settings = {}) {
  Config c = preset(preset_name).config;
  for (const char* s : {"model.embed=6", "model.units=5", "model.latent=3"})
    if (preset_name != "text-lm" || std::string_view(s) != "model.latent=3") set_key(c, s);
  for (const std::string& s : settings) set_key(c, s);
  return c;
}

// A language of two kinds of sentences, on which a model learns quickly.
std::string small_data(const Folder& folder, Index sentences = 400) {
  const char* names[] = {"anna", "tom", "ruth", "paul", "eve", "max"};
  const char* things[] = {"apple", "boat", "coat", "drum", "egg", "fan"};
  std::string text;
  const RandomKey key{.seed = 3};
  for (Index i = 0; i < sentences; i++) {
    const auto e = std::uint32_t(i);
    const auto pick = [&](std::uint32_t draw) { return key.word(e, draw) % 6; };
    text += key.word(e, 5) % 2 ? std::string(names[pick(0)]) + " has the " + things[pick(1)] + "\n"
                               : std::string("the ") + things[pick(1)] + " of " + names[pick(0)] + " is on the " + things[pick(2)] + "\n";
  }
  write_file_atomically(folder / "small.txt", bytes_of(text));
  return "text:" + folder / "small.txt";
}

Config small_run(const Folder& folder, const std::string& preset_name, const std::vector<std::string>& settings = {}) {
  std::vector<std::string> all = {"model.embed=12", "model.units=16", "train.epochs=4", "optimizer.learning_rate=0.01"};
  all.insert(all.end(), settings.begin(), settings.end());
  Config c = small(preset_name, all);
  c.data.spec = small_data(folder);
  return c;
}

std::string metrics(const std::string& run) {
  const std::vector<std::byte> bytes = read_file(run + "/metrics.jsonl", 1 << 20);
  std::istringstream lines(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  std::string kept;
  for (std::string line; std::getline(lines, line);) kept += line.substr(0, line.find("\"seconds\"")) + "\n";
  return kept;
}

double largest(const Tensor& t) { return max(abs(t)).item(); }

}  // namespace

TEST_CASE("text: losses and gradients of a VAE and a language model agree with PyTorch") {
  const TensorFile file = load_safetensors(golden("text.safetensors"));
  for (const std::string kind : {"vae", "lm"}) {
    CAPTURE(kind);
    const auto expected = [&](const std::string& name) {
      const Tensor* t = file.find(kind + "/" + name);
      if (!t) FAIL("text.safetensors has no " << kind << "/" << name);
      return *t;
    };
    const auto close = [&](const Tensor& found, const std::string& name) {
      CAPTURE(name);
      const Tensor wanted = expected(name);
      REQUIRE(found.shape() == wanted.shape());
      CHECK(largest(subtract(found, wanted)) <= 1e-12 * largest(wanted));
    };
    const Config c = small("text-" + kind, {"model.float=float64", "model.dropout=0", "objective.free_bits_total=0"});
    ParamStore store(store_options(c));
    const auto model = make_model(c, {6, 19}, store);
    std::vector<std::pair<std::string, Tensor>> weights;
    for (const Parameter& p : store.parameters()) weights.emplace_back(p.name(), expected(p.name()));
    store.load(weights, "text.safetensors");
    const Tensor tokens = *file.find("tokens");
    const Pass pass = Objective(c)(*model, tokens, kind == "vae" ? *file.find("noise") : Tensor(), 0, {.training = true}, KlTerm{1});
    close(pass.reconstruction.value(), "reconstruction");
    if (kind == "vae") {
      close(pass.code.mean.value(), "mean");
      close(pass.code.logvar.value(), "logvar");
      close(pass.kl.value(), "kl");
    }
    const Gradients g = backward(pass.objective);
    for (const Parameter& p : store.parameters()) close(g[Var(p)], "grad/" + p.name());
  }
}

TEST_CASE("text: gradients of every variant") {
  const std::vector<std::pair<std::string, std::vector<std::string>>> variants = {
      {"text-vae", {}},
      {"text-vae", {"model.cell=gru", "model.layers=2", "model.locked_dropout=true"}},
      {"text-vae", {"model.bidirectional=true", "model.layers=2", "model.encoder_units=4"}},
      {"text-vae", {"model.code_input=first-state", "data.word_dropout=0.4"}},
      {"text-vae", {"model.code_input=every-step", "model.embed=5", "model.tied=true"}},
      {"text-vae", {"model.decoder_input=none", "objective.free_bits=0.3"}},
      {"text-ae", {"model.dropout=0"}},
      {"text-lm", {"model.layers=2"}}};
  for (const auto& [name, settings] : variants) {
    std::string all = name;
    for (const std::string& s : settings) all += " " + s;
    CAPTURE(all);
    for (const GradcheckResult& r : gradcheck_parameters(small(name, settings), {5, 12}, 6)) {
      CAPTURE(r.op);
      CAPTURE(r.error64);
      CAPTURE(r.value32);
      CAPTURE(r.error32);
      CHECK(r.passed());
    }
  }
}

TEST_CASE("text: parameters of the published sizes") {
  const auto count = [](const std::string& name, const Shape& example, const std::vector<std::string>& settings = {}) {
    Config c = preset(name).config;
    for (const std::string& s : settings) set_key(c, s);
    ParamStore store(store_options(c));
    return make_model(c, example, store), store.numel();
  };
  const Index v = 6000, lstm = 4 * 256;
  const Index embedding = v * 256, encoder = lstm * (256 + 256 + 1), heads = 2 * (256 * 32 + 32), state = 32 * 256 + 256,
              decoder = lstm * (256 + 32 + 256 + 1), output = v * 257;
  CHECK(count("text-vae", {15, v}) == embedding + encoder + heads + state + decoder + output);
  CHECK(count("text-ae", {15, v}) == embedding + encoder + heads / 2 + state + decoder + output);
  CHECK(count("text-lm", {15, v}) == embedding + lstm * (256 + 256 + 1) + output);
  CHECK(count("text-vae", {15, v}, {"model.tied=true"}) == embedding + encoder + heads + state + decoder + v);
  // The source's: words go into an encoder of 32 units alone; the code through a dense layer of 256 into the decoder.
  CHECK(count("text-vae", {15, v}, {"model.decoder_input=none", "model.encoder_units=32"}) ==
        embedding + 4 * 32 * (256 + 32 + 1) + 2 * (32 * 32 + 32) + state + lstm * (256 + 256 + 1) + output);
}

TEST_CASE("text: what is padding changes no loss, whatever stands beside it in the batch") {
  const Config c = small("text-vae", {"model.float=float64", "model.bidirectional=true"});
  ParamStore store(store_options(c));
  const auto model = make_model(c, {6, 19}, store);
  const Objective objective(c);
  const Tensor both = Tensor::from<std::int32_t>({1, 7, 9, 4, 2, 0, 0, 1, 5, 6, 7, 8, 9, 2}, {2, 7});
  const Tensor alone = Tensor::from<std::int32_t>({1, 7, 9, 4, 2}, {1, 5});
  const double beside = objective(*model, both, {}).reconstruction.value().element(0);
  CHECK(objective(*model, alone, {}).reconstruction.value().element(0) == doctest::Approx(beside).epsilon(1e-13));
}

TEST_CASE("text: the next token step by step is what the whole sentence gives") {
  for (const char* setting : {"model.decoder_input=tokens", "model.decoder_input=none", "model.layers=2", "model.cell=gru"}) {
    CAPTURE(setting);
    const Config c = small("text-vae", {"model.float=float64", setting});
    ParamStore store(store_options(c));
    const auto any = make_model(c, {6, 19}, store);
    const auto& model = dynamic_cast<const TextModel&>(*any);
    Tensor z({2, 3}, DType::float64);
    fill_normal(z, {.seed = 4});
    const Tensor x = Tensor::from<std::int32_t>({1, 7, 9, 4, 2, 1, 5, 6, 2, 0}, {2, 5});
    TextModel::Reading reading = model.begin(z);
    double loss[2] = {};
    for (Index t = 0; t + 1 < 5; t++) {
      Tensor tokens({2}, DType::int32);
      for (Index i = 0; i < 2; i++) tokens.set<std::int32_t>({i}, x.at<std::int32_t>({i, t}));
      const Tensor logits = model.next(reading, tokens), sums = logsumexp(logits, {1});
      for (Index i = 0; i < 2; i++)
        if (const std::int32_t target = x.at<std::int32_t>({i, t + 1}); target != pad_token)
          loss[i] += sums.element(i) - logits.at<double>({i, target});
    }
    const Tensor whole = model.text_loss({}, Var(z), x, {}).value();
    for (Index i = 0; i < 2; i++) CHECK(loss[i] == doctest::Approx(whole.element(i)).epsilon(1e-12));
    model.reorder(reading, Tensor::from<std::int32_t>({1, 1, 0}, {3}));
    CHECK(model.next(reading, Tensor::from<std::int32_t>({5, 5, 5}, {3})).shape() == Shape{3, 19});
  }
}

TEST_CASE("text: training lowers the loss, and a run that is stopped and resumed has the bits of one never stopped") {
  const Folder folder;
  for (const char* name : {"text-vae", "text-lm"}) {
    const Config c = small_run(folder, name, {"train.checkpoint_steps=3"});
    std::vector<double> objectives;
    TrainOptions options{.out = folder / (std::string(name) + "-whole")};
    options.on_epoch = [&](const Metrics& m) {
      if (m.split == "valid") objectives.push_back(m.reconstruction);
    };
    train(c, options);
    REQUIRE(objectives.size() == 4);
    CHECK(objectives.back() < 0.7 * objectives.front());
    int steps = 0;
    TrainOptions stopped{.out = folder / (std::string(name) + "-stopped")};
    stopped.stop_signal = [&] { return ++steps > 17 ? 2 : 0; };
    CHECK(train(c, stopped).stopped);
    resume({.out = stopped.out}, {});
    CHECK(metrics(stopped.out) == metrics(options.out));
    CHECK(read_file(stopped.out + "/model.safetensors", 1 << 24) == read_file(options.out + "/model.safetensors", 1 << 24));
    const Run run = open_run(options.out);
    REQUIRE(run.codec);
    CHECK(run.codec->decode(run.codec->encode("Anna has the boat")) == "anna has the boat");
  }
}

TEST_CASE("text: pre-training, an aggressive encoder and a target train and resume to the same bits") {
  const Folder folder;
  for (const std::string setting : {"objective.pretrain_epochs=1", "objective.aggressive=20", "objective.target_kl=2"}) {
    CAPTURE(setting);
    Config c = small_run(folder, "text-vae", {"objective.anneal.shape=none", "objective.free_bits_total=0", "train.epochs=3", setting});
    const std::string name = setting.substr(10, 6);
    train(c, {.out = folder / (name + "-whole")});
    int steps = 0;
    TrainOptions stopped{.out = folder / (name + "-stopped")};
    stopped.stop_signal = [&] { return ++steps > 14 ? 2 : 0; };
    CHECK(train(c, stopped).stopped);
    resume({.out = stopped.out}, {});
    CHECK(metrics(stopped.out) == metrics(folder / (name + "-whole")));
  }
}

TEST_CASE("text: a code that is not used is warned of within two epochs, with what to set; one that is used is not") {
  const Folder folder;
  for (const bool collapses : {true, false}) {
    Config c = small_run(folder, "text-vae", {"objective.free_bits_total=0", "objective.anneal.shape=none", "train.epochs=3"});
    if (collapses) set_key(c, "objective.beta=50");
    c.data.spec = small_data(folder, 2000);
    if (!collapses) set_key(c, "objective.beta=0.05");
    std::vector<std::string> notes;
    Index epochs = 0, warned_in = 0;
    TrainOptions options{.out = folder / (collapses ? "collapsed" : "used")};
    options.on_epoch = [&](const Metrics& m) { epochs += m.split == "train"; };
    options.on_note = [&](std::string_view text) {
      if (text.find("posterior collapse") == std::string_view::npos) return;
      notes.emplace_back(text);
      warned_in = epochs;
    };
    train(c, options);
    REQUIRE(notes.size() == (collapses ? 1 : 0));
    if (!collapses) continue;
    CHECK(warned_in <= 2);
    for (const char* part : {"objective.beta=1", "objective.anneal.shape=linear", "objective.free_bits_total=5", "data.word_dropout=0.3"})
      CHECK(notes[0].find(part) != std::string::npos);
  }
}

TEST_CASE("text: no epoch under a rising weight is the best one") {
  const Folder folder;
  Config c = small_run(folder, "text-vae", {"objective.anneal.steps=0.5", "train.epochs=4"});
  const TrainResult half = train(c, {.out = folder / "half"});
  CHECK(half.has_best);
  CHECK(half.best_epoch >= 3);
  set_key(c, "objective.anneal.steps=100000");
  std::vector<std::string> notes;
  TrainOptions options{.out = folder / "never"};
  options.on_note = [&](std::string_view text) { notes.emplace_back(text); };
  const TrainResult never = train(c, options);
  CHECK_FALSE(never.has_best);
  CHECK(open_run(folder / "never").weights == Weights::last);
  REQUIRE(!notes.empty());
  CHECK(notes.back().find("final weight") != std::string::npos);
}

TEST_CASE("text: configurations and data that do not go together are refused") {
  const Folder folder;
  const auto refused = [](const Config& c, const std::string& part) {
    const std::string message = error_of([&] { check_config(c); });
    CAPTURE(message);
    CHECK(message.find(part) != std::string::npos);
  };
  refused(small("text-vae", {"objective.likelihood=bernoulli"}), "categorical");
  refused(small("text-lm", {"model.decoder_input=none"}), "needs a code");
  refused(small("text-vae", {"model.latent=0"}), "model.variational=false");
  refused(small("text-vae", {"model.tied=true"}), "5 and 6");
  refused(small("text-vae", {"objective.target_kl=3"}), "exclude each other");
  refused(small("text-vae", {"objective.adversarial.weight=1"}), "pictures");
  Config dense = preset("mlp-vae").config;
  set_key(dense, "model.latent=0");
  refused(dense, "language model");
  Config on_digits = small("text-vae");
  on_digits.data.spec = "digits";
  CHECK(error_of([&] { train(on_digits, {.out = folder / "a"}); }).find("expects texts") != std::string::npos);
  dense.model.latent = 2;
  dense.data.spec = small_data(folder);
  CHECK(error_of([&] { train(dense, {.out = folder / "b"}); }).find("text-vae") != std::string::npos);
}
