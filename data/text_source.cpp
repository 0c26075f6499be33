// text:PATH: sentences, one a line, in a file or in a folder of train.txt, valid.txt, test.txt.

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <map>

#include "data/kinds.h"
#include "data/text_files.h"
#include "tensor/error.h"
#include "tensor/file.h"

namespace elbo {
namespace {

namespace fs = std::filesystem;

// The lines of one file as texts; blank ones are left out.
class Lines {
 public:
  Lines(Texts& texts, bool labelled) : texts_(texts), labelled_(labelled) {}

  void read(const TextFile& file, std::string_view all, std::vector<std::int32_t>& numbers, std::vector<std::string>& labels) {
    std::uint64_t begin = file.begin;
    for (Index line = 1; begin < file.end; line++) {
      const std::size_t newline = std::min<std::size_t>(all.find('\n', begin), file.end);
      std::string_view text = all.substr(begin, newline - begin);
      const std::uint64_t here = begin;
      begin = newline + 1;
      if (text.ends_with('\r')) text.remove_suffix(1);
      if (text.find_first_not_of(" \t\r\v\f") == std::string_view::npos) {
        blank_++;
        continue;
      }
      std::uint64_t skipped = 0;
      if (labelled_) {
        const std::size_t tab = text.find('\t');
        if (tab == 0 || tab == std::string_view::npos)
          fail("text", fmt::format("{}: line {}: expected a label, a tab and a sentence (?labels=first), got {}", file.path, line,
                                   quote_name(text)));
        labels.emplace_back(text.substr(0, tab));
        skipped = tab + 1;
      }
      if (text.size() > std::numeric_limits<std::uint32_t>::max())
        fail("text", fmt::format("{}: line {}: {} bytes are too many for a text", file.path, line, text.size()));
      if (texts_.size() == std::numeric_limits<std::int32_t>::max())
        fail("text", fmt::format("{}: expected fewer than 2^31 texts", file.path));
      numbers.push_back(std::int32_t(texts_.size()));
      texts_.add(here + skipped, text.size() - skipped);
    }
  }
  Index blank() const { return blank_; }

 private:
  Texts& texts_;
  bool labelled_;
  Index blank_ = 0;
};

Dataset text_dataset(const DataSpec& spec, const OnRead& on_read) {
  std::vector<TextFile> files;
  std::vector<Part> parts;
  if (fs::is_directory(spec.path)) {
    for (const Part part : {Part::train, Part::valid, Part::test}) {
      const fs::path path = fs::path(spec.path) / fmt::format("{}.txt", part_name(part));
      if (!fs::exists(path)) {
        if (part == Part::train) fail("text", fmt::format("{}: holds no train.txt; expected train.txt, valid.txt, test.txt", spec.path));
        continue;
      }
      files.push_back({path.string()});
      parts.push_back(part);
    }
  } else {
    if (!fs::exists(spec.path)) fail("text", fmt::format("{}: there is no such file or folder", spec.path));
    files.push_back({spec.path});
    parts.push_back(Part::train);
  }
  const Tensor bytes = read_texts(files, bad_bytes_of(spec), on_read);
  const std::string_view all(static_cast<const char*>(bytes.raw()), bytes.bytes());
  const auto texts = std::make_shared<Texts>(bytes);

  Dataset data;
  const bool labelled = spec.text("labels", "none") == "first";
  Lines lines(*texts, labelled);
  std::vector<std::vector<std::string>> labels(files.size());
  for (std::size_t i = 0; i < files.size(); i++) {
    Split& split = parts[i] == Part::train ? data.train : parts[i] == Part::valid ? data.valid : data.test;
    std::vector<std::int32_t> numbers;
    lines.read(files[i], all, numbers, labels[i]);
    if (numbers.empty()) fail("text", fmt::format("{}: holds no text", files[i].path));
    split.values = Tensor::from(numbers, {Index(numbers.size())});
    split.origin = fs::path(files[i].path).filename().string();
  }
  if (lines.blank() > 0) data.notes.push_back(fmt::format("{} blank line{} left out", lines.blank(), lines.blank() == 1 ? "" : "s"));
  if (labelled) {
    std::map<std::string, std::int32_t> known;
    for (const auto& of_file : labels)
      for (const std::string& label : of_file) known.emplace(label, 0);
    for (auto& [label, number] : known) {
      number = data.classes++;
      data.label_names.push_back(label);
    }
    for (std::size_t i = 0; i < files.size(); i++) {
      Split& split = parts[i] == Part::train ? data.train : parts[i] == Part::valid ? data.valid : data.test;
      split.labels = Tensor({Index(labels[i].size())}, DType::int32);
      std::transform(labels[i].begin(), labels[i].end(), split.labels.mutable_data<std::int32_t>(),
                     [&](const std::string& label) { return known[label]; });
    }
  }
  data.texts = texts;
  return data;
}

}  // namespace

DataKind text_kind() {
  return {.name = "text",
          .usage = "text:PATH",
          .help = "sentences, one a line: a file, or a folder of train.txt, valid.txt, test.txt",
          .options = {DataOption::choice("labels", {"none", "first"}, "first: a label and a tab come before each sentence (default none)"),
                      bad_bytes_option()},
          .load = text_dataset};
}

}  // namespace elbo
