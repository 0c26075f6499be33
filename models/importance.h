#pragma once
// log p(x) by importance sampling from the encoder (Burda, Grosse and Salakhutdinov 2015, "Importance weighted autoencoders"):
//
//   log p(x) ~ log 1/K sum over k of w_k,    w_k = p(x | z_k) p(z_k) / q(z_k | x),    z_k from q(z | x)
//
// A lower bound in expectation that rises with K to log p(x). Samples are taken one after the other and only sums are kept, so K may
// be any number: memory holds one batch.

#include <vector>

#include "models/objective.h"

namespace elbo {

// A running log-mean-exp of weights: the largest logarithm so far, and sums relative to it.
class LogMeanExp {
 public:
  void add(double log_weight);
  Index count() const { return count_; }
  double log_mean() const;           // log(1/n sum w); -infinity for none
  double effective_samples() const;  // (sum w)^2 / sum w^2 (Kish 1965): n where all are equal, 1 where one outweighs the rest

 private:
  Index count_ = 0;
  double largest_ = 0, sum_ = 0, sum_of_squares_ = 0;
};

struct ImportanceEstimate {
  std::vector<double> nll;        // -log p(x) of each example, nats
  std::vector<double> nll_tenth;  // with the first K/10 samples (at least one)
  std::vector<double> effective_samples;
  // With the first 1, 2, 5, 10, 20, 50, ... samples: how many, and -log p(x) of each example.
  std::vector<Index> curve_samples;
  std::vector<std::vector<double>> curve;
};

// x: these examples of their part, (n, example...), or their tokens; `labels`: of a conditional model. Sample k uses evaluation_noise(...,
// seed, k), so that sample 0 is the one of the ELBO. `variance`: that of gaussian-optimal; `weight`: the exponent of p(z) / q(z | x), where
// the bound of a weighted objective is wanted. For a variational model.
ImportanceEstimate importance_estimate(const Model& model, const Objective& objective, const Tensor& x, const Tensor& examples,
                                       Index samples, std::uint64_t seed, double variance, double weight = 1, const Tensor& labels = {});

}  // namespace elbo
