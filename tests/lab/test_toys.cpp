#include "lab/toys.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "autograd/mode.h"
#include "lab/evaluate.h"
#include "lab/linear_vae.h"
#include "models/evaluation.h"
#include "models/importance.h"
#include "models/information.h"
#include "nn/optim/methods.h"
#include "tensor/elementwise.h"
#include "tensor/likelihood.h"
#include "tests/support.h"

using namespace elbo;
using elbo::testing::contains;
using elbo::testing::message_of;

namespace {

// A dense model with weights drawn so that decoder and encoder both say something.
Run toy(Index latent, const std::string& likelihood, const std::string& activation = "tanh") {
  Run r;
  for (const char* s : {"model.hidden=[6]", "model.output=linear", "model.float=float64", "objective.variance=0.7"}) set_key(r.config, s);
  if (likelihood == "bernoulli") r.config.model.output = "sigmoid";
  r.config.model.latent = latent;
  r.config.model.activation = activation;
  r.config.objective.likelihood = likelihood;
  r.example_shape = {4};
  r.store = std::make_unique<ParamStore>(store_options(r.config));
  r.model = make_model(r.config, r.example_shape, *r.store);
  auto weights = r.store->tensors();
  std::uint64_t number = 0;
  for (auto& [name, t] : weights) {
    t = Tensor(t.shape(), DType::float64);
    fill_normal(t, {.seed = 3, .step = number++});
    if (name.starts_with("encoder/logvar")) t.copy_from(scale_shift(t, 0.4, name.ends_with("bias") ? -1.5 : 0));
  }
  r.store->load(weights, "test");
  return r;
}

// 300 updates on these examples: an encoder that knows its decoder.
void train(const Run& r, const Tensor& x) {
  Adam adam(*r.store, {.learning_rate = Schedule::cosine(0.03, 300)});
  Tensor noise({x.size(0), r.model->latent()}, DType::float64);
  for (std::uint64_t step = 0; step < 300; step++) {
    fill_normal(noise, {.seed = 1, .purpose = Purpose::latent, .step = step});
    adam.step(backward(r.objective()(*r.model, x, noise, 0, {.training = true}).objective));
  }
}

Tensor binary_examples(Index n) {
  Tensor x({n, 4}, DType::float64);
  fill_bernoulli(x, Tensor::full({n, 4}, 0.5, DType::float64), {.seed = 8});
  return x;
}

Tensor numbers(Index n) {
  Tensor x({n, 4}, DType::float64);
  fill_normal(x, {.seed = 8});
  return x;
}

Tensor first_examples(Index n) { return Tensor::arange(0, double(n), 1, DType::int32); }

double mean_of(const std::vector<double>& v) {
  double sum = 0;
  for (const double x : v) sum += x;
  return sum / double(v.size());
}

double standard_error(const std::vector<double>& v) {
  double squares = 0;
  for (const double x : v) squares += std::pow(x - mean_of(v), 2);
  return std::sqrt(squares / double(v.size() - 1) / double(v.size()));
}

}  // namespace

TEST_CASE("quadrature of a linear decoder is probabilistic PCA; of a linear encoder too") {
  for (const Index latent : {1, 2}) {
    ProbabilisticPca p{Tensor({4, latent}, DType::float64), Tensor({4}, DType::float64), 0.7};
    fill_normal(p.weights, {.seed = 2});
    fill_uniform(p.mean, {.seed = 4});
    LinearVae vae = best_encoder(p);
    vae.bias = scale_shift(vae.bias, 1, 0.3);
    vae.logvar = scale_shift(vae.logvar, 1, 0.5);
    Run r = toy(latent, "gaussian");
    set_key(r.config, "model.hidden=[]");
    ParamStore store(store_options(r.config));
    const auto model = make_model(r.config, r.example_shape, store);
    load_linear_vae(store, vae);
    const Tensor x = draw(p, 10, 1).x;
    const GridOptions grid{.points = latent == 1 ? 401 : 161};
    const ExactLikelihood likelihood = exact_log_likelihood(*model, r.objective(), x, grid);
    const ExactElbo bound = exact_elbo(*model, r.objective(), x, grid);
    const ExactPosteriorKl gap = exact_posterior_kl(*model, r.objective(), x, grid);
    const std::vector<double> log_p = log_likelihood(p, x);
    const LinearElbo closed = exact_elbo(vae, x);
    for (std::size_t i = 0; i < log_p.size(); i++) {
      CHECK(std::abs(likelihood.log_likelihood[i] - log_p[i]) < 1e-10);
      CHECK(std::abs(bound.reconstruction[i] - closed.reconstruction[i]) < 1e-10);
      CHECK(std::abs(bound.kl[i] - closed.kl[i]) < 1e-10);
      CHECK(std::abs(gap.kl[i] - (log_p[i] - closed.elbo(i))) < 1e-10);
    }
    CHECK(likelihood.error < 1e-6);
    CHECK(gap.error < 1e-6);
  }
}

TEST_CASE("probabilities of all binary examples add up to 1; halving the step confirms the error that is told") {
  Tensor all({16, 4}, DType::float64);
  for (Index i = 0; i < 64; i++) all.mutable_data<double>()[i] = double((i / 4) >> (i % 4) & 1);
  for (const Index latent : {1, 2})
    for (const char* activation : {"tanh", "relu"}) {
      const Run r = toy(latent, "bernoulli", activation);
      const Index points = latent == 1 ? 201 : 81;
      const ExactLikelihood p = exact_log_likelihood(*r.model, r.objective(), all, {.points = points});
      const ExactLikelihood fine = exact_log_likelihood(*r.model, r.objective(), all, {.points = 2 * points - 1});
      double sum = 0, largest = 0;
      for (std::size_t i = 0; i < 16; i++) {
        sum += std::exp(p.log_likelihood[i]);
        largest = std::max(largest, std::abs(p.log_likelihood[i] - fine.log_likelihood[i]));
      }
      CAPTURE(latent);
      CAPTURE(activation);
      CHECK(sum == doctest::Approx(1).epsilon(1e-10));  // the grid's own prior is 1 to 1e-14, whatever the decoder
      CHECK(largest <= p.error + 1e-14);
      CHECK(fine.error < (std::string(activation) == "tanh" ? 1e-8 : 1e-2));  // relu has kinks
    }
}

TEST_CASE("importance-weighted nll of a trained toy: the exact negative ELBO at K = 1, the quadrature's log p(x) at K = 10 to 1000") {
  constexpr Index n = 40;
  for (const Index latent : {1, 2})
    for (const std::string likelihood : {"bernoulli", "gaussian"}) {
      CAPTURE(latent);
      CAPTURE(likelihood);
      const Run r = toy(latent, likelihood);
      const Tensor x = likelihood == "bernoulli" ? binary_examples(n) : numbers(n);
      train(r, x);
      const GridOptions grid{.points = latent == 1 ? 801 : 121};
      const ExactLikelihood exact = exact_log_likelihood(*r.model, r.objective(), x, grid);
      const ExactElbo bound = exact_elbo(*r.model, r.objective(), x, grid);
      CHECK(exact.error < 1e-5);
      CHECK(bound.error < 1e-5);
      for (const Index k : {1, 10, 100, 1000}) {
        const ImportanceEstimate e = importance_estimate(*r.model, r.objective(), x, first_examples(n), k, 1, 0);
        std::vector<double> off, bias;
        for (std::size_t i = 0; i < n; i++) {
          off.push_back(e.nll[i] + (k == 1 ? bound.elbo(i) : exact.log_likelihood[i]));
          bias.push_back(0.5 * (1 / e.effective_samples[i] - 1 / double(k)));  // of a logarithm of a mean, to the first order
        }
        if (k == 1)
          MESSAGE(likelihood, ", latent ", latent, ", K 1: nll ", mean_of(e.nll), " exact negative ELBO ", mean_of(e.nll) - mean_of(off),
                  " error ", standard_error(off));
        if (k == 1000)
          MESSAGE(likelihood, ", latent ", latent, ", K ", k, ": nll ", mean_of(e.nll), " exact ", -mean_of(exact.log_likelihood), " off ",
                  mean_of(off), " bias ", mean_of(bias), " error ", standard_error(off), " effective ", mean_of(e.effective_samples));
        CHECK(std::abs(mean_of(off) - mean_of(bias)) < 4 * standard_error(off));
      }
    }
}

TEST_CASE("importance-weighted nll of an encoder that was never trained falls with K, and stays above") {
  constexpr Index n = 40;
  const Run r = toy(1, "gaussian");
  const Tensor x = numbers(n);
  const double exact = -mean_of(exact_log_likelihood(*r.model, r.objective(), x).log_likelihood);
  double before = std::numeric_limits<double>::infinity();
  for (const Index k : {1, 10, 100, 1000}) {
    const double nll = mean_of(importance_estimate(*r.model, r.objective(), x, first_examples(n), k, 1, 0).nll);
    CHECK(nll < before - 0.05);
    CHECK(nll > exact);
    before = nll;
  }
}

TEST_CASE("mutual information and aggregate KL from samples against quadrature of the mixture") {
  constexpr Index n = 1000;
  for (const Index latent : {1, 2}) {
    CAPTURE(latent);
    const Run r = toy(latent, "gaussian");
    const NoGrad guard;
    const Code code = r.model->encode(Var(numbers(n)));
    const Tensor &mean = code.mean.value(), &logvar = code.logvar.value();
    const ExactAggregate exact = exact_aggregate(mean, logvar);
    double kl = 0;
    const Tensor parts = kl_normal(mean, logvar);
    for (Index i = 0; i < parts.numel(); i++) kl += parts.element(i) / n;
    CHECK(exact.mass == doctest::Approx(1).epsilon(1e-10));
    CHECK(exact.error < 1e-6);
    CHECK(exact.mutual_information + exact.aggregate_kl == doctest::Approx(kl).epsilon(1e-9));
    std::vector<double> estimates;
    for (std::uint64_t seed = 1; seed <= 10; seed++)
      estimates.push_back(
          mutual_information(mean, logvar, reparameterise(mean, logvar, evaluation_noise(*r.model, first_examples(n), seed))));
    MESSAGE("latent ", latent, ": I ", estimates[0], " exact ", exact.mutual_information, "; aggregate KL ", kl - estimates[0], " exact ",
            exact.aggregate_kl, "; ten seeds ", mean_of(estimates), " error ", standard_error(estimates), " quadrature ", exact.error);
    CHECK(std::abs(mean_of(estimates) - exact.mutual_information) < 4 * standard_error(estimates));
  }
}

TEST_CASE("aggregate posteriors whose figures are known") {
  // One code: no information, and the KL is its own. Two far apart: log 2.
  const Tensor one = Tensor::from<double>({0.7, -1.2}, {1, 2}), narrow = Tensor::from<double>({-2, 0.3}, {1, 2});
  const ExactAggregate single = exact_aggregate(one, narrow);
  CHECK(std::abs(single.mutual_information) < 1e-12);
  CHECK(single.aggregate_kl == doctest::Approx(0.5 * (0.49 + 1.44 + std::exp(-2) + std::exp(0.3) - 2 + 2 - 0.3)).epsilon(1e-12));
  const ExactAggregate apart = exact_aggregate(Tensor::from<double>({-20, 20}, {2, 1}), Tensor::zeros({2, 1}, DType::float64));
  CHECK(apart.mutual_information == doctest::Approx(std::log(2.0)).epsilon(1e-12));
  CHECK(apart.aggregate_kl == doctest::Approx(200 - std::log(2.0)).epsilon(1e-12));
}

TEST_CASE("quadrature refuses what it cannot do") {
  const Run three = toy(3, "gaussian"), one = toy(1, "gaussian-optimal");
  const Tensor x = numbers(2);
  CHECK(contains(message_of<UsageError>([&] { exact_log_likelihood(*three.model, three.objective(), x); }), "one or two dimensions"));
  CHECK(contains(message_of<UsageError>([&] { exact_log_likelihood(*one.model, one.objective(), x); }), "gaussian-optimal"));
  CHECK(contains(message_of<UsageError>([&] { exact_log_likelihood(*one.model, one.objective(), x, {.points = 100, .variance = 1}); }),
                 "odd number"));
  const Tensor wide = Tensor::from<double>({-1e4, 1e4}, {2, 1}), thin = Tensor::full({2, 1}, -14, DType::float64);
  CHECK(contains(message_of<Error>([&] { exact_aggregate(wide, thin); }), "too fine a grid"));
  const Tensor square = Tensor::from<double>({-100, -100, 100, 100}, {2, 2}), narrow = Tensor::full({2, 2}, -6, DType::float64);
  CHECK(contains(message_of<Error>([&] { exact_aggregate(square, narrow); }), "too narrow"));
}
