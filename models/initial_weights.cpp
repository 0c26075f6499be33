#include "models/initial_weights.h"

#include <fmt/core.h>

#include "models/run.h"
#include "tensor/error.h"

namespace elbo {

std::string take_weights(ParamStore& store, DType type, const std::string& path) {
  const Run other = open_run(path);
  const auto theirs = other.store->tensors();
  auto mine = store.tensors();
  std::size_t taken = 0;
  for (auto& [name, tensor] : mine)
    for (const auto& [their_name, their_tensor] : theirs)
      if (name == their_name && tensor.shape() == their_tensor.shape()) {
        tensor = their_tensor.to(type);
        taken++;
      }
  if (taken == 0) fail("train", fmt::format("--init-from {}: none of its weights has name and shape of one of this model's", path));
  store.load(mine, path);
  return fmt::format("{} of {} weights taken from {} ({} weights)", taken, mine.size(), path, other.weights_name());
}

}  // namespace elbo
