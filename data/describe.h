#pragma once
// What a data set holds, in figures: what elbo-data prints.

#include <optional>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace elbo {

struct PartSummary {
  Index examples = 0;
  std::string origin;
};

struct DataSummary {
  PartSummary train, valid, test;
  Shape shape;  // of an example
  // Over the values of one part, or of all; a byte counts as byte / 255.
  double minimum = 0, maximum = 0, mean = 0;
  double nonzero = 0;  // share of the values that are not 0
  // Texts: of the same parts.
  double tokens = 0;          // of a text, mean, start and end not counted
  double unknown = 0;         // share of them that the vocabulary does not have
  std::vector<Index> labels;  // how many examples each label has; empty where there are none
};

// `part`: whose values and labels are counted; none: those of all three. Threaded, and the same for any number of threads.
DataSummary describe(const Dataset& data, std::optional<Part> part = std::nullopt);

}  // namespace elbo
