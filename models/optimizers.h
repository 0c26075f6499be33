#pragma once
// From configuration to optimizer.

#include <memory>

#include "models/config.h"
#include "nn/optim/optimizer.h"

namespace elbo {

// `steps_an_epoch` and `last_step` (updates in all) turn schedules in epochs, and those that end with training, into updates.
std::unique_ptr<Optimizer> make_optimizer(const Config& config, ParamStore& store, Index steps_an_epoch, Index last_step,
                                          std::string_view prefix = {});

}  // namespace elbo
