#include "lab/convention.h"

#include <doctest/doctest.h>
#include <fmt/core.h>

#include <cmath>
#include <numbers>

#include "models/objective.h"
#include "models/run.h"
#include "tensor/json.h"
#include "tensor/random.h"
#include "tensor/reduce.h"
#include "tests/support.h"

using namespace elbo;
using elbo::testing::error_of;

namespace {

constexpr Index n = 4, d = 6, latent = 3;

// A small VAE, its input and noise. The Gaussian's decoder and that of squares give the same means from the same weights.
struct Measured {
  explicit Measured(const std::string& likelihood, double variance = 1, bool binary = false) {
    Config c;
    c.model.float_type = "float64";
    c.model.hidden = {7};
    c.model.latent = latent;
    c.objective.likelihood = likelihood;
    c.objective.variance = variance;
    ParamStore store(store_options(c));
    const auto model = make_model(c, {3, 2, 1}, store);
    x = Tensor({n, 3, 2, 1}, DType::float64);
    Tensor noise({n, latent}, DType::float64);
    fill_uniform(x, {.seed = 1}), fill_normal(noise, {.seed = 2});
    if (binary)
      for (double& v : std::span(x.mutable_data<double>(), std::size_t(n * d))) v = v > 0.5;
    pass = Objective(c)(*model, x, noise);
    const double* y = pass.decoding.output.value().data<double>();
    for (Index i = 0; i < n * d; i++) {
      const double t = x.data<double>()[i], p = 1 / (1 + std::exp(-y[i]));
      squares += (t - y[i]) * (t - y[i]);
      entropy -= t * std::log(p) + (1 - t) * std::log(1 - p);
    }
    kl = total(pass.kl.value());
  }
  Tensor x;
  Pass pass;
  double squares = 0, entropy = 0, kl = 0;  // sums over everything, of means and of logits
};

// The loss as the convention's formula computes it, of the whole batch.
double theirs(std::string_view name, const Measured& m, double beta) {
  if (name == "pytorch-mean-mse" || name == "keras-mean-mse") return m.squares / (n * d) + beta * m.kl / n;
  if (name == "pytorch-mean-mse-mean-kl") return m.squares / (n * d) + beta * m.kl / (n * latent);
  if (name == "pytorch-sum-mse") return m.squares + beta * m.kl;
  if (name == "half-sum-mse") return 0.5 * m.squares + beta * m.kl;
  if (name == "pytorch-mean-bce") return m.entropy / (n * d) + beta * m.kl / n;
  if (name == "pytorch-mean-bce-mean-kl") return m.entropy / (n * d) + beta * m.kl / (n * latent);
  if (name == "pytorch-sum-bce") return m.entropy + beta * m.kl;
  if (name == "keras-sum-bce" || name == "elbo") return (m.entropy + beta * m.kl) / n;
  FAIL("a convention without a loss: " << name);
  return 0;
}

Translation translated(const LossConvention& c, double beta, double loss, const char* data) {
  return translate(fmt::format("{},beta={:.17g},pixels={},latent={},data={},loss={:.17g}{}", c.name, beta, d, latent, data, loss,
                               c.sum_over_batch ? fmt::format(",batch={}", n) : ""));
}

}  // namespace

TEST_CASE("conventions: a loss of theirs is in sums our objective at the effective beta") {
  for (const LossConvention& c : loss_conventions()) {
    CAPTURE(c.name);
    const Measured m{std::string(c.likelihood)};
    CHECK((m.kl > 0.1 && m.squares > 0.1));  // both terms count
    const Translation t = translated(c, 0.3, theirs(c.name, m, 0.3), "grey");
    const double ours = m.pass.mean_reconstruction() + t.effective_beta * m.pass.mean_kl();
    CHECK(*t.loss_in_sums == doctest::Approx(ours).epsilon(1e-10));
  }
}

TEST_CASE("conventions: a squared error is in nats our total under the Gaussian that is named") {
  for (const LossConvention& c : loss_conventions()) {
    if (c.likelihood != "squared-error") continue;
    for (const double beta : {0.004, 0.3, 2.0}) {
      CAPTURE(c.name);
      const Translation t = translated(c, beta, theirs(c.name, Measured("squared-error"), beta), "dequantised");
      CHECK(t.normalised_likelihood == "gaussian");
      const Measured gaussian("gaussian", *t.gaussian_variance);
      const double total = gaussian.pass.objective.value().item();  // beta 1
      CHECK(*t.nats == doctest::Approx(total).epsilon(1e-10));
      CHECK(*t.bits_per_dim == doctest::Approx(total / (d * std::numbers::ln2) + 8).epsilon(1e-10));
      CHECK(*t.constant == doctest::Approx(total - *t.loss_in_sums / t.effective_beta).epsilon(1e-10));
      CHECK(translated(c, beta, 1, "grey").nats);
      CHECK(!translated(c, beta, 1, "grey").bits_per_dim);
    }
  }
}

TEST_CASE("conventions: a cross-entropy of binary numbers is in nats our total where beta comes to 1") {
  const Measured m("bernoulli", 1, true);
  const double total = m.pass.objective.value().item();
  for (const LossConvention& c : loss_conventions()) {
    if (c.likelihood != "bernoulli") continue;
    CAPTURE(c.name);
    const double beta = (c.mean_over_latent ? double(latent) : 1) / (c.mean_over_numbers ? double(d) : 1);
    const Translation t = translated(c, beta, theirs(c.name, m, beta), "binary");
    CHECK(t.effective_beta == doctest::Approx(1));
    CHECK(t.normalised_likelihood == "bernoulli");
    CHECK(*t.constant == 0);
    CHECK(*t.nats == doctest::Approx(total).epsilon(1e-10));
    CHECK(*t.bits_per_dim == doctest::Approx(total / (d * std::numbers::ln2)).epsilon(1e-10));
    const Translation grey = translated(c, beta, theirs(c.name, m, beta), "grey");
    CHECK(grey.normalised_likelihood.empty());
    CHECK((!grey.nats && !grey.bits_per_dim && !grey.constant));
    CHECK(grey.why_no_nats.find("grey numbers is no log-likelihood") != std::string::npos);
    CHECK(*grey.loss_in_sums == doctest::Approx(total).epsilon(1e-10));
    const Translation weighted = translated(c, 2 * beta, 1, "binary");
    CHECK((!weighted.nats && weighted.loss_in_sums));
    CHECK(weighted.why_no_nats.find("beta is 2 where the negative ELBO has 1") != std::string::npos);
  }
  CHECK(translate("pytorch-mean-bce,beta=0.00127551,data=binary,loss=0.2").nats);  // 1/784 as it is typed
}

TEST_CASE("conventions: known figures, in text and in JSON") {
  const Translation t = translate("pytorch-mean-mse,beta=0.00025,loss=0.03");
  CHECK(t.effective_beta == doctest::Approx(0.196));
  CHECK(*t.gaussian_variance == doctest::Approx(0.098));
  CHECK(*t.loss_in_sums == doctest::Approx(23.52));
  CHECK(*t.constant == doctest::Approx(-190.085).epsilon(1e-5));
  CHECK(*t.nats == doctest::Approx(0.03 * 784 / 0.196 - 190.085).epsilon(1e-4));
  for (const char* part : {"objective.variance=0.098", "data.dequantize=none", "* 5.10204 - 190.085 nats", "23.52 in sums",
                           "negative ELBO of -70.0", "Bits a dimension: none"})
    CHECK_MESSAGE(to_text(t).find(part) != std::string::npos, part, "\n", to_text(t));
  const Json j = Json::parse(to_json(t), "t");
  CHECK(j["nats"].number() == *t.nats);
  CHECK(j["constant"].number() == *t.constant);
  CHECK(j["loss_in_sums"].number() == *t.loss_in_sums);
  CHECK((j["bits_per_dim"].is_null() && j["why_no_bits_per_dim"].is_string()));
  CHECK((j["why_no_nats"].is_null() && j["batch"].is_null()));

  const Translation half = translate("half-sum-mse,beta=1,batch=1,loss=30");  // variance 1
  CHECK(*half.nats == doctest::Approx(30 + 392 * std::log(2 * std::numbers::pi)));
  CHECK(*translate("half-sum-mse,batch=10,loss=300").nats == doctest::Approx(*half.nats));
}

TEST_CASE("conventions: what does not apply is null, and says why") {
  const Translation sum = translate("half-sum-mse,beta=1,loss=30");
  CHECK((!sum.scale && !sum.nats && !sum.loss_in_sums && sum.constant));
  CHECK(sum.why_no_nats.find("batch=N") != std::string::npos);
  CHECK(to_text(sum).find("batch=N") != std::string::npos);
  CHECK(Json::parse(to_json(sum), "t")["nats"].is_null());
  const Translation plain = translate("pytorch-mean-mse,beta=0,loss=0.03");
  CHECK((!plain.nats && !plain.constant && !plain.gaussian_variance));
  CHECK(plain.why_no_nats.find("beta 0") != std::string::npos);
  CHECK(to_text(plain).find("23.52 in sums an example, which are not the nats") != std::string::npos);
  CHECK(translate("elbo,data=binary").why_no_nats == "no loss was given");
}

TEST_CASE("conventions: what does not parse is named") {
  const auto message = [](const char* text) { return error_of([&] { translate(text); }); };
  CHECK(message("pytorch-mean-mze").find("pytorch-mean-mse") != std::string::npos);
  CHECK(message("elbo,bta=1").find("beta") != std::string::npos);
  for (const char* text :
       {"elbo,beta=x", "elbo,beta=", "elbo,beta", "elbo,beta=-1", "elbo,loss=nan", "elbo,beta=1e300", "elbo,beta=1e-300"})
    CHECK_MESSAGE(message(text).find("expected a number from 0") != std::string::npos, text);
  CHECK(message("elbo,pixels=0").find("whole number from 1") != std::string::npos);
  CHECK(message("elbo,latent=2.5").find("whole number") != std::string::npos);
  CHECK(message("pytorch-sum-mse,batch=0").find("batch is '0', expected a whole number from 1") != std::string::npos);
  CHECK(message("pytorch-sum-mse,batch=1.5").find("whole number") != std::string::npos);
  CHECK(message("pytorch-mean-mse,batch=8").find("mean over the batch") != std::string::npos);
  CHECK(message("elbo,data=gray").find("'grey'") != std::string::npos);
  CHECK(message("elbo,beta=1,beta=2").find("twice") != std::string::npos);
}
