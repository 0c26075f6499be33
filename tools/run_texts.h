#pragma once
// What the tools share where examples are texts.

#include <string>
#include <vector>

#include "data/text_files.h"
#include "lab/generate.h"
#include "models/run.h"
#include "models/run_folder.h"
#include "tools/common.h"
#include "tools/output.h"

namespace elbo {

inline bool is_text(const Run& run) { return bool(run.codec); }
const TextModel& text_model(const Run& run);  // throws UsageError for a run that is none
// Throws UsageError for a language model: it has no codes.
void require_code(const Run& run, std::string_view tool);

// The run of --language-model; a note says where it was trained on other data than `beside`. Throws UsageError for a run that is none.
Run open_language_model(const std::string& path, const Run& beside, const SharedOptions& shared);

// --out of a tool that prints texts, and writes them to a .txt where it is given; of pictures a .png or .npy, which must be given.
std::optional<OutPath> texts_or_pictures(const Run& run, const SharedOptions& shared);

// --decode and what goes with it.
struct DecodeArguments {
  std::string method;  // empty: greedy, and for a language model sample
  double temperature = 1, top_p = 1, length_penalty = 0.7;
  Index top_k = 0, beam = 5;
  std::optional<Index> max_tokens;
  bool unknown = false;

  void add_to(Tool& tool);
  DecodeOptions options(const Run& run, std::uint64_t seed) const;  // throws UsageError for options that the method has no use for
};

// The lines of text files; blank ones are left out. Throws Error for a file without text.
std::vector<std::string> read_sentences(const std::vector<std::string>& files, BadBytes bad_bytes = BadBytes::error);

// The same and sentences of the command line, for a run: bad bytes are taken as its data were, and a note says how many texts are cut.
std::vector<std::string> given_sentences(const Run& run, const SharedOptions& shared, const std::vector<std::string>& files,
                                         const std::vector<std::string>& sentences = {});

// Files as a part: pictures (load_pictures()), or sentences where the run is on texts; with the label of --label, if any.
Split given_examples(const Run& run, const SharedOptions& shared, const std::vector<std::string>& files);

// One example that an option names: its number in the part, a file (its first sentence), or, of texts, a sentence.
struct NamedExample {
  std::string text;  // of texts
  Split split;       // one example
};
NamedExample named_example(const Run& run, const SharedOptions& shared, const std::string& name, const std::string& option,
                           const Dataset& data, const Split& split);

// The first `count` texts of a part as they were read, or decoded from their tokens where the part has them alone.
std::vector<std::string> first_texts(const Run& run, const Dataset& data, const Split& split, Index count);

// The means of sentences' codes as the decoder reads them; `labels`: int32 (n,), of a conditional run.
Tensor codes_of(const Run& run, const std::vector<std::string>& sentences, const Tensor& labels);

// Writes lines to a .txt file, or `per_file` to each generated_text_0.txt, generated_text_1.txt, ... of a folder.
void write_lines(const OutPath& out, const std::vector<std::string>& lines, Index per_file);
std::string joined_lines(const std::vector<std::string>& lines);

// generated_texts/ of a finished run: ten texts from its default source of codes.
void write_run_texts(const Run& run);

}  // namespace elbo
