#pragma once
// Text files read into one array, checked as UTF-8: what text:PATH and imdb:FOLDER have in common.

#include <memory>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/kinds.h"
#include "data/texts.h"

namespace elbo {

// What `?bad_bytes=` says: bytes that are not UTF-8 are an error, or U+FFFD each.
enum class BadBytes : std::uint8_t { error, replace };
DataOption bad_bytes_option();
BadBytes bad_bytes_of(const DataSpec& spec);

struct TextFile {
  std::string path;
  std::uint64_t begin = 0, end = 0;  // in the array, a byte order mark left out
};

// The files' bytes one after the other; begin and end of each are set. In memory, or in a file on a disk where they are more than half of
// the memory there is. Throws Error naming file, line and column of a bad byte.
Tensor read_texts(std::vector<TextFile>& files, BadBytes bad_bytes, const OnRead& on_read);

}  // namespace elbo
