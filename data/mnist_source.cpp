// mnist:FOLDER: the four IDX files of MNIST and of the data sets that took over its format (Fashion-MNIST, KMNIST, EMNIST).

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>

#include "data/idx.h"
#include "data/kinds.h"
#include "tensor/error.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

namespace fs = std::filesystem;

// [PREFIX-]PART-WHAT-idxN-ubyte or [PREFIX-]PART-WHAT.idxN-ubyte, plain or .gz
bool is_named(std::string name, std::string_view part, std::string_view what) {
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  for (const char separator : {'-', '.'}) {
    const std::string end = fmt::format("{}-{}{}idx{}-ubyte", part, what, separator, what == "images" ? 3 : 1);
    if (name == end || name.ends_with("-" + end)) return true;
  }
  return false;
}

// The one file in `folder` that holds `what` ("images", "labels") of one of `parts`.
fs::path find_file(const fs::path& folder, std::initializer_list<std::string_view> parts, std::string_view what) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    for (const auto part : parts)
      if (std::error_code ignored; is_named(entry->path().filename().string(), part, what) && !entry->is_directory(ignored))
        found.push_back(entry->path());
  if (error) fail("mnist", fmt::format("{}: {}", folder.string(), error.message()));
  std::sort(found.begin(), found.end());
  const std::string wanted = fmt::format("[PREFIX-]{}-{}-idx{}-ubyte[.gz]", *parts.begin(), what, what == "images" ? 3 : 1);
  if (found.empty()) fail("mnist", fmt::format("{}: expected a file {}, found none", folder.string(), wanted));
  if (found.size() > 1)
    fail("mnist", fmt::format("{}: expected one file {}, found {} and {}; leave one in the folder", folder.string(), wanted,
                              found[0].filename().string(), found[1].filename().string()));
  return found[0];
}

void check_labels(const fs::path& path, const Tensor& labels, Index images, const fs::path& images_path, Index classes) {
  if (labels.numel() != images)
    fail("mnist", fmt::format("{} holds {} labels, but {} holds {} pictures; they do not belong together", path.string(), labels.numel(),
                              images_path.filename().string(), images));
  const auto values = labels.values<std::uint8_t>();
  const auto bad = std::find_if(values.begin(), values.end(), [&](std::uint8_t v) { return v >= classes; });
  if (bad != values.end())
    fail("mnist",
         fmt::format("{}: expected labels 0 to {}, but number {} is {}; for another number of classes write '?classes=N' after the folder",
                     path.string(), classes - 1, bad - values.begin(), *bad));
}

Dataset mnist_dataset(const DataSpec& spec, const OnRead&) {
  const fs::path folder(spec.path);
  std::error_code error;
  if (!fs::is_directory(folder, error))
    fail("mnist",
         fmt::format("{}: {}", spec.path, fs::exists(folder, error) ? "expected a folder, this is a file" : "there is no such folder"));
  const Index classes = spec.integer("classes", 10);
  const fs::path paths[4] = {find_file(folder, {"train"}, "images"), find_file(folder, {"t10k", "test"}, "images"),
                             find_file(folder, {"train"}, "labels"), find_file(folder, {"t10k", "test"}, "labels")};
  Tensor read[4];  // unpacking is the slow part: the files side by side
  parallel(4, [&](Index i) { read[i] = read_idx(paths[i].string(), i < 2 ? 3 : 1); });

  Dataset data;
  for (const bool test : {false, true}) {
    const Tensor& pictures = read[test];
    const Tensor& labels = read[2 + test];
    check_labels(paths[2 + test], labels, pictures.shape()[0], paths[test], classes);
    Split& split = test ? data.test : data.train;
    split.values = pictures.reshape(pictures.shape().append(1));
    split.labels = labels.to(DType::int32);
    split.origin = paths[test].filename().string();
  }
  data.example_shape = data.train.values.shape().without(0);
  if (!(data.test.values.shape().without(0) == data.example_shape))
    fail("mnist", fmt::format("{}: training pictures are {}, test pictures {}; they do not belong together", spec.path,
                              data.example_shape.str(), data.test.values.shape().without(0).str()));
  data.classes = int(classes);
  for (Index c = 0; c < classes; c++) data.label_names.push_back(std::to_string(c));
  return data;
}

}  // namespace

DataKind mnist_kind() {
  return {.name = "mnist",
          .usage = "mnist:FOLDER",
          .help = "the four IDX files of MNIST, Fashion-MNIST, KMNIST or EMNIST, plain or .gz",
          .options = {DataOption::integer("classes", 1, 256, "labels are 0 to N-1 (default 10)")},
          .load = mnist_dataset};
}

}  // namespace elbo
