#include "models/importance.h"

#include <cmath>

#include "autograd/mode.h"
#include "models/evaluation.h"
#include "tensor/error.h"
#include "tensor/likelihood.h"

namespace elbo {
namespace {

// log p(z) - log q(z | x) of each example, where z = mu + exp(logvar / 2) epsilon:
//   sum over j of (epsilon_j^2 + logvar_j - z_j^2) / 2        (the constants log(2 pi) / 2 cancel)
template <class T>
std::vector<double> prior_over_posterior(const Tensor& z, const Tensor& epsilon, const Tensor& logvar) {
  const Index n = z.size(0), latent = z.size(1);
  const T *zs = z.data<T>(), *es = epsilon.data<T>(), *ls = logvar.data<T>();
  std::vector<double> out(static_cast<std::size_t>(n));
  for (Index i = 0; i < n; i++) {
    double sum = 0;
    for (Index j = i * latent; j < (i + 1) * latent; j++)
      sum += double(es[j]) * double(es[j]) + double(ls[j]) - double(zs[j]) * double(zs[j]);
    out[std::size_t(i)] = sum / 2;
  }
  return out;
}

// 1, 2 or 5 times a power of ten.
bool is_round(Index k) {
  while (k % 10 == 0) k /= 10;
  return k == 1 || k == 2 || k == 5;
}

}  // namespace

void LogMeanExp::add(double log_weight) {
  if (count_++ == 0) {
    largest_ = log_weight;
    sum_ = sum_of_squares_ = 1;
    return;
  }
  if (log_weight <= largest_) {
    const double w = std::exp(log_weight - largest_);
    sum_ += w;
    sum_of_squares_ += w * w;
  } else {  // what there is so far, relative to the new largest
    const double w = std::exp(largest_ - log_weight);
    sum_ = sum_ * w + 1;
    sum_of_squares_ = sum_of_squares_ * w * w + 1;
    largest_ = log_weight;
  }
}

double LogMeanExp::log_mean() const {
  return count_ == 0 ? -std::numeric_limits<double>::infinity() : largest_ + std::log(sum_ / double(count_));
}

double LogMeanExp::effective_samples() const { return count_ == 0 ? 0 : sum_ * sum_ / sum_of_squares_; }

ImportanceEstimate importance_estimate(const Model& model, const Objective& objective, const Tensor& x, const Tensor& examples,
                                       Index samples, std::uint64_t seed, double variance, double weight, const Tensor& labels) {
  if (!model.variational()) fail("importance", "expected a variational model: a plain autoencoder has no distribution of codes");
  if (samples < 1) throw UsageError("[importance] expected at least one sample");
  NoGrad guard;
  const Index n = x.size(0);
  const Code code = model.encode(Var(x), labels);
  const Tensor &mean = code.mean.value(), &logvar = code.logvar.value();
  std::vector<LogMeanExp> weights(static_cast<std::size_t>(n));
  ImportanceEstimate out;
  for (Index k = 0; k < samples; k++) {
    const Tensor noise = evaluation_noise(model, examples, seed, std::uint64_t(k));
    const Tensor z = reparameterise(mean, logvar, noise);
    const Tensor loss = objective.reconstruction(model, code, model.given(Var(z), labels), x, variance).value();
    for_float("importance", z.dtype(), [&]<class T>(T) {
      const std::vector<double> ratio = prior_over_posterior<T>(z, noise, logvar);
      for (std::size_t i = 0; i < weights.size(); i++) weights[i].add(weight * ratio[i] - double(loss.data<T>()[i]));
    });
    if (is_round(k + 1)) {
      double all = 0;
      for (const LogMeanExp& w : weights) all -= w.log_mean();
      out.curve_samples.push_back(k + 1);
      out.curve_sums.push_back(all);
    }
    if (k + 1 == std::max<Index>(1, samples / 10))
      for (const LogMeanExp& w : weights) out.nll_tenth.push_back(-w.log_mean());
  }
  for (const LogMeanExp& w : weights) {
    out.nll.push_back(-w.log_mean());
    out.effective_samples.push_back(w.effective_samples());
  }
  return out;
}

}  // namespace elbo
