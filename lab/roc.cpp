#include "lab/roc.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "lab/raster.h"
#include "tensor/error.h"

namespace elbo {
namespace {

std::vector<std::size_t> by_score(const std::vector<double>& scores, const std::vector<bool>& odd) {
  if (scores.size() != odd.size()) fail("roc", fmt::format("{} scores, {} examples", scores.size(), odd.size()));
  for (std::size_t i = 0; i < scores.size(); i++)
    if (std::isnan(scores[i])) fail("roc", fmt::format("the score of example {} is not a number", i));
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] < scores[b]; });
  return order;
}

// Of the mean of these numbers.
double variance_of_mean(const std::vector<double>& values) {
  const double n = double(values.size()), mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double v : values) squares += (v - mean) * (v - mean);
  return n > 1 ? squares / (n - 1) / n : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

std::optional<RocArea> roc_area(const std::vector<double>& scores, const std::vector<bool>& odd) {
  const std::vector<std::size_t> order = by_score(scores, odd);
  const double m = double(std::count(odd.begin(), odd.end(), true)), n = double(odd.size()) - m;
  if (m == 0 || n == 0) return std::nullopt;
  std::vector<double> below, above;  // of each odd one the share of ordinary ones below it; of each ordinary one that of odd ones above it
  double odd_below = 0, ordinary_below = 0;
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    double tied_odd = 0, tied_ordinary = 0;
    for (; end < order.size() && scores[order[end]] == scores[order[begin]]; end++) (odd[order[end]] ? tied_odd : tied_ordinary)++;
    below.insert(below.end(), std::size_t(tied_odd), (ordinary_below + tied_ordinary / 2) / n);
    above.insert(above.end(), std::size_t(tied_ordinary), (m - odd_below - tied_odd / 2) / m);
    odd_below += tied_odd, ordinary_below += tied_ordinary;
  }
  return RocArea{std::accumulate(below.begin(), below.end(), 0.0) / m, std::sqrt(variance_of_mean(below) + variance_of_mean(above)),
                 Index(m), Index(n)};
}

std::vector<std::pair<double, double>> roc_curve(const std::vector<double>& scores, const std::vector<bool>& odd) {
  const std::vector<std::size_t> order = by_score(scores, odd);
  const double m = double(std::count(odd.begin(), odd.end(), true)), n = double(odd.size()) - m;
  if (m == 0 || n == 0) fail("roc", "expected odd and ordinary examples, there are none of one kind");
  std::vector<std::pair<double, double>> curve = {{0, 0}};
  double found = 0, alarms = 0;
  for (std::size_t i = order.size(); i-- > 0;) {
    (odd[order[i]] ? found : alarms)++;
    if (i == 0 || scores[order[i - 1]] != scores[order[i]]) curve.emplace_back(alarms / n, found / m);
  }
  return curve;
}

Tensor roc_picture(const std::vector<std::pair<double, double>>& curve, const RocArea& area, const std::string& title) {
  constexpr double left = 84, top = 56, side = 512;
  constexpr Index width = 632, height = 656;
  constexpr int small = 2;
  const lab::Pen frame{{60, 60, 60}, 1.5}, faint{{222, 222, 222}, 1}, chance{{130, 130, 130}, 1.5, 7}, drawn{{0, 90, 160}, 2.5};
  lab::Raster r(width, height);
  const auto x = [&](double share) { return left + side * share; };
  const auto y = [&](double share) { return top + side * (1 - share); };
  for (int k = 0; k <= 5; k++) {
    const double share = k / 5.0;
    r.line(x(share), y(0), x(share), y(1), faint);
    r.line(x(0), y(share), x(1), y(share), faint);
    const std::string mark = fmt::format("{:.1f}", share);
    const double w = double(lab::Raster::text_width(mark, small));
    r.text(x(share) - w / 2, y(0) + 10, mark, small);
    r.text(x(0) - w - 8, y(share) - 8, mark, small);
  }
  r.path({{x(0), y(0)}, {x(1), y(0)}, {x(1), y(1)}, {x(0), y(1)}, {x(0), y(0)}}, frame);
  r.line(x(0), y(0), x(1), y(1), chance);
  std::vector<std::pair<double, double>> points;
  for (const auto& [alarms, found] : curve) points.emplace_back(x(alarms), y(found));
  r.path(points, drawn);

  const std::string across = "false alarms (share)", up = "anomalies found (share)";
  r.text(x(0.5) - double(lab::Raster::text_width(across, small)) / 2, y(0) + 42, across, small);
  r.text(12, y(0.5) + double(lab::Raster::text_width(up, small)) / 2, up, small, {0, 0, 0}, true);
  std::string shown = title;
  while (lab::Raster::text_width(shown, small) > width - 24)
    shown = shown.substr(0, shown.size() - std::min<std::size_t>(shown.size(), 4)) + "...";
  r.text((double(width) - double(lab::Raster::text_width(shown, small))) / 2, 20, shown, small);
  // In the corner that a curve of this area leaves free.
  const std::string value = std::isnan(area.standard_error) ? fmt::format("area {:.3f}", area.area)
                                                            : fmt::format("area {:.3f} +- {:.3f}", area.area, area.standard_error);
  const std::string counts = fmt::format("{} among {}", area.odd, area.ordinary);
  const double wide = double(std::max(lab::Raster::text_width(value, small), lab::Raster::text_width(counts, small)));
  const double tx = area.area >= 0.5 ? x(0.97) - wide : x(0.03), ty = area.area >= 0.5 ? y(0.14) : y(0.96);
  r.text(tx, ty, value, small);
  r.text(tx, ty + 26, counts, small);
  return r.picture();
}

}  // namespace elbo
