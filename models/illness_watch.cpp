// Noticing illnesses while a run is trained.

#include <algorithm>
#include <cmath>

#include "models/illness.h"

namespace elbo {
namespace {

const Finding* find(const std::vector<Finding>& all, const std::string& illness) {
  const auto it = std::find_if(all.begin(), all.end(), [&](const Finding& f) { return f.illness == illness; });
  return it == all.end() ? nullptr : &*it;
}

}  // namespace

std::vector<std::string> IllnessWatch::look(Symptoms s, const Moment& m) {
  constexpr double healing = 0.97;        // of the epoch before: one that falls further is getting better
  constexpr double least_learned = 0.02;  // of the first objective: what has learned nothing has nothing to lose
  if (m.settled) {
    if (std::isnan(first_)) first_ = m.objective;
    if (!(m.objective >= best_)) best_ = m.objective, best_epoch_ = m.epoch, training_at_best_ = m.training_total;
    s.best_objective = best_, s.best_epoch = best_epoch_, s.objective = m.objective, s.epoch = m.epoch;
    const bool learned = first_ - best_ > least_learned * std::abs(first_);
    if (learned && training_at_best_ - m.training_total >= m.objective - best_) s.learned = first_ - best_;
  }
  std::vector<Finding> now = judge(config_, s);
  if (!m.settled) std::erase_if(now, [](const Finding& f) { return f.illness != "posterior collapse"; });
  std::vector<std::string> lines;
  for (const Finding& f : now) {
    if (std::find(told_.begin(), told_.end(), f.illness) != told_.end()) continue;
    const Finding* before = find(before_, f.illness);
    const bool lasting = before && (m.last || f.strength >= healing * before->strength);
    if (!lasting && !(m.last && f.illness == "posterior collapse")) continue;
    lines.push_back(to_line(f));
    told_.push_back(f.illness);
  }
  before_ = std::move(now);
  return lines;
}

}  // namespace elbo
