// imdb:FOLDER: the review data set's folders train/pos, train/neg, test/pos, test/neg, a file for each review (Maas et al. 2011).

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>

#include "data/kinds.h"
#include "data/text_files.h"
#include "tensor/error.h"

namespace elbo {
namespace {

namespace fs = std::filesystem;
const std::vector<std::string> label_names = {"neg", "pos"};

std::vector<std::string> files_in(const fs::path& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    if (entry->path().extension() == ".txt") files.push_back(entry->path().string());
  if (error)
    fail("imdb", fmt::format("{}: {}; expected the folders train/pos, train/neg, test/pos, test/neg", folder.string(), error.message()));
  if (files.empty()) fail("imdb", fmt::format("{}: holds no .txt file", folder.string()));
  std::sort(files.begin(), files.end());
  return files;
}

// Makes a review one line, in place: line breaks, the files' own and HTML's, and blanks become one blank, none at the ends. Its new length.
std::size_t one_line(char* text, std::size_t length) {
  constexpr std::string_view line_break = "<br />", blanks = " \t\r\n";
  const std::string_view all(text, length);
  std::size_t kept = 0;
  bool gap = false;
  for (std::size_t i = 0; i < length;) {
    const std::size_t skipped = all.substr(i).starts_with(line_break) ? line_break.size() : blanks.find(all[i]) != blanks.npos ? 1 : 0;
    i += skipped;
    if (skipped > 0) {
      gap = kept > 0;
      continue;
    }
    if (gap) text[kept++] = ' ';
    gap = false;
    text[kept++] = all[i++];
  }
  return kept;
}

Dataset imdb_dataset(const DataSpec& spec, const OnRead& on_read) {
  Dataset data;
  std::vector<TextFile> files;
  for (const char* part : {"train", "test"}) {
    Split& split = part == std::string_view("train") ? data.train : data.test;
    std::vector<std::int32_t> numbers, labels;
    for (std::size_t label = 0; label < label_names.size(); label++)
      for (std::string& path : files_in(fs::path(spec.path) / part / label_names[label])) {
        numbers.push_back(std::int32_t(files.size()));
        labels.push_back(std::int32_t(label));
        files.push_back({std::move(path)});
      }
    split.values = Tensor::from(numbers, {Index(numbers.size())});
    split.labels = Tensor::from(labels, {Index(labels.size())});
    split.origin = fmt::format("the files of {}/neg and {}/pos", part, part);
  }
  Tensor bytes = read_texts(files, bad_bytes_of(spec), on_read);
  auto* at = reinterpret_cast<char*>(bytes.mutable_data<std::uint8_t>());
  for (TextFile& file : files) file.end = file.begin + one_line(at + file.begin, file.end - file.begin);
  const auto texts = std::make_shared<Texts>(bytes);
  for (const TextFile& file : files) texts->add(file.begin, file.end - file.begin);
  data.texts = texts;
  data.classes = int(label_names.size());
  data.label_names = label_names;
  return data;
}

}  // namespace

DataKind imdb_kind() {
  return {.name = "imdb",
          .usage = "imdb:FOLDER",
          .help = "reviews, a file each, in train/pos, train/neg, test/pos, test/neg",
          .options = {bad_bytes_option()},
          .load = imdb_dataset};
}

}  // namespace elbo
