#pragma once
// The kinds of data. A kind is a loader with its options; to add one, write its file and name it in kinds.cpp.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.h"

namespace elbo {

struct DataOption {
  enum class Type { integer, number };
  std::string name;
  Type type;
  double least, most;  // the range of its values, both ends included
  std::string help;    // one line
};

struct DataKind {
  std::string name;
  std::string usage;  // "mnist:FOLDER": a path is needed where this has a colon
  std::string help;   // one line
  std::vector<DataOption> options;
  // Reads everything: the parts that the source has, in its order; shape, classes and names. Throws Error.
  Dataset (*load)(const DataSpec& spec);

  bool has_path() const { return usage.find(':') != std::string::npos; }
};

std::span<const DataKind> data_kinds();
const DataKind& data_kind(std::string_view name);  // throws UsageError naming the nearest

// One for each kind, defined in its file.
DataKind digits_kind();  // data/digits_source.cpp
DataKind mnist_kind();   // data/mnist_source.cpp
DataKind npy_kind();     // data/npy_source.cpp

}  // namespace elbo
