#include "data/kinds.h"

#include <fmt/core.h>

#include <algorithm>

#include "tensor/error.h"
#include "tensor/nearest.h"

namespace elbo {

std::string DataOption::refusal(std::string_view value) const {
  const std::string why = reason ? reason(value) : "";
  return "expected " + expected + (why.empty() ? "" : " (" + why + ")");
}

DataOption DataOption::integer(std::string name, std::int64_t least, std::int64_t most, std::string help) {
  const auto accepts = [=](std::string_view text) {
    std::int64_t value = 0;
    return read_number(text, value) && value >= least && value <= most;
  };
  return {std::move(name), fmt::format("a whole number from {} to {}", least, most), accepts, std::move(help)};
}

DataOption DataOption::number(std::string name, double least, double most, std::string help) {
  const auto accepts = [=](std::string_view text) {
    double value = 0;
    return read_number(text, value) && value >= least && value <= most;
  };
  return {std::move(name), fmt::format("a number from {} to {}", least, most), accepts, std::move(help)};
}

DataOption DataOption::choice(std::string name, std::vector<std::string> values, std::string help) {
  std::string expected = "one of";
  for (const std::string& value : values) expected += (&value == &values.front() ? " " : ", ") + value;
  const auto accepts = [values](std::string_view text) { return std::find(values.begin(), values.end(), text) != values.end(); };
  return {std::move(name), expected, accepts, std::move(help)};
}

DataOption DataOption::flag(std::string name, std::string help) {
  DataOption option = choice(std::move(name), {"0", "1", "false", "true"}, std::move(help));
  option.expected = "0 or 1";
  return option;
}

std::span<const DataKind> data_kinds() {
  static const std::vector<DataKind> kinds = {digits_kind(), shapes_kind(), sentences_kind(), mnist_kind(),
                                              images_kind(), npy_kind(),    text_kind(),      imdb_kind()};
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
