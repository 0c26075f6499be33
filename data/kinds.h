#pragma once
// The kinds of data. A kind is a loader with its options; to add one, write its file and name it in kinds.cpp.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.h"

namespace elbo {

// What may stand after the `?` of a specification: a name, and which texts are values of it.
struct DataOption {
  std::string name;
  std::string expected;  // its values, for people: "a whole number from 1 to 256"
  std::function<bool(std::string_view value)> accepts;
  std::string help;  // one line
  // Why a text is no value, where there is more to say than what is expected.
  std::function<std::string(std::string_view value)> reason = {};

  std::string refusal(std::string_view value) const;  // "expected ...", with the reason

  static DataOption integer(std::string name, std::int64_t least, std::int64_t most, std::string help);  // both ends included
  static DataOption number(std::string name, double least, double most, std::string help);
  static DataOption choice(std::string name, std::vector<std::string> values, std::string help);
  static DataOption flag(std::string name, std::string help);  // 0 or 1, false or true
};

struct DataKind {
  std::string name;
  std::string usage;  // "mnist:FOLDER": a path is needed where this has a colon
  std::string help;   // one line
  std::vector<DataOption> options;
  // Reads everything: the parts that the source has, in its order; shape, classes and names. Throws Error. A kind that decodes many files
  // tells `on_read`, where there is one.
  Dataset (*load)(const DataSpec& spec, const OnRead& on_read);

  bool has_path() const { return usage.find(':') != std::string::npos; }
};

std::span<const DataKind> data_kinds();
const DataKind& data_kind(std::string_view name);  // throws UsageError naming the nearest

// One for each kind, defined in its file.
DataKind digits_kind();     // data/digits_source.cpp
DataKind images_kind();     // data/images_source.cpp
DataKind imdb_kind();       // data/imdb_source.cpp
DataKind mnist_kind();      // data/mnist_source.cpp
DataKind npy_kind();        // data/npy_source.cpp
DataKind sentences_kind();  // data/sentences_source.cpp
DataKind shapes_kind();     // data/shapes_source.cpp
DataKind text_kind();       // data/text_source.cpp

}  // namespace elbo
