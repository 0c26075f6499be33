// elbo-data: what a data set holds.

#include <fmt/core.h>

#include <algorithm>

#include "data/dataset.h"
#include "data/describe.h"
#include "data/kinds.h"
#include "data/sentences.h"
#include "tensor/error.h"
#include "tensor/json.h"
#include "tensor/npy.h"
#include "tools/common.h"
#include "tools/output.h"
#include "tools/run_options.h"
#include "tools/run_texts.h"
#include "tools/signals.h"

namespace elbo {
namespace {

std::string label_name(const Dataset& data, std::size_t label) {
  return label < data.label_names.size() ? data.label_names[label] : std::to_string(label);
}

std::string text_at(const Dataset& data, const Split& split, Index i) {
  return std::string((*data.texts)[split.values.data<std::int32_t>()[i]]);
}

// What the grammar of `sentences` makes of a file's lines.
int parse_file(const Tool& tool, const std::string& path) {
  const std::vector<std::string> lines = read_sentences({path});
  Index parsed = 0;
  double sum = 0;
  Json all = Json::array();
  std::string text;
  for (const std::string& line : lines) {
    const std::optional<SentenceParse> parse = parse_sentence(line);
    Json one =
        Json::object({{"text", line}, {"parses", parse.has_value()}, {"log_probability", parse ? Json(parse->log_probability) : Json()}});
    std::string factors;
    if (parse) {
      parsed++;
      sum += parse->log_probability;
      for (const SentenceFactor& f : sentence_factors()) {
        const std::string& value = f.values[std::size_t(parse->factors.*f.place)];
        one["factors"][f.name] = value;
        factors += fmt::format("{}{}={}", factors.empty() ? "" : " ", f.name, value);
      }
    }
    text += line + "\n" + (parse ? fmt::format("  {:.3f} nats; {}\n", -parse->log_probability, factors) : "  not of the grammar\n");
    all.push_back(std::move(one));
  }
  const double n = double(lines.size());
  if (tool.shared().json) {
    print(Json::object({{"sentences", all}, {"parsed", double(parsed) / n}, {"nats", parsed > 0 ? Json(-sum / double(parsed)) : Json()}})
              .dump(2) +
          "\n");
  } else {
    print(text + fmt::format("\n{} of {} sentences are of the grammar{}\n", parsed, lines.size(),
                             parsed > 0
                                 ? fmt::format(", {:.3f} nats on average (entropy {:.3f})", -sum / double(parsed), sentence_entropy())
                                 : ""));
  }
  return 0;
}

Json as_json(const Dataset& data, const Split& split) {
  Json all = Json::object({{"data", data.spec.str()}});
  for (const Part p : {Part::train, Part::valid, Part::test})
    all[part_name(p)] =
        Json::object({{"examples", data.part(p).size()}, {"origin", data.part(p).size() > 0 ? Json(data.part(p).origin) : Json()}});
  all["split"] = part_name(split.part);
  all["shape"] = data.texts ? Json() : Json(std::vector<Index>(data.example_shape.begin(), data.example_shape.end()));
  for (const char* key : {"minimum", "maximum", "mean", "nonzero", "labels", "vocabulary", "entropy"}) all[key] = nullptr;
  const DataSummary summary = describe(data, split.part);
  if (data.texts) {
    all["vocabulary"] = data.codec->vocabulary.size();
    all["entropy"] = data.entropy ? Json(*data.entropy) : Json();
    all["tokens"] = summary.tokens;
    all["unknown"] = summary.unknown;
  } else if (split.size() > 0) {
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
  if (data.texts)
    print(fmt::format("vocabulary           {} entries, four of them special; tokenizer {}\n", grouped(data.codec->vocabulary.size()),
                      tokenizer_name(data.codec->tokenizer.kind)));
  else
    print(fmt::format("shape of an example  {}\n", data.example_shape.str()));
  if (data.entropy) print(fmt::format("entropy              {:.4f} nats an example: no model comes below\n", *data.entropy));
  if (!data.factor_names.empty()) {
    std::string names;
    for (const std::string& name : data.factor_names) names += (names.empty() ? "" : ", ") + name;
    print(fmt::format("factors              {}\n", names));
  }
  print(fmt::format("checksum             {:016x}\n", data.checksum));
  if (split.size() == 0) return;
  const DataSummary summary = describe(data, split.part);
  print(fmt::format("\nThe {} part:\n", part_name(split.part)));
  if (data.texts) {
    print(fmt::format("tokens               {:.2f} a text, {:.2f}% of them unknown\n", summary.tokens, 100 * summary.unknown));
    for (Index i = 0; i < std::min<Index>(3, split.size()); i++) print(fmt::format("                     {}\n", text_at(data, split, i)));
  } else {
    print(fmt::format("values               {} to {}, mean {}, {:.1f}% not zero\n", number(summary.minimum), number(summary.maximum),
                      number(summary.mean), 100 * summary.nonzero));
  }
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

int run(const Tool& tool, std::optional<Index> count, const std::string& parse, const std::vector<std::string>& set) {
  const SharedOptions& o = tool.shared();
  if (o.data.empty()) throw UsageError("--data SPEC is missing");
  if (!parse.empty()) {
    if (parse_data_spec(o.data).kind != "sentences")
      throw UsageError(fmt::format("--parse: {} has no grammar; --data sentences has", o.data));
    return parse_file(tool, parse);
  }
  Config config;
  for (const std::string& assignment : set) {
    if (!assignment.starts_with("data.")) throw UsageError(fmt::format("--set {}: expected a key of data", assignment));
    set_key(config, assignment);
  }
  if (count && o.out.empty()) throw UsageError("--count: expected --out PATH too");
  std::optional<OutPath> out;
  if (!o.out.empty()) {
    const bool text = kind_of_output(o.out) == ".txt";
    out.emplace(o.out, o.force, std::initializer_list<std::string_view>{".png", ".npy", ".txt", ""}, text ? nullptr : is_numbered_picture);
  }
  Progress progress(o.quiet);
  give_data(config, o.data);
  settle(config);
  Dataset data = load_dataset(config.data.spec, parts_of(config.data), show_reading(progress));
  if (data.texts) tokenise(data, text_options(config.data), show_reading(progress));
  progress.clear();
  if (out && bool(data.texts) != (out->kind() == ".txt"))
    throw UsageError(
        fmt::format("--out {}: texts are written to a .txt, pictures to a .png, a folder or a .npy, vectors to a .npy", o.out));
  const Split& split = data.part(part_from_name(o.split));
  std::string written;
  if (out) {
    const Tensor examples = first_examples(split, count.value_or(std::min<Index>(64, split.size())));
    if (data.texts) {
      std::vector<std::string> lines;
      for (Index i = 0; i < examples.size(0); i++) lines.push_back(text_at(data, split, i));
      write_lines(*out, lines, 1);
    } else if (out->kind() == ".npy") {
      const Deferred guard;
      out->make_way();
      save_npy(out->path(), examples);
    } else {
      const GridSize size = square_grid(examples.size(0));
      write_pictures(*out, examples, size.rows, size.columns);
    }
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
  std::string parse;
  std::vector<std::string> set;
  Tool tool("elbo-data",
            "Describes a data set (counts, where each part came from, shape, range, labels, vocabulary) and writes examples of it "
            "out.\n\nKinds of "
            "data, and what may stand after their '?':" +
                kinds_of_data(),
            {"elbo-data --data digits", "elbo-data --data digits --split train --count 100 --out digits.png",
             "elbo-data --data text:captions --set data.tokenizer=whitespace --count 100 --out captions.txt"});
  tool.usage("--data SPEC [--split S] [--set data.KEY=VALUE] [--count N --out PATH]")
      .usage("--data sentences --parse FILE")
      .share({"--data", "--split"})
      .option("--count", "N", "how many examples to write: the first ones of the part (default 64)", count, 1, 10000)
      .repeatable("--set", "data.KEY=VALUE", "texts: how they are divided, such as data.tokenizer=whitespace", set)
      .option("--parse", "FILE", "sentences: what the grammar makes of this file's lines", parse)
      .share({"--out", "--json", "--quiet"});
  return tool.run(argc, argv, [&] { return run(tool, count, parse, set); });
}
