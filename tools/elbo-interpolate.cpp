// elbo-interpolate: what lies between two examples.

#include <fmt/core.h>

#include "lab/paths.h"
#include "tensor/error.h"
#include "tensor/json.h"
#include "tools/common.h"
#include "tools/output.h"
#include "tools/run_options.h"
#include "tools/run_texts.h"
#include "tools/terminal.h"

namespace elbo {
namespace {

struct Options {
  std::string run, from, to, path;
  Index steps = 9;
  DecodeArguments decode;
};

bool is_number(const std::string& text) {
  std::int64_t value = 0;
  return read_number(text, value);
}

int run(const Tool& tool, const Options& o) {
  const SharedOptions& shared = tool.shared();
  if (o.from.empty() || o.to.empty()) throw UsageError("expected --from X and --to Y");
  const Run run = open_chosen_run(o.run, shared);
  require_code(run, "elbo-interpolate");
  const bool text = is_text(run);
  const std::optional<OutPath> out = texts_or_pictures(run, shared);
  Dataset data;
  if (is_number(o.from) || is_number(o.to)) data = chosen_data(run, shared);
  const Split& split = data.part(part_from_name(shared.split));
  const NamedExample from = named_example(run, shared, o.from, "--from", data, split),
                     to = named_example(run, shared, o.to, "--to", data, split);
  const EncodedExamples a = encode_examples(run, from.split), b = encode_examples(run, to.split);

  std::vector<std::string> lines;
  Json paths = Json::object();
  Tensor pictures;
  Index rows = 0;
  for (const char* name : {"linear", "spherical"}) {
    if (!o.path.empty() && o.path != name) continue;
    const Tensor codes = labelled_path(*run.model, a, b, o.steps, path_kind_from_name(name));
    if (text) {
      const std::vector<std::string> texts = generate_texts(text_model(run), *run.codec, codes, o.decode.options(run, tool.seed()));
      lines.push_back(fmt::format("{}{}:", lines.empty() ? "" : "\n", name));
      lines.insert(lines.end(), texts.begin(), texts.end());
      paths[name] = texts;
    } else {
      const Tensor decoded = decode_codes(*run.model, codes);
      if (!pictures) pictures = Tensor(decoded.shape().with(0, o.steps * (o.path.empty() ? 2 : 1)));
      pictures.slice(rows * o.steps, (rows + 1) * o.steps).copy_from(decoded);
      rows++;
    }
  }
  if (out && text) write_lines(*out, lines, 1);
  if (out && !text) write_pictures(*out, pictures, rows, o.steps);
  if (shared.json) {
    Json all = about_run(run);
    all.update({{"out", out ? Json(out->path()) : Json()}, {"steps", o.steps}});
    all.update({{"from", text ? from.text : o.from}, {"to", text ? to.text : o.to}});
    if (text)
      all["paths"] = paths;
    else
      all["paths"] = o.path.empty() ? Json::array({"linear", "spherical"}) : Json::array({o.path});  // row by row
    print(all.dump(2) + "\n");
  } else if (text) {
    print(joined_lines(lines));
  } else {
    print(fmt::format("{}: {} steps from {} to {}, {}, {} weights\n", out->path(), o.steps, o.from, o.to,
                      o.path.empty() ? "straight and, below, spherical" : o.path, run.weights_name()));
  }
  return 0;
}

}  // namespace
}  // namespace elbo

int main(int argc, char** argv) {
  using namespace elbo;
  Options o;
  Tool tool("elbo-interpolate",
            "Decodes a straight and a spherical path between the codes of two examples: a strip of pictures, or sentences.",
            {"elbo-interpolate runs/first --from 3 --to 8 --steps 10 --out path.png",
             "elbo-interpolate runs/words --from \"a dog runs in the snow .\" --to \"two women sit at a table .\""});
  tool.usage("RUN --from X --to Y [--steps N] [--path linear|spherical] --out PATH")
      .positional("RUN", "a run folder, or a .safetensors of one", o.run)
      .option("--from", "X", "the number of an example of the part, a file, or a sentence", o.from)
      .option("--to", "Y", "likewise", o.to)
      .option("--steps", "N", "codes on the path, both ends included (default 9)", o.steps, 2, 10000)
      .choice("--path", {"linear", "spherical"}, "one of them alone", o.path)
      .share({"--out", "--label", "--data", "--split", "--weights"});
  o.decode.add_to(tool);
  tool.share({"--seed", "--json", "--quiet"});
  return tool.run(argc, argv, [&] { return run(tool, o); });
}
