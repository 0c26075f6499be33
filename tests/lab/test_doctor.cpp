#include "lab/doctor.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "data/digits.h"
#include "lab/groups.h"
#include "lab/relu_activity.h"
#include "models/trainer.h"
#include "tensor/error.h"
#include "tensor/parallel.h"
#include "tests/lab/known_run.h"
#include "tests/support.h"

using namespace elbo;
using elbo::testing::contains;
using elbo::testing::Folder;
using elbo::testing::message_of;

namespace {

// Enough of the built-in digits to learn something from in a second.
const Dataset& some_digits() {
  static const Dataset data = [] {
    Dataset d;
    d.spec = parse_data_spec("digits");
    d.example_shape = {digits_side, digits_side, 1};
    const auto draw = [&](Part part, Index begin, Index count) {
      Split s{.part = part};
      s.values = Tensor(d.example_shape.prepend(count), DType::uint8);
      for (Index i = 0; i < count; i++) draw_digit(begin + i, s.values.mutable_data<std::uint8_t>() + i * digits_side * digits_side);
      return s;
    };
    d.train = draw(Part::train, 0, 2000), d.valid = draw(Part::valid, 2000, 250), d.test = draw(Part::test, digits_train, 400);
    return d;
  }();
  return data;
}

// The first `copies` times the first `count` examples, one behind the other.
Split repeated(const Split& split, std::int32_t count, std::int32_t copies) {
  std::vector<std::int32_t> places;
  for (std::int32_t i = 0; i < count * copies; i++) places.push_back(i / copies);
  return take_examples(split, places);
}

Config small(const char* name, std::initializer_list<const char*> settings) {
  Config c = preset(name).config;
  c.data.spec = "digits";
  for (const char* s : {"train.batch=50", "train.epochs=4", "optimizer.learning_rate=0.003"}) set_key(c, s);
  if (c.model.kind == "dense")
    for (const char* s : {"model.hidden=[64]", "model.latent=6"}) set_key(c, s);
  for (const char* s : settings) set_key(c, s);
  return c;
}

struct Patient {
  std::vector<Finding> findings;
  std::vector<std::string> told;  // while it was trained
  Symptoms symptoms;
  std::string names() const {
    std::string all;
    for (const Finding& f : findings) all += f.illness + ": " + f.evidence + "\n";
    return all;
  }
  const Finding* has(const std::string& illness, const std::string& evidence = "") const {
    for (const Finding& f : findings)
      if (f.illness == illness && contains(f.evidence, evidence)) return &f;
    return nullptr;
  }
  bool was_told(const std::string& illness) const {
    return std::any_of(told.begin(), told.end(), [&](const std::string& line) { return line.starts_with(illness + ": "); });
  }
};

Patient trained(const Config& config, const Dataset& data) {
  const Folder folder;
  Patient p;
  TrainOptions options{.out = folder / "run", .data = &data};
  options.on_note = [&](std::string_view text) { p.told.emplace_back(text); };
  train(config, options);
  const Run run = open_run(folder / "run", Weights::last);
  p.symptoms = examine(run, data);
  p.findings = judge(run.config, p.symptoms);
  return p;
}

}  // namespace

TEST_CASE("the doctor: healthy runs of every kind are not called ill, neither by the doctor nor while they train") {
  // A Bernoulli of grey values is among them: that it is no likelihood is a note.
  const std::pair<const char*, std::vector<const char*>> healthy[] = {
      {"dense-vae", {"objective.likelihood=gaussian-optimal"}},
      {"dense-vae", {"objective.likelihood=gaussian", "objective.variance=0.04"}},
      {"mlp-vae", {}},
      {"dense-ae", {}},
      {"conv-vae", {"model.filters=[4,8]", "model.latent=6", "train.epochs=3"}},
      {"conv-ae", {"model.filters=[4,8]", "model.latent=6", "train.epochs=2"}}};
  for (const auto& run : healthy) {
    Config c = small(run.first, {});
    for (const char* s : run.second) set_key(c, s);
    const Patient p = trained(c, some_digits());
    CAPTURE(run.first);
    CHECK_MESSAGE(p.findings.empty(), p.names());
    for (const std::string& line : p.told) CHECK_MESSAGE(line.starts_with("not converged"), line);
  }
}

TEST_CASE("the doctor: a KL that is weighed by a mean over pixels collapses, and why it does is named") {
  const Patient p = trained(small("dense-vae", {"objective.beta=24.5"}), some_digits());
  const Finding* f = p.has("posterior collapse", "0 of 6 units active");
  REQUIRE(f);
  CHECK(contains(f->cause, "objective.beta=24.5"));
  CHECK(std::find(f->set.begin(), f->set.end(), "--set objective.beta=1") != f->set.end());
  CHECK(p.was_told("posterior collapse"));
  CHECK_FALSE(p.has("dead units", "the code"));  // of units unused in a code that is used
}

TEST_CASE(
    "the doctor: a learning rate of 1 explodes the encoder's variance, one of 0.3 saturates the decoder, one of 0.1 kills relu units") {
  const Dataset& d = some_digits();
  const Patient exploded = trained(
      small("dense-vae", {"optimizer.learning_rate=1", "model.activation=tanh", "objective.likelihood=bernoulli", "objective.beta=0.01"}),
      d);
  CHECK(exploded.symptoms.largest_variance > 100);
  REQUIRE(exploded.has("exploding variance", "the prior's is 1"));
  CHECK(exploded.was_told("exploding variance"));
  CHECK(exploded.has("saturated decoder", "logits reach"));

  const Patient saturated = trained(small("dense-ae", {"optimizer.learning_rate=0.3"}), d);
  REQUIRE(saturated.has("saturated decoder"));
  CHECK(saturated.has("saturated decoder")->set.front() == "--set optimizer.learning_rate=0.03");
  CHECK(saturated.was_told("saturated decoder"));

  const Patient dead = trained(small("mlp-vae", {"optimizer.learning_rate=0.1"}), d);
  REQUIRE(dead.has("dead units", "of encoder/0"));
  CHECK(contains(dead.has("posterior collapse")->cause, "all units of encoder/0 are dead"));
}

TEST_CASE("the doctor: without a KL the noise goes and the codes leave the prior") {
  const Patient p =
      trained(small("dense-vae", {"objective.likelihood=bernoulli", "objective.beta=0", "optimizer.learning_rate=0.03"}), some_digits());
  const Finding* f = p.has("KL weight too small", "times as far from data");
  REQUIRE(f);
  CHECK(f->set == std::vector<std::string>{"--set objective.beta=1"});
  CHECK(p.was_told("KL weight too small"));
  CHECK(p.has("exploding variance", "no noise"));
}

TEST_CASE("the doctor: decoder variances at their floor, where there are four pictures to learn") {
  Dataset copies = some_digits();
  copies.train = copies.test = repeated(some_digits().train, 4, 150);
  copies.valid = repeated(some_digits().train, 4, 1);
  const Patient optimal =
      trained(small("dense-vae", {"objective.likelihood=gaussian-optimal", "data.dequantize=none", "train.epochs=12"}), copies);
  REQUIRE(optimal.has("exploding variance", "the decoder's variance"));
  CHECK(optimal.was_told("exploding variance"));
  const Patient learned = trained(small("gaussian-vae", {"data.dequantize=none", "train.epochs=12"}), copies);
  REQUIRE(learned.has("exploding variance", "at their floor of -6"));
  CHECK_FALSE(learned.has("memorising"));  // the others are the same pictures
}

TEST_CASE("the doctor: a hundred examples are memorised, by a VAE and by a plain autoencoder") {
  Dataset few = some_digits();
  few.train = repeated(few.train, 100, 1);
  const Patient vae = trained(small("dense-vae", {"train.epochs=60", "train.batch=20", "objective.likelihood=gaussian-optimal"}), few);
  REQUIRE(vae.has("memorising", "does not carry over"));
  CHECK(vae.was_told("memorising"));
  const Patient ae = trained(small("dense-ae", {"train.epochs=60", "train.batch=20"}), few);
  REQUIRE(ae.has("memorising"));
  CHECK(contains(to_line(*ae.has("memorising")), "--set model.variational=true"));
}

TEST_CASE("the doctor: likelihoods whose variance is far from the residual's") {
  const Patient squared = trained(small("dense-vae", {}), some_digits());
  REQUIRE(squared.has("mis-scaled likelihood", "a Gaussian of variance 0.5 a pixel"));
  CHECK(squared.was_told("mis-scaled likelihood"));
  const Patient one = trained(small("mlp-vae", {"objective.likelihood=gaussian", "objective.variance=1"}), some_digits());
  const Finding* wide = one.has("mis-scaled likelihood", "times less");
  REQUIRE(wide);
  // What it proposes is no illness any more.
  Config c = small("mlp-vae", {"objective.likelihood=gaussian"});
  REQUIRE(wide->set.back().starts_with("--set objective.variance=0.0"));
  set_key(c, wide->set.back().substr(6));
  CHECK_FALSE(trained(c, some_digits()).has("mis-scaled likelihood"));
  const Patient narrow = trained(small("mlp-vae", {"objective.likelihood=gaussian", "objective.variance=1e-5"}), some_digits());
  CHECK(narrow.has("mis-scaled likelihood", "times as much"));
  CHECK(contains(narrow.has("KL weight too small")->cause, "worth any KL"));
}

TEST_CASE("the doctor: units of the code that nothing uses, where the data have one factor and the code eight dimensions") {
  // A likelihood of twice the noise, so that what chance adds to it in two thousand examples is worth no unit.
  Dataset line = some_digits();
  line.example_shape = {10};
  for (Split* s : {&line.train, &line.valid, &line.test}) {
    Tensor z({s->size(), 11});
    fill_normal(z, {.seed = std::uint64_t(s->part)});
    s->values = Tensor({s->size(), 10});
    for (Index i = 0; i < s->size(); i++)
      for (Index j = 0; j < 10; j++)
        s->values.set<float>({i, j}, float(z.element(i * 11 + 10) * (j + 1) / 6.0 + 0.5 * z.element(i * 11 + j)));
  }
  const Patient p =
      trained(small("dense-vae", {"objective.likelihood=gaussian", "objective.variance=0.5", "model.output=linear", "model.hidden=[]",
                                  "model.latent=8", "train.epochs=40", "optimizer.learning_rate=0.03", "optimizer.schedule.name=cosine"}),
              line);
  CHECK(p.symptoms.active_units == 1);
  const Finding* f = p.has("dead units", "the code: 1 of its 8 units vary");
  CHECK_MESSAGE(f, p.names());
  CHECK(p.was_told("dead units"));
}

namespace {

Config small_text(std::initializer_list<const char*> settings) {
  Config c = preset("text-vae").config;
  c.data.spec = "sentences";
  for (const char* s :
       {"model.embed=16", "model.units=24", "model.latent=4", "train.batch=50", "train.epochs=6", "optimizer.learning_rate=0.02"})
    set_key(c, s);
  for (const char* s : settings) set_key(c, s);
  return c;
}

const Dataset& some_sentences() {
  static const Dataset data = [] {
    Dataset d = load_data(small_text({}));
    d.train = repeated(d.train, 1500, 1);
    d.valid = repeated(d.valid, 300, 1), d.test = repeated(d.test, 300, 1);
    return d;
  }();
  return data;
}

}  // namespace

TEST_CASE("the doctor: texts, with the preset's aids healthy, without them collapsed, and memorised by a plain autoencoder") {
  const Patient healthy = trained(small_text({}), some_sentences());
  CHECK_MESSAGE(healthy.findings.empty(), healthy.names());
  const Patient bare =
      trained(small_text({"objective.anneal.shape=none", "objective.free_bits_total=0", "train.epochs=2"}), some_sentences());
  REQUIRE(bare.has("posterior collapse"));
  CHECK(contains(bare.has("posterior collapse")->cause, "sees the words before"));
  Dataset few = some_sentences();
  few.train = repeated(few.train, 60, 1);
  const Patient memorised = trained(small_text({"model.variational=false", "model.dropout=0", "objective.anneal.shape=none",
                                                "objective.free_bits_total=0", "train.epochs=40"}),
                                    few);
  CHECK_MESSAGE(memorised.has("memorising", "total"), memorised.symptoms.training_loss << " " << memorised.symptoms.held_out_loss);
}

TEST_CASE("the doctor: the same bits for any number of threads, and nothing for a part that is not there") {
  const Run run = testing::identity_run();
  Dataset data = testing::known_data(50, 30);
  const int before = threads();
  set_threads(1);
  const Symptoms one = examine(run, data);
  set_threads(3);
  const Symptoms three = examine(run, data);
  set_threads(before);
  CHECK(one.held_out_loss == three.held_out_loss);
  CHECK(one.untrained_loss == three.untrained_loss);
  CHECK(one.residual == 0);
  CHECK(one.examples == 30);
  // The mean training picture, plainly.
  double mean[4] = {}, expected = 0;
  for (Index i = 0; i < 200; i++) mean[i % 4] += data.train.values.element(i) / 50;
  for (Index i = 0; i < 120; i++) expected += std::pow(data.test.values.element(i) - mean[i % 4], 2) / 30;
  CHECK(one.untrained_loss == doctest::Approx(expected).epsilon(1e-6));
  data.test = Split{};
  CHECK(contains(message_of<Error>([&] { examine(run, data); }), "neither"));
  CHECK(contains(message_of<UsageError>([&] { examine(run, data, {.examples = 0}); }), "above 0"));
}

TEST_CASE("the doctor: relu units that never fire are counted, in dense layers and behind a convolution's normalisation") {
  // Units 0 and 2 of the layer see x and -x of pictures that are never negative; unit 1 nothing but its bias of -1.
  const Run run =
      testing::known_run(1, {3}, {{"encoder/0/weight", {1, 0, 0, 0, 0, 0, 0, 0, -1, 0, 0, 0}}, {"encoder/0/bias", {0, -1, 0.5F}}});
  const Symptoms s = examine(run, testing::known_data(10, 10));
  REQUIRE(s.layers.size() == 2);
  CHECK(s.layers[0].name == "encoder/0");
  CHECK(s.layers[0].units == 3);
  CHECK(s.layers[0].dead == 1);
  CHECK(s.layers[1].dead == 3);  // the decoder's weights and biases are 0
  CHECK(s.constant_units == 1);

  Config c = small("conv-vae", {"model.filters=[2,2]", "model.latent=2", "model.normalisation=batch"});
  ParamStore store(store_options(c));
  const std::unique_ptr<Model> model = make_model(c, {28, 28, 1}, store);
  ReluActivity activity;
  {
    const Observe watch = activity.observe();
    model->encode(Var(random_input(c, {28, 28, 1}, 3)));
  }
  REQUIRE(activity.layers().size() == 2);
  CHECK(activity.layers()[0].name == "encoder/conv0/norm");
  CHECK(activity.layers()[0].units == 2);
}
