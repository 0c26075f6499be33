// How much of their initial weights the lines of a comparison share.

#include <map>

#include "lab/compare_table.h"
#include "models/initial_weights.h"
#include "models/run.h"
#include "tensor/elementwise.h"

namespace elbo::lab {

std::vector<SharedWeights> shared_weights(const Comparison& c) {
  std::vector<std::map<std::string, Tensor>> all;
  for (const Entry& e : c.entries) {
    Config config = e.config;
    config.train.seed = c.options.first_seed;
    ParamStore store(store_options(config));
    const std::unique_ptr<Model> model = make_model(config, c.data.example_shape, store);
    if (config.model.output_bias == "data-mean") start_at_data_mean(store, config, c.data.train);
    all.emplace_back();
    for (const auto& [name, value] : store.tensors()) all.back()[name] = value.clone();
  }
  std::vector<SharedWeights> found;
  for (std::size_t i = 1; i < all.size(); i++) {
    SharedWeights best{.name = c.entries[i].name, .other = c.entries[0].name};
    for (std::size_t j = 0; j < i; j++) {
      SharedWeights w{.name = c.entries[i].name, .other = c.entries[j].name};
      for (const auto& [name, value] : all[i]) {
        w.tensors++, w.numbers += value.numel();
        const auto it = all[j].find(name);
        if (it == all[j].end() || !(it->second.shape() == value.shape()) || !identical(it->second, value)) continue;
        w.shared++, w.shared_numbers += value.numel();
      }
      if (best.tensors == 0 || w.shared_numbers > best.shared_numbers) best = w;
    }
    found.push_back(best);
  }
  return found;
}

}  // namespace elbo::lab
