#pragma once
// The picture files of a folder, and what else lies in it.

#include <cstdint>
#include <string>
#include <vector>

namespace elbo {

// Files that are called .png, .jpg (.jpeg, .jpe, .jfif), .bmp, .tga, .pnm, .pbm, .pgm or .ppm, in capitals or not, in the folder and all
// folders below it; links are followed, but never to a folder that is read already or holds the one that is read. What is hidden
// (.DS_Store, ._x.png) does not count. Where there are sub-folders with pictures, each is a label, and so are all pictures below it.
struct PictureFolder {
  std::vector<std::string> files;        // by label, then by name
  std::vector<std::int32_t> labels;      // of each file, or none
  std::vector<std::string> label_names;  // the sub-folders, sorted; or none
  std::vector<std::string> bad;          // what could not be looked at: one line each
  std::string passed_over;               // "12 files that are not called as pictures are: 10 .txt, 2 .db", or empty
};

// Throws Error where there is no such folder or no picture in it, where pictures lie beside labelled ones, and for a sub-folder whose name
// is not UTF-8 and so cannot be a label.
PictureFolder find_pictures(const std::string& folder);

// A path for a one-line message: as it is, or quoted where it holds control characters or is not UTF-8, those as \xNN; the quoted one is
// its last 255 bytes, so that the file's name is in it.
std::string shown(const std::string& path);

}  // namespace elbo
