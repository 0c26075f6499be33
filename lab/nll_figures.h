#pragma once
// Figures of -log p(x) by importance sampling (models/importance.h), and whether their number of samples is enough.
//
// The estimate with K samples is too high in expectation and falls towards -log p(x) as K grows (Burda, Grosse and Salakhutdinov 2015), by
// how much nothing says for sure. It is trusted where three things speak for it:
//
//   samples             at least 10: of fewer nothing smaller is far enough away to be held against
//   effective samples   (sum w)^2 / sum w^2, mean over the examples, at least 2: else one sample outweighs the rest (Kish 1965)
//   difference          to the first K/10 samples (rounded down), at most half a nat: else ten times as many may well lower it by more
//
// The standard error over examples is another matter: how far these examples are from all, whatever K is. An estimate may be trusted and
// have a large one.

#include <optional>
#include <string>

#include "lab/columns.h"
#include "lab/evaluate.h"
#include "models/importance.h"

namespace elbo {

inline constexpr Index fewest_importance_samples = 10;
inline constexpr double fewest_effective_samples = 2, largest_difference = 0.5;  // nats

// The first so many of K samples are what the estimate is held against: K/10, one at least.
Index fewer_samples(Index samples);

struct NllTrust {
  std::optional<bool> trusted;  // empty where there is no nll; a language model's is exact
  std::string evidence;         // for people: what speaks for it or against it
};
NllTrust nll_trusted(const Figures& figures);

// Gathers what batches give, in the order of the part.
class NllColumns {
 public:
  explicit NllColumns(Index examples) : examples_(examples) {}
  void add(const ImportanceEstimate& estimate, const Batch& batch);
  // Fills nll, its error, nll_tenth, effective_samples, nll_curve and bits_per_dim. `dimensions`: numbers of an example.
  void fill(Figures& figures, Likelihood likelihood, double dimensions) const;
  const std::vector<double>& nll() const { return nll_; }
  const std::vector<double>& effective_samples() const { return effective_; }

 private:
  Index examples_;
  std::vector<double> nll_, tenth_, effective_;
  std::vector<Index> samples_;               // of the curve
  std::vector<std::vector<double>> curves_;  // a column for each
};

}  // namespace elbo
