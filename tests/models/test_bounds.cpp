// Several samples, the importance-weighted bound and the capacity, against plain computations; the preset that needs them.

#include <doctest/doctest.h>

#include <cmath>

#include "autograd/gradcheck.h"
#include "autograd/mode.h"
#include "autograd/ops.h"
#include "data/dataset.h"
#include "models/importance.h"
#include "models/initial_weights.h"
#include "models/kl_weight.h"
#include "models/run.h"
#include "tensor/elementwise.h"
#include "tensor/random.h"
#include "tensor/reduce.h"
#include "tests/support.h"

using namespace elbo;
using elbo::testing::error_of;

namespace {

constexpr Index n = 3, latent = 2;

Config small(const std::vector<std::string>& settings) {
  Config c;
  c.model.float_type = "float64";
  c.model.activation = "tanh";
  c.model.hidden = {5};
  c.model.latent = latent;
  for (const std::string& s : settings) set_key(c, s);
  check_config(c);
  return c;
}

struct Built {
  explicit Built(const Config& c) : config(c), store(store_options(c)), model(make_model(c, {4}, store)) {
    x = Tensor({n, 4}, DType::float64);
    fill_uniform(x, {.seed = 1});
  }
  Tensor noise(Index samples) const {
    Tensor e({n, samples, latent}, DType::float64);
    fill_normal(e, {.seed = 2});
    return e;
  }
  Config config;
  ParamStore store;
  std::unique_ptr<Model> model;
  Tensor x;
};

Tensor sample(const Tensor& noise, Index s) {
  Tensor one({noise.size(0), noise.size(2)}, noise.dtype());
  for (Index i = 0; i < one.size(0); i++) one[i].copy_from(noise[i][s]);
  return one;
}

}  // namespace

TEST_CASE("several samples: the reconstruction is their mean, the KL as with one") {
  const Built b(small({"objective.samples=3"}));
  const Objective objective(b.config);
  const Tensor noise = b.noise(3);
  const Pass all = objective(*b.model, b.x, noise);
  Tensor mean_loss = Tensor::zeros({n}, DType::float64);
  double kl = 0;
  for (Index s = 0; s < 3; s++) {
    const Pass one = objective(*b.model, b.x, sample(noise, s));
    mean_loss = add(mean_loss, scale_shift(one.reconstruction.value(), 1.0 / 3, 0));
    kl = one.mean_kl();
  }
  for (Index i = 0; i < n; i++) CHECK(all.reconstruction.value().at<double>({i}) == doctest::Approx(mean_loss.at<double>({i})));
  CHECK(all.objective.item() == doctest::Approx(total(mean_loss) / n + kl));
}

TEST_CASE("the importance-weighted bound: by hand, with a weight, and between the ELBO and more samples") {
  for (const double weight : {1.0, 0.4}) {
    const Built b(small({"objective.bound=iwae", "objective.samples=4"}));
    const Tensor noise = b.noise(4);
    const Objective objective(b.config);
    const Pass pass = objective(*b.model, b.x, noise, 0, {}, KlTerm{weight});
    const Tensor mean = pass.code.mean.value(), logvar = pass.code.logvar.value();
    double expected = 0;
    for (Index i = 0; i < n; i++) {
      double sum = 0;
      for (Index s = 0; s < 4; s++) {
        Tensor z({1, latent}, DType::float64);
        double ratio = 0;  // log p(z) - log q(z | x), both with their constants
        for (Index j = 0; j < latent; j++) {
          const double v = logvar.at<double>({i, j}), e = noise.at<double>({i, s, j}), at = mean.at<double>({i, j}) + std::exp(v / 2) * e;
          z.set<double>({0, j}, at);
          const double c = std::log(2 * 3.14159265358979323846) / 2;
          ratio += (-at * at / 2 - c) - (-e * e / 2 - v / 2 - c);
        }
        const double loss = objective.reconstruction(b.model->decode(Var(z)), b.x.slice(i, i + 1), 0).value().item();
        sum += std::exp(weight * ratio - loss);
      }
      expected -= std::log(sum / 4) / n;
    }
    CHECK(pass.objective.item() == doctest::Approx(expected).epsilon(1e-12));
    CHECK(pass.mean_kl() == doctest::Approx(Objective(small({}))(*b.model, b.x, sample(noise, 0)).mean_kl()));
  }
}

TEST_CASE("the importance-weighted bound with one sample is the ELBO whose KL is sampled, and more samples raise it") {
  const Built b(small({"objective.bound=iwae"}));
  const Objective objective(b.config);
  double one = 0, elbo = 0, many = 0;
  constexpr Index draws = 400;
  for (Index d = 0; d < draws; d++) {
    Tensor noise({n, 8, latent}, DType::float64);
    fill_normal(noise, {.seed = 3, .step = std::uint64_t(d)});
    const NoGrad guard;
    one += objective(*b.model, b.x, sample(noise, 0).reshape({n, 1, latent})).objective.item() / draws;
    elbo += objective(*b.model, b.x, sample(noise, 0)).objective.item() / draws;
    many += objective(*b.model, b.x, noise).objective.item() / draws;
  }
  CHECK(one == doctest::Approx(elbo).epsilon(0.01));
  CHECK(many < elbo);
}

TEST_CASE("bounds and capacity pass the gradient check in float64") {
  for (const std::vector<std::string>& settings : {std::vector<std::string>{"objective.samples=3"},
                                                   {"objective.bound=iwae", "objective.samples=3", "objective.beta=0.7"},
                                                   {"objective.capacity=5", "objective.beta=10"},
                                                   {"objective.capacity=0.01", "objective.beta=10", "objective.samples=2"}}) {
    const Built b(small(settings));
    const Tensor noise = b.noise(b.config.objective.samples);
    std::vector<Var> parameters;
    for (const Parameter& p : b.store.parameters()) parameters.push_back(p);
    CAPTURE(settings[0]);
    CHECK(gradcheck_model([&] { return Objective(b.config)(*b.model, b.x, noise).objective; }, parameters) < 1e-7);
  }
}

TEST_CASE("a capacity: |KL - C| is what the KL costs, and C rises to its end") {
  const Built b(small({"objective.capacity=6", "objective.beta=3", "objective.capacity_steps=40"}));
  const Tensor noise = sample(b.noise(1), 0);
  const Pass pass = Objective(b.config)(*b.model, b.x, noise);
  CHECK(pass.objective.item() == doctest::Approx(pass.mean_reconstruction() + 3 * std::abs(pass.mean_kl() - 6)));
  KlWeight weight(b.config.objective, 10, 100);
  CHECK(*weight.term(0).capacity == 0);
  CHECK(*weight.term(10).capacity == doctest::Approx(1.5));
  CHECK(*weight.term(1000).capacity == 6);
  CHECK(weight.term(10).weight == 3);
  CHECK(weight.end() == 40);
  CHECK_FALSE(KlWeight(small({}).objective, 10, 100).term(0).capacity);
}

TEST_CASE("a validation of iwae is the bound with as many samples as in training") {
  const Built b(small({"objective.bound=iwae", "objective.samples=5"}));
  Tensor examples({n}, DType::int32);
  for (Index i = 0; i < n; i++) examples.mutable_data<std::int32_t>()[i] = std::int32_t(i);
  const ImportanceEstimate e = importance_estimate(*b.model, Objective(b.config), b.x, examples, 5, 1, 0, 0.5);
  Tensor noise({n, 5, latent}, DType::float64);
  for (Index s = 0; s < 5; s++) {
    Tensor one({n, latent}, DType::float64);
    fill_normal(one, {.seed = 1, .purpose = Purpose::evaluate, .step = std::uint64_t(s)}, examples.values<std::int32_t>());
    for (Index i = 0; i < n; i++) noise[i][s].copy_from(one[i]);
  }
  const double bound = Objective(b.config)(*b.model, b.x, noise, 0, {}, KlTerm{0.5}).objective.item();
  CHECK((e.nll[0] + e.nll[1] + e.nll[2]) / n == doctest::Approx(bound));
}

TEST_CASE("iwae-vae: its network, stages, drawn pixels, and a decoder that starts at the mean of the data") {
  const Config c = preset("iwae-vae").config;
  CHECK(c.optimizer.schedule.stage_epochs == std::vector<Index>{1, 3, 9, 27, 81, 243, 729, 2187});
  CHECK(c.train.epochs == 3280);
  REQUIRE(c.optimizer.schedule.stage_factors.size() == 8);
  for (int i = 0; i < 8; i++) CHECK(c.optimizer.schedule.stage_factors[std::size_t(i)] == doctest::Approx(std::pow(10.0, -i / 7.0)));
  CHECK(c.optimizer.schedule.name == "stages");
  CHECK(c.optimizer.name == "adam");
  CHECK(c.optimizer.learning_rate == 1e-3);
  CHECK(c.optimizer.beta1 == 0.9);
  CHECK(c.optimizer.beta2 == 0.999);
  CHECK(c.optimizer.epsilon == 1e-4);
  CHECK(c.train.batch == 20);
  CHECK(c.model.hidden == std::vector<Index>{200, 200});
  CHECK(c.model.latent == 50);
  CHECK(c.model.activation == "tanh");
  CHECK(c.model.init == "glorot-uniform");
  CHECK(c.model.output == "sigmoid");
  CHECK(c.objective.likelihood == "bernoulli");
  CHECK(c.objective.bound == "elbo");
  CHECK(c.data.binarize == "dynamic");
  CHECK(c.data.valid == 0.0);
  Config start = c;
  start.data.spec = "digits";
  const Dataset data = load_data(start);
  Split few = data.train;
  few.values = data.train.values.slice(0, 300);
  few.labels = {};
  ParamStore store(store_options(c));
  const auto model = make_model(c, data.example_shape, store);
  start_at_data_mean(store, c, few);
  const Tensor values = few.values.to(DType::float64);
  const auto weights = store.tensors();
  for (const auto& [name, tensor] : weights) {
    if (name != "decoder/output/bias") continue;
    for (const Index pixel : {Index{0}, Index{14 * 28 + 14}}) {
      double sum = 0;
      for (Index i = 0; i < 300; i++) sum += values.data<double>()[i * 784 + pixel] / 255;
      const double m = std::clamp(sum / 300, 0.001, 0.999);
      CHECK(tensor.data<float>()[pixel] == doctest::Approx(std::log(m / (1 - m))).epsilon(1e-5));
    }
    return;
  }
  FAIL("the model has no output bias");
}

TEST_CASE("bounds: what does not go together is refused") {
  const auto refused = [](const std::vector<std::string>& settings) { return error_of([&] { small(settings); }); };
  CHECK(refused({"objective.bound=iwae", "objective.free_bits=0.5"}).find("iwae") != std::string::npos);
  CHECK(refused({"objective.bound=iwae", "objective.capacity=3"}).find("capacity") != std::string::npos);
  CHECK(refused({"objective.capacity=3", "objective.free_bits_total=1"}).find("capacity") != std::string::npos);
  CHECK(refused({"model.variational=false", "objective.samples=2"}).find("objective.samples") != std::string::npos);
  CHECK(refused({"objective.bound=vae"}).find("elbo") != std::string::npos);
}
