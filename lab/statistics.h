#pragma once
// How far a difference between two models can be trusted. Two sources of chance, kept apart:
//
//   training    another seed gives other weights. The spread over seeds is the standard deviation (n - 1). Two models that were trained
//               with the same seeds are compared seed by seed: d_s = a_s - b_s, and the interval mean(d) +- t_{0.975, n-1} sd(d) / sqrt(n)
//               covers the mean difference over all seeds in 95 of 100 comparisons (Student 1908, "The probable error of a mean"), where
//               the d_s are about normal
//   test part   other examples give other means. The bootstrap draws the examples anew, n of n with replacement, 1,000 times; the
//               interval is that of the resampled means' 2.5 and 97.5 percentiles (Efron and Tibshirani 1993, "An introduction to the
//               bootstrap"). It ignores training noise: it speaks of the networks at hand alone
//
// A difference is to be believed where the first leaves out 0. The second is narrow where the test part is large, whatever the seeds say.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tensor/shape.h"

namespace elbo::lab {

// Fewer seeds than this give a standard deviation that may be off by half: 'few seeds'.
inline constexpr Index few_seeds_below = 5;

struct Spread {
  double mean = 0, sd = 0;  // sd: of a sample (n - 1); NaN for one value
  Index n = 0;
};
Spread spread_of(std::span<const double> values);

struct Interval {
  double low = 0, high = 0;
  bool contains(double x) const { return low <= x && x <= high; }
};

// P(T <= t) for Student's t with any positive number of degrees of freedom, by the regularised incomplete beta function, and its inverse.
// Both to about 1e-12 relative. Throw Error for degrees that are not positive; the quantile for a probability outside (0, 1).
double student_cdf(double t, double degrees);
double student_quantile(double probability, double degrees);

// I_x(a, b) by its continued fraction (Abramowitz and Stegun 1964, 26.5.8, evaluated as by Lentz 1976). a, b > 0, 0 <= x <= 1.
double incomplete_beta(double a, double b, double x);

// The mean of independent values with its two-sided t interval; none for fewer than two.
struct MeanInterval {
  Spread spread;
  std::optional<Interval> interval;
  bool few_seeds() const { return spread.n < few_seeds_below; }
};
MeanInterval t_interval(std::span<const double> values, double confidence = 0.95);
// Of a_s - b_s: value s of both under the same seed. Throws Error where they are not as many.
MeanInterval paired_t_interval(std::span<const double> a, std::span<const double> b, double confidence = 0.95);

struct BootstrapOptions {
  Index resamples = 1000;
  std::uint64_t seed = 1;
  double confidence = 0.95;
};
// The percentile interval of each column's mean. Value i of every column is of example i, and all columns are resampled alike: the
// interval of a column of differences is the paired one. Percentiles are interpolated between the ordered means. Throws Error for
// columns of different lengths, of length 0 or above 2^31, and for options out of range.
std::vector<Interval> bootstrap_means(const std::vector<std::vector<double>>& columns, const BootstrapOptions& options = {});

}  // namespace elbo::lab
