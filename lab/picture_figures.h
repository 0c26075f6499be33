#pragma once
// The figures of `elbo-eval --all` that judge a run's pictures: samples, what lies between codes, and what lies beyond them.

#include <functional>
#include <limits>
#include <span>
#include <string_view>

#include "models/run.h"

namespace elbo {

// NaN for what does not apply: without labels there is no classifier. Definitions stand where the figures are made.
struct PictureFigures {
  static constexpr double none = std::numeric_limits<double>::quiet_NaN();
  double sample_distance = none, sample_distance_floor = none, reconstruction_distance = none;  // lab/sample_quality.h
  double precision = none, recall = none;
  double memorising_ratio = none;
  double path_ratio = none, path_midpoint = none, path_entropy = none;  // lab/smoothness.h; none for a run that does not use its code
  double cross_fade_midpoint = none, cross_fade_entropy = none;
  bool collapsed = false;  // that was found: why there are no paths
  double hole_ratio_prior = none, hole_ratio_gaussian = none, hole_ratio_mixture = none;
  double hole_entropy_test = none, hole_entropy_prior = none, hole_entropy_gaussian = none, hole_entropy_mixture = none;
};

// By name, in the order of the report.
struct PictureFigure {
  const char* key;
  double PictureFigures::*value;
  const char* meaning;
};
std::span<const PictureFigure> picture_figure_list();

// Of the run's test part, with the training part as what is known; all NaN where examples are no pictures or either part is empty. A
// classifier is trained where the data have labels and none is kept: on_note tells. `count`: of samples, and a tenth of them of codes whose
// nearest training pictures are sought; distances of other numbers of samples do not compare.
PictureFigures picture_figures(const Run& run, const Dataset& data, std::uint64_t seed,
                               const std::function<void(std::string_view)>& on_note, Index count = 10000);

}  // namespace elbo
