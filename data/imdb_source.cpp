// imdb:FOLDER: the review data set's folders train/pos, train/neg, test/pos, test/neg, a file for each review (Maas et al. 2011).

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
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
  // The reviews' line breaks are HTML's: blanks in their place.
  constexpr std::string_view line_break = "<br />";
  const std::string_view all(at, bytes.bytes());
  for (std::size_t i = 0; (i = all.find(line_break, i)) != std::string_view::npos;) std::memset(at + i, ' ', line_break.size());
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
