#include "lab/nll_figures.h"

#include <fmt/core.h>

#include <cmath>
#include <numbers>

#include "lab/plot_text.h"

namespace elbo {
namespace {

// nll in bits per number of an example, where it is the length of a code for the data: dequantised bytes (8 bits more for the density's
// unit), or binary pixels.
double bits_per_dim(const Figures& f, Likelihood l, double dimensions) {
  const double bits = f.nll / (dimensions * std::numbers::ln2);
  if (is_density(l) && f.dequantized) return bits + 8;
  return l == Likelihood::bernoulli && f.binarized ? bits : no_figure;
}

}  // namespace

Index fewer_samples(Index samples) { return std::max<Index>(1, samples / 10); }

NllTrust nll_trusted(const Figures& f) {
  if (f.importance_samples < 1 || std::isnan(f.nll)) return {};
  if (!f.variational) return {true, "exact"};
  if (f.importance_samples == 1) return {false, "one sample gives no more than the negative ELBO"};
  if (f.importance_samples < fewest_importance_samples)
    return {false, fmt::format("{} samples are too few to show how far they are from enough", f.importance_samples)};
  const double difference = f.nll_tenth - f.nll;
  const std::string evidence = fmt::format("{:.1f} samples are effective; {:.3f} nats lower than with the first {}", f.effective_samples,
                                           difference, lab::grouped_number(fewer_samples(f.importance_samples)));
  if (!(f.effective_samples >= fewest_effective_samples)) return {false, "one sample outweighs the rest: " + evidence};
  if (!(difference <= largest_difference)) return {false, "it still falls with every sample: " + evidence};
  return {true, evidence};
}

void NllColumns::add(const ImportanceEstimate& e, const Batch& batch) {
  place(nll_, e.nll, batch, examples_);
  place(tenth_, e.nll_tenth, batch, examples_);
  place(effective_, e.effective_samples, batch, examples_);
  samples_ = e.curve_samples;
  curves_.resize(samples_.size());
  for (std::size_t c = 0; c < samples_.size(); c++) place(curves_[c], e.curve[c], batch, examples_);
}

void NllColumns::fill(Figures& f, Likelihood likelihood, double dimensions) const {
  f.nll = column_mean(nll_);
  f.nll_standard_error = column_standard_error(nll_);
  f.nll_tenth = column_mean(tenth_);
  f.effective_samples = column_mean(effective_);
  for (std::size_t c = 0; c < samples_.size(); c++)
    f.nll_curve.push_back({samples_[c], column_mean(curves_[c]), column_standard_error(curves_[c])});
  f.bits_per_dim = bits_per_dim(f, likelihood, dimensions);
}

}  // namespace elbo
