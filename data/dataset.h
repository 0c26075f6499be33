#pragma once
// A data set in memory, of pictures, vectors or texts: three parts of examples with their labels.
//
//   const Dataset data = load_dataset("mnist:/data/mnist", {.valid = 0});
//   data.train.values.shape()   // (60000, 28, 28, 1), uint8

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/spec.h"
#include "data/texts.h"
#include "tensor/tensor.h"

namespace elbo {

enum class Part : std::uint8_t { train, valid, test };
std::string_view part_name(Part part);
Part part_from_name(std::string_view name);  // throws UsageError

struct Split {
  // (n, h, w, c) or (n, d); uint8 stands for byte / 255, float32 for itself. Texts: int32 (n,), their numbers in Dataset::texts.
  // Empty: no examples.
  Tensor values;
  std::shared_ptr<const Tokens> tokens;  // of texts, once tokenise() has been called: of example i, Tokens' number i
  Tensor labels;                         // int32 (n,), or empty where there are none
  std::vector<Tensor> factors;           // float32 (n,) each, in the order of Dataset::factor_names
  std::string origin;                    // where these examples came from, for people
  Part part = Part::train;

  Index size() const { return values ? values.shape()[0] : 0; }
  Split first(Index count) const;  // the first so many examples; all where there are no more
};

// What numbers are: bytes, each standing for byte / 255 (texts too); floats from 0 to 1; other floats. One pass over floats.
enum class Values : std::uint8_t { bytes, unit, other };
Values kind_of_values(const Tensor& values);
std::string_view values_name(Values kind);

struct TextCodec;

struct Dataset {
  DataSpec spec;
  Split train{.part = Part::train}, valid{.part = Part::valid}, test{.part = Part::test};
  // (h, w, c) or (d,); of texts (tokens of the longest but one, words), once tokenise() has been called: what a model predicts.
  Shape example_shape;
  int classes = 0;                                      // labels are 0 .. classes - 1; 0: no labels
  std::vector<std::string> label_names;                 // one a class, or none
  std::vector<std::string> factor_names;                // what the examples were made from, where that is known
  std::vector<std::vector<std::string>> factor_values;  // of each factor the names of its values 0, 1, ...; empty for numbers, or for all
  // Where a factor is a number all the same: its names stand for equal parts of [low, high), on a circle moved back by half a part, so
  // that the first lies around `low`. Empty, or low = high: for 0, 1, ...
  struct FactorRange {
    double low = 0, high = 0;
    bool circle = false;
  };
  std::vector<FactorRange> factor_ranges;
  std::vector<std::string> notes;          // what one should know who uses them: files left out, where they are kept. One line each
  std::optional<double> entropy;           // nats an example, where the data come from a distribution that is known
  std::shared_ptr<const Texts> texts;      // empty: pictures or vectors
  std::shared_ptr<const TextCodec> codec;  // how they became tokens
  // What a resumed run compares: of everything the source holds, before it is divided.
  Index examples = 0;
  std::uint64_t checksum = 0;

  const Split& part(Part p) const { return p == Part::train ? train : p == Part::valid ? valid : test; }
};

struct PartsOptions {
  std::optional<double> valid;  // none: the rule (a tenth, at most 5,000); 0: no validation part; below 1: a share; otherwise a number
  bool use_test = false;        // the test part is trained on as well
  std::vector<int>
      exclude_labels;  // examples with these labels are in the test part alone: what a model that has not seen them makes of them
};

// Told about ten times a second while many files are read: what is being done ("decoding pictures") and how many of them it is done with.
// Called from any thread, one call at a time. What it throws ends the reading and reaches whoever asked for the data.
using OnRead = std::function<void(std::string_view what, Index done, Index count)>;

// Reads the data and divides them (data/parts.h). Throws UsageError for a specification or options that are wrong, Error for files.
Dataset load_dataset(std::string_view spec, const PartsOptions& options = {}, const OnRead& on_read = {});
Dataset load_dataset(const DataSpec& spec, const PartsOptions& options = {}, const OnRead& on_read = {});

}  // namespace elbo
