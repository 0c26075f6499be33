#pragma once
// Is the gradient of a whole model right? Every parameter of a configuration's model in float64, against central differences.

#include <vector>

#include "autograd/gradcheck.h"
#include "models/config.h"

namespace elbo {

// One result for each parameter, named by its path, at some of its numbers (`probes` of each, spread over it), for the objective of two
// made-up examples of this shape. The parameters are set so that no unit stands near a kink of its activation, where a difference says
// nothing of the gradient.
std::vector<GradcheckResult> gradcheck_parameters(Config config, const Shape& example, int probes = 8);

}  // namespace elbo
