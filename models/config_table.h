#pragma once
// The table behind config.h: every key with its type, range, help, and how it is read and printed.

#include <functional>
#include <string>
#include <vector>

#include "models/config.h"
#include "tensor/json.h"

namespace elbo {

struct ConfigRow {
  ConfigKey key;
  std::function<Json(const Config&)> get;
  std::function<void(Config&, const Json&)> set;  // throws std::string: what was expected
};

const std::vector<ConfigRow>& config_table();

}  // namespace elbo
