#pragma once
// What follows --data: KIND[:PATH][?key=value&key=value].
//
//   digits            mnist:/data/mnist            "mnist:/data/emnist?classes=47"            npy:codes.npy
//
// Which kinds there are stands in data/kinds.h.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace elbo {

struct DataSpec {
  std::string kind;
  std::string path;                                          // absolute; empty where the kind has none
  std::vector<std::pair<std::string, std::string>> options;  // as given, each key once, checked against the kind

  std::string str() const;               // the whole specification, with the absolute path
  std::string str_without_path() const;  // "mnist?classes=47": what a model file keeps

  // An option's value, or `otherwise` where it was not given.
  std::int64_t integer(std::string_view key, std::int64_t otherwise) const;
  double number(std::string_view key, double otherwise) const;
  std::string text(std::string_view key, std::string_view otherwise) const;
  bool flag(std::string_view key) const;  // whether it is 1
};

// The whole text as a number; false where it is none.
bool read_number(std::string_view text, std::int64_t& value);
bool read_number(std::string_view text, double& value);

// Throws UsageError for an unknown kind (the nearest is named), a missing or superfluous path, an unknown option or a value that does
// not fit it. Does not look whether the path exists. `path_left_out`: the kind's path may be missing, as in a model file.
DataSpec parse_data_spec(std::string_view text, bool path_left_out = false);

// Gives `spec` one option more, or another value of one that it has; throws UsageError as above.
void set_data_option(DataSpec& spec, std::string_view key, std::string_view value);

}  // namespace elbo
