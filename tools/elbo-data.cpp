// elbo-data: what a data set holds.

#include <fmt/core.h>

#include <algorithm>

#include "data/dataset.h"
#include "data/describe.h"
#include "data/kinds.h"
#include "tensor/error.h"
#include "tensor/json.h"
#include "tools/common.h"
#include "tools/output.h"
#include "tools/run_options.h"

namespace elbo {
namespace {

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
  const DataSummary summary = describe(data, split.part);
  if (split.size() > 0) {
    all["minimum"] = summary.minimum;
    all["maximum"] = summary.maximum;
    all["mean"] = summary.mean;
    all["nonzero"] = summary.nonzero;
  }
  if (data.classes > 0) {
    all["labels"] = Json::object();
    for (std::size_t c = 0; c < summary.labels.size(); c++) all["labels"][label_name(data, c)] = summary.labels[c];
  }
  all["factors"] = data.factor_names;
  all["notes"] = data.notes;
  all["checksum"] = fmt::format("{:016x}", data.checksum);
  return all;
}

void print_text(const Dataset& data, const Split& split) {
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
  const DataSummary summary = describe(data, split.part);
  print(fmt::format("\nThe {} part:\nvalues               {} to {}, mean {}, {:.1f}% not zero\n", part_name(split.part),
                    number(summary.minimum), number(summary.maximum), number(summary.mean), 100 * summary.nonzero));
  if (data.classes == 0) return;
  rows = {{"label", "examples"}};
  for (std::size_t c = 0; c < summary.labels.size(); c++) rows.push_back({label_name(data, c), grouped(summary.labels[c])});
  print("\n" + table(rows));
}

// The first examples of a part; of pictures in a grid.
Tensor first_examples(const Split& split, Index count) {
  if (split.size() == 0) fail("data", fmt::format("the {} part has no examples", part_name(split.part)));
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
  Progress progress(o.quiet);
  const Dataset data = load_dataset(o.data, {}, show_reading(progress));
  progress.clear();
  const Split& split = data.part(part_from_name(o.split));
  std::string written;
  if (out) {
    const Tensor examples = first_examples(split, count.value_or(std::min<Index>(64, split.size())));
    const GridSize size = square_grid(examples.size(0));
    write_pictures(*out, examples, size.rows, size.columns);
    written = fmt::format("\n{}: the first {} examples of the {} part\n", out->path(), examples.size(0), o.split);
  }
  if (o.json) {
    print(as_json(data, split).dump(2) + "\n");
  } else {
    print_text(data, split);
    print(written);
  }
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
      .share({"--out", "--json", "--quiet"});
  return tool.run(argc, argv, [&] { return run(tool, count); });
}
