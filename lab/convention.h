#pragma once
// Other people's loss conventions, and what they mean here. Most VAE code sums or averages its two terms differently, so that the same
// "beta" is another objective: a squared error averaged over 784 pixels beside a KL that is summed weighs the KL 784 times as much.
//
//   theirs = n f (reconstruction / r + (beta / f) KL / l)    r, l: how many numbers each mean is over, 1 for sums; f: 1/2 of a half
//                                                            squared error; n: the examples of a batch that is summed, 1 for means
//   scale * theirs = reconstruction + b KL                   scale = r / (f n), b = beta r / (f l): the same minimum, in sums an example
//
// A squared error without constants is no log-likelihood, and its sum is not in nats. It has the minimum of a Gaussian likelihood of
// variance b / 2 for every number, at beta 1, all constants kept:
//
//   negative ELBO = (squared error + b KL) / b + D/2 log(pi b)    nats an example of D numbers
//
// A cross-entropy is in nats, and with b = 1 a negative ELBO, where every number is 0 or 1; of others it is no log-likelihood. Bits a
// dimension are those of the negative ELBO, an upper bound of what elbo-eval takes from nll: nats / (D ln 2) of binary numbers under the
// Bernoulli; + 8 of (byte + uniform noise) / 256 under the Gaussian. Its density at bare values in [0, 1] is no code length: null.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/shape.h"

namespace elbo {

struct LossConvention {
  std::string_view name;        // "pytorch-mean-mse"
  std::string_view formula;     // as its users write it
  std::string_view likelihood;  // objective.likelihood of the same reconstruction term: "squared-error" or "bernoulli"
  double factor;                // theirs is this times the sum: 1/2 of a half squared error
  bool mean_over_numbers, mean_over_latent, sum_over_batch;
};

const std::vector<LossConvention>& loss_conventions();
const LossConvention& loss_convention(std::string_view name);  // throws UsageError naming the nearest

struct ConventionOptions {
  double beta = 1;
  Index numbers = 784, latent = 20;  // of an example, and of its code
  std::optional<Index> batch = {};   // examples in a sum over the batch
  std::string data = "grey";         // "binary": every number 0 or 1; "dequantised": bytes with uniform noise, over 256; "grey": others
  std::optional<double> loss = {};   // a value of theirs
};

// What a loss is here. A figure that does not apply is empty, and why that is stands beside it.
struct Translation {
  LossConvention convention;
  ConventionOptions options;
  std::optional<double> scale;              // theirs times this is in sums an example; empty of a sum over an unknown batch
  double effective_beta = 1;                // objective.beta
  std::string_view normalised_likelihood;   // whose nats they are at beta 1: "gaussian", "bernoulli", or empty
  std::optional<double> gaussian_variance;  // of a squared error
  std::optional<double> constant;           // of that likelihood: nats = loss in sums / effective beta + constant
  std::optional<double> loss_in_sums;       // reconstruction + effective beta KL of options.loss
  std::optional<double> nats, bits_per_dim;
  std::string why_no_nats, why_no_bits_per_dim;
};

// "pytorch-mean-mse,beta=0.00025,pixels=784,latent=20,loss=0.03"; keys also batch and data. Throws UsageError for what does not parse, and
// for a batch where the convention takes the mean over it.
Translation translate(std::string_view text);

std::string to_text(const Translation& t);
std::string to_json(const Translation& t);  // one object, a line end at the end

}  // namespace elbo
