// elbo-data: what a data set holds.

#include <fmt/core.h>

#include <algorithm>

#include "data/dataset.h"
#include "data/kinds.h"
#include "tensor/error.h"
#include "tensor/json.h"
#include "tools/common.h"
#include "tools/output.h"
#include "tools/terminal.h"

namespace elbo {
namespace {

// Values as a model sees them: bytes stand for byte / 255.
struct Range {
  double minimum, maximum, mean, nonzero;
};

Range measure(const Tensor& values) {
  double least = 1e300, most = -1e300, sum = 0;
  Index nonzero = 0;
  const auto pass = [&]<class T>(const T* v) {
    for (Index i = 0; i < values.numel(); i++) {
      const auto x = double(v[i]);
      least = std::min(least, x);
      most = std::max(most, x);
      sum += x;
      nonzero += x != 0;
    }
  };
  const bool bytes = values.dtype() == DType::uint8;
  if (bytes)
    pass(values.data<std::uint8_t>());
  else
    pass(values.data<float>());
  const double scale = bytes ? 255 : 1, n = double(values.numel());
  return {least / scale, most / scale, sum / scale / n, double(nonzero) / n};
}

std::vector<Index> count_labels(const Split& split, int classes) {
  std::vector<Index> counts(std::size_t(classes), 0);
  if (split.labels)
    for (const std::int32_t label : split.labels.values<std::int32_t>()) counts[std::size_t(label)]++;
  return counts;
}

std::string label_name(const Dataset& data, std::size_t label) {
  return label < data.label_names.size() ? data.label_names[label] : std::to_string(label);
}

Json as_json(const Dataset& data, const Split& split) {
  Json all = Json::object({{"data", data.spec.str()}});
  for (const Part p : {Part::train, Part::valid, Part::test})
    all[part_name(p)] =
        Json::object({{"examples", data.part(p).size()}, {"origin", data.part(p).size() > 0 ? Json(data.part(p).origin) : Json()}});
  all["split"] = part_name(split.part);
  all["shape"] = std::vector<Index>(data.example_shape.begin(), data.example_shape.end());
  for (const char* key : {"minimum", "maximum", "mean", "nonzero", "labels", "vocabulary", "entropy"}) all[key] = nullptr;
  if (split.size() > 0) {
    const Range r = measure(split.values);
    all["minimum"] = r.minimum;
    all["maximum"] = r.maximum;
    all["mean"] = r.mean;
    all["nonzero"] = r.nonzero;
  }
  if (data.classes > 0) {
    const std::vector<Index> counts = count_labels(split, data.classes);
    all["labels"] = Json::object();
    for (std::size_t c = 0; c < counts.size(); c++) all["labels"][label_name(data, c)] = counts[c];
  }
  all["factors"] = data.factor_names;
  all["notes"] = data.notes;
  all["checksum"] = fmt::format("{:016x}", data.checksum);
  return all;
}

void describe(const Dataset& data, const Split& split) {
  std::vector<std::vector<std::string>> rows = {{"part", "examples", "origin"}};
  for (const Part p : {Part::train, Part::valid, Part::test})
    rows.push_back({std::string(part_name(p)), grouped(data.part(p).size()), data.part(p).origin});
  print(fmt::format("{}\n\n{}\n", data.spec.str(), table(rows)));
  for (const std::string& note : data.notes) print(note + "\n");
  if (!data.notes.empty()) print("\n");
  print(fmt::format("shape of an example  {}\n", data.example_shape.str()));
  if (!data.factor_names.empty()) {
    std::string names;
    for (const std::string& name : data.factor_names) names += (names.empty() ? "" : ", ") + name;
    print(fmt::format("factors              {}\n", names));
  }
  print(fmt::format("checksum             {:016x}\n", data.checksum));
  if (split.size() == 0) return;
  const Range r = measure(split.values);
  print(fmt::format("\nThe {} part:\nvalues               {} to {}, mean {}, {:.1f}% not zero\n", part_name(split.part), number(r.minimum),
                    number(r.maximum), number(r.mean), 100 * r.nonzero));
  if (data.classes == 0) return;
  const std::vector<Index> counts = count_labels(split, data.classes);
  rows = {{"label", "examples"}};
  for (std::size_t c = 0; c < counts.size(); c++) rows.push_back({label_name(data, c), grouped(counts[c])});
  print("\n" + table(rows));
}

// The first examples of a part; of pictures in a grid.
Tensor first_examples(const Split& split, Index count) {
  if (count > split.size())
    fail("data", fmt::format("--count {}: the {} part holds {} examples", count, part_name(split.part), split.size()));
  return split.values.slice(0, count);
}

int run(const Tool& tool, std::optional<Index> count) {
  const SharedOptions& o = tool.shared();
  if (o.data.empty()) throw UsageError("--data SPEC is missing");
  if (count && o.out.empty()) throw UsageError("--count: expected --out PATH too");
  std::optional<OutPath> out;
  if (!o.out.empty()) out.emplace(o.out, o.force, std::initializer_list<std::string_view>{".png", ""}, is_numbered_picture);
  const Dataset data = load_dataset(o.data);
  const Split& split = data.part(part_from_name(o.split));
  if (out) {
    const Tensor examples = first_examples(split, count.value_or(std::min<Index>(64, split.size())));
    const GridSize size = square_grid(examples.size(0));
    write_pictures(*out, examples, size.rows, size.columns);
  }
  if (o.json)
    print(as_json(data, split).dump(2) + "\n");
  else
    describe(data, split);
  return 0;
}

std::string kinds_of_data() {
  std::string text;
  for (const DataKind& kind : data_kinds()) {
    text += fmt::format("\n- {}: {}", kind.usage, kind.help);
    for (const DataOption& option : kind.options) text += fmt::format("\n?{}: {}; {}", option.name, option.expected, option.help);
  }
  return text;
}

}  // namespace
}  // namespace elbo

int main(int argc, char** argv) {
  using namespace elbo;
  std::optional<Index> count;
  Tool tool("elbo-data",
            "Describes a data set (counts, where each part came from, shape, range, labels) and writes examples of it out.\n\nKinds of "
            "data, and what may stand after their '?':" +
                kinds_of_data(),
            {"elbo-data --data digits", "elbo-data --data digits --split train --count 100 --out digits.png"});
  tool.usage("--data SPEC [--split S] [--count N --out PATH]")
      .share({"--data", "--split"})
      .option("--count", "N", "how many examples to write: the first ones of the part (default 64)", count, 1, 10000)
      .share({"--out", "--json"});
  return tool.run(argc, argv, [&] { return run(tool, count); });
}
