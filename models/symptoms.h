#pragma once
// What can be measured of a run that may be ill, in figures: of its codes, its decoder, its losses and its hidden units. What they mean is
// judged elsewhere (models/illness.h), so that training, which knows some of them, and the doctor (lab/doctor.h), who looks for all, use
// the same rules. A figure that nobody measured is NaN, a number of units -1.

#include <limits>
#include <string>
#include <vector>

#include "models/objective.h"
#include "models/run.h"

namespace elbo {

struct Symptoms {
  static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
  Index examples = 0;  // that were looked at

  // Nats an example, one latent sample.
  double reconstruction = unknown, kl = unknown;
  double weight = unknown;  // of the KL at that time

  // Of the code.
  Index active_units = -1;              // dimensions whose encoder mean has a variance above 0.01 (Burda et al. 2015)
  Index constant_units = -1;            // of a plain autoencoder: deviation below a thousandth of the largest one's
  double mutual_information = unknown;  // of index and code (models/information.h)
  double aggregate_kl = unknown;        // at least so far is q(z), all codes together, from N(0, I): aggregate_kl_bound()
  double code_scale = unknown;          // root mean square of a number of z
  double largest_variance = unknown, smallest_variance = unknown;  // of the posterior of a unit, mean over examples
  Index largest_unit = -1, smallest_unit = -1;                     // which
  double sample_distance = unknown;  // pictures: of decoded N(0, I) codes to the nearest data, over the same of reconstructions

  // Of a decoder of numbers, at a latent sample.
  double residual = unknown;       // mean square of data less the decoder's mean, a number
  double variance = unknown;       // gaussian-optimal: the variance in use
  double saturated = unknown;      // share of the numbers whose sigmoid is 0 or 1 to within float precision and more than 0.1 from the data
  double largest_logit = unknown;  // the magnitude, where the decoder gives logits
  double at_floor = unknown;       // gaussian-learned: share of log-variances at the floor, of numbers that vary over the data by more
  double floor_residual = unknown;  // and the residual of these

  // Losses of training and of held-out examples with the same weights, of the same kind.
  double training_loss = unknown, held_out_loss = unknown, untrained_loss = unknown;  // untrained: of what knows the data's mean alone
  double loss_error = unknown;                                                        // standard error of held out less training
  std::string loss;                                                                   // "squared error", ...
  // While training: of the validation objective, at its best and now, and what it has come down since the first epoch.
  double best_objective = unknown, objective = unknown, learned = unknown;
  Index best_epoch = 0, epoch = 0;

  struct Layer {
    std::string name;
    Index units = 0, dead = 0;  // dead: 0 for all examples
  };
  std::vector<Layer> layers;  // of relu
};

// Sums of codes and of their products, in double and in the order of the examples.
class CodeSums {
 public:
  explicit CodeSums(Index latent);
  void add(const Code& code);
  CodeStatistics statistics() const;            // of z: the noise of a VAE's encoder counts
  Index active(double threshold = 0.01) const;  // dimensions whose mean varies by more
  void fill(Symptoms& s, bool variational) const;

 private:
  Index latent_;
  double count_ = 0;
  std::vector<double> sum_, noise_, product_;
};

// KL(q(z) || N(0, I)) of all codes together is at least that of the Gaussian g with their mean m and covariance C, since log p(z) is
// quadratic: KL(q || p) = KL(q || g) + KL(g || p), and
//
//   KL(g || p) = 1/2 (tr C + m.m - d - log det C)
//
// Unlike KL less mutual information it does not hang on how many examples there are, but for what C and m of `examples` of them have too
// much on average, d (d + 3) / (4 examples), which is taken off. Nats, not below 0.
double aggregate_kl_bound(const CodeStatistics& codes, double examples);

// The figures of the decoder over passes with a latent sample. For decoders of texts nothing.
class DecoderSums {
 public:
  void add(const Pass& pass, const Tensor& x);  // x: (n, example...), what the pass was of
  void fill(Symptoms& s) const;

 private:
  double rows_ = 0, numbers_ = 0, squares_ = 0, saturated_ = 0, logit_ = -1;
  // Of each number of an example, where its log-variance is the decoder's: sums of the data, and what is at the floor.
  struct Place {
    double sum = 0, squares = 0, floor = 0, floor_squares = 0;
  };
  std::vector<Place> places_;
};

}  // namespace elbo
