#include "tools/run_texts.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>

#include "data/spec.h"
#include "data/text_files.h"
#include "data/utf8.h"
#include "lab/codes.h"
#include "lab/text_samples.h"
#include "models/run_folder.h"
#include "tensor/error.h"
#include "tensor/file.h"
#include "tools/run_options.h"
#include "tools/signals.h"
#include "tools/terminal.h"

namespace elbo {

namespace {

std::string text_of(const Run& run, const Dataset& data, const Split& split, Index i) {
  if (data.texts) return std::string((*data.texts)[split.values.data<std::int32_t>()[i]]);
  return run.codec->decode((*split.tokens)[i]);
}

// A sentence given on the command line, as one line.
std::string checked_sentence(const std::string& option, std::string sentence) {
  if (sentence.find_first_not_of(" \t\r\n") == std::string::npos) throw UsageError(option + ": expected a sentence, this one is empty");
  if (const std::size_t at = first_bad_byte(sentence); at < sentence.size())
    fail("text", fmt::format("{}: byte {} is not UTF-8", option, at + 1));
  std::replace(sentence.begin(), sentence.end(), '\n', ' ');
  return sentence;
}

}  // namespace

const TextModel& text_model(const Run& run) {
  const auto* model = dynamic_cast<const TextModel*>(run.model.get());
  if (!model) throw UsageError(fmt::format("{}: expected a run on texts, this one has model.kind={}", run.path, run.config.model.kind));
  return *model;
}

void require_code(const Run& run, std::string_view tool) {
  if (run.model->latent() == 0)
    throw UsageError(fmt::format("{}: is a language model, which has no codes for {} to work with", run.path, tool));
}

Run open_language_model(const std::string& path, const Run& beside, const SharedOptions& shared) {
  Run lm = open_run(path);
  require_language_model(lm);
  if (lm.trained_on.checksum != beside.trained_on.checksum)
    Progress(shared.quiet)
        .line(fmt::format("--language-model {}: was trained on other data ({}) than {} ({}): perplexities under it are of another language",
                          path, lm.trained_on.spec.str_without_path(), beside.path, beside.trained_on.spec.str_without_path()));
  return lm;
}

std::optional<OutPath> texts_or_pictures(const Run& run, const SharedOptions& shared) {
  if (is_text(run))
    return shared.out.empty()
               ? std::nullopt
               : std::optional<OutPath>(std::in_place, shared.out, shared.force, std::initializer_list<std::string_view>{".txt"});
  if (shared.out.empty()) throw UsageError("--out PATH is missing");
  return std::optional<OutPath>(std::in_place, shared.out, shared.force, std::initializer_list<std::string_view>{".png", ".npy"});
}

void DecodeArguments::add_to(Tool& tool) {
  tool.choice("--decode", {"greedy", "sample", "beam"}, "texts: how words are chosen (default greedy; of a language model sample)", method)
      .option("--token-temperature", "T", "texts, sample: below 1 likelier words, above 1 rarer ones (default 1)", temperature, 0, 100)
      .option("--top-k", "K", "texts, sample: among the K likeliest words alone (default 0: all)", top_k, 0, 1 << 24)
      .option("--top-p", "P", "texts, sample: among the fewest words that have this probability together (default 1)", top_p, 0, 1)
      .option("--beam", "N", "texts, beam: texts kept at a time (default 5)", beam, 1, 1000)
      .option("--length-penalty", "A", "texts, beam: log-probabilities are divided by ((5 + tokens) / 6)^A (default 0.7)", length_penalty,
              0, 10)
      .option("--max-tokens", "N", "texts: the longest (default: data.max_tokens of the run)", max_tokens, 1, 1 << 20)
      .flag("--unknown", "texts: <unk> may come", unknown);
}

DecodeOptions DecodeArguments::options(const Run& run, std::uint64_t seed) const {
  DecodeOptions o{.temperature = temperature,
                  .top_k = top_k,
                  .top_p = top_p,
                  .beam = beam,
                  .length_penalty = length_penalty,
                  .unknown = unknown,
                  .max_tokens = max_tokens.value_or(run.codec->max_tokens),
                  .seed = seed};
  o.method = method.empty() ? (run.model->latent() == 0 ? DecodeMethod::sample : DecodeMethod::greedy) : decode_method_from_name(method);
  if (o.method != DecodeMethod::sample && (temperature != 1 || top_k != 0 || top_p != 1))
    throw UsageError("--token-temperature, --top-k and --top-p go with --decode sample");
  if (o.method != DecodeMethod::beam && (beam != 5 || length_penalty != 0.7))
    throw UsageError("--beam and --length-penalty go with --decode beam");
  return o;
}

std::vector<std::string> read_sentences(const std::vector<std::string>& paths, BadBytes bad_bytes) {
  std::vector<std::string> all;
  std::vector<TextFile> files;
  for (const std::string& path : paths) files.push_back({path});
  const Tensor bytes = files.empty() ? Tensor() : read_texts(files, bad_bytes, {});
  for (const TextFile& file : files) {
    std::string_view text(static_cast<const char*>(bytes.raw()) + file.begin, file.end - file.begin);
    const std::size_t before = all.size();
    while (!text.empty()) {
      std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(text.size(), line.size() + 1));
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line.find_first_not_of(" \t") != std::string_view::npos) all.emplace_back(line);
    }
    if (all.size() == before) fail("text", fmt::format("{}: holds no text", file.path));
  }
  return all;
}

std::vector<std::string> given_sentences(const Run& run, const SharedOptions& shared, const std::vector<std::string>& files,
                                         const std::vector<std::string>& sentences) {
  std::vector<std::string> all = read_sentences(files, bad_bytes_of(run.trained_on.spec));
  for (const std::string& sentence : sentences) all.push_back(checked_sentence("--text", sentence));
  const Index cut = std::count_if(all.begin(), all.end(), [&](const auto& text) { return run.codec->encode(text).back() != end_token; });
  if (cut > 0)
    Progress(shared.quiet)
        .line(fmt::format("{} of {} texts have more than {} tokens and are cut, without an end", cut, all.size(), run.codec->max_tokens));
  return all;
}

Split given_examples(const Run& run, const SharedOptions& shared, const std::vector<std::string>& files) {
  Split given = is_text(run) ? tokenised_split(*run.codec, given_sentences(run, shared, files)) : load_pictures(run, files);
  given.labels = chosen_labels(run, shared, given.size());
  return given;
}

NamedExample named_example(const Run& run, const SharedOptions& shared, const std::string& name, const std::string& option,
                           const Dataset& data, const Split& split) {
  std::int64_t index = 0;
  NamedExample example;
  if (read_number(name, index)) {
    if (index < 0 || index >= split.size())
      throw UsageError(fmt::format("{} {}: the {} part has examples 0 to {}", option, name, part_name(split.part), split.size() - 1));
    if (split.labels) example.split.labels = split.labels.slice(index, index + 1);
    if (!is_text(run)) {
      example.split.values = split.values.slice(index, index + 1);
      return example;
    }
    example.text = text_of(run, data, split, index);
  } else if (std::error_code error; std::filesystem::is_regular_file(name, error)) {
    if (!is_text(run)) {
      example.split = given_examples(run, shared, {name});
      return example;
    }
    example.text = given_sentences(run, shared, {name}).front();
  } else if (is_text(run)) {
    if (name.ends_with(".txt") && name.find(' ') == name.npos) fail("text", fmt::format("{} {}: no such file", option, name));
    example.text = checked_sentence(option, name);
  } else if (name.find_first_of("./") != name.npos) {
    fail("images", fmt::format("{} {}: no such file", option, name));
  } else {
    throw UsageError(fmt::format("{} {}: expected the number of an example, or a picture file", option, name));
  }
  const Tensor label = example.split.labels ? example.split.labels : chosen_labels(run, shared, 1);
  example.split = tokenised_split(*run.codec, {example.text});
  example.split.labels = label;
  return example;
}

std::vector<std::string> first_texts(const Run& run, const Dataset& data, const Split& split, Index count) {
  if (count > split.size()) fail("data", fmt::format("{} examples wanted, the {} part has {}", count, part_name(split.part), split.size()));
  std::vector<std::string> texts;
  for (Index i = 0; i < count; i++) texts.push_back(text_of(run, data, split, i));
  return texts;
}

Tensor codes_of(const Run& run, const std::vector<std::string>& sentences, const Tensor& labels) {
  Split split = tokenised_split(*run.codec, sentences);
  split.labels = labels;
  return with_labels(*run.model, encode_examples(run, split).mean, labels);
}

std::string joined_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

void write_lines(const OutPath& out, const std::vector<std::string>& lines, Index per_file) {
  const Deferred guard;
  out.make_way();
  if (out.kind() == ".txt") return write_file_atomically(out.path(), bytes_of(joined_lines(lines)));
  for (std::size_t i = 0, file = 0; i < lines.size(); file++, i += std::size_t(per_file)) {
    const std::vector<std::string> part(lines.begin() + std::ptrdiff_t(i),
                                        lines.begin() + std::ptrdiff_t(std::min(lines.size(), i + std::size_t(per_file))));
    write_file_atomically(out.file(fmt::format("generated_text_{}.txt", file)), bytes_of(joined_lines(part)));
  }
}

void write_run_texts(const Run& run) {
  const Tensor codes = draw_codes(run, 10, default_code_source(*run.model), 1, 1);
  const OutPath out(run.path + "/generated_texts", true, {""}, is_generated_text);
  write_lines(out, generate_texts(text_model(run), *run.codec, codes, DecodeArguments{}.options(run, 1)), 1);
}

}  // namespace elbo
