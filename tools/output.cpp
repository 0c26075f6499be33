#include "tools/output.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>

#include "data/picture.h"
#include "tensor/error.h"
#include "tensor/file.h"
#include "tensor/npy.h"
#include "tools/signals.h"

namespace elbo {
namespace fs = std::filesystem;
namespace {

constexpr std::array<std::string_view, 6> file_kinds = {".png", ".npy", ".npz", ".csv", ".html", ".txt"};

std::string listed(std::initializer_list<std::string_view> kinds) {
  std::string text;
  std::size_t left = kinds.size();
  for (const std::string_view kind : kinds) {
    text += kind.empty() ? "a folder" : kind;
    if (--left > 0) text += left == 1 ? " or " : ", ";
  }
  return text;
}

// What files of a kind begin with; text has no mark.
bool begins_like(const std::string& path, std::string_view kind) {
  const InputFile file(path);
  const std::string_view mark = kind == ".png" ? "\x89PNG" : kind == ".npy" ? "\x93NUMPY" : kind == ".npz" ? "PK" : "";
  char head[8] = {};
  const std::size_t n = std::min<std::size_t>(mark.size(), file.size());
  file.read(0, head, n);
  return n == mark.size() && std::memcmp(head, mark.data(), n) == 0;
}

Index positive(std::string_view text) {
  Index value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value >= 1 && value <= 10000 ? value : 0;
}

}  // namespace

std::string kind_of_output(std::string_view path) {
  for (const std::string_view kind : file_kinds)
    if (path.size() > kind.size() && path.ends_with(kind) && path[path.size() - kind.size() - 1] != '/') return std::string(kind);
  return "";
}

OutPath::OutPath(std::string path, bool force, std::initializer_list<std::string_view> kinds, std::function<bool(std::string_view)> owned,
                 std::string_view option)
    : path_(std::move(path)),
      kind_(kind_of_output(path_)),
      arrays_(std::find(kinds.begin(), kinds.end(), ".npy") != kinds.end()),
      owned_(std::move(owned)) {
  if (path_.empty()) throw UsageError(fmt::format("{}: expected a path", option));
  while (path_.size() > 1 && path_.back() == '/') path_.pop_back();
  if (std::find(kinds.begin(), kinds.end(), kind_) == kinds.end())
    throw UsageError(fmt::format("{} {}: this tool writes {}; this is {}", option, path_, listed(kinds),
                                 kind_.empty() ? "a folder" : "a " + kind_ + " file"));
  if (!fs::exists(fs::symlink_status(path_))) return;
  if (kind_.empty()) {
    if (!fs::is_directory(path_)) fail("out", fmt::format("{}: exists and is no folder", path_));
    if (fs::is_empty(path_)) return;
    if (!force) fail("out", fmt::format("{}: exists already; --force replaces it", path_));
    for (const auto& entry : fs::directory_iterator(path_)) {
      const std::string name = entry.path().filename().string();
      if (!entry.is_regular_file() || !owned_ || !owned_(name))
        fail("out",
             fmt::format("{}: holds {}, which this tool does not write; --force replaces its own files alone", path_, quote_name(name)));
    }
    return;
  }
  if (!force) fail("out", fmt::format("{}: exists already; --force replaces it", path_));
  if (!fs::is_regular_file(path_) || !begins_like(path_, kind_))
    fail("out", fmt::format("{}: is no {} file; --force replaces a file of the same kind alone", path_, kind_));
}

void OutPath::make_way() const {
  const fs::path folder = kind_.empty() ? fs::path(path_) : fs::path(path_).parent_path();
  std::error_code error;
  if (!folder.empty()) fs::create_directories(folder, error);
  if (!folder.empty() && !fs::is_directory(folder))
    fail("out", fmt::format("{}: cannot make the folder: {}", folder.string(), error ? error.message() : "there is a file of that name"));
  if (!kind_.empty()) return;
  for (const auto& entry : fs::directory_iterator(path_)) fs::remove(entry.path());
}

bool is_numbered_picture(std::string_view name) {
  if (!name.ends_with(".png") || name.size() == 4) return false;
  name.remove_suffix(4);
  return std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

GridSize square_grid(Index n) {
  const auto columns = std::max<Index>(1, Index(std::ceil(std::sqrt(double(n)))));
  return {std::max<Index>(1, (n + columns - 1) / columns), columns};
}

GridSize parse_grid(std::string_view text) {
  const std::size_t x = text.find('x');
  GridSize size{0, 0};
  if (x != text.npos) size = {positive(text.substr(0, x)), positive(text.substr(x + 1))};
  if (size.rows == 0 || size.columns == 0) throw UsageError(fmt::format("--grid {}: expected ROWSxCOLUMNS, such as 4x8", text));
  return size;
}

void write_pictures(const OutPath& out, const Tensor& values, Index rows, Index columns, Index padding) {
  if (out.kind() != ".npy" && (values.rank() != 4 || values.size(3) == 2 || values.size(3) > 4))
    fail("out", fmt::format("{}: examples of shape {} are no pictures of 1, 3 or 4 channels{}", out.path(), values.shape().without(0).str(),
                            out.arrays() ? "; a name that ends in .npy gives an array" : ""));
  const Deferred guard;
  out.make_way();
  if (out.kind() == ".npy") return save_npy(out.path(), values.to(DType::float32));
  const Tensor pixels = to_pixels(values);
  if (out.kind() == ".png") return save_png(out.path(), grid(pixels, rows, columns, padding));
  for (Index i = 0; i < pixels.size(0); i++) save_png(out.file(std::to_string(i) + ".png"), pixels[i]);
}

}  // namespace elbo
