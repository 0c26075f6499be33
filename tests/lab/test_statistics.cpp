#include "lab/statistics.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "tensor/parallel.h"
#include "tensor/random.h"
#include "tests/support.h"

using namespace elbo;
using namespace elbo::lab;
using elbo::testing::contains;
using elbo::testing::error_of;

namespace {

double relative(double got, double expected) { return std::abs(got - expected) / std::abs(expected); }

// Share of `n` draws that succeed with probability p: P(count <= k).
double binomial_cdf(int k, int n, double p) {
  double sum = 0;
  for (int i = 0; i <= k; i++)
    sum += std::exp(std::lgamma(n + 1.0) - std::lgamma(i + 1.0) - std::lgamma(n - i + 1.0) + i * std::log(p) + (n - i) * std::log(1 - p));
  return sum;
}

}  // namespace

// from scipy import stats (1.17.1)
// for p in (0.6, 0.975, 0.995):
//   for df in (0.5, 1, 2, 4, 9, 29.5, 1000): print(p, df, stats.t.ppf(p, df))
TEST_CASE("Student's quantiles: scipy's, and the closed forms of one and two degrees") {
  const double scipy[][3] = {{0.6, 0.5, 0.3979754267847907},   {0.6, 1, 0.32491969623290634},     {0.6, 2, 0.2886751345948128},
                             {0.6, 4, 0.2707222947075976},     {0.6, 9, 0.260955336473911},       {0.6, 29.5, 0.2556438332441564},
                             {0.6, 1000, 0.25341451583949876}, {0.975, 0.5, 164.55767348048818},  {0.975, 1, 12.706204736174694},
                             {0.975, 2, 4.302652729749462},    {0.975, 4, 2.7764451051977934},    {0.975, 9, 2.262157162798205},
                             {0.975, 29.5, 2.043724966772122}, {0.975, 1000, 1.9623390808264083}, {0.995, 0.5, 4113.964588804174},
                             {0.995, 1, 63.656741162871526},   {0.995, 2, 9.924843200918287},     {0.995, 4, 4.604094871349992},
                             {0.995, 9, 3.249835541592126},    {0.995, 29.5, 2.753133270256325},  {0.995, 1000, 2.580754698065951}};
  for (const auto& [p, degrees, t] : scipy) {
    CHECK(relative(student_quantile(p, degrees), t) < 1e-11);
    CHECK(student_quantile(1 - p, degrees) == doctest::Approx(-t).epsilon(1e-11));
  }
  for (const double p : {0.51, 0.7, 0.975, 0.9999}) {
    CHECK(relative(student_quantile(p, 1), std::tan(std::numbers::pi * (p - 0.5))) < 1e-11);
    CHECK(relative(student_quantile(p, 2), (2 * p - 1) * std::sqrt(0.5 / (p * (1 - p)))) < 1e-11);
    CHECK(student_cdf(student_quantile(p, 3.7), 3.7) == doctest::Approx(p).epsilon(1e-13));
  }
  CHECK(student_quantile(0.5, 3) == 0);
  CHECK(contains(error_of([] { student_quantile(1, 3); }), "between 0 and 1"));
  CHECK(contains(error_of([] { student_quantile(0.9, 0); }), "degrees"));
}

// for t in (-30, -2, -0.1, 0.7, 3):
//   for df in (1, 3, 9, 1000): print(t, df, stats.t.cdf(t, df))
// for a, b, x in (...): print(a, b, x, scipy.special.betainc(a, b, x))
TEST_CASE("Student's distribution and the incomplete beta function: scipy's, far tails included") {
  const double scipy[][3] = {{-30, 1, 0.010606402405535426},      {-30, 3, 4.067640213581979e-05}, {-30, 9, 1.2418523520791317e-10},
                             {-30, 1000, 7.687343722021547e-142}, {-2, 1, 0.14758361765043326},    {-2, 3, 0.06966298427942152},
                             {-2, 9, 0.038276411885350504},       {-2, 1000, 0.02288517324662583}, {-0.1, 1, 0.4682744825694465},
                             {-0.1, 3, 0.46332617440040297},      {-0.1, 9, 0.4612682239783406},   {-0.1, 1000, 0.46018218451180204},
                             {0.7, 1, 0.6944001122142147},        {0.7, 3, 0.7328365008476182},    {0.7, 9, 0.7491904803919275},
                             {0.7, 1000, 0.7579549430036988},     {3, 1, 0.8975836176504333},      {3, 3, 0.9711655571887814},
                             {3, 9, 0.9925218180447929},          {3, 1000, 0.9986166454778809}};
  for (const auto& [t, degrees, p] : scipy) CHECK(relative(student_cdf(t, degrees), p) < (degrees > 100 ? 1e-11 : 1e-13));
  CHECK(student_cdf(0, 4) == 0.5);
  CHECK(student_cdf(std::numeric_limits<double>::infinity(), 4) == 1);
  const double beta[][4] = {{0.5, 0.5, 0.3, 0.36901011956554536},
                            {2, 3, 0.4, 0.5247999999999999},
                            {10, 0.5, 0.99, 0.6579281751567845},
                            {200, 300, 0.41, 0.677628164772179},
                            {0.1, 7, 0.001, 0.6354602696289336}};
  for (const auto& [a, b, x, value] : beta) CHECK(relative(incomplete_beta(a, b, x), value) < 1e-12);
  CHECK(incomplete_beta(2, 3, 0) == 0);
  CHECK(incomplete_beta(2, 3, 1) == 1);
  CHECK(contains(error_of([] { incomplete_beta(2, 3, 1.5); }), "0 <= x <= 1"));
}

// a, b = [101.3, 99.8, 102.4, 100.9, 101.7], [100.1, 99.9, 100.8, 99.5, 101.0]
// stats.ttest_rel(a, b).confidence_interval(0.95), numpy.std(numpy.subtract(a, b), ddof=1)
TEST_CASE("the paired interval: scipy's; none for one seed, 'few seeds' below five") {
  const std::vector<double> a = {101.3, 99.8, 102.4, 100.9, 101.7}, b = {100.1, 99.9, 100.8, 99.5, 101.0};
  const MeanInterval m = paired_t_interval(a, b);
  REQUIRE(m.interval);
  CHECK(m.interval->low == doctest::Approx(0.115120865866851).epsilon(1e-11));
  CHECK(m.interval->high == doctest::Approx(1.8048791341331536).epsilon(1e-11));
  CHECK(m.spread.sd == doctest::Approx(0.6804410334481662).epsilon(1e-12));
  CHECK_FALSE(m.few_seeds());
  CHECK(paired_t_interval(std::span(a).first(4), std::span(b).first(4)).few_seeds());
  CHECK_FALSE(t_interval(std::span(a).first(1)).interval);
  CHECK(std::isnan(t_interval(std::span(a).first(1)).spread.sd));
  CHECK(t_interval({}).spread.n == 0);
  CHECK(contains(error_of([&] { paired_t_interval(a, std::span(b).first(2)); }), "5 and 2"));
  // What both have in common under one seed cancels.
  const std::vector<double> shifted = {1, 50, 1000};
  const std::vector<double> other = {0.5, 49.5, 999.5};
  CHECK(paired_t_interval(shifted, other).interval->low == 0.5);
  CHECK(paired_t_interval(shifted, other).interval->high == 0.5);
}

TEST_CASE("95 of 100 intervals of normal numbers hold their mean") {
  Tensor x({4000, 4}, DType::float64);
  fill_normal(x, {.seed = 5});
  int held = 0;
  for (Index i = 0; i < 4000; i++) held += t_interval({x.data<double>() + 4 * i, 4}).interval->contains(0);
  CHECK(held > 4000 * 0.935);  // four standard errors
  CHECK(held < 4000 * 0.965);
}

TEST_CASE("bootstrap: a plain loop's, the binomial's quantiles, paired over columns, for any number of threads") {
  Tensor drawn({37}, DType::float64);
  fill_normal(drawn, {.seed = 6});
  const std::vector<double> x(drawn.data<double>(), drawn.data<double>() + 37);
  std::vector<double> means;
  for (std::uint32_t r = 0; r < 200; r++) {
    double sum = 0;
    for (std::uint32_t i = 0; i < 37; i++) sum += x[std::size_t(std::uint64_t(RandomKey{4, Purpose::bootstrap, 0}.word(r, i)) * 37 >> 32)];
    means.push_back(sum / 37);
  }
  std::sort(means.begin(), means.end());
  const Interval got = bootstrap_means({x}, {.resamples = 200, .seed = 4})[0];
  CHECK(got.low == doctest::Approx(means[4] + 0.975 * (means[5] - means[4])).epsilon(1e-12));  // 0.025 * 199 = 4.975
  CHECK(got.high == doctest::Approx(means[194] + 0.025 * (means[195] - means[194])).epsilon(1e-12));

  std::vector<double> coin(400), shifted(400);
  for (std::size_t i = 0; i < 400; i++) coin[i] = i < 120, shifted[i] = coin[i] + 7;
  const std::vector<Interval> both = bootstrap_means({coin, shifted});
  for (const auto& [end, share] : {std::pair(both[0].low, 0.025), std::pair(both[0].high, 0.975)}) {
    const int k = int(std::lround(400 * end));
    CHECK(binomial_cdf(k - 1, 400, 0.3) < share + 0.015);  // three standard errors of a share of 1,000
    CHECK(binomial_cdf(k, 400, 0.3) > share - 0.015);
  }
  CHECK(both[1].low - both[0].low == doctest::Approx(7).epsilon(1e-12));  // the same examples in every column

  const int before = threads();
  set_threads(1);
  const Interval one = bootstrap_means({x})[0];
  set_threads(2);
  const Interval two = bootstrap_means({x})[0];
  set_threads(before);
  CHECK(one.low == two.low);
  CHECK(one.high == two.high);
  CHECK(bootstrap_means({}).empty());
  CHECK(contains(error_of([&] { bootstrap_means({x, coin}); }), "37 and 400"));
  CHECK(contains(error_of([&] { bootstrap_means({{}}); }), "got 0"));
}
