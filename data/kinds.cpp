#include "data/kinds.h"

#include "tensor/error.h"
#include "tensor/nearest.h"

namespace elbo {

std::span<const DataKind> data_kinds() {
  static const std::vector<DataKind> kinds = {digits_kind(), mnist_kind(), npy_kind()};
  return kinds;
}

const DataKind& data_kind(std::string_view name) {
  std::vector<std::string> names;
  for (const DataKind& kind : data_kinds()) {
    if (kind.name == name) return kind;
    names.push_back(kind.name);
  }
  throw UsageError("[data] " + unknown_message("kind of data", name, names));
}

}  // namespace elbo
