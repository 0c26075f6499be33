#pragma once
// Noticing that a VAE does not use its code, while it is being trained.

#include <optional>
#include <string>

#include "models/config.h"
#include "models/trainer.h"

namespace elbo {

// What to tell whoever trains a run whose validation gave `valid`: that the code is not used, why that is likely here, and which keys to
// set. Nothing where it is used, or where the weight of the KL is still so low that this epoch cannot show it. `weight`: of the epoch's
// last update.
std::optional<std::string> collapse_warning(const Config& config, const Metrics& valid, double weight);

}  // namespace elbo
