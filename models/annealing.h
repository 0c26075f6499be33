#pragma once
// How the weight of the KL rises from 0 to beta in the first objective.anneal.steps updates, objective.anneal.shape. With t from 0 to 1
// over them, the share of beta is
//
//   linear     t                               (Bowman et al. 2016, "Generating sentences from a continuous space")
//   logistic   1 / (1 + exp(-12 (t - 1/2)))    (the same)
//   cyclical   min(1, 2 u), u the fraction of objective.anneal.cycles * t: up in the first half of a cycle, beta in the second
//              (Fu et al. 2019, "Cyclical annealing schedule: a simple approach to mitigating KL vanishing")

#include <algorithm>
#include <cmath>
#include <string_view>

namespace elbo {

inline double annealed(std::string_view shape, double t, double cycles) {
  if (shape == "linear") return t;
  if (shape == "logistic") return 1 / (1 + std::exp(-12 * (t - 0.5)));
  return std::min(1.0, 2 * (t * cycles - std::floor(t * cycles)));
}

}  // namespace elbo
