// Differences between the lines of a comparison, and what came of its expectations.

#include <algorithm>
#include <array>

#include "lab/comparable.h"
#include "lab/compare.h"

namespace elbo::lab {
namespace {

// What describes a run rather than judges it.
constexpr std::array not_compared = {"examples",
                                     "variance",
                                     "parameters",
                                     "beta",
                                     "objective",
                                     "tokens",
                                     "seconds",
                                     "examples_per_second",
                                     "importance_samples",
                                     "most_frequent_label",
                                     "nll_tenth",
                                     "nll_standard_error",
                                     "mutual_information_bound",
                                     "effective_samples",
                                     "cross_fade_midpoint",
                                     "cross_fade_entropy",
                                     "hole_entropy_test",
                                     "sample_distance_floor"};

bool is_compared(const std::string& figure) {
  return std::find(not_compared.begin(), not_compared.end(), figure) == not_compared.end() && !figure.ends_with("_training") &&
         !figure.ends_with("_raw") && !figure.ends_with("_principal_components") && !figure.ends_with("_untrained");
}

// The runs of two lines that belong together: those of one seed; what has none goes with each.
std::vector<std::pair<const ComparedRun*, const ComparedRun*>> pairs_of(const Comparison& c, const std::string& a, const std::string& b) {
  std::vector<std::pair<const ComparedRun*, const ComparedRun*>> pairs;
  for (const ComparedRun* x : c.runs_of(a))
    for (const ComparedRun* y : c.runs_of(b))
      if (x->seed == y->seed || !x->seed || !y->seed) pairs.emplace_back(x, y);
  return pairs;
}

// Adds `weight` times a run's column to a sum; false where it has none, or one of another length.
bool add_column(std::vector<double>& sum, const ComparedRun& run, const std::string& figure, double weight) {
  const auto it = run.measured.examples.find(figure);
  if (it == run.measured.examples.end() || it->second.empty()) return false;
  if (sum.empty()) sum.assign(it->second.size(), 0);
  if (sum.size() != it->second.size()) return false;
  for (std::size_t i = 0; i < sum.size(); i++) sum[i] += weight * it->second[i];
  return true;
}

// Columns to resample, each with where its interval goes. Those of one length are resampled together.
class Resampling {
 public:
  void add(std::vector<double> column, std::function<void(const Interval&)> to) {
    auto& [columns, targets] = by_length_[column.size()];
    columns.push_back(std::move(column));
    targets.push_back(std::move(to));
  }

  void run() const {
    for (const auto& entry : by_length_) {
      const std::vector<Interval> intervals = bootstrap_means(entry.second.first);
      for (std::size_t i = 0; i < intervals.size(); i++) entry.second.second[i](intervals[i]);
    }
  }

 private:
  std::map<std::size_t, std::pair<std::vector<std::vector<double>>, std::vector<std::function<void(const Interval&)>>>> by_length_;
};

// The mean over the seeds, example by example.
void resample(Resampling& all, const Comparison& c, Difference& d) {
  const auto pairs = pairs_of(c, d.a, d.b);
  std::vector<double> column;
  for (const auto& pair : pairs) {
    const double weight = 1 / double(pairs.size());
    if (!add_column(column, *pair.first, d.figure, weight) || !add_column(column, *pair.second, d.figure, -weight)) return;
  }
  if (!column.empty()) all.add(std::move(column), [&d](const Interval& i) { d.bootstrap = i; });
}

}  // namespace

Difference difference_of(const Comparison& c, const std::string& figure, const std::string& a, const std::string& b) {
  if (c.bound(a, figure) || c.bound(b, figure))
    return {figure, a, b, t_interval({}), {}, false};  // saturated: no number to take another from
  std::vector<double> values;
  for (const auto& pair : pairs_of(c, a, b)) {
    const auto &x = pair.first->figures.numbers, &y = pair.second->figures.numbers;
    if (x.contains(figure) && y.contains(figure)) values.push_back(x.at(figure) - y.at(figure));
  }
  return {figure, a, b, t_interval(values), {}, c.doubtful(a, figure) || c.doubtful(b, figure)};
}

void compute_statistics(Comparison& c) {
  c.differences.clear(), c.came.clear(), c.bootstrap.clear();
  const std::vector<std::string> names = c.names();
  for (std::size_t k = 1; k < names.size(); k++) {
    const Entry *first = c.entry(names[0]), *other = c.entry(names[k]);
    for (const auto& [figure, value] : c.runs_of(names[0]).front()->figures.numbers) {
      // Principal components have no bound either, and their reconstruction is a squared error.
      if (!is_compared(figure) || (other ? !comparable(figure, *other, *first) : figure == "total" || figure.starts_with("reconstruction")))
        continue;
      if (Difference d = difference_of(c, figure, names[k], names[0]); d.seeds.spread.n > 0) c.differences.push_back(std::move(d));
    }
  }
  for (const Expectation& e : c.stated) {
    Difference d = difference_of(c, e.figure, e.higher, e.lower);
    const bool bounded = c.bound(e.lower, e.figure) || c.bound(e.higher, e.figure);
    const Outcome outcome = bounded ? Outcome::only_bounded : outcome_of(d.seeds);
    c.came.push_back({e, std::move(d), outcome});
  }

  Resampling all;
  for (Difference& d : c.differences) resample(all, c, d);
  for (JudgedExpectation& e : c.came) resample(all, c, e.difference);
  for (const std::string& name : names) {
    const auto runs = c.runs_of(name);
    for (const auto& [figure, first] : runs.front()->measured.examples) {
      std::vector<double> column;
      bool whole = true;
      for (const ComparedRun* run : runs) whole = whole && add_column(column, *run, figure, 1 / double(runs.size()));
      if (!whole) continue;
      Interval& to = c.bootstrap[name][figure];
      all.add(std::move(column), [&to](const Interval& i) { to = i; });
    }
  }
  all.run();
}

}  // namespace elbo::lab
