#pragma once
// --init-from: weights of another run as the first ones of a new run.

#include <string>

#include "nn/param_store.h"

namespace elbo {

// Takes the weights of the run at `path` wherever name and shape agree. Returns a line on what was taken; throws Error where nothing
// agrees.
std::string take_weights(ParamStore& store, DType type, const std::string& path);

}  // namespace elbo
