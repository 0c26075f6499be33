// images:FOLDER: picture files, decoded once, all to one shape; in memory, or in a file that is mapped where they are too many for it.

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <limits>
#include <map>
#include <mutex>

#include "data/fit.h"
#include "data/kinds.h"
#include "data/memory_limit.h"
#include "data/picture_folder.h"
#include "tensor/error.h"
#include "tensor/memory.h"
#include "tensor/parallel.h"

namespace elbo {
namespace {

struct Size {
  Index width = 0, height = 0;
  auto operator<=>(const Size&) const = default;
};

bool parse_size(std::string_view text, Size& size) {
  const std::size_t x = text.find('x');
  const auto side = [](std::string_view digits, std::int64_t& value) {
    return !digits.starts_with('-') && read_number(digits, value) && value >= 1 && value <= 16384;
  };
  return x != std::string_view::npos && side(text.substr(0, x), size.width) && side(text.substr(x + 1), size.height) &&
         size.width * size.height <= most_pixels;
}

// Half of the memory there is, at most 4096 MB.
Index default_memory() { return std::clamp<Index>(Index(memory_there_is() >> 20) / 2, 16, 4096); }

constexpr const char* how_to_go_on = "; '?skip_bad=1' goes on without what cannot be read";

// Does something with every file, on all threads, and remembers which failed. Without `go_on`, what stands behind the first bad file is
// left out, and that file's error is thrown: the same one whatever the threads do.
class Files {
 public:
  Files(const std::vector<std::string>& files, bool go_on, const OnRead& on_read)
      : files_(files), go_on_(go_on), on_read_(on_read), good_(files.size(), 1) {}

  template <class F>
  void for_each(std::string_view what, F&& f) {
    std::atomic<Index> done = 0;
    parallel(Index(files_.size()), [&](Index i) {
      const auto k = std::size_t(i);
      if (!good_[k] || i > first_bad_.load(std::memory_order_relaxed)) return;
      try {
        f(i, files_[k]);
      } catch (const Error& error) {
        const std::lock_guard lock(mutex_);
        good_[k] = 0;
        problems_[k] = as_one_line(error.what(), files_[k]);
        if (!go_on_) first_bad_ = std::min(first_bad_.load(), i);
      }
      tell(what, ++done);
    });
    if (!go_on_ && !problems_.empty()) throw Error(problems_.begin()->second + how_to_go_on);
  }

  const std::string& path(Index i) const { return files_[std::size_t(i)]; }
  bool good(Index i) const { return good_[std::size_t(i)] != 0; }
  const std::map<std::size_t, std::string>& problems() const { return problems_; }

 private:
  // Errors of reading name the file as it is called, which need not be text.
  static std::string as_one_line(std::string message, const std::string& file) {
    const std::string name = shown(file);
    if (name == file) return message;
    for (std::size_t at; (at = message.find(file)) != std::string::npos;) message.replace(at, file.size(), name);
    return message;
  }

  // A thread that finds another one telling goes on.
  void tell(std::string_view what, Index done) {
    const std::unique_lock lock(telling_, std::try_to_lock);
    const auto now = std::chrono::steady_clock::now();
    if (!on_read_ || !lock || now < tell_next_) return;
    tell_next_ = now + std::chrono::milliseconds(100);
    try {
      on_read_(what, done, Index(files_.size()));
    } catch (...) {
      first_bad_ = -1;  // the other threads leave what is left
      throw;
    }
  }

  const std::vector<std::string>& files_;
  bool go_on_;
  const OnRead& on_read_;
  std::vector<std::uint8_t> good_;
  std::mutex mutex_;
  std::map<std::size_t, std::string> problems_;
  std::atomic<Index> first_bad_ = std::numeric_limits<Index>::max();
  std::mutex telling_;
  std::chrono::steady_clock::time_point tell_next_{};
};

// Size and channels of a file's picture, from its first bytes where they tell; otherwise it is decoded.
DecodedPicture look_at(const std::string& path) {
  const InputFile file(path);
  std::vector<std::byte> begin(std::min<std::uint64_t>(file.size(), 1 << 16));
  file.read(0, begin.data(), begin.size());
  if (auto header = picture_header(begin, file.size(), path)) return std::move(*header);
  return decode(read_file(path, longest_file), path);
}

// "12 files of 640x480, 3 files of 32x32": the most frequent first.
template <class Key, class Name>
std::string listed(const std::map<Key, Index>& counts, Name&& name) {
  std::vector<std::pair<Index, Key>> by_count;
  for (const auto& [key, count] : counts) by_count.emplace_back(-count, key);
  std::sort(by_count.begin(), by_count.end());
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(5, by_count.size()); i++)
    text += fmt::format("{}{} file{} {}", i ? ", " : "", -by_count[i].first, by_count[i].first == -1 ? "" : "s", name(by_count[i].second));
  return text + (by_count.size() > 5 ? ", ..." : "");
}

// The shape of the examples: as asked for, otherwise what the files have in common. With alpha or without makes no difference, for it is
// laid over white unless four channels are asked for.
Shape common_shape(const DataSpec& spec, Files& files, Index count) {
  Size size;
  const bool size_given = parse_size(spec.text("size", ""), size);
  Index channels = spec.integer("channels", 0);
  if (!size_given || channels == 0) {
    std::vector<Size> sizes(static_cast<std::size_t>(count));
    std::vector<std::uint8_t> colour(static_cast<std::size_t>(count), 0);
    files.for_each("looking at pictures", [&](Index i, const std::string& path) {
      const DecodedPicture header = look_at(path);
      sizes[std::size_t(i)] = {header.width, header.height};
      colour[std::size_t(i)] = header.channels >= 3;
    });
    std::map<Size, Index> size_counts;
    std::map<Size, std::string> first_of_size;
    std::map<bool, Index> colour_counts;
    std::map<bool, std::string> first_of_colour;
    for (Index i = 0; i < count; i++) {
      if (!files.good(i)) continue;
      size_counts[sizes[std::size_t(i)]]++, colour_counts[colour[std::size_t(i)] != 0]++;
      first_of_size.try_emplace(sizes[std::size_t(i)], files.path(i));
      first_of_colour.try_emplace(colour[std::size_t(i)] != 0, files.path(i));
    }
    if (size_counts.empty())
      fail("images", fmt::format("{}: none of the {} pictures can be read; the first: {}", shown(spec.path), count,
                                 files.problems().begin()->second));
    if (!size_given && size_counts.size() > 1) {
      const auto fewer = [](const auto& a, const auto& b) { return a.second < b.second; };
      const auto most = std::max_element(size_counts.begin(), size_counts.end(), fewer);
      const auto rarest = std::min_element(size_counts.begin(), size_counts.end(), fewer);
      throw Error(
          fmt::format("[images] {}: pictures of {} sizes ({}; of {}x{} is {}); give one, such as '?size={}x{}', and what to do with other "
                      "proportions ('&fit=crop', pad or stretch)",
                      shown(spec.path), size_counts.size(),
                      listed(size_counts, [](const Size& s) { return fmt::format("of {}x{}", s.width, s.height); }), rarest->first.width,
                      rarest->first.height, shown(first_of_size[rarest->first]), most->first.width, most->first.height));
    }
    if (channels == 0 && colour_counts.size() > 1)
      throw Error(fmt::format("[images] {}: {} (the first: {}); give '{}channels=3' to have all in colour, or channels=1 in grey",
                              shown(spec.path), listed(colour_counts, [](bool c) { return c ? "in colour" : "in grey"; }),
                              shown(first_of_colour[colour_counts[true] <= colour_counts[false]]), spec.options.empty() ? '?' : '&'));
    if (!size_given) size = size_counts.begin()->first;
    if (channels == 0) channels = colour_counts.begin()->first ? 3 : 1;
  }
  return {size.height, size.width, channels};
}

// Leaves out the rows of files that are not good.
void keep_good(Split& split, const Files& files) {
  const Index count = split.size(), row = split.values.numel() / count;
  auto* values = split.values.mutable_data<std::uint8_t>();
  auto* labels = split.labels ? split.labels.mutable_data<std::int32_t>() : nullptr;
  Index kept = 0;
  for (Index i = 0; i < count; i++) {
    if (!files.good(i)) continue;
    if (kept != i) std::memcpy(values + kept * row, values + i * row, std::size_t(row));
    if (labels) labels[kept] = labels[i];
    kept++;
  }
  split.values = split.values.slice(0, kept);
  if (labels) split.labels = split.labels.slice(0, kept);
}

Dataset images_dataset(const DataSpec& spec, const OnRead& on_read) {
  const bool skip_bad = spec.flag("skip_bad");
  const PictureFolder found = find_pictures(spec.path);
  if (!found.bad.empty() && !skip_bad) throw Error(found.bad[0] + how_to_go_on);
  const auto count = Index(found.files.size());
  if (count > std::numeric_limits<std::int32_t>::max())
    fail("images", fmt::format("{}: expected fewer than 2^31 pictures, got {}", shown(spec.path), count));

  Dataset data;
  Files files(found.files, skip_bad, on_read);
  data.example_shape = common_shape(spec, files, count);
  const Fit fit = fit_from_name(spec.text("fit", "crop"));
  const Index memory = spec.integer("memory", default_memory()), row = data.example_shape.numel();
  const Shape shape = data.example_shape.prepend(count);
  const bool in_file = count > (memory << 20) / row;
  data.train.values = in_file ? Tensor::in_file(shape, DType::uint8) : Tensor(shape, DType::uint8);
  if (!found.labels.empty()) data.train.labels = Tensor::from(found.labels, {count});
  auto* out = data.train.values.mutable_data<std::uint8_t>();
  files.for_each("decoding pictures",
                 [&](Index i, const std::string& path) { load_picture_into(path, data.example_shape, fit, out + i * row); });
  release_cached_memory();  // what decoding used
  if (!files.problems().empty()) keep_good(data.train, files);
  if (data.train.size() == 0)
    fail("images",
         fmt::format("{}: none of the {} pictures can be read; the first: {}", shown(spec.path), count, files.problems().begin()->second));

  data.classes = int(found.label_names.size());
  data.label_names = found.label_names;
  data.train.origin = fmt::format("pictures in {}", shown(std::filesystem::path(spec.path).filename().string()));
  if (!found.passed_over.empty()) data.notes.push_back("passed over: " + found.passed_over);
  for (const std::string& problem : found.bad) data.notes.push_back("left out: " + problem);
  for (const auto& [i, problem] : files.problems()) data.notes.push_back("left out: " + problem);
  if (in_file)
    data.notes.push_back(fmt::format("kept on disk: {} MB are more than the {} MB that 'memory' allows", (count * row >> 20) + 1, memory));
  return data;
}

}  // namespace

DataKind images_kind() {
  DataOption size{.name = "size",
                  .expected = "WIDTHxHEIGHT, each from 1 to 16384",
                  .accepts =
                      [](std::string_view text) {
                        Size parsed;
                        return parse_size(text, parsed);
                      },
                  .help = "width and height of the examples, such as 64x64 (default: the files', where all have one)"};
  return {.name = "images",
          .usage = "images:FOLDER",
          .help = "PNG, JPEG, BMP, TGA and PNM files; sub-folders are labels",
          .options = {std::move(size),
                      DataOption::choice("channels", {"1", "3", "4"},
                                         "1 grey, 3 colour, 4 with alpha (default: 1 or 3, where all files agree)"),
                      DataOption::choice("fit", {"crop", "pad", "stretch"}, "what to do with pictures of other proportions (default crop)"),
                      DataOption::flag("skip_bad", "1: go on without files that cannot be read"),
                      DataOption::integer("memory", 1, 1 << 30,
                                          "MB of examples to keep in memory; more are kept on disk (default: half of "
                                          "the memory there is, at most 4096)")},
          .load = images_dataset};
}

}  // namespace elbo
