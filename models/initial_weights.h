#pragma once
// First weights that something beside model.init gives: another run (--init-from), or the data (model.output_bias).

#include <string>

#include "data/dataset.h"
#include "models/config.h"
#include "nn/param_store.h"

namespace elbo {

// Takes the weights of the run at `path` wherever name and shape agree. Returns a line on what was taken; throws Error where nothing
// agrees.
std::string take_weights(ParamStore& store, DType type, const std::string& path);

// model.output_bias=data-mean (Burda, Grosse and Salakhutdinov 2015 start so): the last bias of the decoder becomes the mean of the
// training part, of each number or, where the last layer is a convolution, of each channel; where the decoder's mean is a sigmoid its
// logit, the mean clipped to [0.001, 0.999]. Pixels that are drawn (data.binarize=dynamic) have the mean of what they are drawn from.
void start_at_data_mean(ParamStore& store, const Config& config, const Split& train);

}  // namespace elbo
