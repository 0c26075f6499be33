#include "data/picture_folder.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>

#include "data/utf8.h"
#include "tensor/error.h"
#include "tensor/file.h"

namespace elbo {
namespace {

namespace fs = std::filesystem;

constexpr const char* endings[] = {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".tga", ".pnm", ".pbm", ".pgm", ".ppm"};

std::string ending_of(std::string_view name) {
  std::string ending(name.substr(std::min(name.size(), name.rfind('.'))));
  for (char& c : ending)
    if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
  return ending;
}
bool is_picture(std::string_view ending) { return std::find(std::begin(endings), std::end(endings), ending) != std::end(endings); }

// The same as character_length(), but 0 for a control character.
std::size_t printable_length(std::string_view text, std::size_t i) {
  const auto first = static_cast<unsigned char>(text[i]);
  return first < 0x20 || first == 0x7f ? 0 : character_length(text, i);
}

bool is_plain_text(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const std::size_t length = printable_length(text, i);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

class Search {
 public:
  explicit Search(PictureFolder& found) : found_(found) {}

  // The pictures in `folder`, by name; sub-folders into `folders` where that is given, otherwise their pictures as well.
  std::vector<std::string> look_into(const std::string& folder, std::vector<std::string>* folders) {
    std::vector<Entry> entries;
    std::error_code error, unknown;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
      const std::string& path = entry->path().native();
      std::string_view name(path);
      name.remove_prefix(path.rfind('/') + 1);
      // What is a file by the folder's own list is not looked at one by one.
      if (!name.starts_with('.')) entries.push_back({path, !entry->is_symlink(unknown) && entry->is_regular_file(unknown)});
    }
    if (error) found_.bad.push_back(fmt::format("[images] {}: {}", shown(folder), error.message()));
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.path < b.path; });

    std::vector<std::string> pictures;
    for (auto& [path, is_file] : entries) {
      struct stat status {};
      if (const int problem = is_file || ::stat(path.c_str(), &status) == 0 ? 0 : errno; problem != 0) {
        found_.bad.push_back(fmt::format("[images] {}: {}", shown(path), link_problem(problem)));
      } else if (is_file || !S_ISDIR(status.st_mode)) {
        if (std::string ending = ending_of(std::string_view(path).substr(path.rfind('/') + 1)); is_picture(ending))
          pictures.push_back(std::move(path));
        else
          others_[std::move(ending)]++;
      } else if (const auto [it, is_new] = seen_.try_emplace({status.st_dev, status.st_ino}, Seen{path, false}); !is_new) {
        found_.bad.push_back("[images] " + met_again(path, it->second));
      } else if (folders) {
        folders->push_back(path);
      } else {
        const auto below = look_into(path, nullptr);
        pictures.insert(pictures.end(), below.begin(), below.end());
      }
    }
    return pictures;
  }

  void start_at(const std::string& folder) {
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0) fail("images", fmt::format("{}: {}", shown(folder), std::strerror(errno)));
    if (!S_ISDIR(status.st_mode)) fail("images", fmt::format("{}: expected a folder, this is a file", shown(folder)));
    seen_[{status.st_dev, status.st_ino}] = {folder, false};
    // Links to what holds the folder would lead to files beside it, and back into it.
    std::error_code error;
    const fs::path root = fs::canonical(folder, error);
    if (error) fail("images", fmt::format("{}: {}", shown(folder), error.message()));
    for (fs::path above = root.parent_path();; above = above.parent_path()) {
      if (::stat(above.c_str(), &status) == 0) seen_.try_emplace({status.st_dev, status.st_ino}, Seen{above.string(), true});
      if (above == above.parent_path()) break;
    }
  }

  std::string others() const {
    std::vector<std::pair<std::int64_t, std::string>> by_count;
    std::int64_t all = 0;
    for (const auto& [ending, count] : others_) by_count.emplace_back(-count, ending), all += count;
    if (all == 0) return {};
    std::sort(by_count.begin(), by_count.end());
    std::string text;
    for (std::size_t i = 0; i < by_count.size(); i++) {
      if (i == 5) return text + ", ...";
      const auto& [count, ending] = by_count[i];
      text += fmt::format("{}{} {}", i ? ", " : "", -count, ending.empty() ? "without an ending" : shown(ending));
    }
    return fmt::format("{} file{} not called as pictures are: {}", all, all == 1 ? "" : "s", text);
  }

 private:
  struct Entry {
    std::string path;
    bool is_file;  // false: it is looked at
  };
  struct Seen {
    std::string path;
    bool above;  // it holds the folder that is searched
  };

  static std::string link_problem(int error) {
    return error == ELOOP    ? "a link that leads in a circle"
           : error == ENOENT ? "a link to a file or folder that is not there"
                             : std::strerror(error);
  }
  // One of the two paths of the folder is, or leads through, a link: that one is to blame.
  static std::string met_again(const std::string& path, const Seen& first) {
    const std::string now = shown(path), before = shown(first.path);
    if (first.above)
      return fmt::format("{}: a link to {}, which holds the folder that is read; links that lead back never end", now, before);
    std::error_code error;
    if (!fs::is_symlink(path, error)) return fmt::format("{}: reached through a link, and read again as {}", before, now);
    return fmt::format("{}: a link to a folder that is read already as {}; links that lead back never end", now, before);
  }

  PictureFolder& found_;
  std::map<std::pair<dev_t, ino_t>, Seen> seen_;  // folders
  std::map<std::string, std::int64_t> others_;    // files that are not pictures, by their endings
};

}  // namespace

std::string shown(const std::string& path) {
  if (is_plain_text(path)) return path;
  constexpr std::size_t longest = 255;  // of a file's name: what is cut is the folders before it
  std::size_t i = path.size() > longest ? path.size() - longest : 0;
  std::string text = i > 0 ? "'..." : "'";
  while (i < path.size()) {
    const std::size_t length = printable_length(path, i);
    text += length > 0 ? path.substr(i, length) : fmt::format("\\x{:02x}", static_cast<unsigned char>(path[i]));
    i += std::max<std::size_t>(length, 1);
  }
  return text + "'";
}

PictureFolder find_pictures(const std::string& folder) {
  PictureFolder found;
  Search search(found);
  search.start_at(folder);
  std::vector<std::string> folders;
  found.files = search.look_into(folder, &folders);
  const std::size_t beside = found.files.size();
  for (const std::string& sub : folders) {
    const auto pictures = search.look_into(sub, nullptr);
    if (pictures.empty()) continue;
    const std::string name = fs::path(sub).filename().string();
    if (!is_plain_text(name)) fail("images", fmt::format("{}: its name is a label and must be UTF-8; rename the folder", shown(sub)));
    found.files.insert(found.files.end(), pictures.begin(), pictures.end());
    found.labels.resize(found.files.size(), std::int32_t(found.label_names.size()));
    found.label_names.push_back(name);
  }
  found.passed_over = search.others();
  if (beside > 0 && !found.label_names.empty())
    fail("images", fmt::format("{}: {} pictures, the first is {}, lie beside the sub-folder {}; sub-folders are labels, and every picture "
                               "needs one: move them into a sub-folder",
                               shown(folder), beside, shown(fs::path(found.files[0]).filename().string()), found.label_names[0]));
  if (found.files.empty())
    fail("images", fmt::format("{}: expected pictures (PNG, JPEG, BMP, TGA, PNM), found {}", shown(folder),
                               !found.bad.empty()          ? "none: " + found.bad[0]
                               : found.passed_over.empty() ? "none"
                                                           : found.passed_over));
  return found;
}

}  // namespace elbo
