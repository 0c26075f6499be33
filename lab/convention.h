#pragma once
// Other people's loss conventions, and what they mean in sums. Most VAE code sums or averages its two terms differently, so that the same
// "beta" is another objective: a squared error averaged over 784 pixels beside a KL that is summed weighs the KL 784 times as much.
//
//   theirs = (reconstruction / r) + beta (KL / l)    r, l: how many numbers each mean is over; 1 for sums
//   r * theirs = reconstruction + (beta r / l) KL    the same minimum, in nats an example: the effective beta is beta r / l
//
// A squared error without constants is no log-likelihood. reconstruction + b KL has the minimum of a Gaussian likelihood of variance b / 2
// for every pixel with beta 1, whose negative log-likelihood is squared error / b + D/2 log(pi b) nats.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/shape.h"

namespace elbo {

struct LossConvention {
  std::string_view name;        // "pytorch-mean-mse"
  std::string_view formula;     // as its users write it
  std::string_view likelihood;  // objective.likelihood of the same reconstruction term
  double factor;                // theirs is this times the sum: 1/2 of a half squared error
  bool mean_over_numbers, mean_over_latent;
};

const std::vector<LossConvention>& loss_conventions();
const LossConvention& loss_convention(std::string_view name);  // throws UsageError naming the nearest

struct ConventionOptions {
  double beta = 1;
  Index numbers = 784, latent = 20;  // of an example, and of its code
  std::optional<double> loss = {};   // a value of theirs, to be put in nats
};

// "pytorch-mean-mse,beta=0.00025,pixels=784,latent=20,loss=0.03"; throws UsageError for what does not parse.
struct Translation {
  LossConvention convention;
  ConventionOptions options;
  double scale = 1;                         // theirs times this is ours
  double effective_beta = 1;                // objective.beta
  std::optional<double> gaussian_variance;  // of a squared error: the variance that makes it a likelihood with beta 1
  std::optional<double> nats;               // options.loss in ours
};
Translation translate(std::string_view text);

std::string to_text(const Translation& t);
std::string to_json(const Translation& t);  // one object, a line end at the end

}  // namespace elbo
