#pragma once
// The rules of --out: what kind of thing a path names, and what may be replaced.
//
// A path that ends in .png, .npy, .npz, .csv, .html or .txt is a file of that kind; any other is a folder. Parents are created. Nothing
// that exists is overwritten without --force, which replaces a file of the same kind, or a folder that holds nothing but files which
// the tool itself writes.

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

#include "tensor/tensor.h"

namespace elbo {

// ".png", ...; "" for a folder.
std::string kind_of_output(std::string_view path);

class OutPath {
 public:
  // `kinds`: what the tool can write: ".png", ".npy", ...; "" stands for a folder. Throws UsageError for another, Error where something
  // exists that must not be replaced: before any work is done. `owned` says of a name in the folder whether the tool writes such files.
  OutPath(std::string path, bool force, std::initializer_list<std::string_view> kinds, std::function<bool(std::string_view)> owned = {},
          std::string_view option = "--out");

  const std::string& path() const { return path_; }
  bool arrays() const { return arrays_; }            // the tool can write .npy
  const std::string& kind() const { return kind_; }  // ".png", ...; "" for a folder
  // Creates parents, and the folder where it is one; with --force removes what the tool wrote there before. Once, before writing.
  void make_way() const;
  std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }  // in the folder

 private:
  std::string path_, kind_;
  bool arrays_;
  std::function<bool(std::string_view)> owned_;
};

// Pictures (n, h, w, c) with values 0 to 1: a grid with `rows` rows of `columns` for .png, a folder of 0.png, 1.png, ... for a folder; any
// shape (n, ...) as float32 for .npy. Throws Error for vectors, and channels other than 1 and 3, where a picture is wanted.
void write_pictures(const OutPath& out, const Tensor& values, Index rows, Index columns, Index padding = 2);
bool is_numbered_picture(std::string_view name);  // "0.png", "12.png": what write_pictures leaves in a folder

// The squarest grid for n pictures: columns first, at least as many as rows.
struct GridSize {
  Index rows, columns;
};
GridSize square_grid(Index n);
GridSize parse_grid(std::string_view text);  // "4x8": rows x columns; throws UsageError

}  // namespace elbo
