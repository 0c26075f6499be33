#include "models/importance.h"

#include <cmath>

#include "autograd/mode.h"
#include "models/evaluation.h"
#include "tensor/error.h"

namespace elbo {
namespace {

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
  const auto in_double = [](const Var& v) { return Var(v.value().to(DType::float64)); };
  const Code exact{in_double(code.mean), in_double(code.logvar)};  // a ratio sums over all dimensions
  std::vector<LogMeanExp> weights(static_cast<std::size_t>(n));
  ImportanceEstimate out;
  for (Index k = 0; k < samples; k++) {
    const Tensor noise = evaluation_noise(model, examples, seed, std::uint64_t(k));
    const Var z = model.draw(code, noise);
    const Tensor loss = objective.reconstruction(model, code, model.given(z, labels), x, variance).value().to(DType::float64);
    const Tensor ratio = model.distributions().log_prior_over_posterior(exact, in_double(z), noise.to(DType::float64)).value();
    for (std::size_t i = 0; i < weights.size(); i++) weights[i].add(weight * ratio.data<double>()[i] - loss.data<double>()[i]);
    if (is_round(k + 1)) {
      out.curve_samples.push_back(k + 1);
      out.curve.emplace_back();
      for (const LogMeanExp& w : weights) out.curve.back().push_back(-w.log_mean());
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
